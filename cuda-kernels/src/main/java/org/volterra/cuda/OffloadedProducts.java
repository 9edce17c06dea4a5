package org.volterra.cuda;

import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.volterra.spi.Matrix;

/**
 * Primitives on matrices of {@link OffloadedBuffer}s that are larger than a slice: in bands along a
 * dimension that no sum runs along, each with the kernel and the pieces of the whole, so that every
 * element is added up in the same order. While one band is computed, the next ones are copied.
 */
final class OffloadedProducts {
  private final Launcher launcher;
  private final MatrixProduct product;
  private final VectorProducts vectors;
  private final ToeplitzProducts toeplitz;

  OffloadedProducts(
      Launcher launcher, MatrixProduct product, VectorProducts vectors, ToeplitzProducts toeplitz) {
    this.launcher = launcher;
    this.product = product;
    this.vectors = vectors;
    this.toeplitz = toeplitz;
  }

  /** A whole product. */
  void gemm(Gemm g) {
    Matrix a = g.a();
    Matrix b = g.b();
    Matrix c = g.c();
    boolean ta = g.ta();
    boolean tb = g.tb();
    double beta = g.beta();
    int m = c.rows();
    int n = c.columns();
    boolean overColumns = Band.isLarge(b);
    if (overColumns && Band.isLarge(a)) {
      throw new IllegalStateException(
          "both factors of a product are offloaded and larger than a slice: one must be in device"
              + " memory");
    }
    Band left = overColumns ? Band.whole(a) : Band.of(a, !ta);
    Band right = overColumns ? Band.of(b, tb) : Band.whole(b);
    Band target = Band.of(c, !overColumns);
    Matrix allLeft = left.isLarge() ? a : launcher.in(a);
    Matrix allRight = right.isLarge() ? b : launcher.in(b);
    Matrix allTarget = target.isLarge() ? c : launcher.out(beta, c);
    Band.each(
        overColumns ? n : m,
        (from, count) -> {
          Matrix l =
              overColumns
                  ? allLeft
                  : left.show(launcher, allLeft, from, count, BlockRing.Access.READ);
          Matrix r =
              overColumns
                  ? right.show(launcher, allRight, from, count, BlockRing.Access.READ)
                  : allRight;
          Matrix t = target.show(launcher, allTarget, from, count, Launcher.access(beta));
          product.gemm(new Gemm(g.alpha(), l, ta, r, tb, g.blocks(), beta, t, null, g.k(), m, n));
          left.end(l, false);
          right.end(r, false);
          target.end(t, true);
        },
        left,
        right,
        target);
  }

  /** y = alpha * op(a) * x + beta * y; with the sums of the columns where x is null. */
  void gemv(double alpha, Matrix a, boolean transpose, Matrix x, double beta, Matrix y) {
    Band matrix = Band.of(a, !transpose);
    Matrix vector = x == null ? null : launcher.in(x);
    Matrix target = launcher.out(beta, y);
    Band.each(
        y.columns(),
        (from, count) -> {
          Matrix band = matrix.show(launcher, a, from, count, BlockRing.Access.READ);
          Matrix part = target.block(0, from, 1, count);
          if (transpose) {
            vectors.columns(alpha, band, vector, beta, part, a.columns());
          } else {
            vectors.rows(alpha, band, vector, beta, part, a.rows());
          }
          matrix.end(band, false);
        },
        matrix);
  }

  /** a += alpha * x * yᵀ. */
  void ger(double alpha, Matrix x, Matrix y, Matrix a) {
    Band target = Band.of(a, true);
    Matrix down = launcher.in(x);
    Matrix along = launcher.in(y);
    Band.each(
        a.rows(),
        (from, count) -> {
          Matrix band = target.show(launcher, a, from, count, BlockRing.Access.UPDATE);
          vectors.rankOne(alpha, down.block(0, from, 1, count), along, band);
          target.end(band, true);
        },
        target);
  }

  /** Makes y of x element by element, by a function that takes a part of both. */
  void convert(Matrix x, Matrix y, BiConsumer<Matrix, Matrix> convert) {
    Band source = Band.of(x, true);
    Band target = Band.of(y, true);
    Matrix allSource = source.isLarge() ? x : launcher.in(x);
    Matrix allTarget = target.isLarge() ? y : launcher.out(0, y);
    Band.each(
        y.rows(),
        (from, count) -> {
          Matrix s = source.show(launcher, allSource, from, count, BlockRing.Access.READ);
          Matrix t = target.show(launcher, allTarget, from, count, BlockRing.Access.OVERWRITE);
          convert.accept(s, t);
          source.end(s, false);
          target.end(t, true);
        },
        source,
        target);
  }

  /** Fills y by a function that fills a part of it. */
  void fill(Matrix y, Consumer<Matrix> fill) {
    Band target = Band.of(y, true);
    Band.each(
        y.rows(),
        (from, count) -> {
          Matrix band = target.show(launcher, y, from, count, BlockRing.Access.OVERWRITE);
          fill.accept(band);
          target.end(band, true);
        },
        target);
  }

  void toeplitz(
      double alpha, Matrix prepared, boolean transpose, Matrix x, double beta, Matrix y, int size) {
    Band source = Band.of(x, false);
    Band target = Band.of(y, false);
    Matrix allSource = source.isLarge() ? x : launcher.in(x);
    Matrix allTarget = target.isLarge() ? y : launcher.out(beta, y);
    Band.each(
        x.columns(),
        (from, count) -> {
          Matrix s = source.show(launcher, allSource, from, count, BlockRing.Access.READ);
          Matrix t = target.show(launcher, allTarget, from, count, Launcher.access(beta));
          toeplitz.multiply(alpha, prepared, transpose, s, beta, t, size);
          source.end(s, false);
          target.end(t, true);
        },
        source,
        target);
  }
}
