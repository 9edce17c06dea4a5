package org.volterra.bench;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.volterra.memory.Resources;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;

/**
 * How long is a whole training step, that is forward pass, mean squared error, backward pass and
 * Adam? Float32. Before anything is timed the provider is compared with the scalar reference, its
 * gradient with a central difference, the timed pass with the layer equation, and steps must lower
 * the loss.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 3,
    jvmArgs = {
      "-Xms1g",
      "-Xmx1g",
      "--add-modules=jdk.incubator.vector",
      "--enable-native-access=ALL-UNNAMED"
    })
public class Step {
  private static final int REFERENCE_LAYERS = 4;
  private static final int REFERENCE_BATCH = 8;
  private static final int TRIAL_STEPS = 5;

  /** Batch, channels and layers, as {@link NetworkSize#parse} takes them. */
  @Param({"64x64x32", "64x64x128", "64x64x256", "256x128x64"})
  public String size;

  /** Kernel, as {@link KernelChoice#parse} takes it. */
  @Param("dense")
  public String kernel;

  /** Provider, as {@code Engine.open} takes it. */
  @Param({"scalar", "panama"})
  public String provider;

  /** Threads of the provider; 0 for its default. */
  @Param({"1", "2"})
  public int threads;

  private final Resources resources = new Resources();
  private TrainingStep step;

  /** For JMH. */
  public Step() {}

  /** Checks the provider, then makes the network and takes a few steps. */
  @Setup(Level.Trial)
  public void setup() {
    NetworkSize s = NetworkSize.parse(size);
    KernelChoice choice = KernelChoice.parse(kernel);
    ComputeProvider device = resources.own(Providers.open(provider, threads));
    NetworkCheck.all(
        device,
        choice,
        Math.min(s.layers(), REFERENCE_LAYERS),
        s.channels(),
        Math.min(s.batch(), REFERENCE_BATCH));
    DepthCase network =
        resources.own(
            new DepthCase(
                device, ElementType.FLOAT32, choice, s.layers(), s.channels(), s.batch(), true));
    network.forward();
    LayerEquation.check(network);
    Matrix target = network.outputGradient(); // random numbers of the right shape
    step = resources.own(new TrainingStep(network.workspace(), network.data(), target));
    double before = step.run();
    double after = before;
    for (int i = 0; i < TRIAL_STEPS; i++) {
      after = step.run();
    }
    if (!(after < before)) {
      throw new WrongResultException(
          "the loss went from " + before + " to " + after + " in " + TRIAL_STEPS + " steps");
    }
  }

  /**
   * One step.
   *
   * @return the loss
   */
  @Benchmark
  public double step() {
    return step.run();
  }

  /** Returns the memory and ends the provider's threads. */
  @TearDown(Level.Trial)
  public void close() {
    resources.close();
  }
}
