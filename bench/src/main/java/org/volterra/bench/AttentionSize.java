package org.volterra.bench;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What is attended to, and how much of it.
 *
 * @param isOverDepth whether rows attend to slices of a history, else positions to each other
 * @param count slices, or samples
 * @param rows rows of a slice, or positions of a sample
 * @param channels channels
 */
record AttentionSize(boolean isOverDepth, int count, int rows, int channels) {
  /** Heads of attention over positions. */
  static final int HEADS = 4;

  private static final Pattern TEXT =
      Pattern.compile("(depth|positions):([1-9][0-9]{0,4})x([1-9][0-9]{0,5})x([1-9][0-9]{0,4})");

  /**
   * Reads a size.
   *
   * @param text {@code depth:KxMxN} or {@code positions:BxPxN}
   * @throws IllegalArgumentException if it is none
   */
  static AttentionSize parse(String text) {
    Matcher m = TEXT.matcher(text);
    if (!m.matches()) {
      throw new IllegalArgumentException(
          "size '"
              + text
              + "': must be depth:KxMxN, slices, rows and channels, or positions:BxPxN, samples,"
              + " positions and channels");
    }
    AttentionSize size =
        new AttentionSize(
            m.group(1).equals("depth"),
            Integer.parseInt(m.group(2)),
            Integer.parseInt(m.group(3)),
            Integer.parseInt(m.group(4)));
    if (!size.isOverDepth && size.channels % HEADS != 0) {
      throw new IllegalArgumentException(
          "size '" + text + "': channels must be a multiple of the " + HEADS + " heads");
    }
    return size;
  }

  /** A part of it that the reference computes in no time. */
  AttentionSize small() {
    return isOverDepth
        ? new AttentionSize(true, count, Math.min(rows, 7), channels)
        : new AttentionSize(false, 1, Math.min(rows, 70), channels);
  }

  /** Operations of the sums forward; the adjoint is counted as what it adds to them. */
  double forwardFlops() {
    double n = (double) rows * channels;
    return isOverDepth ? 6.0 * count * n : count * (4.0 * rows * n + 8.0 * n * channels);
  }

  /** Operations of both passes; scores that are computed again are not counted. */
  double gradientFlops() {
    return isOverDepth ? forwardFlops() * 20 / 6 : 3 * forwardFlops();
  }

  @Override
  public String toString() {
    return (isOverDepth ? "depth:" : "positions:") + count + "x" + rows + "x" + channels;
  }
}
