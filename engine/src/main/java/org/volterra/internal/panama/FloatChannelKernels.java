package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.SPECIES;
import static org.volterra.internal.panama.FloatSpecies.load;
import static org.volterra.internal.panama.FloatSpecies.splat;
import static org.volterra.internal.panama.FloatSpecies.store;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** Loops over the rows of one vector of columns; coefficients come from arrays, at index c. */
@SuppressWarnings("cast")
final class FloatChannelKernels {
  private FloatChannelKernels() {}

  /** y = x scale + shift. */
  static void affine(
      MemorySegment x,
      long i,
      long stride,
      float[] scale,
      float[] shift,
      int c,
      int rows,
      MemorySegment y,
      long j,
      long next) {
    FloatVector a = FloatVector.fromArray(SPECIES, scale, c);
    FloatVector b = FloatVector.fromArray(SPECIES, shift, c);
    for (int r = 0; r < rows; r++) {
      store(load(x, i + r * stride).fma(a, b), y, j + r * next);
    }
  }

  /** y = max(x scale + shift, 0). */
  static void rectified(
      MemorySegment x,
      long i,
      long stride,
      float[] scale,
      float[] shift,
      int c,
      int rows,
      MemorySegment y,
      long j,
      long next) {
    FloatVector a = FloatVector.fromArray(SPECIES, scale, c);
    FloatVector b = FloatVector.fromArray(SPECIES, shift, c);
    FloatVector zero = splat(0);
    for (int r = 0; r < rows; r++) {
      FloatVector u = load(x, i + r * stride).fma(a, b);
      store(u.blend(zero, u.compare(VectorOperators.LE, zero)), y, j + r * next);
    }
  }

  /** y = dy where x scale + shift is positive, NaN where it is NaN, else 0. */
  static void gate(
      MemorySegment x,
      long i,
      long stride,
      float[] scale,
      float[] shift,
      int c,
      int rows,
      MemorySegment dy,
      long k,
      long step,
      MemorySegment y,
      long j,
      long next) {
    FloatVector a = FloatVector.fromArray(SPECIES, scale, c);
    FloatVector b = FloatVector.fromArray(SPECIES, shift, c);
    FloatVector zero = splat(0);
    for (int r = 0; r < rows; r++) {
      FloatVector u = load(x, i + r * stride).fma(a, b);
      VectorMask<Float> off = u.compare(VectorOperators.LE, zero);
      store(load(dy, k + r * step).blend(zero, off), y, j + r * next);
    }
  }

  /** y = x scale. */
  static void scaled(
      MemorySegment x,
      long i,
      long stride,
      float[] scale,
      int c,
      int rows,
      MemorySegment y,
      long j,
      long next) {
    FloatVector a = FloatVector.fromArray(SPECIES, scale, c);
    for (int r = 0; r < rows; r++) {
      store(load(x, i + r * stride).mul(a), y, j + r * next);
    }
  }

  /** y = x scale + keep y. */
  static void addScaled(
      MemorySegment x,
      long i,
      long stride,
      float[] scale,
      float[] keep,
      int c,
      int rows,
      MemorySegment y,
      long j,
      long next) {
    FloatVector a = FloatVector.fromArray(SPECIES, scale, c);
    FloatVector b = FloatVector.fromArray(SPECIES, keep, c);
    for (int r = 0; r < rows; r++) {
      store(load(y, j + r * next).fma(b, load(x, i + r * stride).mul(a)), y, j + r * next);
    }
  }

  /** y += x scale + shift. */
  static void addAffine(
      MemorySegment x,
      long i,
      long stride,
      float[] scale,
      float[] shift,
      int c,
      int rows,
      MemorySegment y,
      long j,
      long next) {
    FloatVector a = FloatVector.fromArray(SPECIES, scale, c);
    FloatVector b = FloatVector.fromArray(SPECIES, shift, c);
    for (int r = 0; r < rows; r++) {
      FloatVector add = load(x, i + r * stride).fma(a, b);
      store(load(y, j + r * next).add(add), y, j + r * next);
    }
  }

  /** Σ g and Σ g ⊙ (x scale + shift), to the arrays at c. */
  static void products(
      MemorySegment x,
      long i,
      long stride,
      float[] scale,
      float[] shift,
      int c,
      int rows,
      MemorySegment g,
      long k,
      long step,
      float[] sums,
      int s,
      float[] products,
      int p) {
    FloatVector a = FloatVector.fromArray(SPECIES, scale, c);
    FloatVector b = FloatVector.fromArray(SPECIES, shift, c);
    FloatVector sum = splat(0);
    FloatVector product = splat(0);
    for (int r = 0; r < rows; r++) {
      FloatVector d = load(g, k + r * step);
      sum = sum.add(d);
      product = load(x, i + r * stride).fma(a, b).fma(d, product);
    }
    sum.intoArray(sums, s);
    product.intoArray(products, p);
  }

  /** Means and Σ (x − mean)². */
  static void moments(
      MemorySegment x,
      long i,
      long stride,
      int rows,
      float[] means,
      int m,
      float[] squares,
      int s) {
    FloatVector sum = splat(0);
    for (int r = 0; r < rows; r++) {
      sum = sum.add(load(x, i + r * stride));
    }
    FloatVector mean = sum.div(splat(rows));
    FloatVector square = splat(0);
    for (int r = 0; r < rows; r++) {
      FloatVector d = load(x, i + r * stride).sub(mean);
      square = d.fma(d, square);
    }
    mean.intoArray(means, m);
    square.intoArray(squares, s);
  }
}
