package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.LAYOUT;
import static org.volterra.internal.panama.FloatSpecies.ORDER;
import static org.volterra.internal.panama.FloatSpecies.SPECIES;
import static org.volterra.internal.panama.FloatSpecies.WIDTH;
import static org.volterra.internal.panama.FloatTile.MIDDLE;
import static org.volterra.internal.panama.FloatTile.NARROW;
import static org.volterra.internal.panama.FloatTile.WIDE;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * The tiles of one row: what is left of rows under those of {@link FloatTile}, and products of few
 * rows, with the same bits; {@link #thin} alone adds in another order. What is said there holds
 * here.
 */
final class FloatRowTile {
  private FloatRowTile() {}

  /** One row, four vectors. */
  static void wide1(
      int k,
      MemorySegment a,
      long i,
      MemorySegment b,
      long j,
      MemorySegment s,
      long from,
      MemorySegment t,
      long to) {
    if (k == 0) {
      return;
    }
    FloatVector c00 = FloatVector.fromMemorySegment(SPECIES, s, from, ORDER);
    FloatVector c01 = FloatVector.fromMemorySegment(SPECIES, s, from + WIDTH, ORDER);
    FloatVector c02 = FloatVector.fromMemorySegment(SPECIES, s, from + 2 * WIDTH, ORDER);
    FloatVector c03 = FloatVector.fromMemorySegment(SPECIES, s, from + 3 * WIDTH, ORDER);
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
    }
    c00.intoMemorySegment(t, to, ORDER);
    c01.intoMemorySegment(t, to + WIDTH, ORDER);
    c02.intoMemorySegment(t, to + 2 * WIDTH, ORDER);
    c03.intoMemorySegment(t, to + 3 * WIDTH, ORDER);
  }

  /** One row, three vectors. */
  static void middle1(
      int k,
      MemorySegment a,
      long i,
      MemorySegment b,
      long j,
      MemorySegment s,
      long from,
      MemorySegment t,
      long to) {
    if (k == 0) {
      return;
    }
    FloatVector c00 = FloatVector.fromMemorySegment(SPECIES, s, from, ORDER);
    FloatVector c01 = FloatVector.fromMemorySegment(SPECIES, s, from + WIDTH, ORDER);
    FloatVector c02 = FloatVector.fromMemorySegment(SPECIES, s, from + 2 * WIDTH, ORDER);
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
    }
    c00.intoMemorySegment(t, to, ORDER);
    c01.intoMemorySegment(t, to + WIDTH, ORDER);
    c02.intoMemorySegment(t, to + 2 * WIDTH, ORDER);
  }

  /** One row, two vectors. */
  static void narrow1(
      int k,
      MemorySegment a,
      long i,
      MemorySegment b,
      long j,
      MemorySegment s,
      long from,
      MemorySegment t,
      long to) {
    if (k == 0) {
      return;
    }
    FloatVector c00 = FloatVector.fromMemorySegment(SPECIES, s, from, ORDER);
    FloatVector c01 = FloatVector.fromMemorySegment(SPECIES, s, from + WIDTH, ORDER);
    for (int p = 0; p < k; p++) {
      FloatVector b0 = FloatVector.fromMemorySegment(SPECIES, b, j + p * (long) NARROW, ORDER);
      FloatVector b1 =
          FloatVector.fromMemorySegment(SPECIES, b, j + p * (long) NARROW + WIDTH, ORDER);
      FloatVector x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + p * (long) BYTES));
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
    }
    c00.intoMemorySegment(t, to, ORDER);
    c01.intoMemorySegment(t, to + WIDTH, ORDER);
  }

  /** As {@link #narrow1}; rows of b lie {@code stride} bytes apart. */
  static void apart1(
      int k,
      MemorySegment a,
      long i,
      MemorySegment b,
      long j,
      long stride,
      MemorySegment s,
      long from,
      MemorySegment t,
      long to) {
    if (k == 0) {
      return;
    }
    FloatVector c00 = FloatVector.fromMemorySegment(SPECIES, s, from, ORDER);
    FloatVector c01 = FloatVector.fromMemorySegment(SPECIES, s, from + WIDTH, ORDER);
    for (int p = 0; p < k; p++) {
      FloatVector b0 = FloatVector.fromMemorySegment(SPECIES, b, j + p * stride, ORDER);
      FloatVector b1 = FloatVector.fromMemorySegment(SPECIES, b, j + p * stride + WIDTH, ORDER);
      FloatVector x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + p * (long) BYTES));
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
    }
    c00.intoMemorySegment(t, to, ORDER);
    c01.intoMemorySegment(t, to + WIDTH, ORDER);
  }

  /**
   * One row, one vector, of which any part is wanted; rows of b lie {@code stride} bytes apart.
   * Four chains of fused products, since one would wait for each product.
   */
  static void thin(
      int k, MemorySegment a, long i, MemorySegment b, long j, long stride, MemorySegment t) {
    FloatVector c0 = FloatVector.zero(SPECIES);
    FloatVector c1 = c0;
    FloatVector c2 = c0;
    FloatVector c3 = c0;
    int p = 0;
    for (; p <= k - 4; p += 4) {
      FloatVector b0 = FloatVector.fromMemorySegment(SPECIES, b, j, ORDER);
      FloatVector b1 = FloatVector.fromMemorySegment(SPECIES, b, j + stride, ORDER);
      FloatVector b2 = FloatVector.fromMemorySegment(SPECIES, b, j + 2 * stride, ORDER);
      FloatVector b3 = FloatVector.fromMemorySegment(SPECIES, b, j + 3 * stride, ORDER);
      c0 = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i)).fma(b0, c0);
      c1 = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + BYTES)).fma(b1, c1);
      c2 = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + 2 * BYTES)).fma(b2, c2);
      c3 = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + 3 * BYTES)).fma(b3, c3);
      i += 4 * BYTES;
      j += 4 * stride;
    }
    for (; p < k; p++) {
      FloatVector b0 = FloatVector.fromMemorySegment(SPECIES, b, j, ORDER);
      c0 = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i)).fma(b0, c0);
      i += BYTES;
      j += stride;
    }
    c0.add(c1).add(c2.add(c3)).intoMemorySegment(t, 0, ORDER);
  }
}
