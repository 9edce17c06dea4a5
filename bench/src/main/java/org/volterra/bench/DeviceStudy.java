package org.volterra.bench;

import com.google.gson.JsonObject;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.volterra.internal.scalar.ScalarProvider;
import org.volterra.memory.MemoryBudget;
import org.volterra.memory.Resources;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;

/**
 * What a device reaches: each primitive as a rate and as a share of the measured rate of a copy,
 * and whole training steps. Times are those of the host around many calls, after which the device
 * is waited for; operands of neighbouring calls lie in different memory, so that caches do not
 * help. PyTorch may do the same work on the same device in the same run.
 */
public final class DeviceStudy implements Study {
  private static final double MOST_CHECKED_FLOPS = 5e8;
  private static final int LONGEST = 1 << 20;
  private static final int WARM_UP_STEPS = 3;
  private static final double GUESSED_SECONDS_OF_CHECK = 4;

  /**
   * What is timed.
   *
   * @param provider name of the provider
   * @param elements elements of elementwise operands, at least 1024
   * @param product rows and columns of matrix products, at least 1
   * @param inner their inner dimensions
   * @param slices slices of the histories of block sums
   * @param steps training steps, as {@code KERNEL:BxdxL}
   * @param rotatedBytes bytes of all copies of an operation's operands, beyond the caches
   * @param rounds samples of each, at least 1
   * @param seconds length of a sample, positive
   * @param python a Python that has PyTorch, or null
   * @param script torch_gpu.py
   * @param products what the provider rounds the factors of matrix products to
   */
  public record Settings(
      String provider,
      int elements,
      int product,
      List<Integer> inner,
      int slices,
      List<String> steps,
      double rotatedBytes,
      int rounds,
      double seconds,
      String python,
      Path script,
      Products products) {
    /**
     * Checks the arguments.
     *
     * @throws IllegalArgumentException naming the argument that is wrong
     */
    public Settings {
      inner = List.copyOf(inner);
      steps = List.copyOf(steps);
      if (elements < 1024 || product < 1 || slices < 1 || inner.stream().anyMatch(k -> k < 1)) {
        throw new IllegalArgumentException(
            elements
                + " elements, products of "
                + product
                + " with "
                + inner
                + ", "
                + slices
                + " slices: elements must be at least 1024 and the others positive");
      }
      if (rounds < 1 || !(seconds > 0)) {
        throw new IllegalArgumentException(
            rounds + " rounds of " + seconds + " s: both must be positive");
      }
      steps.forEach(DeviceStudy::step);
    }

    /**
     * The same with other sizes of operations.
     *
     * @param otherElements elements of elementwise operands
     * @param otherProduct rows and columns of products
     * @param otherInner inner dimensions of products
     * @param otherBytes bytes of all copies of an operation's operands
     * @return the settings
     */
    public Settings operations(
        int otherElements, int otherProduct, List<Integer> otherInner, double otherBytes) {
      return new Settings(
          provider,
          otherElements,
          otherProduct,
          otherInner,
          slices,
          steps,
          otherBytes,
          rounds,
          seconds,
          python,
          script,
          products);
    }

    /**
     * The same for a provider that rounds factors.
     *
     * @param otherProducts what it rounds them to
     * @return the settings
     */
    public Settings products(Products otherProducts) {
      return new Settings(
          provider,
          elements,
          product,
          inner,
          slices,
          steps,
          rotatedBytes,
          rounds,
          seconds,
          python,
          script,
          otherProducts);
    }

    /**
     * The same with other training steps.
     *
     * @param otherSteps training steps
     * @return the settings
     */
    public Settings steps(List<String> otherSteps) {
      return new Settings(
          provider,
          elements,
          product,
          inner,
          slices,
          otherSteps,
          rotatedBytes,
          rounds,
          seconds,
          python,
          script,
          products);
    }

    /**
     * The sizes that the targets are stated for.
     *
     * @param provider name of the provider
     * @param full whether to take samples for results to keep
     * @param python a Python that has PyTorch, or null
     * @param script torch_gpu.py
     * @return the settings
     */
    public static Settings standard(String provider, boolean full, String python, Path script) {
      return new Settings(
          provider,
          1 << 24,
          1024,
          List.of(4096, 8192, 16_384, 32_768),
          128,
          List.of(
              "dense:1024x256x32",
              "dense:1024x256x128",
              "dense:1024x1024x32",
              "dense:1024x1024x128",
              "fractional:128x2304x201",
              "fractional:128x2304x4096"),
          512e6,
          full ? 25 : 7,
          full ? 0.1 : 0.03,
          python,
          script,
          Products.EXACT);
    }
  }

  /**
   * What factors of matrix products are rounded to.
   *
   * @param name {@code float32}, {@code tf32} or {@code bf16}, as torch_gpu.py takes it
   * @param unitRoundoff the largest relative error of such a rounding
   */
  public record Products(String name, double unitRoundoff) {
    /** Factors that are not rounded. */
    public static final Products EXACT = new Products("float32", 0);
  }

  /** A training step by its name. */
  private record StepCase(String name, KernelChoice kernel, NetworkSize size) {}

  private static StepCase step(String text) {
    int colon = text.lastIndexOf(':');
    if (colon < 1) {
      throw new IllegalArgumentException("step '" + text + "': must be KERNEL:BxdxL");
    }
    return new StepCase(
        text,
        KernelChoice.parse(text.substring(0, colon)),
        NetworkSize.parse(text.substring(colon + 1)));
  }

  private final Settings settings;
  private final List<DeviceOperation> operations;

  /**
   * Plans a run.
   *
   * @param settings what is timed
   */
  public DeviceStudy(Settings settings) {
    this.settings = settings;
    this.operations =
        DeviceOperations.all(
            settings.elements(),
            settings.inner(),
            settings.product(),
            settings.slices(),
            settings.products().unitRoundoff());
  }

  @Override
  public double expectedSeconds() {
    int works = operations.size() + settings.steps().size();
    double sampling = works * (settings.rounds() + 1) * settings.seconds();
    return works * GUESSED_SECONDS_OF_CHECK + sampling * (settings.python() == null ? 1 : 4);
  }

  @Override
  public DeviceResult run(boolean verbose, Consumer<String> progress) {
    List<DeviceResult.Point> points = new ArrayList<>();
    String description;
    try (ComputeProvider device = Providers.open(settings.provider(), 0);
        ComputeProvider reference = new ScalarProvider()) {
      description = device.description();
      progress.accept(description);
      for (DeviceOperation operation : operations) {
        operation.check(device, reference, MOST_CHECKED_FLOPS);
        points.add(heard(operation(device, operation), progress));
      }
      for (String text : settings.steps()) {
        StepCase work = step(text);
        NetworkCheck.all(device, work.kernel(), 6, 16, 8, settings.products().unitRoundoff());
        try {
          points.add(heard(step(device, work), progress));
        } catch (IllegalStateException e) {
          if (e instanceof WrongResultException) {
            throw e;
          }
          progress.accept("left out: step " + text + ": " + e.getMessage());
        }
      }
    }
    List<DeviceResult.Peer> peers = settings.python() == null ? List.of() : peers(points, progress);
    Effort effort =
        new Effort(
            "rounds", 1, 1, settings.rounds(), Math.max(1, (long) (1000 * settings.seconds())));
    return new DeviceResult(
        settings.provider(),
        description,
        points,
        peers,
        Origin.ofThisJvm(effort, ManagementFactory.getRuntimeMXBean().getInputArguments()));
  }

  private static DeviceResult.Point heard(DeviceResult.Point point, Consumer<String> progress) {
    progress.accept(String.format(Locale.ROOT, "%s: %s ms", point.work(), point.milliseconds()));
    return point;
  }

  private DeviceResult.Point operation(ComputeProvider device, DeviceOperation operation) {
    try (Resources resources = new Resources()) {
      Matrix[][] operands = operation.allocate(device, settings.rotatedBytes(), resources);
      Buffer marker = resources.own(device.allocate(ElementType.FLOAT32, 1));
      Spread times =
          sample(
              DeviceOperation.calls(operation, DeviceOperation.Device.of(device), operands),
              marker);
      return new DeviceResult.Point(
          operation.work(), times, operation.flops(), operation.bytes(), Double.NaN);
    }
  }

  /** Milliseconds of a call; the device does calls in order, so that one read waits for all. */
  private Spread sample(Runnable call, Buffer marker) {
    call.run();
    double first = seconds(call, 1, marker);
    int calls = (int) Math.clamp(settings.seconds() / first, 1, LONGEST);
    double warm = seconds(call, calls, marker);
    calls = (int) Math.clamp(calls * (settings.seconds() / warm), 1, LONGEST);
    double[] times = new double[settings.rounds()];
    for (int i = 0; i < times.length; i++) {
      times[i] = 1000 * seconds(call, calls, marker) / calls;
    }
    return Spread.of(times);
  }

  private static double seconds(Runnable call, int calls, Buffer marker) {
    marker.get(0);
    long begin = System.nanoTime();
    for (int i = 0; i < calls; i++) {
      call.run();
    }
    marker.get(0);
    return (System.nanoTime() - begin) * 1e-9;
  }

  private DeviceResult.Point step(ComputeProvider device, StepCase work) {
    NetworkSize size = work.size();
    try (DepthCase network =
            new DepthCase(
                device,
                ElementType.FLOAT32,
                work.kernel(),
                size.layers(),
                size.channels(),
                size.batch(),
                true,
                MemoryBudget.unlimited());
        TrainingStep step =
            new TrainingStep(network.workspace(), network.data(), network.outputGradient());
        Buffer marker = device.allocate(ElementType.FLOAT32, 1)) {
      double before = step.run();
      for (int i = 1; i < WARM_UP_STEPS; i++) {
        step.run();
      }
      double after = step.gradient();
      if (!(after < before)) {
        throw new WrongResultException(
            "the loss of " + work.name() + " went from " + before + " to " + after);
      }
      double bytes = device.bytesInUse().orElse(-1);
      return new DeviceResult.Point(
          "step:" + work.name(),
          sample(step::run, marker),
          3 * size.forwardFlops(work.kernel()),
          0,
          bytes < 0 ? Double.NaN : bytes);
    }
  }

  private List<DeviceResult.Peer> peers(
      List<DeviceResult.Point> points, Consumer<String> progress) {
    List<DeviceResult.Peer> peers = new ArrayList<>();
    for (String variant : DeviceResult.VARIANTS) {
      try (PeerProcess torch =
          new PeerProcess(
              "PyTorch",
              List.of(
                  settings.python(),
                  settings.script().toString(),
                  "--products=" + settings.products().name(),
                  "serve",
                  variant))) {
        Map<String, Double> times = new LinkedHashMap<>();
        Map<String, Double> bytes = new LinkedHashMap<>();
        for (DeviceResult.Point point : points) {
          try {
            JsonObject answer = torch.ask("run " + point.work() + " " + settings.seconds());
            times.put(point.work(), answer.get("milliseconds").getAsDouble());
            bytes.put(point.work(), answer.get("peakBytes").getAsDouble());
          } catch (BenchmarkFailedException e) {
            progress.accept("left out: " + variant + ": " + point.work() + ": " + e.getMessage());
          }
        }
        peers.add(new DeviceResult.Peer(torch.description(), variant, times, bytes));
      } catch (BenchmarkFailedException e) {
        progress.accept("left out: " + variant + ": " + e.getMessage());
      }
    }
    return peers;
  }
}
