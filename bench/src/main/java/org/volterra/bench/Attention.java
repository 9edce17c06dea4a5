package org.volterra.bench;

import java.util.List;
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
import org.volterra.spi.Matrix;

/**
 * How fast is attention, over the slices of a history and over positions? Float32; a part of the
 * work is compared with the scalar reference before anything is timed.
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
public class Attention {
  /** What attends to what: {@code depth:KxMxN} or {@code positions:BxPxN}. */
  @Param({"depth:32x1024x64", "positions:8x256x64"})
  public String size;

  /** Provider, as {@code Engine.open} takes it. */
  @Param({"scalar", "panama"})
  public String provider;

  /** Threads of the provider; 0 for its default. */
  @Param("1")
  public int threads;

  private final Resources resources = new Resources();
  private AttentionPasses passes;

  /** For JMH. */
  public Attention() {}

  /** Checks the provider, then allocates. */
  @Setup(Level.Trial)
  public void setup() {
    AttentionSize s = AttentionSize.parse(size);
    ComputeProvider device = resources.own(Providers.open(provider, threads));
    AttentionPasses.check(s.small(), device);
    passes = resources.own(AttentionPasses.of(s, device));
  }

  /**
   * The sums.
   *
   * @return the sums
   */
  @Benchmark
  public Matrix forward() {
    return passes.forward();
  }

  /**
   * The sums and their gradients.
   *
   * @return all of them
   */
  @Benchmark
  public List<Matrix> gradient() {
    return passes.gradient();
  }

  /** Returns the memory and ends the provider's threads. */
  @TearDown(Level.Trial)
  public void close() {
    resources.close();
  }
}
