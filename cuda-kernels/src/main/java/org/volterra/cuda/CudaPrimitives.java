package org.volterra.cuda;

import java.util.function.BooleanSupplier;
import org.volterra.spi.Activation;
import org.volterra.spi.AdjointEpilogue;
import org.volterra.spi.BlockRow;
import org.volterra.spi.ElementType;
import org.volterra.spi.Epilogue;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.spi.Shapes;

/** The primitives for one element type: checks at the door, then the launches of a family. */
final class CudaPrimitives implements Primitives {
  /** The packs of a row that a thread of the softmax keeps: kHeld of {@code softmax.cu}. */
  private static final int HELD_PACKS = 4;

  private final ElementType type;
  private static final int TRANSPOSE_THREADS = 128;

  private final Launcher launcher;
  private final MatrixProduct product;
  private final VectorProducts vectors;
  private final ToeplitzProducts toeplitz;
  private final OffloadedProducts offloaded;
  private final LayerKernels layers;

  CudaPrimitives(
      ElementType type, CudaContext context, ProductPrecision products, BooleanSupplier closed) {
    this.type = type;
    this.launcher = new Launcher(type, context, closed);
    this.product = new MatrixProduct(launcher, products);
    this.vectors = new VectorProducts(launcher);
    this.toeplitz = new ToeplitzProducts(launcher);
    this.layers = new LayerKernels(launcher);
    this.offloaded = new OffloadedProducts(launcher, product, vectors, toeplitz);
  }

  @Override
  public ElementType type() {
    return type;
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
    int k = Shapes.gemm(type, a, transposeA, b, transposeB, c);
    launcher.run(() -> {
      if (Band.isLarge(a, b, c)) {
        offloaded.gemm(Gemm.whole(alpha, a, transposeA, b, transposeB, beta, c, k));
      } else {
        Matrix left = launcher.in(a);
        Matrix right = launcher.in(b);
        product.gemm(alpha, left, transposeA, right, transposeB, beta, launcher.out(beta, c), k);
      }
    });
  }

  @Override
  public void gemm(
      double alpha, Matrix a, boolean transposeA, Matrix b, boolean transposeB, Epilogue epilogue) {
    Shapes.epilogue(type, epilogue);
    int k = Shapes.gemm(type, a, transposeA, b, transposeB, epilogue.target());
    if (LayerKernels.isOffloaded(a, b) || LayerKernels.isOffloaded(epilogue)) {
      Primitives.super.gemm(alpha, a, transposeA, b, transposeB, epilogue);
      return;
    }
    Gemm whole = Gemm.whole(alpha, a, transposeA, b, transposeB, 0, epilogue.target(), k);
    launcher.run(() -> product.gemm(whole.ending(layers.ending(epilogue))));
  }

  @Override
  public void gemm(double alpha, Matrix a, BlockRow b, AdjointEpilogue epilogue) {
    if (!MatrixProduct.takes(b)) {
      Primitives.super.gemm(alpha, a, b, epilogue);
      return;
    }
    Shapes.blocks(type, a, b, epilogue);
    Matrix dz = epilogue.slope();
    Gemm whole =
        new Gemm(
            alpha, a, false, b.first(), true, b, 0, dz, null, a.columns(), dz.rows(), dz.columns());
    if (LayerKernels.isOffloaded(a) || LayerKernels.isOffloaded(epilogue)) {
      launcher.run(() -> offloaded.gemm(whole));
      epilogue.end(this);
    } else {
      launcher.run(() -> product.gemm(whole.ending(layers.ending(epilogue))));
    }
  }

  @Override
  public void gemv(double alpha, Matrix a, boolean transpose, Matrix x, double beta, Matrix y) {
    Shapes.matrixVector(type, a, transpose ? y : x, transpose ? x : y);
    launcher.run(() -> {
      if (Band.isLarge(a)) {
        offloaded.gemv(alpha, a, transpose, x, beta, y);
      } else if (transpose) {
        vectors.columns(alpha, launcher.in(a), launcher.in(x), beta, launcher.out(beta, y));
      } else {
        vectors.rows(alpha, launcher.in(a), launcher.in(x), beta, launcher.out(beta, y));
      }
    });
  }

  @Override
  public void ger(double alpha, Matrix x, Matrix y, Matrix a) {
    Shapes.matrixVector(type, a, y, x);
    launcher.run(() -> {
      if (Band.isLarge(a)) {
        offloaded.ger(alpha, x, y, a);
      } else {
        vectors.rankOne(alpha, launcher.in(x), launcher.in(y), a);
      }
    });
  }

  @Override
  public void axpby(double alpha, Matrix x, double beta, Matrix y) {
    Shapes.type("y", y, type);
    Shapes.same("x", x, y);
    launcher.run(() -> {
      KernelArguments arguments =
          launcher
              .arguments()
              .scalar(alpha)
              .matrix(launcher.in(x))
              .scalar(beta)
              .matrix(launcher.out(beta, y));
      launcher.elementwise("axpby", "axpby", arguments, Launcher.flat(x, y), y);
    });
  }

  @Override
  public void axpbyRows(Matrix alpha, Matrix x, Matrix beta, Matrix y) {
    Shapes.axpbyRows(type, alpha, x, beta, y);
    launcher.run(() -> {
      Matrix from = launcher.in(x);
      KernelArguments arguments = launcher.arguments().vector(alpha);
      if (x.rows() == 1) {
        arguments.vector(from).int64(0);
      } else {
        arguments.matrix(from);
      }
      arguments.vector(beta).matrix(launcher.out(1, y));
      launcher.elementwise("axpby", "axpby_rows", arguments, false, y);
    });
  }

  @Override
  public void decays(Matrix times, Matrix rates, Matrix y) {
    Shapes.decays(type, times, rates, y);
    launcher.run(() -> {
      KernelArguments arguments = launcher.arguments().vector(times).vector(rates).matrix(y);
      launcher.elementwise("axpby", "decays", arguments, false, y);
    });
  }

  @Override
  public void transpose(Matrix x, Matrix y) {
    Shapes.type("y", y, type);
    Shapes.check("x", x, type, y.columns(), y.rows());
    launcher.run(() -> {
      KernelArguments arguments = launcher.arguments().matrix(launcher.in(x));
      arguments.matrix(launcher.out(0, y)).int64(x.rows()).int64(x.columns());
      int across = (int) Grid.ceil(x.columns(), Grid.LANES);
      int down = (int) Math.min(Grid.ceil(x.rows(), Grid.LANES), Grid.MOST);
      launcher.launch("transpose", "transpose", new Grid(across, down, 1, TRANSPOSE_THREADS, 1));
    });
  }

  @Override
  public void narrow(Matrix x, Matrix y) {
    Shapes.conversion(type, x, y);
    convert("narrow", x, y);
  }

  @Override
  public void widen(Matrix x, Matrix y) {
    Shapes.conversion(type, y, x);
    convert("widen", x, y);
  }

  private void convert(String kernel, Matrix x, Matrix y) {
    launcher.run(() -> {
      if (Band.isLarge(x, y)) {
        offloaded.convert(x, y, (from, to) -> convertWhole(kernel, from, to));
      } else {
        convertWhole(kernel, launcher.in(x), launcher.out(0, y));
      }
    });
  }

  private void convertWhole(String kernel, Matrix x, Matrix y) {
    KernelArguments arguments = launcher.arguments().matrix(x).matrix(y);
    launcher.elementwise("convert", kernel, arguments, Launcher.flat(x, y), y);
  }

  @Override
  public void fill(double value, Matrix y) {
    Shapes.type("y", y, type);
    launcher.run(() -> {
      if (Band.isLarge(y)) {
        offloaded.fill(y, band -> fillWhole(value, band));
      } else {
        fillWhole(value, y);
      }
    });
  }

  private void fillWhole(double value, Matrix y) {
    KernelArguments arguments = launcher.arguments().scalar(value).matrix(launcher.out(0, y));
    launcher.elementwise("axpby", "fill", arguments, Launcher.flat(y), y);
  }

  @Override
  public void addRow(double alpha, Matrix row, double beta, Matrix y) {
    Shapes.check("row", row, type, 1, y.columns());
    Shapes.type("y", y, type);
    launcher.run(() -> {
      KernelArguments arguments =
          launcher.arguments().scalar(alpha).vector(row).scalar(beta).matrix(launcher.out(beta, y));
      launcher.elementwise("axpby", "add_row", arguments, false, y);
    });
  }

  @Override
  public void columnSums(double alpha, Matrix x, double beta, Matrix row) {
    Shapes.check("row", row, type, 1, x.columns());
    Shapes.type("x", x, type);
    launcher.run(() -> {
      if (Band.isLarge(x)) {
        offloaded.gemv(alpha, x, true, null, beta, row);
      } else {
        vectors.columns(alpha, launcher.in(x), null, beta, row);
      }
    });
  }

  @Override
  public void gatherRows(Matrix source, Matrix indices, Matrix target) {
    Shapes.check("indices", indices, ElementType.INT32, 1, target.rows());
    Shapes.check("target", target, type, target.rows(), source.columns());
    Shapes.type("source", source, type);
    launcher.run(() ->
        launcher.checkIndices(
            "indices",
            indices,
            source.rows(),
            () -> {
              KernelArguments arguments =
                  launcher.arguments().matrix(source).vector(indices).matrix(target);
              arguments.int64(source.rows());
              launcher.elementwise("gather", "gather_rows", arguments, false, target);
            }));
  }

  @Override
  public void activate(Activation f, Matrix x, Matrix y) {
    Shapes.type("y", y, type);
    Shapes.same("x", x, y);
    launcher.run(() -> {
      KernelArguments arguments =
          launcher.arguments().matrix(launcher.in(x)).matrix(launcher.out(0, y));
      launcher.elementwise("activation", "activate_" + f, arguments, Launcher.flat(x, y), y);
    });
  }

  @Override
  public void activateBackward(Activation f, Matrix x, Matrix dy, double beta, Matrix dx) {
    Shapes.type("dx", dx, type);
    Shapes.same("x", x, dx);
    Shapes.same("dy", dy, dx);
    launcher.run(() -> {
      KernelArguments arguments =
          launcher
              .arguments()
              .matrix(launcher.in(x))
              .matrix(launcher.in(dy))
              .scalar(beta)
              .matrix(launcher.out(beta, dx));
      boolean flat = Launcher.flat(x, dy, dx);
      launcher.elementwise("activation", "derive_" + f, arguments, flat, dx);
    });
  }

  @Override
  public void dot(double alpha, Matrix x, Matrix y, double beta, Matrix result) {
    Shapes.type("x", x, type);
    Shapes.same("y", y, x);
    Shapes.scalar("result", result);
    launcher.run(() -> reduce("dot", alpha, x, y, beta, result));
  }

  @Override
  public void countNonFinite(Matrix x, Matrix result) {
    Shapes.type("x", x, type);
    Shapes.scalar("result", result);
    launcher.run(() -> reduce("non_finite", 1, x, null, 1, result));
  }

  /** Reduces one matrix, or two if y is not null. */
  private void reduce(String kernel, double alpha, Matrix x, Matrix y, double beta, Matrix result) {
    boolean flat = x.isContiguous() && (y == null || y.isContiguous());
    long rows = flat ? 1 : x.rows();
    long columns = flat ? x.size() : x.columns();
    Grid grid = Grid.reduction(rows, columns, launcher.width(), launcher.mostBlocks());
    long partial = launcher.context().scratch(grid.blocks() * Double.BYTES);
    KernelArguments arguments = launcher.arguments().matrix(launcher.in(x));
    if (y != null) {
      arguments.matrix(launcher.in(y));
    }
    arguments.address(partial).int64(rows).int64(columns);
    launcher.launch("reduction", kernel, grid);
    launcher.finish(alpha, partial, grid.blocks(), beta, result);
  }

  @Override
  public void softmax(Matrix x, Matrix y) {
    Shapes.type("y", y, type);
    Shapes.same("x", x, y);
    launcher.run(() -> {
      int warps = softmaxWarps(x.columns());
      KernelArguments arguments = launcher.arguments().matrix(launcher.in(x));
      arguments.matrix(launcher.out(0, y)).int32(warps).int64(x.rows()).int64(x.columns());
      launcher.launch("softmax", "softmax", Grid.ofRows(x.rows(), warps));
    });
  }

  /** As few as hold a row in registers; all of a block where none do. */
  private int softmaxWarps(int columns) {
    long held = Grid.ceil(columns, (long) Grid.LANES * launcher.width() * HELD_PACKS);
    return (int) Math.min(Grid.powerOfTwo(held), Grid.WARPS);
  }

  @Override
  public void softmaxCrossEntropy(double scale, Matrix x, Matrix labels, Matrix loss, Matrix dx) {
    Shapes.type("x", x, type);
    Shapes.same("dx", dx, x);
    Shapes.check("labels", labels, ElementType.INT32, 1, x.rows());
    Shapes.scalar("loss", loss);
    launcher.run(() -> {
      launcher.checkIndices("labels", labels, x.columns());
      int warps = softmaxWarps(x.columns());
      long rowLoss = launcher.context().scratch((long) x.rows() * Double.BYTES);
      launcher
          .arguments()
          .scalar(scale)
          .matrix(x)
          .vector(labels)
          .address(rowLoss)
          .matrix(dx)
          .int32(warps)
          .int64(x.rows())
          .int64(x.columns());
      launcher.launch("softmax", "cross_entropy", Grid.ofRows(x.rows(), warps));
      launcher.finish(scale, rowLoss, x.rows(), 1, loss);
    });
  }

  @Override
  public void sgd(
      Matrix p, Matrix g, Matrix v, double rate, double momentum, double decay, boolean nesterov) {
    sgd(p, g, v, rate, momentum, decay, nesterov, null);
  }

  @Override
  public void sgd(
      Matrix p,
      Matrix g,
      Matrix v,
      double rate,
      double momentum,
      double decay,
      boolean nesterov,
      Matrix guard) {
    Shapes.type("p", p, type);
    Shapes.same("g", g, p);
    Shapes.same("v", v, p);
    launcher.run(() -> {
      KernelArguments arguments =
          launcher
              .arguments()
              .matrix(p)
              .matrix(g)
              .matrix(v)
              .scalar(rate)
              .scalar(momentum)
              .scalar(decay)
              .int32(nesterov ? 1 : 0);
      guard(arguments, guard);
      launcher.elementwise("optimizer", "sgd", arguments, Launcher.flat(p, g, v), p);
    });
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
    adam(p, g, m, v, step, rate, beta1, beta2, epsilon, decay, null);
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
      double decay,
      Matrix guard) {
    Shapes.type("p", p, type);
    Shapes.same("g", g, p);
    Shapes.same("m", m, p);
    Shapes.same("v", v, p);
    launcher.run(() -> {
      KernelArguments arguments =
          launcher
              .arguments()
              .matrix(p)
              .matrix(g)
              .matrix(m)
              .matrix(v)
              .scalar(rate)
              .scalar(1 - rate * decay)
              .scalar(beta1)
              .scalar(1 - beta1)
              .scalar(beta2)
              .scalar(1 - beta2)
              .scalar(1 - Math.pow(beta1, (double) step))
              .scalar(1 - Math.pow(beta2, (double) step))
              .scalar(epsilon);
      guard(arguments, guard);
      launcher.elementwise("optimizer", "adam", arguments, Launcher.flat(p, g, m, v), p);
    });
  }

  /** The numbers that must be finite; none where the matrix is null. */
  private static void guard(KernelArguments arguments, Matrix guard) {
    if (guard == null) {
      arguments.address(0).int32(0);
    } else {
      Shapes.type("guard", guard, ElementType.FLOAT64);
      arguments.vector(guard).int32(guard.columns());
    }
  }

  @Override
  public void clip(double most, Matrix squares, Matrix y) {
    Shapes.scalar("squares", squares);
    Shapes.type("y", y, type);
    launcher.run(() -> {
      KernelArguments arguments = launcher.arguments().float64(most).vector(squares).matrix(y);
      launcher.elementwise("axpby", "clip", arguments, Launcher.flat(y), y);
    });
  }

  @Override
  public void toeplitzPrepare(Matrix lags, Matrix prepared) {
    int size = Shapes.toeplitzPrepare(type, lags, prepared);
    launcher.run(() -> toeplitz.prepare(lags, prepared, size));
  }

  @Override
  public void toeplitz(
      double alpha, Matrix prepared, boolean transpose, Matrix x, double beta, Matrix y) {
    int size = Shapes.toeplitz(type, prepared, x, y);
    launcher.run(() -> {
      if (Band.isLarge(x, y)) {
        offloaded.toeplitz(alpha, prepared, transpose, x, beta, y, size);
      } else {
        toeplitz.multiply(
            alpha, prepared, transpose, launcher.in(x), beta, launcher.out(beta, y), size);
      }
    });
  }

  @Override
  public void toeplitzGradient(double alpha, int size, Matrix x, Matrix dy, Matrix lags) {
    Shapes.toeplitzGradient(type, size, x, dy, lags);
    launcher.run(() -> toeplitz.gradient(alpha, x, dy, lags, size));
  }
}
