package org.volterra.internal.panama;

import java.util.Arrays;
import java.util.stream.Stream;

/**
 * A function as loops over the arrays of a block, one after the other.
 *
 * <p>They are called through an interface with many receivers, which the compiler cannot inline:
 * every loop is compiled by itself, within the compiler's budget. Static calls would be inlined or
 * not as the order has it in which methods become hot, and beyond the budget a vector is allocated
 * for every operation, for good.
 */
final class FloatPasses {
  private final Pass[] passes;
  private final FloatWarmUp[] loops;

  /** One loop. */
  @FunctionalInterface
  interface Pass {
    /**
     * Runs over the first elements of the arrays.
     *
     * @param n elements, a multiple of the vector length
     */
    void run(FloatBlocks w, int n);
  }

  private FloatPasses(Pass[] passes) {
    this.passes = passes;
    loops = Arrays.stream(passes).map(FloatPasses::loop).toArray(FloatWarmUp[]::new);
  }

  private static FloatWarmUp loop(Pass pass) {
    return new FloatWarmUp((s, w, n, times) -> {
      for (int i = 0; i < times; i++) {
        pass.run(w, n * FloatSpecies.LENGTH);
      }
    });
  }

  static FloatPasses of(Pass... passes) {
    return new FloatPasses(passes.clone());
  }

  /** These and then others. */
  FloatPasses then(Pass... more) {
    return new FloatPasses(
        Stream.concat(Arrays.stream(passes), Arrays.stream(more)).toArray(Pass[]::new));
  }

  /** These and then others. */
  FloatPasses then(FloatPasses more) {
    return then(more.passes);
  }

  /** Has them compiled, if that was not done before. */
  void warmUp() {
    for (FloatWarmUp loop : loops) {
      loop.ensure();
    }
  }

  /** Runs them on the first {@code n} elements, a multiple of the vector length. */
  void run(FloatBlocks w, int n) {
    for (Pass pass : passes) {
      pass.run(w, n);
    }
  }
}
