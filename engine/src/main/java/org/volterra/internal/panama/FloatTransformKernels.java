package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.WIDTH;
import static org.volterra.internal.panama.FloatSpecies.load;
import static org.volterra.internal.panama.FloatSpecies.merge;
import static org.volterra.internal.panama.FloatSpecies.splat;
import static org.volterra.internal.panama.FloatSpecies.store;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** The elementwise kernels of transforms. */
@SuppressWarnings("cast")
final class FloatTransformKernels {
  private FloatTransformKernels() {}

  /** z = x ⊙ y + beta z. */
  static final class Multiply implements FloatSpans.Span {
    private float beta;

    Multiply with(double keep) {
      beta = (float) keep;
      return this;
    }

    @Override
    public void run(
        MemorySegment x,
        long i,
        MemorySegment y,
        long j,
        MemorySegment z,
        long k,
        MemorySegment d,
        long l,
        int bytes) {
      for (int o = 0; o < bytes; o += WIDTH) {
        merge(load(x, i + o).mul(load(y, j + o)), beta, z, k + o);
      }
    }
  }

  /** y = 1 / sqrt(x + epsilon). */
  static final class ReciprocalRoot implements FloatSpans.Span {
    private float epsilon;

    ReciprocalRoot with(double least) {
      epsilon = (float) least;
      return this;
    }

    @Override
    public void run(
        MemorySegment x,
        long i,
        MemorySegment y,
        long j,
        MemorySegment c,
        long k,
        MemorySegment d,
        long l,
        int bytes) {
      FloatVector one = splat(1);
      FloatVector least = splat(epsilon);
      for (int o = 0; o < bytes; o += WIDTH) {
        store(one.div(load(x, i + o).add(least).sqrt()), y, j + o);
      }
    }
  }
}
