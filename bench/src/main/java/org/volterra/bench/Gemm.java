package org.volterra.bench;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
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
 * How fast is the matrix product in float32, and how fast is OpenBLAS, at the shapes of a network's
 * layers and at shapes that any library reaches its best speed with? Matrices are row-major without
 * gaps; whatever an engine packs, it packs in every call, unless the right operand was prepared
 * before, as passes of inference may do. Elements of the product are compared with sums in float64
 * before anything is timed.
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
  /** The engine that is no provider. */
  static final String OPENBLAS = "openblas";

  /** The engine that multiplies no matrices: {@link FusedProducts}. */
  static final String PEAK = "peak";

  /** What follows the name of a provider that takes a prepared right operand. */
  static final String PREPARED = ":prepared";

  /** The shape of what multiplies no matrices. */
  static final String REGISTERS = "registers";

  /** Shape, as {@link GemmShape#parse} takes it; {@value #REGISTERS} for {@value #PEAK}. */
  @Param({
    "64x128x2048",
    "64x128x8192",
    "256x256x4096",
    "1024x1024x1024",
    "forward:8",
    "forward:64",
    "forward:256",
    "transposed:8",
    "transposed:64",
    "transposed:256",
    "weights:8",
    "weights:64",
    "weights:256"
  })
  public String shape;

  /**
   * Provider, as {@code Engine.open} takes it, and {@value #PREPARED} if B is prepared before; or
   * {@value #OPENBLAS} or {@value #PEAK}.
   */
  @Param({"scalar", "panama"})
  public String engine;

  /** File of the library, for {@value #OPENBLAS}. */
  @Param("")
  public String library;

  /** Threads; 0 for the default. */
  @Param("0")
  public int threads;

  private final Resources resources = new Resources();
  private Object result;
  private Runnable product;

  /** For JMH. */
  public Gemm() {}

  /** Whether an engine takes a prepared right operand. */
  static boolean isPrepared(String engine) {
    return engine.endsWith(PREPARED);
  }

  /** The provider that an engine is. */
  static String providerOf(String engine) {
    return isPrepared(engine) ? engine.substring(0, engine.length() - PREPARED.length()) : engine;
  }

  /** Fills the matrices and checks one product. */
  @Setup(Level.Trial)
  public void setup() {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(1);
    switch (engine) {
      case OPENBLAS -> openBlas(GemmShape.parse(shape), random);
      case PEAK -> {
        FusedProducts products = resources.own(new FusedProducts(processors(threads)));
        product = () -> result = products.run();
      }
      default -> provider(GemmShape.parse(shape), random);
    }
  }

  private void provider(GemmShape s, RandomGenerator random) {
    boolean isPrepared = isPrepared(engine);
    if (isPrepared && s.transposes()) {
      throw new IllegalArgumentException(
          "shape '" + shape + "': only products that transpose nothing take a prepared operand");
    }
    ComputeProvider device = resources.own(Providers.open(providerOf(engine), threads));
    Primitives p = device.primitives(ElementType.FLOAT32);
    Matrix a = random(device, s.rowsOfA(), s.columnsOfA(), random);
    Matrix b = random(device, s.rowsOfB(), s.columnsOfB(), random);
    Matrix c = random(device, s.m(), s.n(), random);
    if (isPrepared) {
      Matrix prepared = matrix(device, s.k(), p.gemmPreparedColumns(s.n()));
      p.gemmPrepare(b, prepared);
      product = () -> p.gemmPrepared(1, a, prepared, 0, c);
    } else {
      product = () -> p.gemm(1, a, s.transposeA(), b, s.transposeB(), 0, c);
    }
    product.run();
    s.check(a::get, b::get, c::get);
    result = c;
  }

  private Matrix matrix(ComputeProvider device, int rows, int columns) {
    return Matrix.of(
        resources.own(device.allocate(ElementType.FLOAT32, (long) rows * columns)),
        0,
        rows,
        columns);
  }

  private Matrix random(ComputeProvider device, int rows, int columns, RandomGenerator random) {
    Matrix m = matrix(device, rows, columns);
    m.fill(random.doubles(m.size(), -1, 1).toArray());
    return m;
  }

  private void openBlas(GemmShape s, RandomGenerator random) {
    OpenBlas blas = resources.own(new OpenBlas(Path.of(library), processors(threads)));
    MemorySegment a = random(blas, s.rowsOfA(), s.columnsOfA(), random);
    MemorySegment b = random(blas, s.rowsOfB(), s.columnsOfB(), random);
    MemorySegment c = random(blas, s.m(), s.n(), random);
    product = () -> blas.product(s, a, b, c);
    product.run();
    s.check(elements(a, s.columnsOfA()), elements(b, s.columnsOfB()), elements(c, s.n()));
    result = c;
  }

  /** The threads that 0 stands for, or as many as were asked for. */
  static int processors(int threads) {
    return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
  }

  private static MemorySegment random(
      OpenBlas blas, int rows, int columns, RandomGenerator random) {
    MemorySegment m = blas.allocate((long) rows * columns);
    for (long i = 0; i < (long) rows * columns; i++) {
      m.setAtIndex(ValueLayout.JAVA_FLOAT, i, random.nextFloat(-1, 1));
    }
    return m;
  }

  private static GemmShape.Elements elements(MemorySegment m, int columns) {
    return (i, j) -> m.getAtIndex(ValueLayout.JAVA_FLOAT, (long) i * columns + j);
  }

  /**
   * One product, overwriting C.
   *
   * @return C, or a number
   */
  @Benchmark
  public Object product() {
    product.run();
    return result;
  }

  /** Returns the memory and ends the provider's threads. */
  @TearDown(Level.Trial)
  public void close() {
    resources.close();
  }
}
