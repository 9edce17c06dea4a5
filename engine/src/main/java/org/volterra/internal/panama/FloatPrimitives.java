package org.volterra.internal.panama;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.TYPE;

import org.volterra.spi.AdjointEpilogue;
import org.volterra.spi.ElementType;
import org.volterra.spi.Epilogue;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.spi.Shapes;

/** The door: checks shapes and types, and hands views to the kernels. */
@SuppressWarnings("cast")
final class FloatPrimitives extends FloatElementwiseJobs implements Primitives {
  private final Workshop shop;
  private final ThreadLocal<FloatJobs> jobs = ThreadLocal.withInitial(FloatJobs::new);

  FloatPrimitives(Workshop shop) {
    this.shop = shop;
  }

  @Override
  public ElementType type() {
    return TYPE;
  }

  @Override
  Step step() {
    return jobs.get().step;
  }

  @Override
  void take(BlockJob job) {
    job.run(shop);
  }

  @Override
  public void gemm(
      double alpha,
      Matrix a,
      boolean transposeA,
      Matrix b,
      boolean transposeB,
      double beta,
      Matrix c) {
    Shapes.gemm(TYPE, a, transposeA, b, transposeB, c);
    if (!transposeA && isVector(b) && isVector(c)) {
      jobs.get().products.rows(shop, alpha, Operand.of(a), Operand.of(b), beta, Operand.of(c));
    } else {
      bind(alpha, a, transposeA, b, transposeB, beta, c).run();
    }
  }

  /** Whether a matrix is a column whose elements follow each other. */
  private static boolean isVector(Matrix m) {
    return m.columns() == 1 && m.stride() == 1;
  }

  private FloatGemm bind(
      double alpha,
      Matrix a,
      boolean transposeA,
      Matrix b,
      boolean transposeB,
      double beta,
      Matrix c) {
    return jobs.get()
        .gemm
        .with(
            shop, alpha, Operand.of(a), transposeA, Operand.of(b), transposeB, beta, Operand.of(c));
  }

  @Override
  public void gemm(
      double alpha, Matrix a, boolean transposeA, Matrix b, boolean transposeB, Epilogue epilogue) {
    Shapes.epilogue(TYPE, epilogue);
    Matrix c = epilogue.target();
    Shapes.gemm(TYPE, a, transposeA, b, transposeB, c);
    if (!layer(bind(alpha, a, transposeA, b, transposeB, 1, c), epilogue)) {
      Primitives.super.gemm(alpha, a, transposeA, b, transposeB, epilogue);
    }
  }

  /** Computes a layer in the tasks of its product, if they take the epilogue. */
  private static boolean layer(FloatGemm gemm, Epilogue epilogue) {
    if (!gemm.takesEpilogue()) {
      return false;
    }
    epilogue.begin(gemm.before());
    epilogue.end(gemm.after());
    gemm.run();
    return true;
  }

  @Override
  public void gemm(
      double alpha, Matrix a, Matrix b, double beta, Matrix c, AdjointEpilogue epilogue) {
    Shapes.lastRows(TYPE, c, epilogue);
    Shapes.gemm(TYPE, a, false, b, false, c);
    FloatGemm gemm = bind(alpha, a, false, b, false, beta, c);
    if (gemm.takesEpilogue()) {
      gemm.transposing(Operand.of(epilogue.slope()));
      epilogue.end(gemm.after());
      gemm.run();
    } else {
      Primitives.super.gemm(alpha, a, b, beta, c, epilogue);
    }
  }

  @Override
  public int gemmPreparedColumns(int columns) {
    return columns == 1 ? 1 : FloatPanels.columns(columns);
  }

  @Override
  public boolean gemmGainsFromPreparing(int columns) {
    return columns > 1 && FloatPanels.differFromRows(columns);
  }

  @Override
  public void gemmPrepare(Matrix b, Matrix prepared) {
    Shapes.gemmPrepare(TYPE, b, prepared, gemmPreparedColumns(b.columns()));
    if (b.columns() == 1) {
      axpby(1, b, 0, prepared);
    } else {
      jobs.get().panels.pack(shop, Operand.of(b), Operand.of(prepared));
    }
  }

  @Override
  public void gemmPrepared(double alpha, Matrix a, Matrix prepared, double beta, Matrix c) {
    if (c.columns() == 1) {
      gemm(alpha, a, false, prepared, false, beta, c);
    } else {
      bindPrepared(alpha, a, prepared, beta, c).run();
    }
  }

  @Override
  public void gemmPrepared(double alpha, Matrix a, Matrix prepared, Epilogue epilogue) {
    Shapes.epilogue(TYPE, epilogue);
    if (!layer(bindPrepared(alpha, a, prepared, 1, epilogue.target()), epilogue)) {
      Primitives.super.gemmPrepared(alpha, a, prepared, epilogue);
    }
  }

  private FloatGemm bindPrepared(double alpha, Matrix a, Matrix prepared, double beta, Matrix c) {
    Shapes.gemmPrepared(TYPE, a, prepared, c, gemmPreparedColumns(c.columns()));
    return jobs.get()
        .gemm
        .withPanels(shop, alpha, Operand.of(a), Operand.of(prepared), beta, Operand.of(c));
  }

  @Override
  public void gemv(double alpha, Matrix a, boolean transpose, Matrix x, double beta, Matrix y) {
    Shapes.matrixVector(TYPE, a, transpose ? y : x, transpose ? x : y);
    if (transpose) {
      jobs.get().products.blockAxpy(shop, alpha, Operand.of(a), Operand.of(x), beta, Operand.of(y));
    } else {
      jobs.get().products.rows(shop, alpha, Operand.of(a), Operand.of(x), beta, Operand.of(y));
    }
  }

  @Override
  public void ger(double alpha, Matrix x, Matrix y, Matrix a) {
    Shapes.matrixVector(TYPE, a, y, x);
    jobs.get().products.rankOne(shop, alpha, Operand.of(x), Operand.of(y), Operand.of(a));
  }

  @Override
  public void axpbyRows(Matrix alpha, Matrix x, Matrix beta, Matrix y) {
    Shapes.axpbyRows(TYPE, alpha, x, beta, y);
    jobs.get()
        .rowAxpby
        .run(shop, Operand.of(alpha), Operand.of(x), Operand.of(beta), Operand.of(y));
  }

  @Override
  public void columnSums(double alpha, Matrix x, double beta, Matrix row) {
    Shapes.type("x", x, TYPE);
    Shapes.check("row", row, TYPE, 1, x.columns());
    jobs.get().columns.run(shop, alpha, Operand.of(x), beta, Operand.of(row));
  }

  @Override
  public void transpose(Matrix x, Matrix y) {
    Shapes.type("y", y, TYPE);
    Shapes.check("x", x, TYPE, y.columns(), y.rows());
    jobs.get().transpose.run(shop, Operand.of(x), Operand.of(y));
  }

  @Override
  public void narrow(Matrix x, Matrix y) {
    Shapes.conversion(TYPE, x, y);
    jobs.get().conversion.narrow(shop, Operand.of(x), Operand.of(y));
  }

  @Override
  public void widen(Matrix x, Matrix y) {
    Shapes.conversion(TYPE, y, x);
    jobs.get().conversion.widen(shop, Operand.of(x), Operand.of(y));
  }

  @Override
  public void gatherRows(Matrix source, Matrix indices, Matrix target) {
    Shapes.type("source", source, TYPE);
    Shapes.check("target", target, TYPE, target.rows(), source.columns());
    FloatJobs mine = jobs.get();
    int[] rows = indices(mine, "indices", indices, target.rows(), source.rows());
    mine.gather.run(shop, Operand.of(source), rows, Operand.of(target), BYTES);
  }

  /** An index vector, checked. */
  private static int[] indices(FloatJobs mine, String name, Matrix m, int count, int bound) {
    Shapes.check(name, m, ElementType.INT32, 1, count);
    Operand from = Operand.of(m);
    int[] values = mine.indices(count);
    for (int i = 0; i < count; i++) {
      values[i] =
          Shapes.index(
              name, i, from.segment.get(JAVA_INT, from.start + (long) i * Integer.BYTES), bound);
    }
    return values;
  }

  @Override
  public void dot(double alpha, Matrix x, Matrix y, double beta, Matrix result) {
    Shapes.type("x", x, TYPE);
    Shapes.same("y", y, x);
    Shapes.scalar("result", result);
    update(result, alpha * jobs.get().reductions.dot(shop, Operand.of(x), Operand.of(y)), beta);
  }

  @Override
  public void countNonFinite(Matrix x, Matrix result) {
    Shapes.type("x", x, TYPE);
    Shapes.scalar("result", result);
    update(result, jobs.get().reductions.countNonFinite(shop, Operand.of(x)), 1);
  }

  private static void update(Matrix result, double value, double beta) {
    result.set(0, 0, beta == 0 ? value : value + beta * result.get(0, 0));
  }

  @Override
  public void softmax(Matrix x, Matrix y) {
    Shapes.type("y", y, TYPE);
    Shapes.same("x", x, y);
    jobs.get().softmax.softmax(shop, Operand.of(x), Operand.of(y));
  }

  @Override
  public void softmaxCrossEntropy(double scale, Matrix x, Matrix labels, Matrix loss, Matrix dx) {
    Shapes.type("x", x, TYPE);
    Shapes.same("dx", dx, x);
    Shapes.scalar("loss", loss);
    FloatJobs mine = jobs.get();
    int[] label = indices(mine, "labels", labels, x.rows(), x.columns());
    double sum =
        mine.softmax.crossEntropy(shop, (float) scale, Operand.of(x), label, Operand.of(dx));
    update(loss, scale * sum, 1);
  }

  @Override
  public void sgd(
      Matrix p, Matrix g, Matrix v, double rate, double momentum, double decay, boolean nesterov) {
    Shapes.type("p", p, TYPE);
    Shapes.same("g", g, p);
    Shapes.same("v", v, p);
    FloatJobs mine = jobs.get();
    Operand velocity = Operand.of(v);
    mine.spans
        .with(
            mine.sgd.with(rate, momentum, decay, nesterov),
            0b111,
            0b101,
            3,
            Operand.of(p),
            Operand.of(g),
            velocity,
            velocity)
        .run(shop);
  }

  @Override
  public void adam(
      Matrix p,
      Matrix g,
      Matrix m,
      Matrix v,
      long step,
      double rate,
      double beta1,
      double beta2,
      double epsilon,
      double decay) {
    Shapes.type("p", p, TYPE);
    Shapes.same("g", g, p);
    Shapes.same("m", m, p);
    Shapes.same("v", v, p);
    FloatJobs mine = jobs.get();
    mine.spans
        .with(
            mine.adam.with(step, rate, beta1, beta2, epsilon, decay),
            0b1111,
            0b1101,
            4,
            Operand.of(p),
            Operand.of(g),
            Operand.of(m),
            Operand.of(v))
        .run(shop);
  }

  @Override
  public void toeplitzPrepare(Matrix lags, Matrix prepared) {
    int size = Shapes.toeplitzPrepare(TYPE, lags, prepared);
    jobs.get().toeplitz.prepare(size, Operand.of(lags), Operand.of(prepared));
  }

  @Override
  public void toeplitz(
      double alpha, Matrix prepared, boolean transpose, Matrix x, double beta, Matrix y) {
    int size = Shapes.toeplitz(TYPE, prepared, x, y);
    jobs.get()
        .toeplitz
        .multiply(
            shop, size, alpha, Operand.of(prepared), transpose, Operand.of(x), beta, Operand.of(y));
  }

  @Override
  public void toeplitzGradient(double alpha, int size, Matrix x, Matrix dy, Matrix lags) {
    Shapes.toeplitzGradient(TYPE, size, x, dy, lags);
    jobs.get()
        .toeplitz
        .gradient(shop, size, alpha, Operand.of(x), Operand.of(dy), Operand.of(lags));
  }
}
