package org.volterra.internal.panama;

import java.util.Arrays;
import java.util.stream.Stream;

/** A function as loops over the arrays of a block, one after the other. */
final class FloatPasses {
  private final FloatPass[] passes;

  private FloatPasses(FloatPass[] passes) {
    this.passes = passes;
  }

  static FloatPasses of(FloatPass... passes) {
    return new FloatPasses(passes.clone());
  }

  /** These and then others. */
  FloatPasses then(FloatPass... more) {
    return new FloatPasses(
        Stream.concat(Arrays.stream(passes), Arrays.stream(more)).toArray(FloatPass[]::new));
  }

  /** These and then others. */
  FloatPasses then(FloatPasses more) {
    return then(more.passes);
  }

  /** Has them compiled, if that was not done before. */
  void warmUp() {
    for (FloatPass pass : passes) {
      pass.warmUp();
    }
  }

  /** Runs them on the first {@code n} elements, a multiple of the vector length. */
  void run(FloatBlocks w, int n) {
    for (FloatPass pass : passes) {
      pass.run(w, n);
    }
  }
}
