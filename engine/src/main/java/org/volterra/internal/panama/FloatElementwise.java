package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.ORDER;
import static org.volterra.internal.panama.FloatSpecies.SPECIES;
import static org.volterra.internal.panama.FloatSpecies.WIDTH;
import static org.volterra.internal.panama.FloatSpecies.load;
import static org.volterra.internal.panama.FloatSpecies.splat;
import static org.volterra.internal.panama.FloatSpecies.store;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Linear elementwise kernels and the steps of the optimisers; see {@link FloatWarmUp} for the form
 * of those that it compiles.
 */
@SuppressWarnings("cast")
final class FloatElementwise {
  private FloatElementwise() {}

  static void fill(MemorySegment y, long j, float value, int bytes) {
    if (bytes == 0) {
      return;
    }
    FloatVector v = FloatVector.broadcast(SPECIES, value);
    for (int o = 0; o < bytes; o += WIDTH) {
      v.intoMemorySegment(y, j + o, ORDER);
    }
  }

  static void add(
      MemorySegment a, long i, MemorySegment b, long j, MemorySegment c, long k, int bytes) {
    if (bytes == 0) {
      return;
    }
    for (int o = 0; o < bytes; o += WIDTH) {
      FloatVector v = FloatVector.fromMemorySegment(SPECIES, a, i + o, ORDER);
      FloatVector w = FloatVector.fromMemorySegment(SPECIES, b, j + o, ORDER);
      v.add(w).intoMemorySegment(c, k + o, ORDER);
    }
  }

  static void axpby(
      float alpha, MemorySegment x, long i, float beta, MemorySegment y, long j, int bytes) {
    if (bytes == 0) {
      return;
    }
    FloatVector a = FloatVector.broadcast(SPECIES, alpha);
    if (beta == 0) {
      for (int o = 0; o < bytes; o += WIDTH) {
        FloatVector v = FloatVector.fromMemorySegment(SPECIES, x, i + o, ORDER);
        v.mul(a).intoMemorySegment(y, j + o, ORDER);
      }
      return;
    }
    FloatVector b = FloatVector.broadcast(SPECIES, beta);
    for (int o = 0; o < bytes; o += WIDTH) {
      FloatVector v = FloatVector.fromMemorySegment(SPECIES, x, i + o, ORDER);
      FloatVector w = FloatVector.fromMemorySegment(SPECIES, y, j + o, ORDER);
      w.fma(b, v.mul(a)).intoMemorySegment(y, j + o, ORDER);
    }
  }

  static void sgd(
      MemorySegment p,
      long i,
      MemorySegment g,
      long j,
      MemorySegment v,
      long k,
      int bytes,
      float rate,
      float momentum,
      float decay,
      boolean nesterov) {
    for (int o = 0; o < bytes; o += WIDTH) {
      FloatVector parameter = load(p, i + o);
      FloatVector slope = parameter.fma(splat(decay), load(g, j + o));
      FloatVector moved = load(v, k + o).fma(splat(momentum), slope);
      store(moved, v, k + o);
      FloatVector step = nesterov ? moved.fma(splat(momentum), slope) : moved;
      store(step.fma(splat(-rate), parameter), p, i + o);
    }
  }
}
