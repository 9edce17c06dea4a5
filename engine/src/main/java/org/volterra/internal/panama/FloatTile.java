package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.LAYOUT;
import static org.volterra.internal.panama.FloatSpecies.ORDER;
import static org.volterra.internal.panama.FloatSpecies.SPECIES;
import static org.volterra.internal.panama.FloatSpecies.WIDTH;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * The register tiles of the matrix product: t[r, 0..2L) = Σ_p a(r, p) b[p, 0..2L) for 8, 4 or 1
 * rows, with element a(r, p) at byte {@code i + r * rowStride + p * step}, row p of b at byte
 * {@code j + p * stride}, and t written row after row from byte 0.
 *
 * <p>Every element is one chain of fused products in the order of p, so that all tiles give the
 * same bits. Loads stand here in full, not in a helper: the accumulators must never meet a call
 * that the compiler may leave out of line, which would allocate them anew in every turn of the
 * loop.
 */
final class FloatTile {
  /** Rows of the largest tile. */
  static final int ROWS = 8;

  /** Bytes of a row of a tile. */
  static final int ROW_BYTES = 2 * WIDTH;

  private FloatTile() {}

  /** Eight rows. */
  static void rows8(
      int k,
      MemorySegment a,
      long i,
      long rowStride,
      long step,
      MemorySegment b,
      long j,
      long stride,
      MemorySegment t) {
    FloatVector c00 = FloatVector.zero(SPECIES);
    FloatVector c01 = FloatVector.zero(SPECIES);
    FloatVector c10 = FloatVector.zero(SPECIES);
    FloatVector c11 = FloatVector.zero(SPECIES);
    FloatVector c20 = FloatVector.zero(SPECIES);
    FloatVector c21 = FloatVector.zero(SPECIES);
    FloatVector c30 = FloatVector.zero(SPECIES);
    FloatVector c31 = FloatVector.zero(SPECIES);
    FloatVector c40 = FloatVector.zero(SPECIES);
    FloatVector c41 = FloatVector.zero(SPECIES);
    FloatVector c50 = FloatVector.zero(SPECIES);
    FloatVector c51 = FloatVector.zero(SPECIES);
    FloatVector c60 = FloatVector.zero(SPECIES);
    FloatVector c61 = FloatVector.zero(SPECIES);
    FloatVector c70 = FloatVector.zero(SPECIES);
    FloatVector c71 = FloatVector.zero(SPECIES);
    for (int p = 0; p < k; p++) {
      FloatVector b0 = FloatVector.fromMemorySegment(SPECIES, b, j, ORDER);
      FloatVector b1 = FloatVector.fromMemorySegment(SPECIES, b, j + WIDTH, ORDER);
      FloatVector x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i));
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + rowStride));
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + 2 * rowStride));
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + 3 * rowStride));
      c30 = x.fma(b0, c30);
      c31 = x.fma(b1, c31);
      x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + 4 * rowStride));
      c40 = x.fma(b0, c40);
      c41 = x.fma(b1, c41);
      x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + 5 * rowStride));
      c50 = x.fma(b0, c50);
      c51 = x.fma(b1, c51);
      x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + 6 * rowStride));
      c60 = x.fma(b0, c60);
      c61 = x.fma(b1, c61);
      x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + 7 * rowStride));
      c70 = x.fma(b0, c70);
      c71 = x.fma(b1, c71);
      i += step;
      j += stride;
    }
    c00.intoMemorySegment(t, 0, ORDER);
    c01.intoMemorySegment(t, WIDTH, ORDER);
    c10.intoMemorySegment(t, 2 * WIDTH, ORDER);
    c11.intoMemorySegment(t, 3 * WIDTH, ORDER);
    c20.intoMemorySegment(t, 4 * WIDTH, ORDER);
    c21.intoMemorySegment(t, 5 * WIDTH, ORDER);
    c30.intoMemorySegment(t, 6 * WIDTH, ORDER);
    c31.intoMemorySegment(t, 7 * WIDTH, ORDER);
    c40.intoMemorySegment(t, 8 * WIDTH, ORDER);
    c41.intoMemorySegment(t, 9 * WIDTH, ORDER);
    c50.intoMemorySegment(t, 10 * WIDTH, ORDER);
    c51.intoMemorySegment(t, 11 * WIDTH, ORDER);
    c60.intoMemorySegment(t, 12 * WIDTH, ORDER);
    c61.intoMemorySegment(t, 13 * WIDTH, ORDER);
    c70.intoMemorySegment(t, 14 * WIDTH, ORDER);
    c71.intoMemorySegment(t, 15 * WIDTH, ORDER);
  }

  /** Four rows. */
  static void rows4(
      int k,
      MemorySegment a,
      long i,
      long rowStride,
      long step,
      MemorySegment b,
      long j,
      long stride,
      MemorySegment t) {
    FloatVector c00 = FloatVector.zero(SPECIES);
    FloatVector c01 = FloatVector.zero(SPECIES);
    FloatVector c10 = FloatVector.zero(SPECIES);
    FloatVector c11 = FloatVector.zero(SPECIES);
    FloatVector c20 = FloatVector.zero(SPECIES);
    FloatVector c21 = FloatVector.zero(SPECIES);
    FloatVector c30 = FloatVector.zero(SPECIES);
    FloatVector c31 = FloatVector.zero(SPECIES);
    for (int p = 0; p < k; p++) {
      FloatVector b0 = FloatVector.fromMemorySegment(SPECIES, b, j, ORDER);
      FloatVector b1 = FloatVector.fromMemorySegment(SPECIES, b, j + WIDTH, ORDER);
      FloatVector x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i));
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + rowStride));
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + 2 * rowStride));
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + 3 * rowStride));
      c30 = x.fma(b0, c30);
      c31 = x.fma(b1, c31);
      i += step;
      j += stride;
    }
    c00.intoMemorySegment(t, 0, ORDER);
    c01.intoMemorySegment(t, WIDTH, ORDER);
    c10.intoMemorySegment(t, 2 * WIDTH, ORDER);
    c11.intoMemorySegment(t, 3 * WIDTH, ORDER);
    c20.intoMemorySegment(t, 4 * WIDTH, ORDER);
    c21.intoMemorySegment(t, 5 * WIDTH, ORDER);
    c30.intoMemorySegment(t, 6 * WIDTH, ORDER);
    c31.intoMemorySegment(t, 7 * WIDTH, ORDER);
  }

  /** One row. */
  static void rows1(
      int k,
      MemorySegment a,
      long i,
      long rowStride,
      long step,
      MemorySegment b,
      long j,
      long stride,
      MemorySegment t) {
    FloatVector c00 = FloatVector.zero(SPECIES);
    FloatVector c01 = FloatVector.zero(SPECIES);
    for (int p = 0; p < k; p++) {
      FloatVector b0 = FloatVector.fromMemorySegment(SPECIES, b, j, ORDER);
      FloatVector b1 = FloatVector.fromMemorySegment(SPECIES, b, j + WIDTH, ORDER);
      FloatVector x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i));
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      i += step;
      j += stride;
    }
    c00.intoMemorySegment(t, 0, ORDER);
    c01.intoMemorySegment(t, WIDTH, ORDER);
  }
}
