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
 *     products
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
  private static final String VERSION = "2";
  private static final double SECONDS_EACH = 0.15;
  private static final double PATIENCE_SECONDS = 3;

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
      Matrix spectrum =
          Matrix.of(resources.own(provider.allocate(type, 4L * layers)), 0, 1, 4 * layers);
      p.toeplitzPrepare(coefficients.block(0, 0, 1, layers), spectrum);
      // Tiny calls first: the compilers count calls, and an interpreted large one takes seconds.
      Matrix tinyA = a.block(0, 0, 8, 32);
      Matrix tinyB = history.block(0, 0, 32, 64);
      Matrix tinyC = sums.block(0, 0, 8, 64);
      Matrix tinyRow = coefficients.block(0, 0, 1, 32);
      Matrix tinyX = history.block(0, 0, layers, 16);
      Matrix tinyY = Matrix.of(memory, 14L * layers * n, layers, n).block(0, 0, layers, 16);
      Calibration usual = typical();
      warm(
          2.0 * 8 * 32 * 64 / (IMPLAUSIBLE * usual.gemm),
          () -> p.gemm(1, tinyA, false, tinyB, false, 0, tinyC));
      warm(usual.call / IMPLAUSIBLE, () -> p.gemv(1, tinyB, true, tinyRow, 0, tinyC.rows(0, 1)));
      warm(
          CostModel.fourierFlops(layers, 16) / (IMPLAUSIBLE * usual.fourier),
          () -> p.toeplitz(1, spectrum, false, tinyX, 0, tinyY));
      Matrix row = sums.rows(0, 1);
      Matrix shortRow = row.block(0, 0, 1, 16);
      Matrix target = Matrix.of(memory, 14L * layers * n, layers, n);
      Clock clock = new Clock(shortRow);
      double call = best(() -> clock.seconds(100, () -> p.axpby(1, shortRow, 1, shortRow)) / 100);
      double gemm =
          best(() -> clock.seconds(1, () -> p.gemm(1, a, false, history, false, 0, sums)));
      double stream =
          best(() -> clock.seconds(1, () -> p.gemv(1, large, true, coefficients, 0, row)));
      double cached =
          best(() -> clock.seconds(20, () -> p.axpby(1, row, 1, sums.rows(1, 1))) / 20)
              - 0.5 * call;
      double fourier =
          best(() -> clock.seconds(1, () -> p.toeplitz(1, spectrum, false, history, 0, target)));
      return new Calibration(
          2.0 * block * layers * n / gemm,
          14.0 * layers * n * size / stream,
          3.0 * n * size / Math.max(cached, 1e-9),
          CostModel.fourierFlops(layers, n) / fourier,
          call);
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

  /** Calls until ten calls in a row are fast, each within a time, or patience ends. */
  private static void warm(double seconds, Runnable work) {
    long end = System.nanoTime() + (long) (PATIENCE_SECONDS * 1e9);
    for (int fast = 0; fast < 10 && System.nanoTime() < end; ) {
      long begin = System.nanoTime();
      work.run();
      fast = (System.nanoTime() - begin) * 1e-9 < seconds ? fast + 1 : 0;
    }
  }

  /** The least of several times. */
  private static double best(DoubleSupplier time) {
    double best = Double.POSITIVE_INFINITY;
    long end = System.nanoTime() + (long) (SECONDS_EACH * 1e9);
    do {
      best = Math.min(best, time.getAsDouble());
    } while (System.nanoTime() < end);
    return best;
  }
}
