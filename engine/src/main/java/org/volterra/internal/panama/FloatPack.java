package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.LAYOUT;

import java.lang.foreign.MemorySegment;

/**
 * Copies of blocks of a matrix into panels with rows of a fixed width. What pads a row is
 * unspecified.
 */
final class FloatPack {
  private FloatPack() {}

  /** Row p of the panel is row p of the block. */
  static void copy(
      MemorySegment s,
      long from,
      long stride,
      int rows,
      int width,
      MemorySegment target,
      long to,
      long rowBytes) {
    for (int p = 0; p < rows; p++) {
      FloatSpans.copy(s, from + p * stride, target, to + p * rowBytes, width);
    }
  }

  /**
   * Row p of the panel is column p of the block, which has {@code height} rows and {@code width}
   * columns.
   */
  static void transpose(
      MemorySegment s,
      long from,
      long stride,
      int height,
      int width,
      MemorySegment target,
      long to,
      long rowBytes) {
    for (int j = 0; j < height; j++) {
      for (int p = 0; p < width; p++) {
        float value = s.get(LAYOUT, from + j * stride + (long) p * BYTES);
        target.set(LAYOUT, to + p * rowBytes + (long) j * BYTES, value);
      }
    }
  }
}
