package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.LAYOUT;
import static org.volterra.internal.panama.FloatSpecies.ORDER;
import static org.volterra.internal.panama.FloatSpecies.SPECIES;
import static org.volterra.internal.panama.FloatSpecies.WIDTH;
import static org.volterra.internal.panama.FloatTile.NARROW;
import static org.volterra.internal.panama.FloatTile.WIDE;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Register tiles of sums over positions of outer products: t[r, :] += Σ_p a(p, r) b[p, :], where
 * the channels of a come in blocks of {@value #CHANNELS}, a(p, r) at byte {@code i + p * CHANNELS *
 * BYTES + r * BYTES}, and rows of b (at j) and t (at to), in the same memory, follow one another.
 * They look like those of {@link FloatTile}, for the reasons given there.
 */
final class FloatOuterTile {
  /** Channels of a block of a. */
  static final int CHANNELS = 8;

  private static final long STEP = CHANNELS * (long) BYTES;

  private FloatOuterTile() {}

  /** All channels of a block. */
  static void run(int rowBytes, int k, MemorySegment a, long i, long j, long to) {
    if (rowBytes == WIDE) {
      wide4(k, a, i, j, to);
      wide4(k, a, i + 4L * BYTES, j, to + 4L * WIDE);
    } else if (rowBytes == NARROW) {
      narrow4(k, a, i, j, to);
      narrow4(k, a, i + 4L * BYTES, j, to + 4L * NARROW);
    } else {
      single8(k, a, i, j, to);
    }
  }

  private static void wide4(int k, MemorySegment a, long i, long j, long to) {
    FloatVector c00 = FloatVector.fromMemorySegment(SPECIES, a, to, ORDER);
    FloatVector c01 = FloatVector.fromMemorySegment(SPECIES, a, to + WIDTH, ORDER);
    FloatVector c02 = FloatVector.fromMemorySegment(SPECIES, a, to + 2 * WIDTH, ORDER);
    FloatVector c03 = FloatVector.fromMemorySegment(SPECIES, a, to + 3 * WIDTH, ORDER);
    FloatVector c10 = FloatVector.fromMemorySegment(SPECIES, a, to + 4 * WIDTH, ORDER);
    FloatVector c11 = FloatVector.fromMemorySegment(SPECIES, a, to + 5 * WIDTH, ORDER);
    FloatVector c12 = FloatVector.fromMemorySegment(SPECIES, a, to + 6 * WIDTH, ORDER);
    FloatVector c13 = FloatVector.fromMemorySegment(SPECIES, a, to + 7 * WIDTH, ORDER);
    FloatVector c20 = FloatVector.fromMemorySegment(SPECIES, a, to + 8 * WIDTH, ORDER);
    FloatVector c21 = FloatVector.fromMemorySegment(SPECIES, a, to + 9 * WIDTH, ORDER);
    FloatVector c22 = FloatVector.fromMemorySegment(SPECIES, a, to + 10 * WIDTH, ORDER);
    FloatVector c23 = FloatVector.fromMemorySegment(SPECIES, a, to + 11 * WIDTH, ORDER);
    FloatVector c30 = FloatVector.fromMemorySegment(SPECIES, a, to + 12 * WIDTH, ORDER);
    FloatVector c31 = FloatVector.fromMemorySegment(SPECIES, a, to + 13 * WIDTH, ORDER);
    FloatVector c32 = FloatVector.fromMemorySegment(SPECIES, a, to + 14 * WIDTH, ORDER);
    FloatVector c33 = FloatVector.fromMemorySegment(SPECIES, a, to + 15 * WIDTH, ORDER);
    for (int p = 0; p < k; p++) {
      FloatVector b0 = FloatVector.fromMemorySegment(SPECIES, a, j + p * (long) WIDE, ORDER);
      FloatVector b1 =
          FloatVector.fromMemorySegment(SPECIES, a, j + p * (long) WIDE + WIDTH, ORDER);
      FloatVector b2 =
          FloatVector.fromMemorySegment(SPECIES, a, j + p * (long) WIDE + 2 * WIDTH, ORDER);
      FloatVector b3 =
          FloatVector.fromMemorySegment(SPECIES, a, j + p * (long) WIDE + 3 * WIDTH, ORDER);
      FloatVector x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + p * STEP));
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      c02 = x.fma(b2, c02);
      c03 = x.fma(b3, c03);
      x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + p * STEP + BYTES));
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      c12 = x.fma(b2, c12);
      c13 = x.fma(b3, c13);
      x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + p * STEP + 2 * BYTES));
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      c22 = x.fma(b2, c22);
      c23 = x.fma(b3, c23);
      x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + p * STEP + 3 * BYTES));
      c30 = x.fma(b0, c30);
      c31 = x.fma(b1, c31);
      c32 = x.fma(b2, c32);
      c33 = x.fma(b3, c33);
    }
    c00.intoMemorySegment(a, to, ORDER);
    c01.intoMemorySegment(a, to + WIDTH, ORDER);
    c02.intoMemorySegment(a, to + 2 * WIDTH, ORDER);
    c03.intoMemorySegment(a, to + 3 * WIDTH, ORDER);
    c10.intoMemorySegment(a, to + 4 * WIDTH, ORDER);
    c11.intoMemorySegment(a, to + 5 * WIDTH, ORDER);
    c12.intoMemorySegment(a, to + 6 * WIDTH, ORDER);
    c13.intoMemorySegment(a, to + 7 * WIDTH, ORDER);
    c20.intoMemorySegment(a, to + 8 * WIDTH, ORDER);
    c21.intoMemorySegment(a, to + 9 * WIDTH, ORDER);
    c22.intoMemorySegment(a, to + 10 * WIDTH, ORDER);
    c23.intoMemorySegment(a, to + 11 * WIDTH, ORDER);
    c30.intoMemorySegment(a, to + 12 * WIDTH, ORDER);
    c31.intoMemorySegment(a, to + 13 * WIDTH, ORDER);
    c32.intoMemorySegment(a, to + 14 * WIDTH, ORDER);
    c33.intoMemorySegment(a, to + 15 * WIDTH, ORDER);
  }

  private static void narrow4(int k, MemorySegment a, long i, long j, long to) {
    FloatVector c00 = FloatVector.fromMemorySegment(SPECIES, a, to, ORDER);
    FloatVector c01 = FloatVector.fromMemorySegment(SPECIES, a, to + WIDTH, ORDER);
    FloatVector c10 = FloatVector.fromMemorySegment(SPECIES, a, to + 2 * WIDTH, ORDER);
    FloatVector c11 = FloatVector.fromMemorySegment(SPECIES, a, to + 3 * WIDTH, ORDER);
    FloatVector c20 = FloatVector.fromMemorySegment(SPECIES, a, to + 4 * WIDTH, ORDER);
    FloatVector c21 = FloatVector.fromMemorySegment(SPECIES, a, to + 5 * WIDTH, ORDER);
    FloatVector c30 = FloatVector.fromMemorySegment(SPECIES, a, to + 6 * WIDTH, ORDER);
    FloatVector c31 = FloatVector.fromMemorySegment(SPECIES, a, to + 7 * WIDTH, ORDER);
    for (int p = 0; p < k; p++) {
      FloatVector b0 = FloatVector.fromMemorySegment(SPECIES, a, j + p * (long) NARROW, ORDER);
      FloatVector b1 =
          FloatVector.fromMemorySegment(SPECIES, a, j + p * (long) NARROW + WIDTH, ORDER);
      FloatVector x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + p * STEP));
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + p * STEP + BYTES));
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + p * STEP + 2 * BYTES));
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      x = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + p * STEP + 3 * BYTES));
      c30 = x.fma(b0, c30);
      c31 = x.fma(b1, c31);
    }
    c00.intoMemorySegment(a, to, ORDER);
    c01.intoMemorySegment(a, to + WIDTH, ORDER);
    c10.intoMemorySegment(a, to + 2 * WIDTH, ORDER);
    c11.intoMemorySegment(a, to + 3 * WIDTH, ORDER);
    c20.intoMemorySegment(a, to + 4 * WIDTH, ORDER);
    c21.intoMemorySegment(a, to + 5 * WIDTH, ORDER);
    c30.intoMemorySegment(a, to + 6 * WIDTH, ORDER);
    c31.intoMemorySegment(a, to + 7 * WIDTH, ORDER);
  }

  private static void single8(int k, MemorySegment a, long i, long j, long to) {
    FloatVector c0 = FloatVector.fromMemorySegment(SPECIES, a, to, ORDER);
    FloatVector c1 = FloatVector.fromMemorySegment(SPECIES, a, to + WIDTH, ORDER);
    FloatVector c2 = FloatVector.fromMemorySegment(SPECIES, a, to + 2 * WIDTH, ORDER);
    FloatVector c3 = FloatVector.fromMemorySegment(SPECIES, a, to + 3 * WIDTH, ORDER);
    FloatVector c4 = FloatVector.fromMemorySegment(SPECIES, a, to + 4 * WIDTH, ORDER);
    FloatVector c5 = FloatVector.fromMemorySegment(SPECIES, a, to + 5 * WIDTH, ORDER);
    FloatVector c6 = FloatVector.fromMemorySegment(SPECIES, a, to + 6 * WIDTH, ORDER);
    FloatVector c7 = FloatVector.fromMemorySegment(SPECIES, a, to + 7 * WIDTH, ORDER);
    for (int p = 0; p < k; p++) {
      FloatVector b0 = FloatVector.fromMemorySegment(SPECIES, a, j + p * (long) WIDTH, ORDER);
      c0 = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + p * STEP)).fma(b0, c0);
      c1 = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + p * STEP + BYTES)).fma(b0, c1);
      c2 = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + p * STEP + 2 * BYTES)).fma(b0, c2);
      c3 = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + p * STEP + 3 * BYTES)).fma(b0, c3);
      c4 = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + p * STEP + 4 * BYTES)).fma(b0, c4);
      c5 = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + p * STEP + 5 * BYTES)).fma(b0, c5);
      c6 = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + p * STEP + 6 * BYTES)).fma(b0, c6);
      c7 = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + p * STEP + 7 * BYTES)).fma(b0, c7);
    }
    c0.intoMemorySegment(a, to, ORDER);
    c1.intoMemorySegment(a, to + WIDTH, ORDER);
    c2.intoMemorySegment(a, to + 2 * WIDTH, ORDER);
    c3.intoMemorySegment(a, to + 3 * WIDTH, ORDER);
    c4.intoMemorySegment(a, to + 4 * WIDTH, ORDER);
    c5.intoMemorySegment(a, to + 5 * WIDTH, ORDER);
    c6.intoMemorySegment(a, to + 6 * WIDTH, ORDER);
    c7.intoMemorySegment(a, to + 7 * WIDTH, ORDER);
  }
}
