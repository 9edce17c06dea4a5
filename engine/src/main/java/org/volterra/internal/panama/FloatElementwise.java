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
    for (int o = 0; o < bytes; o += WIDTH) {
      merge(load(x, i + o).mul(alpha), beta, y, j + o);
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

  /** The factors of one Adam step, rounded to the element type. */
  record Adam(
      float beta1,
      float rest1,
      float beta2,
      float rest2,
      float correction,
      float epsilon,
      float keep,
      float step) {
    static Adam of(
        long step, double rate, double beta1, double beta2, double epsilon, double decay) {
      double correction1 = 1 - Math.pow(beta1, step);
      double correction2 = 1 - Math.pow(beta2, step);
      return new Adam(
          (float) beta1,
          (float) (1 - beta1),
          (float) beta2,
          (float) (1 - beta2),
          (float) (1 / correction2),
          (float) epsilon,
          (float) (1 - rate * decay),
          (float) (rate / correction1));
    }

    void run(
        MemorySegment p,
        long i,
        MemorySegment g,
        long j,
        MemorySegment m,
        long k,
        MemorySegment v,
        long l,
        int bytes) {
      for (int o = 0; o < bytes; o += WIDTH) {
        FloatVector slope = load(g, j + o);
        FloatVector mean = load(m, k + o).fma(splat(beta1), slope.mul(rest1));
        FloatVector square = load(v, l + o).fma(splat(beta2), slope.mul(slope).mul(rest2));
        store(mean, m, k + o);
        store(square, v, l + o);
        FloatVector move = mean.div(square.mul(correction).sqrt().add(epsilon));
        store(move.fma(splat(-step), load(p, i + o).mul(keep)), p, i + o);
      }
    }
  }
}
