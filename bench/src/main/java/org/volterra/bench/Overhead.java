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
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;

/**
 * What does it cost to start primitives, which is nearly all of the time of a tiny network: one
 * sample, few channels? Checked like {@link DepthScaling}.
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
public class Overhead {
  /** Batch, channels and layers, as {@link NetworkSize#parse} takes them. */
  @Param({"1x8x1", "1x8x8", "1x8x32"})
  public String size;

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
  private DepthCase network;

  /** For JMH. */
  public Overhead() {}

  /** Checks the provider, then makes the network. */
  @Setup(Level.Trial)
  public void setup() {
    NetworkSize s = NetworkSize.parse(size);
    KernelChoice choice = KernelChoice.parse(kernel);
    ComputeProvider device = resources.own(Providers.open(provider, threads));
    NetworkCheck.all(device, choice, s.layers(), s.channels(), s.batch());
    network =
        resources.own(
            new DepthCase(
                device, ElementType.FLOAT32, choice, s.layers(), s.channels(), s.batch(), true));
  }

  /**
   * A forward pass.
   *
   * @return the output
   */
  @Benchmark
  public Matrix forward() {
    return network.forward();
  }

  /**
   * A forward and a backward pass.
   *
   * @return the gradients
   */
  @Benchmark
  public Buffer gradient() {
    return network.gradient();
  }

  /** Returns the memory and ends the provider's threads. */
  @TearDown(Level.Trial)
  public void close() {
    resources.close();
  }
}
