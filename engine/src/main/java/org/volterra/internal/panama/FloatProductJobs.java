package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.TYPE;

import org.volterra.spi.AdjointEpilogue;
import org.volterra.spi.ElementType;
import org.volterra.spi.Epilogue;
import org.volterra.spi.Matrix;
import org.volterra.spi.ProductPrimitives;
import org.volterra.spi.Shapes;

/** Products and what layers are made of beside them: checks shapes and types, and binds jobs. */
@SuppressWarnings("cast")
abstract class FloatProductJobs extends FloatElementwiseJobs implements ProductPrimitives {
  private final int threads;

  /** For so many threads. */
  FloatProductJobs(int threads) {
    this.threads = threads;
  }

  // jobs that nothing is bound to

  abstract FloatGemm product();

  abstract FloatProducts vectorProduct();

  abstract FloatPanels panels();

  abstract FloatPack.Transpose transposition();

  abstract FloatColumns columns();

  /** Takes a job that is bound. */
  abstract void take(Workshop.Bound job);

  @Override
  final void take(BlockJob job) {
    take((Workshop.Bound) job);
  }

  @Override
  public final ElementType type() {
    return TYPE;
  }

  @Override
  public final void gemm(
      double alpha,
      Matrix a,
      boolean transposeA,
      Matrix b,
      boolean transposeB,
      double beta,
      Matrix c) {
    Shapes.gemm(TYPE, a, transposeA, b, transposeB, c);
    if (!transposeA && isVector(b) && isVector(c)) {
      take(vectorProduct().rows(alpha, Operand.of(a), Operand.of(b), beta, Operand.of(c)));
    } else {
      take(bind(alpha, a, transposeA, b, transposeB, beta, c));
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
    return product()
        .with(
            threads,
            alpha,
            Operand.of(a),
            transposeA,
            Operand.of(b),
            transposeB,
            beta,
            Operand.of(c));
  }

  @Override
  public final void gemm(
      double alpha, Matrix a, boolean transposeA, Matrix b, boolean transposeB, Epilogue epilogue) {
    Shapes.epilogue(TYPE, epilogue);
    Matrix c = epilogue.target();
    Shapes.gemm(TYPE, a, transposeA, b, transposeB, c);
    if (!takeLayer(bind(alpha, a, transposeA, b, transposeB, 1, c), epilogue)) {
      ProductPrimitives.super.gemm(alpha, a, transposeA, b, transposeB, epilogue);
    }
  }

  /** Takes a layer that is computed in the tasks of its product, if these take the epilogue. */
  private boolean takeLayer(FloatGemm gemm, Epilogue epilogue) {
    if (!gemm.takesEpilogue()) {
      return false;
    }
    epilogue.begin(gemm.before());
    epilogue.end(gemm.after());
    take(gemm);
    return true;
  }

  @Override
  public final void gemm(
      double alpha, Matrix a, Matrix b, double beta, Matrix c, AdjointEpilogue epilogue) {
    Shapes.lastRows(TYPE, c, epilogue);
    Shapes.gemm(TYPE, a, false, b, false, c);
    FloatGemm gemm = bind(alpha, a, false, b, false, beta, c);
    if (gemm.takesEpilogue()) {
      gemm.transposing(Operand.of(epilogue.slope()));
      epilogue.end(gemm.after());
      take(gemm);
    } else {
      ProductPrimitives.super.gemm(alpha, a, b, beta, c, epilogue);
    }
  }

  @Override
  public final int gemmPreparedColumns(int columns) {
    return columns == 1 ? 1 : FloatPanels.columns(columns);
  }

  @Override
  public final boolean gemmGainsFromPreparing(int columns) {
    return columns > 1 && FloatPanels.differFromRows(columns);
  }

  @Override
  public final void gemmPrepare(Matrix b, Matrix prepared) {
    Shapes.gemmPrepare(TYPE, b, prepared, gemmPreparedColumns(b.columns()));
    if (b.columns() == 1) {
      axpby(1, b, 0, prepared);
    } else {
      take(panels().with(Operand.of(b), Operand.of(prepared)));
    }
  }

  @Override
  public final void gemmPrepared(double alpha, Matrix a, Matrix prepared, double beta, Matrix c) {
    if (c.columns() == 1) {
      gemm(alpha, a, false, prepared, false, beta, c);
    } else {
      take(bindPrepared(alpha, a, prepared, beta, c));
    }
  }

  @Override
  public final void gemmPrepared(double alpha, Matrix a, Matrix prepared, Epilogue epilogue) {
    Shapes.epilogue(TYPE, epilogue);
    if (!takeLayer(bindPrepared(alpha, a, prepared, 1, epilogue.target()), epilogue)) {
      ProductPrimitives.super.gemmPrepared(alpha, a, prepared, epilogue);
    }
  }

  private FloatGemm bindPrepared(double alpha, Matrix a, Matrix prepared, double beta, Matrix c) {
    Shapes.gemmPrepared(TYPE, a, prepared, c, gemmPreparedColumns(c.columns()));
    return product()
        .withPanels(threads, alpha, Operand.of(a), Operand.of(prepared), beta, Operand.of(c));
  }

  @Override
  public final void gemv(
      double alpha, Matrix a, boolean transpose, Matrix x, double beta, Matrix y) {
    Shapes.matrixVector(TYPE, a, transpose ? y : x, transpose ? x : y);
    Operand from = Operand.of(x);
    FloatProducts job = vectorProduct();
    take(
        transpose
            ? job.blockAxpy(alpha, Operand.of(a), from, beta, Operand.of(y))
            : job.rows(alpha, Operand.of(a), from, beta, Operand.of(y)));
  }

  @Override
  public final void ger(double alpha, Matrix x, Matrix y, Matrix a) {
    Shapes.matrixVector(TYPE, a, y, x);
    take(vectorProduct().rankOne(alpha, Operand.of(x), Operand.of(y), Operand.of(a)));
  }

  @Override
  public final void transpose(Matrix x, Matrix y) {
    Shapes.type("y", y, TYPE);
    Shapes.check("x", x, TYPE, y.columns(), y.rows());
    take(transposition().with(Operand.of(x), Operand.of(y)));
  }

  @Override
  public final void columnSums(double alpha, Matrix x, double beta, Matrix row) {
    Shapes.type("x", x, TYPE);
    Shapes.check("row", row, TYPE, 1, x.columns());
    take(columns().with(alpha, Operand.of(x), beta, Operand.of(row)));
  }
}
