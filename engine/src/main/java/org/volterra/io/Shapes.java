package org.volterra.io;

import java.util.Arrays;
import java.util.OptionalLong;

/** Arithmetic of tensor shapes that never wraps around. */
final class Shapes {
  /** The most dimensions a tensor may have; NumPy's own limit. */
  static final int MAX_RANK = 64;

  private Shapes() {}

  /**
   * The bytes of a dense tensor of non-negative dimensions, empty if a product of leading
   * dimensions times the element size exceeds a long.
   */
  static OptionalLong byteSize(DType dtype, long[] shape) {
    long bytes = dtype.byteSize();
    for (long dimension : shape) {
      if (Math.multiplyHigh(bytes, dimension) != 0 || bytes * dimension < 0) {
        return OptionalLong.empty();
      }
      bytes *= dimension;
    }
    return OptionalLong.of(bytes);
  }

  /** Checks a caller's shape and returns the bytes it stands for. */
  static long checkedByteSize(DType dtype, long[] shape) {
    if (shape.length > MAX_RANK) {
      throw new IllegalArgumentException(
          "shape has " + shape.length + " dimensions; allowed are at most " + MAX_RANK);
    }
    for (long dimension : shape) {
      if (dimension < 0) {
        throw new IllegalArgumentException(
            "shape is " + Arrays.toString(shape) + "; every dimension must be at least 0");
      }
    }
    return byteSize(dtype, shape)
        .orElseThrow(() ->
            new IllegalArgumentException(
                "shape "
                    + Arrays.toString(shape)
                    + " of "
                    + dtype
                    + " takes more than 2^63 - 1 bytes"));
  }
}
