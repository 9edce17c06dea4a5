package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.LAYOUT;
import static org.volterra.internal.panama.FloatSpecies.LENGTH;
import static org.volterra.internal.panama.FloatSpecies.ORDER;
import static org.volterra.internal.panama.FloatSpecies.SPECIES;
import static org.volterra.internal.panama.FloatSpecies.WIDTH;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * The register tiles of the matrix product: t[r, :] = s[r, :] + Σ_p a(r, p) b[p, :] for 4 rows (1
 * in {@link FloatRowTile}), and 4 vectors of columns (wide), 3 (middle) or 2 (narrow). Element a(r,
 * p) is at byte {@code i + r * rowStride + p * BYTES}, row p of b at byte {@code j + p * WIDE} (or
 * the width of the tile), row r of s at byte {@code from + r * step}, row r of t at byte {@code to
 * + r * next}; s may be t.
 *
 * <p>Every element is one chain of fused products in the order of p, so that all tiles give the
 * same bits. What the compilers need:
 *
 * <ul>
 *   <li>Loads stand here in full, not in a helper: the accumulators must never meet a call that the
 *       compiler may leave out of line, which would allocate them anew in every turn of the loop.
 *   <li>The steps from p to p + 1 are constants, so that checks of bounds leave the loop (but where
 *       single rows of a read rows of b that lie apart, which waits for memory more than for them).
 *       With them, or with more than four pointers to rows, the loop is limited by what is not
 *       arithmetic.
 *   <li>Without terms, which {@link FloatWarmUp} asks for, they return at once and change nothing.
 *   <li>With some twenty more vector operations in a method the first compiler runs out of virtual
 *       registers and gives up, and then the second never tries.
 * </ul>
 */
final class FloatTile {
  /** Rows of the larger tiles. */
  static final int ROWS = 4;

  /** Bytes of a row of a wide tile, and of its panel of b. */
  static final int WIDE = 4 * WIDTH;

  /** Bytes of a row of a tile of three vectors, and of its panel of b. */
  static final int MIDDLE = 3 * WIDTH;

  /** Bytes of a row of a narrow tile, and of its panel of b. */
  static final int NARROW = 2 * WIDTH;

  private FloatTile() {}

  /** Bytes of a row of the tile for so many columns, at most those of the widest. */
  static int rowBytes(int columns) {
    return columns > 3 * LENGTH ? WIDE : columns > 2 * LENGTH ? MIDDLE : NARROW;
  }

  /** Four rows, four vectors. */
  static void wide4(
      int k,
      MemorySegment a,
      long i,
      long rowStride,
      MemorySegment b,
      long j,
      MemorySegment s,
      long from,
      long step,
      MemorySegment t,
      long to,
      long next) {
    if (k == 0) {
      return;
    }
    FloatVector c00 = FloatVector.fromMemorySegment(SPECIES, s, from, ORDER);
    FloatVector c01 = FloatVector.fromMemorySegment(SPECIES, s, from + WIDTH, ORDER);
    FloatVector c02 = FloatVector.fromMemorySegment(SPECIES, s, from + 2 * WIDTH, ORDER);
    FloatVector c03 = FloatVector.fromMemorySegment(SPECIES, s, from + 3 * WIDTH, ORDER);
    FloatVector c10 = FloatVector.fromMemorySegment(SPECIES, s, from + step, ORDER);
    FloatVector c11 = FloatVector.fromMemorySegment(SPECIES, s, from + step + WIDTH, ORDER);
    FloatVector c12 = FloatVector.fromMemorySegment(SPECIES, s, from + step + 2 * WIDTH, ORDER);
    FloatVector c13 = FloatVector.fromMemorySegment(SPECIES, s, from + step + 3 * WIDTH, ORDER);
    FloatVector c20 = FloatVector.fromMemorySegment(SPECIES, s, from + 2 * step, ORDER);
    FloatVector c21 = FloatVector.fromMemorySegment(SPECIES, s, from + 2 * step + WIDTH, ORDER);
    FloatVector c22 = FloatVector.fromMemorySegment(SPECIES, s, from + 2 * step + 2 * WIDTH, ORDER);
    FloatVector c23 = FloatVector.fromMemorySegment(SPECIES, s, from + 2 * step + 3 * WIDTH, ORDER);
    FloatVector c30 = FloatVector.fromMemorySegment(SPECIES, s, from + 3 * step, ORDER);
    FloatVector c31 = FloatVector.fromMemorySegment(SPECIES, s, from + 3 * step + WIDTH, ORDER);
    FloatVector c32 = FloatVector.fromMemorySegment(SPECIES, s, from + 3 * step + 2 * WIDTH, ORDER);
    FloatVector c33 = FloatVector.fromMemorySegment(SPECIES, s, from + 3 * step + 3 * WIDTH, ORDER);
    for (int p = 0; p < k; p++) {
      FloatVector b0 = FloatVector.fromMemorySegment(SPECIES, b, j + p * (long) WIDE, ORDER);
      FloatVector b1 =
          FloatVector.fromMemorySegment(SPECIES, b, j + p * (long) WIDE + WIDTH, ORDER);
      FloatVector b2 =
          FloatVector.fromMemorySegment(SPECIES, b, j + p * (long) WIDE + 2 * WIDTH, ORDER);
      FloatVector b3 =
          FloatVector.fromMemorySegment(SPECIES, b, j + p * (long) WIDE + 3 * WIDTH, ORDER);
      FloatVector x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + p * (long) BYTES));
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      c02 = x.fma(b2, c02);
      c03 = x.fma(b3, c03);
      x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + rowStride + p * (long) BYTES));
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      c12 = x.fma(b2, c12);
      c13 = x.fma(b3, c13);
      x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + 2 * rowStride + p * (long) BYTES));
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      c22 = x.fma(b2, c22);
      c23 = x.fma(b3, c23);
      x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + 3 * rowStride + p * (long) BYTES));
      c30 = x.fma(b0, c30);
      c31 = x.fma(b1, c31);
      c32 = x.fma(b2, c32);
      c33 = x.fma(b3, c33);
    }
    c00.intoMemorySegment(t, to, ORDER);
    c01.intoMemorySegment(t, to + WIDTH, ORDER);
    c02.intoMemorySegment(t, to + 2 * WIDTH, ORDER);
    c03.intoMemorySegment(t, to + 3 * WIDTH, ORDER);
    c10.intoMemorySegment(t, to + next, ORDER);
    c11.intoMemorySegment(t, to + next + WIDTH, ORDER);
    c12.intoMemorySegment(t, to + next + 2 * WIDTH, ORDER);
    c13.intoMemorySegment(t, to + next + 3 * WIDTH, ORDER);
    c20.intoMemorySegment(t, to + 2 * next, ORDER);
    c21.intoMemorySegment(t, to + 2 * next + WIDTH, ORDER);
    c22.intoMemorySegment(t, to + 2 * next + 2 * WIDTH, ORDER);
    c23.intoMemorySegment(t, to + 2 * next + 3 * WIDTH, ORDER);
    c30.intoMemorySegment(t, to + 3 * next, ORDER);
    c31.intoMemorySegment(t, to + 3 * next + WIDTH, ORDER);
    c32.intoMemorySegment(t, to + 3 * next + 2 * WIDTH, ORDER);
    c33.intoMemorySegment(t, to + 3 * next + 3 * WIDTH, ORDER);
  }

  /** Four rows, three vectors. */
  static void middle4(
      int k,
      MemorySegment a,
      long i,
      long rowStride,
      MemorySegment b,
      long j,
      MemorySegment s,
      long from,
      long step,
      MemorySegment t,
      long to,
      long next) {
    if (k == 0) {
      return;
    }
    FloatVector c00 = FloatVector.fromMemorySegment(SPECIES, s, from, ORDER);
    FloatVector c01 = FloatVector.fromMemorySegment(SPECIES, s, from + WIDTH, ORDER);
    FloatVector c02 = FloatVector.fromMemorySegment(SPECIES, s, from + 2 * WIDTH, ORDER);
    FloatVector c10 = FloatVector.fromMemorySegment(SPECIES, s, from + step, ORDER);
    FloatVector c11 = FloatVector.fromMemorySegment(SPECIES, s, from + step + WIDTH, ORDER);
    FloatVector c12 = FloatVector.fromMemorySegment(SPECIES, s, from + step + 2 * WIDTH, ORDER);
    FloatVector c20 = FloatVector.fromMemorySegment(SPECIES, s, from + 2 * step, ORDER);
    FloatVector c21 = FloatVector.fromMemorySegment(SPECIES, s, from + 2 * step + WIDTH, ORDER);
    FloatVector c22 = FloatVector.fromMemorySegment(SPECIES, s, from + 2 * step + 2 * WIDTH, ORDER);
    FloatVector c30 = FloatVector.fromMemorySegment(SPECIES, s, from + 3 * step, ORDER);
    FloatVector c31 = FloatVector.fromMemorySegment(SPECIES, s, from + 3 * step + WIDTH, ORDER);
    FloatVector c32 = FloatVector.fromMemorySegment(SPECIES, s, from + 3 * step + 2 * WIDTH, ORDER);
    for (int p = 0; p < k; p++) {
      FloatVector b0 = FloatVector.fromMemorySegment(SPECIES, b, j + p * (long) MIDDLE, ORDER);
      FloatVector b1 =
          FloatVector.fromMemorySegment(SPECIES, b, j + p * (long) MIDDLE + WIDTH, ORDER);
      FloatVector b2 =
          FloatVector.fromMemorySegment(SPECIES, b, j + p * (long) MIDDLE + 2 * WIDTH, ORDER);
      FloatVector x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + p * (long) BYTES));
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      c02 = x.fma(b2, c02);
      x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + rowStride + p * (long) BYTES));
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      c12 = x.fma(b2, c12);
      x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + 2 * rowStride + p * (long) BYTES));
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      c22 = x.fma(b2, c22);
      x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + 3 * rowStride + p * (long) BYTES));
      c30 = x.fma(b0, c30);
      c31 = x.fma(b1, c31);
      c32 = x.fma(b2, c32);
    }
    c00.intoMemorySegment(t, to, ORDER);
    c01.intoMemorySegment(t, to + WIDTH, ORDER);
    c02.intoMemorySegment(t, to + 2 * WIDTH, ORDER);
    c10.intoMemorySegment(t, to + next, ORDER);
    c11.intoMemorySegment(t, to + next + WIDTH, ORDER);
    c12.intoMemorySegment(t, to + next + 2 * WIDTH, ORDER);
    c20.intoMemorySegment(t, to + 2 * next, ORDER);
    c21.intoMemorySegment(t, to + 2 * next + WIDTH, ORDER);
    c22.intoMemorySegment(t, to + 2 * next + 2 * WIDTH, ORDER);
    c30.intoMemorySegment(t, to + 3 * next, ORDER);
    c31.intoMemorySegment(t, to + 3 * next + WIDTH, ORDER);
    c32.intoMemorySegment(t, to + 3 * next + 2 * WIDTH, ORDER);
  }

  /** Four rows, two vectors. */
  static void narrow4(
      int k,
      MemorySegment a,
      long i,
      long rowStride,
      MemorySegment b,
      long j,
      MemorySegment s,
      long from,
      long step,
      MemorySegment t,
      long to,
      long next) {
    if (k == 0) {
      return;
    }
    FloatVector c00 = FloatVector.fromMemorySegment(SPECIES, s, from, ORDER);
    FloatVector c01 = FloatVector.fromMemorySegment(SPECIES, s, from + WIDTH, ORDER);
    FloatVector c10 = FloatVector.fromMemorySegment(SPECIES, s, from + step, ORDER);
    FloatVector c11 = FloatVector.fromMemorySegment(SPECIES, s, from + step + WIDTH, ORDER);
    FloatVector c20 = FloatVector.fromMemorySegment(SPECIES, s, from + 2 * step, ORDER);
    FloatVector c21 = FloatVector.fromMemorySegment(SPECIES, s, from + 2 * step + WIDTH, ORDER);
    FloatVector c30 = FloatVector.fromMemorySegment(SPECIES, s, from + 3 * step, ORDER);
    FloatVector c31 = FloatVector.fromMemorySegment(SPECIES, s, from + 3 * step + WIDTH, ORDER);
    for (int p = 0; p < k; p++) {
      FloatVector b0 = FloatVector.fromMemorySegment(SPECIES, b, j + p * (long) NARROW, ORDER);
      FloatVector b1 =
          FloatVector.fromMemorySegment(SPECIES, b, j + p * (long) NARROW + WIDTH, ORDER);
      FloatVector x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + p * (long) BYTES));
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + rowStride + p * (long) BYTES));
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + 2 * rowStride + p * (long) BYTES));
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + 3 * rowStride + p * (long) BYTES));
      c30 = x.fma(b0, c30);
      c31 = x.fma(b1, c31);
    }
    c00.intoMemorySegment(t, to, ORDER);
    c01.intoMemorySegment(t, to + WIDTH, ORDER);
    c10.intoMemorySegment(t, to + next, ORDER);
    c11.intoMemorySegment(t, to + next + WIDTH, ORDER);
    c20.intoMemorySegment(t, to + 2 * next, ORDER);
    c21.intoMemorySegment(t, to + 2 * next + WIDTH, ORDER);
    c30.intoMemorySegment(t, to + 3 * next, ORDER);
    c31.intoMemorySegment(t, to + 3 * next + WIDTH, ORDER);
  }
}
