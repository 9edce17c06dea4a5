package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.LAYOUT;
import static org.volterra.internal.panama.FloatSpecies.ORDER;
import static org.volterra.internal.panama.FloatSpecies.SPECIES;
import static org.volterra.internal.panama.FloatSpecies.WIDTH;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicReferenceArray;
import jdk.incubator.vector.FloatVector;

/**
 * The steps of {@link Fourier} for as many sequences as a vector has lanes: element t of all of
 * them is a vector of real parts at byte {@code t * ELEMENT} and one of imaginary parts after it.
 */
@SuppressWarnings("cast")
final class FloatFourier {
  /** Bytes of one complex vector. */
  static final int ELEMENT = 2 * WIDTH;

  /** Longer sequences are taken quarter by quarter, so that these stay in the cache. */
  static final int NEAR = 1024;

  private static final AtomicReferenceArray<float[]> FACTORS = new AtomicReferenceArray<>(31);

  private FloatFourier() {}

  /** {@link Fourier#factors} in the element type. */
  static float[] factors(int n) {
    int index = Integer.numberOfTrailingZeros(n);
    float[] table = FACTORS.get(index);
    if (table == null) {
      double[] exact = Fourier.factors(n);
      table = new float[exact.length];
      for (int i = 0; i < table.length; i++) {
        table[i] = (float) exact[i];
      }
      FACTORS.set(index, table);
    }
    return table;
  }

  /**
   * The first step of a transform of length n whose second half is zero.
   *
   * @param x element t of the first half at byte {@code i + t * stride}
   * @param w where the n elements go, from byte {@code j}
   */
  static void firstStep(MemorySegment x, long i, long stride, int n, MemorySegment w, long j) {
    firstStep(x, i, stride, n / 4, w, j, factors(n));
  }

  /** With a quarter of the length and the factors of n. */
  static void firstStep(
      MemorySegment x, long i, long stride, int quarter, MemorySegment w, long j, float[] f) {
    if (quarter == 0) {
      return;
    }
    long q = (long) quarter * ELEMENT;
    long o = i + quarter * stride;
    for (int t = 0, k = 0; t < quarter; t++, k += 6) {
      FloatVector ar = FloatVector.fromMemorySegment(SPECIES, x, i, ORDER);
      FloatVector ai = FloatVector.fromMemorySegment(SPECIES, x, i + WIDTH, ORDER);
      FloatVector br = FloatVector.fromMemorySegment(SPECIES, x, o, ORDER);
      FloatVector bi = FloatVector.fromMemorySegment(SPECIES, x, o + WIDTH, ORDER);
      ar.add(br).intoMemorySegment(w, j, ORDER);
      ai.add(bi).intoMemorySegment(w, j + WIDTH, ORDER);
      FloatVector r1 = ar.add(bi);
      FloatVector i1 = ai.sub(br);
      FloatVector c1 = FloatVector.broadcast(SPECIES, f[k + 0]);
      FloatVector s1 = FloatVector.broadcast(SPECIES, f[k + 1]);
      r1.mul(c1).sub(i1.mul(s1)).intoMemorySegment(w, j + q, ORDER);
      i1.mul(c1).add(r1.mul(s1)).intoMemorySegment(w, j + q + WIDTH, ORDER);
      FloatVector r2 = ar.sub(br);
      FloatVector i2 = ai.sub(bi);
      FloatVector c2 = FloatVector.broadcast(SPECIES, f[k + 2]);
      FloatVector s2 = FloatVector.broadcast(SPECIES, f[k + 3]);
      r2.mul(c2).sub(i2.mul(s2)).intoMemorySegment(w, j + 2 * q, ORDER);
      i2.mul(c2).add(r2.mul(s2)).intoMemorySegment(w, j + 2 * q + WIDTH, ORDER);
      FloatVector r3 = ar.sub(bi);
      FloatVector i3 = ai.add(br);
      FloatVector c3 = FloatVector.broadcast(SPECIES, f[k + 4]);
      FloatVector s3 = FloatVector.broadcast(SPECIES, f[k + 5]);
      r3.mul(c3).sub(i3.mul(s3)).intoMemorySegment(w, j + 3 * q, ORDER);
      i3.mul(c3).add(r3.mul(s3)).intoMemorySegment(w, j + 3 * q + WIDTH, ORDER);
      i += stride;
      o += stride;
      j += ELEMENT;
    }
  }

  /** The transform of n elements at byte {@code j}. */
  static void forward(MemorySegment w, long j, int n) {
    int length = n;
    if (n > NEAR) {
      step(w, j, n, n);
      for (int part = 0; part < 4; part++) {
        forward(w, j + (long) part * (n / 4) * ELEMENT, n / 4);
      }
      return;
    }
    for (; length > 4; length /= 4) {
      step(w, j, n, length);
    }
    if (length == 4) {
      fours(w, j, n);
    } else if (length == 2) {
      pairs(w, j, n);
    }
  }

  private static void step(MemorySegment w, long j, int n, int length) {
    float[] f = factors(length);
    int quarter = length / 4;
    long q = (long) quarter * ELEMENT;
    if (quarter * length <= n) {
      for (int t = 0; t < quarter; t++) {
        butterflies(w, j + (long) t * ELEMENT, q, n / length, 4 * q, f, 6 * t, 0);
      }
    } else {
      for (int block = 0; block < n; block += length) {
        butterflies(w, j + (long) block * ELEMENT, q, quarter, ELEMENT, f, 0, 6);
      }
    }
  }

  /**
   * Butterflies at a distance of {@code next} bytes, with factors at a distance of {@code turn}.
   */
  static void butterflies(
      MemorySegment w, long j, long q, int count, long next, float[] f, int k, int turn) {
    if (count == 0) {
      return;
    }
    for (int t = 0; t < count; t++) {
      FloatVector x0r = FloatVector.fromMemorySegment(SPECIES, w, j, ORDER);
      FloatVector x2r = FloatVector.fromMemorySegment(SPECIES, w, j + 2 * q, ORDER);
      FloatVector t0r = x0r.add(x2r);
      FloatVector t1r = x0r.sub(x2r);
      FloatVector x0i = FloatVector.fromMemorySegment(SPECIES, w, j + WIDTH, ORDER);
      FloatVector x2i = FloatVector.fromMemorySegment(SPECIES, w, j + 2 * q + WIDTH, ORDER);
      FloatVector t0i = x0i.add(x2i);
      FloatVector t1i = x0i.sub(x2i);
      FloatVector x1r = FloatVector.fromMemorySegment(SPECIES, w, j + q, ORDER);
      FloatVector x3r = FloatVector.fromMemorySegment(SPECIES, w, j + 3 * q, ORDER);
      FloatVector t2r = x1r.add(x3r);
      FloatVector t3r = x1r.sub(x3r);
      FloatVector x1i = FloatVector.fromMemorySegment(SPECIES, w, j + q + WIDTH, ORDER);
      FloatVector x3i = FloatVector.fromMemorySegment(SPECIES, w, j + 3 * q + WIDTH, ORDER);
      FloatVector t2i = x1i.add(x3i);
      FloatVector t3i = x1i.sub(x3i);
      t0r.add(t2r).intoMemorySegment(w, j, ORDER);
      t0i.add(t2i).intoMemorySegment(w, j + WIDTH, ORDER);
      FloatVector r1 = t1r.add(t3i);
      FloatVector i1 = t1i.sub(t3r);
      FloatVector c1 = FloatVector.broadcast(SPECIES, f[k + 0]);
      FloatVector s1 = FloatVector.broadcast(SPECIES, f[k + 1]);
      r1.mul(c1).sub(i1.mul(s1)).intoMemorySegment(w, j + q, ORDER);
      i1.mul(c1).add(r1.mul(s1)).intoMemorySegment(w, j + q + WIDTH, ORDER);
      FloatVector r2 = t0r.sub(t2r);
      FloatVector i2 = t0i.sub(t2i);
      FloatVector c2 = FloatVector.broadcast(SPECIES, f[k + 2]);
      FloatVector s2 = FloatVector.broadcast(SPECIES, f[k + 3]);
      r2.mul(c2).sub(i2.mul(s2)).intoMemorySegment(w, j + 2 * q, ORDER);
      i2.mul(c2).add(r2.mul(s2)).intoMemorySegment(w, j + 2 * q + WIDTH, ORDER);
      FloatVector r3 = t1r.sub(t3i);
      FloatVector i3 = t1i.add(t3r);
      FloatVector c3 = FloatVector.broadcast(SPECIES, f[k + 4]);
      FloatVector s3 = FloatVector.broadcast(SPECIES, f[k + 5]);
      r3.mul(c3).sub(i3.mul(s3)).intoMemorySegment(w, j + 3 * q, ORDER);
      i3.mul(c3).add(r3.mul(s3)).intoMemorySegment(w, j + 3 * q + WIDTH, ORDER);
      j += next;
      k += turn;
    }
  }

  /** The last step where the length is a power of 4: no factors. */
  static void fours(MemorySegment w, long j, int n) {
    if (n == 0) {
      return;
    }
    for (int t = 0; t < n; t += 4) {
      FloatVector x0r = FloatVector.fromMemorySegment(SPECIES, w, j, ORDER);
      FloatVector x2r = FloatVector.fromMemorySegment(SPECIES, w, j + 2 * ELEMENT, ORDER);
      FloatVector t0r = x0r.add(x2r);
      FloatVector t1r = x0r.sub(x2r);
      FloatVector x0i = FloatVector.fromMemorySegment(SPECIES, w, j + WIDTH, ORDER);
      FloatVector x2i = FloatVector.fromMemorySegment(SPECIES, w, j + 2 * ELEMENT + WIDTH, ORDER);
      FloatVector t0i = x0i.add(x2i);
      FloatVector t1i = x0i.sub(x2i);
      FloatVector x1r = FloatVector.fromMemorySegment(SPECIES, w, j + ELEMENT, ORDER);
      FloatVector x3r = FloatVector.fromMemorySegment(SPECIES, w, j + 3 * ELEMENT, ORDER);
      FloatVector t2r = x1r.add(x3r);
      FloatVector t3r = x1r.sub(x3r);
      FloatVector x1i = FloatVector.fromMemorySegment(SPECIES, w, j + ELEMENT + WIDTH, ORDER);
      FloatVector x3i = FloatVector.fromMemorySegment(SPECIES, w, j + 3 * ELEMENT + WIDTH, ORDER);
      FloatVector t2i = x1i.add(x3i);
      FloatVector t3i = x1i.sub(x3i);
      t0r.add(t2r).intoMemorySegment(w, j, ORDER);
      t0i.add(t2i).intoMemorySegment(w, j + WIDTH, ORDER);
      t1r.add(t3i).intoMemorySegment(w, j + ELEMENT, ORDER);
      t1i.sub(t3r).intoMemorySegment(w, j + ELEMENT + WIDTH, ORDER);
      t0r.sub(t2r).intoMemorySegment(w, j + 2 * ELEMENT, ORDER);
      t0i.sub(t2i).intoMemorySegment(w, j + 2 * ELEMENT + WIDTH, ORDER);
      t1r.sub(t3i).intoMemorySegment(w, j + 3 * ELEMENT, ORDER);
      t1i.add(t3r).intoMemorySegment(w, j + 3 * ELEMENT + WIDTH, ORDER);
      j += 4L * ELEMENT;
    }
  }

  /** The last step where the length is no power of 4, and the first of its inverse. */
  static void pairs(MemorySegment w, long j, int n) {
    if (n == 0) {
      return;
    }
    for (int t = 0; t < n; t += 2) {
      FloatVector ar = FloatVector.fromMemorySegment(SPECIES, w, j, ORDER);
      FloatVector ai = FloatVector.fromMemorySegment(SPECIES, w, j + WIDTH, ORDER);
      FloatVector br = FloatVector.fromMemorySegment(SPECIES, w, j + ELEMENT, ORDER);
      FloatVector bi = FloatVector.fromMemorySegment(SPECIES, w, j + ELEMENT + WIDTH, ORDER);
      ar.add(br).intoMemorySegment(w, j, ORDER);
      ai.add(bi).intoMemorySegment(w, j + WIDTH, ORDER);
      ar.sub(br).intoMemorySegment(w, j + ELEMENT, ORDER);
      ai.sub(bi).intoMemorySegment(w, j + ELEMENT + WIDTH, ORDER);
      j += 2L * ELEMENT;
    }
  }

  /**
   * Multiplies n elements at byte {@code j} with numbers that are the same for all sequences.
   *
   * @param c n real parts from byte {@code i}, then n imaginary parts
   * @param sign −1 for their conjugates, else 1
   */
  static void multiply(MemorySegment w, long j, int n, MemorySegment c, long i, float sign) {
    if (n == 0) {
      return;
    }
    long imaginary = (long) n * BYTES;
    for (int t = 0; t < n; t++) {
      FloatVector a = FloatVector.broadcast(SPECIES, c.get(LAYOUT, i));
      FloatVector b = FloatVector.broadcast(SPECIES, sign * c.get(LAYOUT, i + imaginary));
      FloatVector r = FloatVector.fromMemorySegment(SPECIES, w, j, ORDER);
      FloatVector m = FloatVector.fromMemorySegment(SPECIES, w, j + WIDTH, ORDER);
      r.mul(a).sub(m.mul(b)).intoMemorySegment(w, j, ORDER);
      m.mul(a).add(r.mul(b)).intoMemorySegment(w, j + WIDTH, ORDER);
      i += BYTES;
      j += ELEMENT;
    }
  }

  /** Adds conj(x) y to n elements at byte {@code j}. */
  static void correlate(
      MemorySegment x, long i, MemorySegment y, long k, MemorySegment w, long j, int n) {
    if (n == 0) {
      return;
    }
    for (int t = 0; t < n; t++) {
      FloatVector xr = FloatVector.fromMemorySegment(SPECIES, x, i, ORDER);
      FloatVector xi = FloatVector.fromMemorySegment(SPECIES, x, i + WIDTH, ORDER);
      FloatVector yr = FloatVector.fromMemorySegment(SPECIES, y, k, ORDER);
      FloatVector yi = FloatVector.fromMemorySegment(SPECIES, y, k + WIDTH, ORDER);
      FloatVector wr = FloatVector.fromMemorySegment(SPECIES, w, j, ORDER);
      FloatVector wi = FloatVector.fromMemorySegment(SPECIES, w, j + WIDTH, ORDER);
      xi.fma(yi, xr.fma(yr, wr)).intoMemorySegment(w, j, ORDER);
      xr.fma(yi, wi).sub(xi.mul(yr)).intoMemorySegment(w, j + WIDTH, ORDER);
      i += ELEMENT;
      k += ELEMENT;
      j += ELEMENT;
    }
  }
}
