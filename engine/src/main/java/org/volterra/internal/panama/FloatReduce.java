package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.LAYOUT;
import static org.volterra.internal.panama.FloatSpecies.LENGTH;
import static org.volterra.internal.panama.FloatSpecies.SPECIES;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;

/** Sums of the lanes of a vector by halving, in an order that never varies. */
final class FloatReduce {
  private static final VectorShuffle<Float> BY_8 = rotation(8);
  private static final VectorShuffle<Float> BY_4 = rotation(4);
  private static final VectorShuffle<Float> BY_2 = rotation(2);
  private static final VectorShuffle<Float> BY_1 = rotation(1);

  private FloatReduce() {}

  private static VectorShuffle<Float> rotation(int by) {
    return VectorShuffle.fromOp(SPECIES, i -> (i + by) % LENGTH);
  }

  static float sum(FloatVector v) {
    FloatVector s = v;
    if (LENGTH > 8) {
      s = s.add(s.rearrange(BY_8));
    }
    if (LENGTH > 4) {
      s = s.add(s.rearrange(BY_4));
    }
    if (LENGTH > 2) {
      s = s.add(s.rearrange(BY_2));
    }
    if (LENGTH > 1) {
      s = s.add(s.rearrange(BY_1));
    }
    return s.lane(0);
  }

  /**
   * The sum, in the same order, of as many numbers as a vector has lanes, which are overwritten.
   */
  static float sum(MemorySegment t) {
    for (int n = LENGTH / 2; n > 0; n /= 2) {
      for (int i = 0; i < n; i++) {
        long o = (long) i * BYTES;
        t.set(LAYOUT, o, t.get(LAYOUT, o) + t.get(LAYOUT, o + (long) n * BYTES));
      }
    }
    return t.get(LAYOUT, 0);
  }
}
