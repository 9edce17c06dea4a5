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
import org.openjdk.jmh.infra.BenchmarkParams;
import org.volterra.memory.Resources;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;

/**
 * How does the time of a forward pass, and of a forward and a backward pass, grow with the number
 * of layers? Float32, {@value DepthCase#CHANNELS} channels, a batch of {@value DepthCase#BATCH}.
 * Before anything is timed the provider is compared with the scalar reference, its gradient with a
 * central difference, and the timed pass itself with the layer equation.
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
public class DepthScaling {
  /** Layers of the comparison with the scalar reference, at most. */
  private static final int REFERENCE_LAYERS = 8;

  /** Number of layers L. */
  @Param({"8", "16", "32", "64", "128", "256"})
  public int layers;

  /** Kernel, as {@link KernelChoice#parse} takes it. */
  @Param({"dense", "field:8", "scalar"})
  public String kernel;

  /** Provider, as {@code Engine.open} takes it. */
  @Param({"scalar", "panama"})
  public String provider;

  /** Threads of the provider; 0 for its default. */
  @Param("0")
  public int threads;

  private final Resources resources = new Resources();
  private DepthCase timed;

  /** For JMH. */
  public DepthScaling() {}

  /**
   * Checks the provider, then makes the network.
   *
   * @param benchmark tells which of the benchmarks will run
   */
  @Setup(Level.Trial)
  public void setup(BenchmarkParams benchmark) {
    setup(benchmark.getBenchmark().endsWith(".gradient"));
  }

  void setup(boolean training) {
    ComputeProvider device = resources.own(Providers.open(provider, threads));
    KernelChoice choice = KernelChoice.parse(kernel);
    NetworkCheck.all(
        device, choice, Math.min(layers, REFERENCE_LAYERS), DepthCase.CHANNELS, DepthCase.BATCH);
    timed =
        resources.own(
            new DepthCase(
                device,
                ElementType.FLOAT32,
                choice,
                layers,
                DepthCase.CHANNELS,
                DepthCase.BATCH,
                training));
    timed.forward();
    LayerEquation.check(timed);
    if (training) {
      Buffer gradients = timed.gradient();
      LayerEquation.finite(
          timed.network(), Matrix.vector(gradients, 0, Math.toIntExact(gradients.length())));
    }
  }

  /**
   * A forward pass.
   *
   * @return the output
   */
  @Benchmark
  public Matrix forward() {
    return timed.forward();
  }

  /**
   * A forward and a backward pass: the gradient of all parameters.
   *
   * @return the gradients
   */
  @Benchmark
  public Buffer gradient() {
    return timed.gradient();
  }

  /** Returns the memory and ends the provider's threads. */
  @TearDown(Level.Trial)
  public void close() {
    resources.close();
  }
}
