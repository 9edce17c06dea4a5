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
import org.volterra.spi.Primitives;

/**
 * How fast are activation functions and their adjoints in float32, in the caches and out of them?
 * Arguments are spread over [−8, 8]; all results are compared with float64 before anything is
 * timed.
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
public class Activation {
  private static final double RANGE = 8;
  private static final double TOLERANCE = 2e-6;

  /** Name of the function. */
  @Param({"tanh", "relu", "gelu", "silu", "sigmoid", "softplus"})
  public String function;

  /** Number of arguments. */
  @Param({"4096", "1048576"})
  public int elements;

  /** Provider, as {@code Engine.open} takes it. */
  @Param({"scalar", "panama"})
  public String provider;

  /** Threads of the provider; 0 for its default. */
  @Param("1")
  public int threads;

  private final Resources resources = new Resources();
  private org.volterra.spi.Activation f;
  private Primitives p;
  private Matrix x;
  private Matrix y;
  private Matrix dy;

  /** For JMH. */
  public Activation() {}

  /** Checks all values and derivatives. */
  @Setup(Level.Trial)
  public void setup() {
    f = org.volterra.spi.Activation.parse(function);
    ComputeProvider device = resources.own(Providers.open(provider, threads));
    p = device.primitives(ElementType.FLOAT32);
    x = vector(device);
    y = vector(device);
    dy = vector(device);
    for (int i = 0; i < elements; i++) {
      x.set(0, i, RANGE * (2.0 * i / elements - 1));
      dy.set(0, i, 1);
    }
    value();
    for (int i = 0; i < elements; i++) {
      close("value", i, f.value(x.get(0, i)));
    }
    adjoint();
    for (int i = 0; i < elements; i++) {
      close("derivative", i, f.derivative(x.get(0, i)));
    }
  }

  private Matrix vector(ComputeProvider device) {
    return Matrix.vector(
        resources.own(device.allocate(ElementType.FLOAT32, elements)), 0, elements);
  }

  private void close(String what, int i, double expected) {
    WrongResultException.unlessClose(
        what + " of " + function + " at " + x.get(0, i),
        y.get(0, i),
        expected,
        TOLERANCE * Math.max(1, Math.abs(expected)));
  }

  /**
   * y = f(x).
   *
   * @return y
   */
  @Benchmark
  public Matrix value() {
    p.activate(f, x, y);
    return y;
  }

  /**
   * dx = f'(x) dy.
   *
   * @return dx
   */
  @Benchmark
  public Matrix adjoint() {
    p.activateBackward(f, x, dy, 0, y);
    return y;
  }

  /** Returns the memory and ends the provider's threads. */
  @TearDown(Level.Trial)
  public void close() {
    resources.close();
  }
}
