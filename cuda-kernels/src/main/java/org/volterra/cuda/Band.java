package org.volterra.cuda;

import java.util.Locale;
import org.volterra.spi.Matrix;

/**
 * An operand that is taken in bands of rows or columns, as far as it lies in an {@link
 * OffloadedBuffer} and is larger than a slice; others are seen whole, and their parts with the
 * bands.
 */
final class Band {
  /** Bands begin at multiples of this, as far as they are large enough: whole tiles. */
  private static final int TILE = 128;

  /** Bands of columns begin at multiples of this: pairs of a transform, 16 bytes of any type. */
  private static final int PACK = 8;

  private final Matrix whole;
  private final boolean overRows;
  private final BlockRing ring;

  private Band(Matrix whole, boolean overRows, BlockRing ring) {
    this.whole = whole;
    this.overRows = overRows;
    this.ring = ring;
  }

  /** Whether one of the matrices lies in memory of the host and is larger than a slice. */
  static boolean isLarge(Matrix... matrices) {
    for (Matrix m : matrices) {
      if (m.buffer() instanceof OffloadedBuffer buffer && buffer.ring().isLarge(m)) {
        return true;
      }
    }
    return false;
  }

  static Band of(Matrix m, boolean overRows) {
    return new Band(m, overRows, isLarge(m) ? ((OffloadedBuffer) m.buffer()).ring() : null);
  }

  /** Columns of a matrix that end their use band by band, also where it is small. */
  static Band ofColumns(Matrix m) {
    return new Band(m, false, m.buffer() instanceof OffloadedBuffer buffer ? buffer.ring() : null);
  }

  /** An operand that every band takes all of. */
  static Band whole(Matrix m) {
    return new Band(m, true, null);
  }

  /** Whether it is taken in bands. */
  boolean isLarge() {
    return ring != null;
  }

  /** The elements of a band. */
  long elements() {
    return ring == null ? Long.MAX_VALUE : ring.bandElements(whole.buffer().type());
  }

  /** The most rows or columns of a band. */
  long most() {
    if (ring == null) {
      return Long.MAX_VALUE;
    }
    return overRows
        ? elements() / (whole.columns() + PACK)
        : Math.max(0, elements() / whole.rows() - PACK);
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

  /** What is done with a band. */
  interface Step {
    void run(int from, int count);
  }

  /** Does something with one band after the other of so many rows or columns. */
  static void each(int total, Step step, Band... operands) {
    long most = total;
    boolean columns = false;
    for (Band operand : operands) {
      most = Math.min(most, operand.most());
      columns |= operand.isLarge() && !operand.overRows;
    }
    int unit = most >= TILE ? TILE : columns ? PACK : 1;
    int band = (int) (most == total ? most : most / unit * unit);
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

  /** Says that the ring has no room for a row, or some columns, of an operand. */
  static IllegalStateException tooSmall(Band... operands) {
    for (Band operand : operands) {
      if (operand.isLarge()) {
        return new IllegalStateException(
            String.format(
                Locale.ROOT,
                "the ring of offloaded histories has bands of %,d elements, too few for a matrix of"
                    + " %,d x %,d: raise the memory budget",
                operand.ring.bandElements(operand.whole.buffer().type()),
                operand.whole.rows(),
                operand.whole.columns()));
      }
    }
    throw new IllegalArgumentException("bands of nothing");
  }
}
