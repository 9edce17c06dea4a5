package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.WIDTH;
import static org.volterra.internal.panama.FloatSpecies.load;
import static org.volterra.internal.panama.FloatSpecies.merge;
import static org.volterra.internal.panama.FloatSpecies.splat;
import static org.volterra.internal.panama.FloatSpecies.store;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** Linear elementwise kernels and the steps of the optimisers. */
@SuppressWarnings("cast")
final class FloatElementwise {
  private FloatElementwise() {}

  static void fill(MemorySegment y, long j, float value, int bytes) {
    for (int o = 0; o < bytes; o += WIDTH) {
      store(splat(value), y, j + o);
    }
  }

  static void axpby(
      float alpha, MemorySegment x, long i, float beta, MemorySegment y, long j, int bytes) {
    FloatVector a = splat(alpha);
    for (int o = 0; o < bytes; o += WIDTH) {
      merge(load(x, i + o).mul(a), beta, y, j + o);
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
