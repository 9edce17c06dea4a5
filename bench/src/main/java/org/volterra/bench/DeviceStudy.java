package org.volterra.bench;

import com.google.gson.JsonObject;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.volterra.internal.scalar.ScalarProvider;
import org.volterra.memory.MemoryBudget;
import org.volterra.memory.Resources;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Recording;

/**
 * What a device reaches: each primitive as a rate and as a share of the measured rate of a copy,
 * and whole training steps. Calls are recorded as training steps are; times are those of the host
 * around many, after which the device is waited for. Operands of neighbouring calls lie in
 * different memory, so that caches do not help. PyTorch may do the same work on the same device in
 * the same run.
 */
public final class DeviceStudy implements Study {
  private static final double MOST_CHECKED_FLOPS = 5e8;

  /** Elementwise operations are checked at most at this size: the reference takes its time. */
  private static final int MOST_CHECKED_ELEMENTS = 1 << 22;

  private static final int LONGEST = 1 << 20;
  private static final int WARM_UP_STEPS = 3;
  private static final double GUESSED_SECONDS_OF_CHECK = 1;

  /**
   * Sizes of operations.
   *
   * @param elements elements of elementwise operands, at least 1024
   * @param product rows and columns of matrix products, at least 1
   * @param inner their inner dimensions
   * @param slices slices of the histories of block sums
   * @param rotatedBytes bytes of all copies of an operation's operands, beyond the caches
   */
  public record Sizes(
      int elements, int product, List<Integer> inner, int slices, double rotatedBytes) {
    /** The sizes that the targets are stated for. */
    public static final Sizes STANDARD =
        new Sizes(1 << 24, 1024, List.of(4096, 8192, 16_384, 32_768), 128, 512e6);

    /**
     * Checks the arguments.
     *
     * @throws IllegalArgumentException naming the argument that is wrong
     */
    public Sizes {
      inner = List.copyOf(inner);
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
    }
  }

  /**
   * PyTorch on the same device.
   *
   * @param python a Python that has PyTorch
   * @param script torch_gpu.py
   * @param variants how it is run, some of {@code eager}, {@code graph} and {@code compiled}
   */
  public record Torch(String python, Path script, List<String> variants) {
    /** All ways to run it. */
    public static final List<String> VARIANTS = List.of("eager", "graph", "compiled");

    /**
     * Checks the arguments.
     *
     * @throws IllegalArgumentException naming the variant that is unknown
     */
    public Torch {
      variants = List.copyOf(variants);
      for (String variant : variants) {
        if (!VARIANTS.contains(variant)) {
          throw new IllegalArgumentException(
              "variant '" + variant + "': must be one of " + String.join(", ", VARIANTS));
        }
      }
    }
  }

  /**
   * What is timed.
   *
   * @param provider name of the provider
   * @param sizes sizes of operations
   * @param only what the names of operations begin with; all operations if there is none
   * @param steps training steps, as {@code KERNEL:BxdxL}
   * @param rounds samples of each, at least 1
   * @param seconds length of a sample, positive
   * @param torch PyTorch for comparison, or null
   * @param products what the provider rounds the factors of matrix products to
   */
  public record Settings(
      String provider,
      Sizes sizes,
      List<String> only,
      List<String> steps,
      int rounds,
      double seconds,
      Torch torch,
      Products products) {
    /** The training steps that the targets are stated for. */
    public static final List<String> STEPS =
        List.of(
            "dense:1024x256x32",
            "dense:1024x256x128",
            "dense:1024x1024x32",
            "dense:1024x1024x128",
            "fractional@direct:128x2304x201",
            "fractional:128x2304x4096");

    /**
     * Checks the arguments.
     *
     * @throws IllegalArgumentException naming the argument that is wrong
     */
    public Settings {
      only = List.copyOf(only);
      steps = List.copyOf(steps);
      if (rounds < 1 || !(seconds > 0)) {
        throw new IllegalArgumentException(
            rounds + " rounds of " + seconds + " s: both must be positive");
      }
      steps.forEach(DeviceStudy::step);
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

  /** The same in the same order, as large as they are checked. */
  private final List<DeviceOperation> checked;

  /**
   * Plans a run.
   *
   * @param settings what is timed
   */
  public DeviceStudy(Settings settings) {
    this.settings = settings;
    int elements = settings.sizes().elements();
    List<DeviceOperation> all = all(settings, elements);
    this.operations = wanted(settings.only(), all);
    this.checked =
        wanted(settings.only(), all(settings, Math.min(elements, MOST_CHECKED_ELEMENTS)));
    for (String start : settings.only()) {
      if (all.stream().noneMatch(o -> o.work().startsWith(start))) {
        throw new IllegalArgumentException(
            "operation '"
                + start
                + "': none begins so; there are "
                + all.stream()
                    .map(o -> o.work().substring(0, o.work().indexOf(':')))
                    .distinct()
                    .collect(Collectors.joining(", ")));
      }
    }
  }

  private static List<DeviceOperation> all(Settings settings, int elements) {
    Sizes sizes = settings.sizes();
    return DeviceOperations.all(
        elements,
        sizes.inner(),
        sizes.product(),
        sizes.slices(),
        settings.products().unitRoundoff());
  }

  /** The copy is always wanted: the others are compared with it. */
  private static List<DeviceOperation> wanted(List<String> only, List<DeviceOperation> all) {
    return all.stream()
        .filter(o ->
            only.isEmpty()
                || o.name().equals(DeviceOperations.COPY)
                || only.stream().anyMatch(o.work()::startsWith))
        .toList();
  }

  @Override
  public double expectedSeconds() {
    int works = operations.size() + settings.steps().size();
    double sampling = works * (settings.rounds() + 1) * settings.seconds();
    int variants = settings.torch() == null ? 0 : settings.torch().variants().size();
    return works * GUESSED_SECONDS_OF_CHECK + sampling * (1 + variants);
  }

  @Override
  public DeviceResult run(boolean verbose, Consumer<String> progress) {
    List<DeviceResult.Point> points = new ArrayList<>();
    String description;
    try (ComputeProvider device = Providers.open(settings.provider(), 0);
        ComputeProvider reference = new ScalarProvider()) {
      description = device.description();
      progress.accept(description);
      for (int i = 0; i < operations.size(); i++) {
        DeviceOperation operation = operations.get(i);
        checked.get(i).check(device, reference, MOST_CHECKED_FLOPS);
        points.add(heard(operation(device, operation), progress));
      }
      for (String text : settings.steps()) {
        StepCase work = step(text);
        NetworkCheck.all(device, work.kernel(), 6, 16, 8, settings.products().unitRoundoff());
        try {
          points.add(heard(step(device, work), progress));
        } catch (WrongResultException e) {
          throw e;
        } catch (IllegalStateException | IllegalArgumentException e) { // too large for the device
          progress.accept("left out: step " + text + ": " + e.getMessage());
        }
      }
    }
    List<DeviceResult.Peer> peers = settings.torch() == null ? List.of() : peers(points, progress);
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
    progress.accept(
        point.work() + ": " + ResultTable.milliseconds(point.milliseconds().median()) + " ms");
    return point;
  }

  private DeviceResult.Point operation(ComputeProvider device, DeviceOperation operation) {
    try (Resources resources = new Resources()) {
      Matrix[][] operands = operation.allocate(device, settings.sizes().rotatedBytes(), resources);
      Buffer marker = resources.own(device.allocate(ElementType.FLOAT32, 1));
      Recording calls = resources.own(operation.record(device, operands));
      calls.run(); // on its own, before the next is recorded
      Spread times = sample(calls::run, operands.length, marker);
      return new DeviceResult.Point(
          operation.work(), times, operation.flops(), operation.bytes(), Double.NaN);
    }
  }

  /**
   * Milliseconds of each of the calls that a run makes; the device does them in order, so that one
   * read waits for all.
   */
  private Spread sample(Runnable call, int callsOfRun, Buffer marker) {
    call.run();
    double first = seconds(call, 1, marker);
    int calls = (int) Math.clamp(settings.seconds() / first, 1, LONGEST);
    double warm = seconds(call, calls, marker);
    calls = (int) Math.clamp(calls * (settings.seconds() / warm), 1, LONGEST);
    double[] times = new double[settings.rounds()];
    for (int i = 0; i < times.length; i++) {
      times[i] = 1000 * seconds(call, calls, marker) / calls / callsOfRun;
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
          sample(step::run, 1, marker),
          3 * size.forwardFlops(work.kernel()),
          0,
          bytes < 0 ? Double.NaN : bytes);
    }
  }

  private List<DeviceResult.Peer> peers(
      List<DeviceResult.Point> points, Consumer<String> progress) {
    List<DeviceResult.Peer> peers = new ArrayList<>();
    for (String variant : settings.torch().variants()) {
      try (PeerProcess torch =
          new PeerProcess(
              "PyTorch",
              List.of(
                  settings.torch().python(),
                  settings.torch().script().toString(),
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
