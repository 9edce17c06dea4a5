package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.LAYOUT;
import static org.volterra.internal.panama.FloatSpecies.LENGTH;
import static org.volterra.internal.panama.FloatSpecies.ORDER;
import static org.volterra.internal.panama.FloatSpecies.SPECIES;
import static org.volterra.internal.panama.FloatSpecies.WIDTH;
import static org.volterra.internal.panama.FloatSpecies.merge;
import static org.volterra.internal.panama.FloatSpecies.splat;
import static org.volterra.internal.panama.FloatSpecies.store;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Register tiles of 4 positions by 4, 2 or 1 vectors of channels: those of {@link FloatTile}, and a
 * single vector with two chains of sums for each position, of the even and of the odd p, because
 * four chains would wait for one another.
 */
final class FloatConvolutionTile {
  /** Positions of the larger tiles. */
  static final int ROWS = FloatTile.ROWS;

  /** Bytes of a row of a tile of a single vector, and of its panel. */
  static final int SINGLE = WIDTH;

  private FloatConvolutionTile() {}

  /** Bytes of a row of the panel that suits so many columns. */
  static int rowBytes(int columns) {
    return columns > 3 * LENGTH ? FloatTile.WIDE : columns > LENGTH ? FloatTile.NARROW : SINGLE;
  }

  /** Columns that the next panel covers when so many are left. */
  static int panelColumns(int left) {
    return Math.min(left, rowBytes(left) / BYTES);
  }

  /** Bytes of a row of all panels of a matrix together. */
  static long panelBytes(int columns) {
    long bytes = 0;
    for (int left = columns; left > 0; left -= panelColumns(left)) {
      bytes += rowBytes(left);
    }
    return bytes;
  }

  /** t[r, :] = s[r, :] + Σ_p a(r, p) b[p, :] for {@code height} rows, {@link #ROWS} or 1. */
  static void run(
      int height,
      int rowBytes,
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
      long to) {
    if (height == ROWS) {
      if (rowBytes == FloatTile.WIDE) {
        FloatTile.wide4(k, a, i, rowStride, b, j, s, from, step, t, to, rowBytes);
      } else if (rowBytes == FloatTile.NARROW) {
        FloatTile.narrow4(k, a, i, rowStride, b, j, s, from, step, t, to, rowBytes);
      } else {
        single4(k, a, i, rowStride, b, j, s, from, step, t, to);
      }
    } else if (rowBytes == FloatTile.WIDE) {
      FloatRowTile.wide1(k, a, i, b, j, s, from, t, to);
    } else if (rowBytes == FloatTile.NARROW) {
      FloatRowTile.narrow1(k, a, i, b, j, s, from, t, to);
    } else {
      single1(k, a, i, b, j, s, from, t, to);
    }
  }

  private static void single4(
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
      long to) {
    FloatVector c0 = FloatVector.fromMemorySegment(SPECIES, s, from, ORDER);
    FloatVector c1 = FloatVector.fromMemorySegment(SPECIES, s, from + step, ORDER);
    FloatVector c2 = FloatVector.fromMemorySegment(SPECIES, s, from + 2 * step, ORDER);
    FloatVector c3 = FloatVector.fromMemorySegment(SPECIES, s, from + 3 * step, ORDER);
    FloatVector d0 = FloatVector.zero(SPECIES);
    FloatVector d1 = FloatVector.zero(SPECIES);
    FloatVector d2 = FloatVector.zero(SPECIES);
    FloatVector d3 = FloatVector.zero(SPECIES);
    int pairs = k / 2;
    for (int p = 0; p < pairs; p++) {
      long o = p * (2L * BYTES);
      FloatVector b0 = FloatVector.fromMemorySegment(SPECIES, b, j + p * (2L * WIDTH), ORDER);
      FloatVector b1 =
          FloatVector.fromMemorySegment(SPECIES, b, j + p * (2L * WIDTH) + WIDTH, ORDER);
      c0 = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + o)).fma(b0, c0);
      d0 = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + o + BYTES)).fma(b1, d0);
      c1 = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + rowStride + o)).fma(b0, c1);
      d1 = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + rowStride + o + BYTES)).fma(b1, d1);
      c2 = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + 2 * rowStride + o)).fma(b0, c2);
      d2 = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + 2 * rowStride + o + BYTES)).fma(b1, d2);
      c3 = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + 3 * rowStride + o)).fma(b0, c3);
      d3 = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + 3 * rowStride + o + BYTES)).fma(b1, d3);
    }
    if (k % 2 == 1) {
      long o = (k - 1) * (long) BYTES;
      FloatVector b0 = FloatVector.fromMemorySegment(SPECIES, b, j + (k - 1) * (long) WIDTH, ORDER);
      c0 = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + o)).fma(b0, c0);
      c1 = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + rowStride + o)).fma(b0, c1);
      c2 = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + 2 * rowStride + o)).fma(b0, c2);
      c3 = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + 3 * rowStride + o)).fma(b0, c3);
    }
    c0.add(d0).intoMemorySegment(t, to, ORDER);
    c1.add(d1).intoMemorySegment(t, to + WIDTH, ORDER);
    c2.add(d2).intoMemorySegment(t, to + 2 * WIDTH, ORDER);
    c3.add(d3).intoMemorySegment(t, to + 3 * WIDTH, ORDER);
  }

  private static void single1(
      int k,
      MemorySegment a,
      long i,
      MemorySegment b,
      long j,
      MemorySegment s,
      long from,
      MemorySegment t,
      long to) {
    FloatVector c = FloatVector.fromMemorySegment(SPECIES, s, from, ORDER);
    FloatVector d = FloatVector.zero(SPECIES);
    int pairs = k / 2;
    for (int p = 0; p < pairs; p++) {
      long o = p * (2L * BYTES);
      FloatVector b0 = FloatVector.fromMemorySegment(SPECIES, b, j + p * (2L * WIDTH), ORDER);
      FloatVector b1 =
          FloatVector.fromMemorySegment(SPECIES, b, j + p * (2L * WIDTH) + WIDTH, ORDER);
      c = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + o)).fma(b0, c);
      d = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + o + BYTES)).fma(b1, d);
    }
    if (k % 2 == 1) {
      long o = (k - 1) * (long) BYTES;
      FloatVector b0 = FloatVector.fromMemorySegment(SPECIES, b, j + (k - 1) * (long) WIDTH, ORDER);
      c = FloatVector.broadcast(SPECIES, a.get(LAYOUT, i + o)).fma(b0, c);
    }
    c.add(d).intoMemorySegment(t, to, ORDER);
  }

  /** Adds the first columns of a row of a tile: y = t + beta y. */
  static void addRow(MemorySegment t, long from, int width, float beta, MemorySegment y, long to) {
    int whole = width / LENGTH * WIDTH;
    if (beta == 0) {
      for (int o = 0; o < whole; o += WIDTH) {
        store(FloatSpecies.load(t, from + o), y, to + o);
      }
    } else {
      for (int o = 0; o < whole; o += WIDTH) {
        FloatVector sum = FloatSpecies.load(t, from + o);
        store(FloatSpecies.load(y, to + o).fma(splat(beta), sum), y, to + o);
      }
    }
    for (int o = whole; o < width * BYTES; o += BYTES) {
      merge(t.get(LAYOUT, from + o), beta, y, to + o);
    }
  }

  /** Copies a few elements, whole vectors first. */
  static void copyRow(MemorySegment s, long from, MemorySegment target, long to, int n) {
    int whole = n / LENGTH * WIDTH;
    for (int o = 0; o < whole; o += WIDTH) {
      store(FloatSpecies.load(s, from + o), target, to + o);
    }
    FloatSpans.copy(s, from + whole, target, to + whole, n - whole / BYTES);
  }
}
