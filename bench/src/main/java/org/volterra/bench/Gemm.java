package org.volterra.bench;

import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
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
 * How fast is the matrix product in float32 at the shapes of a network's layers, and at two shapes
 * that any library reaches its best speed with? Elements of the product are compared with sums in
 * float64 before anything is timed.
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
public class Gemm {
  /** Shape, as {@link GemmShape#parse} takes it. */
  @Param({
    "forward:8", "forward:64", "forward:256",
    "transposed:8", "transposed:64", "transposed:256",
    "weights:8", "weights:64", "weights:256",
    "256x256x4096", "1024x1024x1024"
  })
  public String shape;

  /** Provider, as {@code Engine.open} takes it. */
  @Param({"scalar", "panama"})
  public String provider;

  /** Threads of the provider; 0 for its default. */
  @Param("0")
  public int threads;

  private final Resources resources = new Resources();
  private GemmShape s;
  private Primitives p;
  private Matrix a;
  private Matrix b;
  private Matrix c;

  /** For JMH. */
  public Gemm() {}

  /** Fills the matrices and checks one product. */
  @Setup(Level.Trial)
  public void setup() {
    s = GemmShape.parse(shape);
    ComputeProvider device = resources.own(Providers.open(provider, threads));
    p = device.primitives(ElementType.FLOAT32);
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(1);
    a = random(device, s.rowsOfA(), s.columnsOfA(), random);
    b = random(device, s.rowsOfB(), s.columnsOfB(), random);
    c = random(device, s.m(), s.n(), random);
    s.check(a, b, product());
  }

  private Matrix random(ComputeProvider device, int rows, int columns, RandomGenerator random) {
    Matrix m =
        Matrix.of(
            resources.own(device.allocate(ElementType.FLOAT32, (long) rows * columns)),
            0,
            rows,
            columns);
    m.fill(random.doubles(m.size(), -1, 1).toArray());
    return m;
  }

  /**
   * One product, overwriting C.
   *
   * @return C
   */
  @Benchmark
  public Matrix product() {
    p.gemm(1, a, s.transposeA(), b, s.transposeB(), 0, c);
    return c;
  }

  /** Returns the memory and ends the provider's threads. */
  @TearDown(Level.Trial)
  public void close() {
    resources.close();
  }
}
