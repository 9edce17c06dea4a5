package org.volterra.sum;

import java.io.IOException;
import java.io.Reader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.DoubleSupplier;
import org.volterra.io.AtomicFiles;
import org.volterra.memory.Resources;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * The speed of a provider on this machine, measured once in less than 2 seconds and kept in a file
 * in the user's cache folder, whose name tells provider, vector width, processors and virtual
 * machine, but not threads: plans must not depend on their number. A file that is missing or
 * damaged is written anew, atomically. Plans depend on the file alone, so that they are the same
 * from run to run.
 *
 * @param gemm flops per second of a blocked sum's GEMM
 * @param stream bytes per second of a history that does not fit the cache
 * @param cached bytes per second of vectors in the cache
 * @param fourier nominal flops (5 n log₂ n for each complex transform) per second of Toeplitz
 *     products; of providers that work on memory of the host a fixed share of {@code gemm}
 * @param call seconds of a call beyond its work
 */
public record Calibration(double gemm, double stream, double cached, double fourier, double call) {
  /** System property that names the folder of the file. */
  public static final String FOLDER = "volterra.cache";

  /**
   * System property that is {@code measured}, the default, or {@code typical}: then nothing is
   * measured, and plans are the same on every machine.
   */
  public static final String CHOICE = "volterra.calibration";

  private static final System.Logger LOG = System.getLogger("org.volterra");
  private static final String VERSION = "3";

  /**
   * Speed of Toeplitz products as a share of that of GEMM on processors, which is 0.3 to 0.5:
   * compiling them would double the time of the whole calibration.
   */
  private static final double FOURIER_SHARE = 0.38;

  private static final double PATIENCE_SECONDS = 3;

  /** Calls in a row that show that code is compiled. */
  private static final int FAST_CALLS = 10;

  /** How long each speed is measured. */
  private static final double LEAST_SECONDS = 0.08;

  private static final double MOST_SECONDS = 0.4;

  /** Times among which the least is looked for, at least. */
  private static final int LEAST_TIMES = 5;

  /** A time that many times another is faster by much. */
  private static final double FASTER = 0.9;

  /** A time that many times the usual one is perhaps that of code that is not compiled yet. */
  private static final double SLOW = 3;

  /** A vector provider this much slower than typical was measured before it was compiled. */
  private static final double IMPLAUSIBLE = 0.05;

  private static final Map<String, Calibration> KNOWN = new ConcurrentHashMap<>();

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if one is not positive and finite
   */
  public Calibration {
    for (double value : new double[] {gemm, stream, cached, fourier, call}) {
      if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "calibration " + value + ": must be positive and finite");
      }
    }
  }

  /**
   * Typical numbers of one core with vectors of 256 bits, for where nothing is measured.
   *
   * @return the numbers
   */
  public static Calibration typical() {
    return new Calibration(8e10, 1.2e10, 6e10, 2.5e10, 4e-7);
  }

  /**
   * The calibration of a provider: from memory, from its file, or measured. The scalar reference,
   * which is never tuned, has the typical one, and every provider where {@value #CHOICE} says so.
   *
   * @param provider the device
   * @param type element type
   * @return the calibration
   * @throws IllegalArgumentException if {@value #CHOICE} is neither measured nor typical
   */
  public static Calibration of(ComputeProvider provider, ElementType type) {
    String choice = System.getProperty(CHOICE, "measured");
    if (!choice.equals("measured") && !choice.equals("typical")) {
      throw new IllegalArgumentException(CHOICE + " '" + choice + "': must be measured or typical");
    }
    if (choice.equals("typical") || provider.name().equals("scalar")) {
      return typical();
    }
    return KNOWN.computeIfAbsent(key(provider, type), key -> stored(key, provider, type));
  }

  private static String key(ComputeProvider provider, ElementType type) {
    String all =
        String.join(
            "-",
            VERSION,
            provider.name(),
            provider.description().replaceAll(",.*", ""),
            type.toString(),
            System.getProperty("os.arch"),
            String.valueOf(Runtime.getRuntime().availableProcessors()),
            System.getProperty("java.vm.version"));
    return all.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9.]+", "-");
  }

  /**
   * The folder of the files: system property {@value #FOLDER}, else {@code volterra} in {@code
   * $XDG_CACHE_HOME} or {@code ~/.cache}.
   *
   * @return the folder; it need not exist
   */
  public static Path folder() {
    String given = System.getProperty(FOLDER);
    if (given != null) {
      return Path.of(given);
    }
    String cache = System.getenv("XDG_CACHE_HOME");
    return (cache == null || cache.isBlank()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(cache))
        .resolve("volterra");
  }

  private static Calibration stored(String key, ComputeProvider provider, ElementType type) {
    Path file = folder().resolve("calibration-" + key + ".properties");
    try {
      Calibration known = read(file);
      if (known.isPlausible()) {
        return known;
      }
    } catch (IOException | IllegalArgumentException | NullPointerException e) {
      LOG.log(Level.DEBUG, "calibration is measured: {0}", e.toString());
    }
    Calibration measured = measure(provider, type);
    if (!measured.isPlausible()) {
      LOG.log(
          Level.WARNING,
          "the machine was too busy to calibrate ({0}): plans take typical speeds, and the next"
              + " process measures again",
          measured);
      return typical();
    }
    try {
      measured.write(file);
    } catch (IOException | UncheckedIOException e) {
      LOG.log(
          Level.WARNING,
          "{0} cannot be written ({1}): calibration will be measured again in the next run and"
              + " plans may differ; name a folder with -D{2}",
          file,
          e,
          FOLDER);
    }
    return measured;
  }

  private boolean isPlausible() {
    Calibration usual = typical();
    return gemm > IMPLAUSIBLE * usual.gemm
        && fourier > IMPLAUSIBLE * usual.fourier
        && stream > IMPLAUSIBLE * usual.stream;
  }

  static Calibration read(Path file) throws IOException {
    Properties p = new Properties();
    try (Reader reader = Files.newBufferedReader(file)) {
      p.load(reader);
    }
    return new Calibration(
        Double.parseDouble(p.getProperty("gemm")),
        Double.parseDouble(p.getProperty("stream")),
        Double.parseDouble(p.getProperty("cached")),
        Double.parseDouble(p.getProperty("fourier")),
        Double.parseDouble(p.getProperty("call")));
  }

  void write(Path file) throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    StringWriter text = new StringWriter();
    text.write("gemm=" + gemm + "\nstream=" + stream + "\ncached=" + cached);
    text.write("\nfourier=" + fourier + "\ncall=" + call + "\n");
    AtomicFiles.writeString(file, text.toString());
  }

  /**
   * Measures a provider.
   *
   * @param provider the device
   * @param type element type
   * @return the calibration
   */
  static Calibration measure(ComputeProvider provider, ElementType type) {
    int layers = 256;
    int block = 64;
    int n = 2048;
    int size = type.bytes();
    Primitives p = provider.primitives(type);
    try (Resources resources = new Resources()) {
      Buffer memory = resources.own(provider.allocate(type, 16L * layers * n));
      Matrix history = Matrix.of(memory, 0, layers, n);
      Matrix large = Matrix.of(memory, 0, 14 * layers, n);
      Matrix sums = Matrix.of(memory, 15L * layers * n, block, n);
      Matrix coefficients =
          Matrix.of(resources.own(provider.allocate(type, 16L * layers)), 0, 1, 14 * layers);
      Matrix a = Matrix.of(resources.own(provider.allocate(type, 64L * layers)), 0, block, layers);
      Matrix row = sums.rows(0, 1);
      Matrix otherRow = sums.rows(1, 1);
      Matrix shortRow = row.block(0, 0, 1, 16);
      // Tiny calls first: the compilers count calls, and an interpreted large one takes seconds.
      Matrix tinyA = a.block(0, 0, 8, 32);
      Matrix tinyB = history.block(0, 0, 32, 64);
      Matrix tinyC = sums.block(0, 0, 8, 64);
      Matrix tinyRow = coefficients.block(0, 0, 1, 32);
      Calibration usual = typical();
      warm(
          new Work(
              2.0 * 8 * 32 * 64 / usual.gemm,
              () -> p.gemm(1, tinyA, false, tinyB, false, 0, tinyC)),
          new Work(usual.call, () -> p.gemv(1, tinyB, true, tinyRow, 0, tinyC.rows(0, 1))),
          new Work(usual.call, () -> p.axpby(1, shortRow, 1, shortRow)));
      Clock clock = new Clock(shortRow);
      double call =
          best(usual.call, () -> clock.seconds(100, () -> p.axpby(1, shortRow, 1, shortRow)) / 100);
      double flops = 2.0 * block * layers * n;
      double gemm =
          best(
              flops / usual.gemm,
              () -> clock.seconds(1, () -> p.gemm(1, a, false, history, false, 0, sums)));
      double bytes = 14.0 * layers * n * size;
      double stream =
          best(
              bytes / usual.stream,
              () -> clock.seconds(1, () -> p.gemv(1, large, true, coefficients, 0, row)));
      double touched = 3.0 * n * size;
      double cached =
          best(
              touched / usual.cached + usual.call,
              () -> clock.seconds(20, () -> p.axpby(1, row, 1, otherRow)) / 20);
      return new Calibration(
          flops / gemm,
          bytes / stream,
          touched / Math.max(cached - 0.5 * call, 1e-9),
          provider.usesHostMemory()
              ? FOURIER_SHARE * flops / gemm
              : fourier(provider, history, Matrix.of(memory, 14L * layers * n, layers, n)),
          call);
    }
  }

  /** Nominal flops per second of a Toeplitz product. */
  private static double fourier(ComputeProvider provider, Matrix x, Matrix y) {
    int layers = x.rows();
    Primitives p = provider.primitives(x.buffer().type());
    try (Resources resources = new Resources()) {
      Matrix memory =
          Matrix.of(
              resources.own(provider.allocate(x.buffer().type(), 5L * layers)), 0, 1, 5 * layers);
      Matrix spectrum = memory.block(0, layers, 1, 4 * layers);
      p.toeplitzPrepare(memory.block(0, 0, 1, layers), spectrum);
      Clock clock = new Clock(y);
      double flops = CostModel.fourierFlops(layers, x.columns());
      double seconds =
          best(
              flops / typical().fourier,
              () -> clock.seconds(1, () -> p.toeplitz(1, spectrum, false, x, 0, y)));
      return flops / seconds;
    }
  }

  /**
   * Times work that a device may only have queued: reading an element waits for all of it.
   *
   * @param element of the device's memory
   */
  private record Clock(Matrix element) {
    double seconds(int times, Runnable work) {
      element.get(0, 0);
      long begin = System.nanoTime();
      for (int i = 0; i < times; i++) {
        work.run();
      }
      element.get(0, 0);
      return (System.nanoTime() - begin) * 1e-9;
    }
  }

  /** A tiny call, with the seconds that it would take on a typical machine. */
  private record Work(double seconds, Runnable call) {
    boolean isFast() {
      long begin = System.nanoTime();
      call.run();
      return (System.nanoTime() - begin) * 1e-9 < seconds / IMPLAUSIBLE;
    }
  }

  /**
   * Calls all in turns, so that the compiler has work while others are interpreted, each until ten
   * calls in a row are fast; or until patience ends.
   */
  private static void warm(Work... works) {
    long end = System.nanoTime() + (long) (PATIENCE_SECONDS * 1e9);
    int[] fast = new int[works.length];
    int done = 0;
    while (done < works.length && System.nanoTime() < end) {
      for (int i = 0; i < works.length; i++) {
        if (fast[i] < FAST_CALLS) {
          fast[i] = works[i].isFast() ? fast[i] + 1 : 0;
          done += fast[i] / FAST_CALLS;
        }
      }
    }
  }

  /**
   * The least of several times. Code may be compiled anew on the way: measures for as long again as
   * it took to find what is faster by much, and longer where times are long.
   *
   * @param usual time on a typical machine
   */
  private static double best(double usual, DoubleSupplier time) {
    double best = Double.POSITIVE_INFINITY;
    double found = 0;
    double elapsed;
    long begin = System.nanoTime();
    int times = 0;
    do {
      double seconds = time.getAsDouble();
      elapsed = (System.nanoTime() - begin) * 1e-9;
      found = seconds < FASTER * best ? elapsed : found;
      best = Math.min(best, seconds);
      times++;
    } while (elapsed < LEAST_SECONDS
        || (elapsed < MOST_SECONDS && (elapsed < 2 * found || best > SLOW * usual))
        || (elapsed < PATIENCE_SECONDS && times < LEAST_TIMES));
    return best;
  }
}
