package org.volterra.bench;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The most that one core can do in float32: fused products of vectors that never leave the
 * registers. What a matrix product reaches of it is its share of the machine's peak.
 */
final class FusedProducts {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;

  /** Sums that do not wait for each other: as many as two units with a latency of five need. */
  private static final int CHAINS = 12;

  private FusedProducts() {}

  /**
   * Runs about so many floating-point operations.
   *
   * @param flops operations, two for each lane of a fused product
   * @return a number that depends on all of them
   */
  static float run(double flops) {
    return run((int) Math.max(1, Math.round(flops / (2.0 * CHAINS * SPECIES.length()))));
  }

  private static float run(int turns) {
    FloatVector a = FloatVector.broadcast(SPECIES, 0.5f);
    FloatVector b = FloatVector.broadcast(SPECIES, 0.25f);
    FloatVector c0 = a;
    FloatVector c1 = a;
    FloatVector c2 = a;
    FloatVector c3 = a;
    FloatVector c4 = a;
    FloatVector c5 = a;
    FloatVector c6 = b;
    FloatVector c7 = b;
    FloatVector c8 = b;
    FloatVector c9 = b;
    FloatVector c10 = b;
    FloatVector c11 = b;
    for (int i = 0; i < turns; i++) {
      c0 = a.fma(c0, b);
      c1 = a.fma(c1, b);
      c2 = a.fma(c2, b);
      c3 = a.fma(c3, b);
      c4 = a.fma(c4, b);
      c5 = a.fma(c5, b);
      c6 = a.fma(c6, b);
      c7 = a.fma(c7, b);
      c8 = a.fma(c8, b);
      c9 = a.fma(c9, b);
      c10 = a.fma(c10, b);
      c11 = a.fma(c11, b);
    }
    FloatVector even = c0.add(c2).add(c4).add(c6).add(c8).add(c10);
    FloatVector odd = c1.add(c3).add(c5).add(c7).add(c9).add(c11);
    return even.add(odd).reduceLanes(VectorOperators.ADD);
  }
}
