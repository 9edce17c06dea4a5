package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.LAYOUT;
import static org.volterra.internal.panama.FloatSpecies.LENGTH;
import static org.volterra.internal.panama.FloatSpecies.WIDTH;
import static org.volterra.internal.panama.FloatSpecies.load;
import static org.volterra.internal.panama.FloatSpecies.splat;
import static org.volterra.internal.panama.FloatSpecies.store;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** Loops over the n channels of one position: whole vectors, then elements with the same bits. */
@SuppressWarnings("cast")
final class FloatRowKernels {
  private FloatRowKernels() {}

  private static int whole(int n) {
    return n / LENGTH * WIDTH;
  }

  /** y = beta y, not reading y if beta is 0. */
  static void scale(float beta, MemorySegment y, long j, int n) {
    if (beta == 1) {
      return;
    }
    int whole = whole(n);
    if (beta == 0) {
      FloatElementwise.fill(y, j, 0, whole);
    } else {
      FloatVector b = splat(beta);
      for (int o = 0; o < whole; o += WIDTH) {
        store(load(y, j + o).mul(b), y, j + o);
      }
    }
    for (int o = whole; o < n * BYTES; o += BYTES) {
      y.set(LAYOUT, j + o, beta == 0 ? 0 : beta * y.get(LAYOUT, j + o));
    }
  }

  /** y += x ⊙ w. */
  static void addProduct(
      MemorySegment x, long i, MemorySegment w, long k, MemorySegment y, long j, int n) {
    int whole = whole(n);
    for (int o = 0; o < whole; o += WIDTH) {
      store(load(x, i + o).fma(load(w, k + o), load(y, j + o)), y, j + o);
    }
    for (int o = whole; o < n * BYTES; o += BYTES) {
      float sum = Math.fma(x.get(LAYOUT, i + o), w.get(LAYOUT, k + o), y.get(LAYOUT, j + o));
      y.set(LAYOUT, j + o, sum);
    }
  }

  /** y += factor x. */
  static void add(float factor, MemorySegment x, long i, MemorySegment y, long j, int n) {
    int whole = whole(n);
    for (int o = 0; o < whole; o += WIDTH) {
      store(load(x, i + o).fma(splat(factor), load(y, j + o)), y, j + o);
    }
    for (int o = whole; o < n * BYTES; o += BYTES) {
      y.set(LAYOUT, j + o, Math.fma(x.get(LAYOUT, i + o), factor, y.get(LAYOUT, j + o)));
    }
  }

  /** y = max(y, x); NaN if one is NaN. */
  static void maximum(MemorySegment x, long i, MemorySegment y, long j, int n) {
    int whole = whole(n);
    for (int o = 0; o < whole; o += WIDTH) {
      store(load(y, j + o).max(load(x, i + o)), y, j + o);
    }
    for (int o = whole; o < n * BYTES; o += BYTES) {
      y.set(LAYOUT, j + o, Math.max(y.get(LAYOUT, j + o), x.get(LAYOUT, i + o)));
    }
  }

  /** Where x has the maximum, moves what is left at k to y; both in the same scratch memory. */
  static void moveToMaximum(
      MemorySegment x,
      long i,
      MemorySegment t,
      long max,
      long left,
      MemorySegment y,
      long j,
      int n) {
    int whole = whole(n);
    FloatVector zero = splat(0);
    for (int o = 0; o < whole; o += WIDTH) {
      VectorMask<Float> wins = load(x, i + o).compare(VectorOperators.EQ, load(t, max + o));
      FloatVector rest = load(t, left + o);
      store(load(y, j + o).add(zero.blend(rest, wins)), y, j + o);
      store(rest.blend(zero, wins), t, left + o);
    }
    for (int o = whole; o < n * BYTES; o += BYTES) {
      if (x.get(LAYOUT, i + o) == t.get(LAYOUT, max + o)) {
        y.set(LAYOUT, j + o, y.get(LAYOUT, j + o) + t.get(LAYOUT, left + o));
        t.set(LAYOUT, left + o, 0);
      }
    }
  }
}
