package org.volterra.cuda;

import java.util.Locale;
import java.util.function.Consumer;
import org.volterra.spi.Matrix;

/**
 * Primitives on matrices of {@link OffloadedBuffer}s that are larger than a slice: in bands along a
 * dimension that no sum runs along, each with the kernel and the pieces of the whole, so that every
 * element is added up in the same order. While one band is computed, the next ones are copied.
 */
final class OffloadedProducts {
  /** Bands begin at multiples of this, as far as they are large enough: whole tiles. */
  private static final int TILE = 128;

  /** Bands of columns begin at multiples of this: pairs of a transform, 16 bytes of any type. */
  private static final int PACK = 8;

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

  /** Whether one of the matrices lies in memory of the host and is larger than a slice. */
  static boolean any(Matrix... matrices) {
    for (Matrix m : matrices) {
      if (m.buffer() instanceof OffloadedBuffer buffer && buffer.ring().isLarge(m)) {
        return true;
      }
    }
    return false;
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
    boolean overColumns = any(b);
    if (overColumns && any(a)) {
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
    each(
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
    each(
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
    each(
        a.rows(),
        (from, count) -> {
          Matrix band = target.show(launcher, a, from, count, BlockRing.Access.UPDATE);
          vectors.rankOne(alpha, down.block(0, from, 1, count), along, band);
          target.end(band, true);
        },
        target);
  }

  /** Fills y by a function that fills a part of it. */
  void fill(Matrix y, Consumer<Matrix> fill) {
    Band target = Band.of(y, true);
    each(
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
    each(
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

  /** What is done with a band. */
  private interface Step {
    void run(int from, int count);
  }

  private static void each(int total, Step step, Band... operands) {
    long most = total;
    boolean columns = false;
    for (Band operand : operands) {
      most = Math.min(most, operand.most());
      columns |= operand.isLarge() && !operand.overRows;
    }
    int unit = most >= TILE ? TILE : columns ? PACK : 1;
    int band = (int) (most / unit * unit);
    if (band == 0) {
      throw tooSmall(operands);
    }
    long bands = Grid.ceil(total, band);
    band = (int) Math.min(band, Grid.ceil(Grid.ceil(total, bands), unit) * unit);
    int from = 0;
    while (from < total) {
      int count = Math.min(band, total - from);
      // A band of a single row would count as aligned whatever its stride.
      count -= !columns && count > 2 && total - from - count == 1 ? 1 : 0;
      step.run(from, count);
      from += count;
    }
  }

  private static IllegalStateException tooSmall(Band... operands) {
    StringBuilder text = new StringBuilder();
    for (Band operand : operands) {
      if (operand.isLarge()) {
        text.append(
            String.format(
                Locale.ROOT,
                "the ring of offloaded histories has bands of %,d elements, too few for a matrix of"
                    + " %,d x %,d: raise the memory budget",
                operand.ring.bandElements(operand.whole.buffer().type()),
                operand.whole.rows(),
                operand.whole.columns()));
        break;
      }
    }
    return new IllegalStateException(text.toString());
  }

  /** An operand that is taken in bands of rows or columns. */
  private static final class Band {
    final Matrix whole;
    final boolean overRows;
    final BlockRing ring;

    private Band(Matrix whole, boolean overRows, BlockRing ring) {
      this.whole = whole;
      this.overRows = overRows;
      this.ring = ring;
    }

    static Band of(Matrix m, boolean overRows) {
      return new Band(m, overRows, any(m) ? ((OffloadedBuffer) m.buffer()).ring() : null);
    }

    /** An operand that every band takes all of. */
    static Band whole(Matrix m) {
      return new Band(m, true, null);
    }

    boolean isLarge() {
      return ring != null;
    }

    /** The most rows or columns of a band. */
    long most() {
      if (ring == null) {
        return Long.MAX_VALUE;
      }
      long elements = ring.bandElements(whole.buffer().type());
      return overRows
          ? elements / (whole.columns() + PACK)
          : Math.max(0, elements / whole.rows() - PACK);
    }

    Matrix show(Launcher launcher, Matrix all, int from, int count, BlockRing.Access access) {
      Matrix part = overRows ? all.rows(from, count) : all.block(0, from, all.rows(), count);
      return ring == null ? part : launcher.context().resident(part, access);
    }

    /** Ends the use of a band; writes it back if it was written to. */
    void end(Matrix band, boolean written) {
      if (ring != null) {
        ring.release(band, written);
      }
    }
  }
}
