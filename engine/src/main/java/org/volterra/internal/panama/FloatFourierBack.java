package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatFourier.ELEMENT;
import static org.volterra.internal.panama.FloatFourier.NEAR;
import static org.volterra.internal.panama.FloatFourier.factors;
import static org.volterra.internal.panama.FloatSpecies.ORDER;
import static org.volterra.internal.panama.FloatSpecies.SPECIES;
import static org.volterra.internal.panama.FloatSpecies.WIDTH;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * The steps of the inverse of {@link FloatFourier}, in the opposite order, decimating in time. The
 * result is not divided by the length.
 */
@SuppressWarnings("cast")
final class FloatFourierBack {
  private FloatFourierBack() {}

  /** All steps but the last of n times the inverse transform of n elements at byte {@code j}. */
  static void inverse(MemorySegment w, long j, int n) {
    quarters(w, j, n, n / 4);
  }

  /** Inverse transforms of n/length sequences that follow one another. */
  private static void quarters(MemorySegment w, long j, int n, int length) {
    if (length > NEAR) {
      for (int part = 0; part < n / length; part++) {
        long at = j + (long) part * length * ELEMENT;
        quarters(w, at, length, length / 4);
        back(w, at, length, length);
      }
      return;
    }
    boolean odd = (Integer.numberOfTrailingZeros(length) & 1) != 0;
    if (odd) {
      FloatFourier.pairs(w, j, n);
    }
    for (int l = odd ? 8 : 4; l <= length; l *= 4) {
      back(w, j, n, l);
    }
  }

  private static void back(MemorySegment w, long j, int n, int length) {
    float[] f = factors(length);
    int quarter = length / 4;
    long q = (long) quarter * ELEMENT;
    if (quarter * length <= n) {
      for (int t = 0; t < quarter; t++) {
        backButterflies(w, j + (long) t * ELEMENT, q, n / length, 4 * q, f, 6 * t, 0);
      }
    } else {
      for (int block = 0; block < n; block += length) {
        backButterflies(w, j + (long) block * ELEMENT, q, quarter, ELEMENT, f, 0, 6);
      }
    }
  }

  /** The inverse of {@link FloatFourier#butterflies} but for a factor of 4. */
  static void backButterflies(
      MemorySegment w, long j, long q, int count, long next, float[] f, int k, int turn) {
    if (count == 0) {
      return;
    }
    for (int t = 0; t < count; t++) {
      FloatVector r1 = FloatVector.fromMemorySegment(SPECIES, w, j + q, ORDER);
      FloatVector i1 = FloatVector.fromMemorySegment(SPECIES, w, j + q + WIDTH, ORDER);
      FloatVector c1 = FloatVector.broadcast(SPECIES, f[k + 0]);
      FloatVector s1 = FloatVector.broadcast(SPECIES, f[k + 1]);
      FloatVector v1r = r1.mul(c1).add(i1.mul(s1));
      FloatVector v1i = i1.mul(c1).sub(r1.mul(s1));
      FloatVector r3 = FloatVector.fromMemorySegment(SPECIES, w, j + 3 * q, ORDER);
      FloatVector i3 = FloatVector.fromMemorySegment(SPECIES, w, j + 3 * q + WIDTH, ORDER);
      FloatVector c3 = FloatVector.broadcast(SPECIES, f[k + 4]);
      FloatVector s3 = FloatVector.broadcast(SPECIES, f[k + 5]);
      FloatVector v3r = r3.mul(c3).add(i3.mul(s3));
      FloatVector v3i = i3.mul(c3).sub(r3.mul(s3));
      FloatVector t1r = v1r.add(v3r);
      FloatVector t1i = v1i.add(v3i);
      FloatVector t3r = v3i.sub(v1i);
      FloatVector t3i = v1r.sub(v3r);
      FloatVector r2 = FloatVector.fromMemorySegment(SPECIES, w, j + 2 * q, ORDER);
      FloatVector i2 = FloatVector.fromMemorySegment(SPECIES, w, j + 2 * q + WIDTH, ORDER);
      FloatVector c2 = FloatVector.broadcast(SPECIES, f[k + 2]);
      FloatVector s2 = FloatVector.broadcast(SPECIES, f[k + 3]);
      FloatVector v2r = r2.mul(c2).add(i2.mul(s2));
      FloatVector v2i = i2.mul(c2).sub(r2.mul(s2));
      FloatVector v0r = FloatVector.fromMemorySegment(SPECIES, w, j, ORDER);
      FloatVector t0r = v0r.add(v2r);
      FloatVector t2r = v0r.sub(v2r);
      t0r.add(t1r).intoMemorySegment(w, j, ORDER);
      t0r.sub(t1r).intoMemorySegment(w, j + 2 * q, ORDER);
      t2r.add(t3r).intoMemorySegment(w, j + q, ORDER);
      t2r.sub(t3r).intoMemorySegment(w, j + 3 * q, ORDER);
      FloatVector v0i = FloatVector.fromMemorySegment(SPECIES, w, j + WIDTH, ORDER);
      FloatVector t0i = v0i.add(v2i);
      FloatVector t2i = v0i.sub(v2i);
      t0i.add(t1i).intoMemorySegment(w, j + WIDTH, ORDER);
      t0i.sub(t1i).intoMemorySegment(w, j + 2 * q + WIDTH, ORDER);
      t2i.add(t3i).intoMemorySegment(w, j + q + WIDTH, ORDER);
      t2i.sub(t3i).intoMemorySegment(w, j + 3 * q + WIDTH, ORDER);
      j += next;
      k += turn;
    }
  }

  /**
   * The last step of the inverse transform of length n, of which only the second half is wanted.
   *
   * @param y to element t of the second half, at byte {@code i + t * stride}, the result times
   *     {@code factor} is added
   */
  static void addLastStep(
      MemorySegment w, long j, int n, float factor, MemorySegment y, long i, long stride) {
    addLastStep(w, j, n / 4, factors(n), factor, y, i, stride);
  }

  /** With a quarter of the length and the factors of n. */
  static void addLastStep(
      MemorySegment w,
      long j,
      int quarter,
      float[] f,
      float factor,
      MemorySegment y,
      long i,
      long stride) {
    if (quarter == 0) {
      return;
    }
    long q = (long) quarter * ELEMENT;
    long o = i + quarter * stride;
    FloatVector scale = FloatVector.broadcast(SPECIES, factor);
    for (int t = 0, k = 0; t < quarter; t++, k += 6) {
      FloatVector r1 = FloatVector.fromMemorySegment(SPECIES, w, j + q, ORDER);
      FloatVector i1 = FloatVector.fromMemorySegment(SPECIES, w, j + q + WIDTH, ORDER);
      FloatVector c1 = FloatVector.broadcast(SPECIES, f[k + 0]);
      FloatVector s1 = FloatVector.broadcast(SPECIES, f[k + 1]);
      FloatVector v1r = r1.mul(c1).add(i1.mul(s1));
      FloatVector v1i = i1.mul(c1).sub(r1.mul(s1));
      FloatVector r3 = FloatVector.fromMemorySegment(SPECIES, w, j + 3 * q, ORDER);
      FloatVector i3 = FloatVector.fromMemorySegment(SPECIES, w, j + 3 * q + WIDTH, ORDER);
      FloatVector c3 = FloatVector.broadcast(SPECIES, f[k + 4]);
      FloatVector s3 = FloatVector.broadcast(SPECIES, f[k + 5]);
      FloatVector v3r = r3.mul(c3).add(i3.mul(s3));
      FloatVector v3i = i3.mul(c3).sub(r3.mul(s3));
      FloatVector t1r = v1r.add(v3r);
      FloatVector t1i = v1i.add(v3i);
      FloatVector t3r = v3i.sub(v1i);
      FloatVector t3i = v1r.sub(v3r);
      FloatVector r2 = FloatVector.fromMemorySegment(SPECIES, w, j + 2 * q, ORDER);
      FloatVector i2 = FloatVector.fromMemorySegment(SPECIES, w, j + 2 * q + WIDTH, ORDER);
      FloatVector c2 = FloatVector.broadcast(SPECIES, f[k + 2]);
      FloatVector s2 = FloatVector.broadcast(SPECIES, f[k + 3]);
      FloatVector v2r = r2.mul(c2).add(i2.mul(s2));
      FloatVector v2i = i2.mul(c2).sub(r2.mul(s2));
      FloatVector v0r = FloatVector.fromMemorySegment(SPECIES, w, j, ORDER);
      FloatVector v0i = FloatVector.fromMemorySegment(SPECIES, w, j + WIDTH, ORDER);
      FloatVector yr = v0r.add(v2r).sub(t1r);
      FloatVector yi = v0i.add(v2i).sub(t1i);
      FloatVector zr = v0r.sub(v2r).sub(t3r);
      FloatVector zi = v0i.sub(v2i).sub(t3i);
      yr.fma(scale, FloatVector.fromMemorySegment(SPECIES, y, i, ORDER))
          .intoMemorySegment(y, i, ORDER);
      yi.fma(scale, FloatVector.fromMemorySegment(SPECIES, y, i + WIDTH, ORDER))
          .intoMemorySegment(y, i + WIDTH, ORDER);
      zr.fma(scale, FloatVector.fromMemorySegment(SPECIES, y, o, ORDER))
          .intoMemorySegment(y, o, ORDER);
      zi.fma(scale, FloatVector.fromMemorySegment(SPECIES, y, o + WIDTH, ORDER))
          .intoMemorySegment(y, o + WIDTH, ORDER);
      i += stride;
      o += stride;
      j += ELEMENT;
    }
  }
}
