package org.volterra.internal.panama;

/**
 * One loop over the arrays of a block, a class of its own for each.
 *
 * <p>They are called through {@link #run}, which has so many implementations that the compiler
 * cannot inline it: every loop is compiled by itself, within the compiler's budget. Static calls
 * would be inlined or not as the order has it in which methods become hot, and beyond the budget a
 * vector is allocated for every operation, for good. And the loop is in {@code run} itself: a
 * lambda that calls a method with the loop would have it compiled twice.
 */
abstract class FloatPass {
  private final FloatWarmUp loop =
      new FloatWarmUp((s, w, n, times) -> {
        w.source.set(s, 0, 0);
        w.factor.set(s, 0, 0);
        w.target.set(s, FloatWarmUp.PART, 0);
        w.rows = Math.min(1, n);
        w.width = n * FloatSpecies.LENGTH;
        for (int i = 0; i < times; i++) {
          w.beta = 1 - w.beta; // the compiler leaves out a branch that it has not seen
          run(w, n * FloatSpecies.LENGTH);
        }
      });

  /**
   * Runs over the first elements of the arrays.
   *
   * @param n elements, a multiple of the vector length; returns at once if there are none
   */
  abstract void run(FloatBlocks w, int n);

  /** Has the loop compiled, if that was not done before. */
  final void warmUp() {
    loop.ensure();
  }

  FloatWarmUp loop() {
    return loop;
  }
}
