package org.volterra.bench;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The size of a network and its batch.
 *
 * @param batch samples B
 * @param channels channels d
 * @param layers layers L
 */
public record NetworkSize(int batch, int channels, int layers) {
  private static final Pattern TEXT =
      Pattern.compile("([1-9][0-9]{0,5})x([1-9][0-9]{0,4})x([1-9][0-9]{0,4})");

  /**
   * Reads a size.
   *
   * @param text {@code BxdxL}, such as {@code 64x64x128}
   * @return the size
   * @throws IllegalArgumentException if it is none
   */
  public static NetworkSize parse(String text) {
    Matcher m = TEXT.matcher(text);
    if (!m.matches()) {
      throw new IllegalArgumentException(
          "size '" + text + "': must be BxdxL, batch, channels and layers, such as 64x64x128");
    }
    return new NetworkSize(
        Integer.parseInt(m.group(1)), Integer.parseInt(m.group(2)), Integer.parseInt(m.group(3)));
  }

  /** Operations of the kernel sums of a forward pass. */
  double forwardFlops(KernelChoice kernel) {
    return batch * (double) channels * kernel.inputs(channels) * layers * (layers + 1.0);
  }

  @Override
  public String toString() {
    return batch + "x" + channels + "x" + layers;
  }
}
