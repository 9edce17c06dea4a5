package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.LENGTH;
import static org.volterra.internal.panama.FloatSpecies.WIDTH;
import static org.volterra.internal.panama.FloatTile.MIDDLE;
import static org.volterra.internal.panama.FloatTile.NARROW;
import static org.volterra.internal.panama.FloatTile.ROWS;
import static org.volterra.internal.panama.FloatTile.WIDE;
import static org.volterra.internal.panama.FloatWarmUp.PART;
import static org.volterra.internal.panama.FloatWarmUp.VECTORS;

/** The loops that are compiled before they meet much work, with operands that fit them. */
@SuppressWarnings("cast")
final class FloatLoops {
  private static final long A = 0;
  private static final long B = PART;
  private static final long C = 2 * PART;
  private static final long D = 3 * PART;

  static final FloatWarmUp AXPBY =
      new FloatWarmUp((s, w, n, times) -> {
        for (int i = 0; i < times; i++) {
          FloatElementwise.axpby(1, s, A, 0, s, B, n * WIDTH);
          FloatElementwise.axpby(1, s, A, 1, s, B, n * WIDTH);
        }
      });

  static final FloatWarmUp ADD =
      new FloatWarmUp((s, w, n, times) -> {
        for (int i = 0; i < times; i++) {
          FloatElementwise.add(s, A, s, B, s, C, n * WIDTH);
        }
      });

  static final FloatWarmUp FILL =
      new FloatWarmUp((s, w, n, times) -> {
        for (int i = 0; i < times; i++) {
          FloatElementwise.fill(s, A, 0, n * WIDTH);
        }
      });

  static final FloatWarmUp ADAM =
      new FloatWarmUp((s, w, n, times) -> {
        FloatKernels.Adam adam = new FloatKernels.Adam().with(1, 1e-3, 0.9, 0.999, 1e-8, 0);
        for (int i = 0; i < times; i++) {
          adam.run(s, A, s, B, s, C, s, D, n * WIDTH);
        }
      });

  static final FloatWarmUp COLUMN_SUMS =
      new FloatWarmUp((s, w, n, times) -> {
        for (int i = 0; i < times; i++) {
          FloatColumns.columnSums(s, A, WIDTH, n, s, B);
          FloatColumns.merge(1, s, n, 0, s, C);
        }
      });

  static final FloatWarmUp DOT =
      new FloatWarmUp((s, w, n, times) -> {
        for (int i = 0; i < times; i++) {
          FloatReductions.dot(s, A, s, B, elements(n), s);
        }
      });

  static final FloatWarmUp TRANSPOSE =
      new FloatWarmUp((s, w, n, times) -> {
        for (int i = 0; i < times; i++) {
          FloatPack.interleave(n, s, A, 0, s, B, WIDTH);
        }
      });

  static final FloatWarmUp COPY =
      new FloatWarmUp((s, w, n, times) -> {
        for (int i = 0; i < times; i++) {
          FloatPack.copy(s, A, WIDTH, n, 2 * LENGTH, s, B, 2 * WIDTH);
        }
      });

  static final FloatWarmUp COPY_WIDE =
      new FloatWarmUp((s, w, n, times) -> {
        for (int i = 0; i < times; i++) {
          FloatPack.copyWide(s, A, 0, n, s, B);
        }
      });

  static final FloatWarmUp WIDE_4 =
      new FloatWarmUp((s, w, n, times) -> {
        for (int i = 0; i < times; i++) {
          FloatTile.wide4(n, s, A, WIDTH, s, B, s, C, WIDE, s, C, WIDE);
        }
      });

  static final FloatWarmUp MIDDLE_4 =
      new FloatWarmUp((s, w, n, times) -> {
        for (int i = 0; i < times; i++) {
          FloatTile.middle4(n, s, A, WIDTH, s, B, s, C, WIDE, s, C, WIDE);
        }
      });

  static final FloatWarmUp NARROW_4 =
      new FloatWarmUp((s, w, n, times) -> {
        for (int i = 0; i < times; i++) {
          FloatTile.narrow4(n, s, A, WIDTH, s, B, s, C, WIDE, s, C, WIDE);
        }
      });

  static final FloatWarmUp WIDE_1 =
      new FloatWarmUp((s, w, n, times) -> {
        for (int i = 0; i < times; i++) {
          FloatRowTile.wide1(n, s, A, s, B, s, C, s, C);
        }
      });

  static final FloatWarmUp MIDDLE_1 =
      new FloatWarmUp((s, w, n, times) -> {
        for (int i = 0; i < times; i++) {
          FloatRowTile.middle1(n, s, A, s, B, s, C, s, C);
        }
      });

  static final FloatWarmUp NARROW_1 =
      new FloatWarmUp((s, w, n, times) -> {
        for (int i = 0; i < times; i++) {
          FloatRowTile.narrow1(n, s, A, s, B, s, C, s, C);
        }
      });

  static final FloatWarmUp APART_1 =
      new FloatWarmUp((s, w, n, times) -> {
        for (int i = 0; i < times; i++) {
          FloatRowTile.apart1(n, s, A, s, B, NARROW, s, C, s, C);
        }
      });

  static final FloatWarmUp AXPY_1 =
      new FloatWarmUp((s, w, n, times) -> {
        for (int i = 0; i < times; i++) {
          FloatProducts.axpy(1, s, A, s, B, n * WIDTH);
        }
      });

  static final FloatWarmUp AXPY_4 =
      new FloatWarmUp((s, w, n, times) -> {
        for (int i = 0; i < times; i++) {
          FloatProducts.axpy4(s, D, s, B, VECTORS * (long) WIDTH, s, n * WIDTH);
        }
      });

  private FloatLoops() {}

  /** One less than fill some vectors, so that loops over what is left have something to do. */
  private static int elements(int vectors) {
    return Math.max(0, vectors * LENGTH - 1);
  }

  /**
   * The tiles of one width of a product.
   *
   * @param rows of the product
   * @param rowBytes bytes of a row of the tile
   */
  static void tiles(int rows, int rowBytes) {
    if (rows >= ROWS) {
      (rowBytes == WIDE ? WIDE_4 : rowBytes == MIDDLE ? MIDDLE_4 : NARROW_4).ensure();
    }
    if (rows % ROWS != 0) {
      (rowBytes == WIDE ? WIDE_1 : rowBytes == MIDDLE ? MIDDLE_1 : NARROW_1).ensure();
    }
  }

  /**
   * Weighted sums of rows.
   *
   * @param rows the number of them
   */
  static void axpys(int rows) {
    FILL.ensure();
    if (rows >= FloatProducts.ROWS) {
      AXPY_4.ensure();
    }
    if (rows % FloatProducts.ROWS != 0) {
      AXPY_1.ensure();
    }
    AXPBY.ensure();
  }

  /** Copies of panels of B, whole ones and others. */
  static void copies(boolean whole, boolean others) {
    if (whole) {
      COPY_WIDE.ensure();
    }
    if (others) {
      COPY.ensure();
    }
  }

  /** The tiles that convolutions take from products. */
  static void tiles() {
    tiles(ROWS + 1, WIDE);
    tiles(ROWS + 1, NARROW);
  }
}
