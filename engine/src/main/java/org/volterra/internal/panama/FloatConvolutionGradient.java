package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatOuterTile.CHANNELS;
import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.WIDTH;

import java.lang.foreign.MemorySegment;
import org.volterra.spi.Window;

/**
 * The gradient of a convolution's weights. A task has a block of the channels of x, for all taps
 * and samples, so that threads divide outputs and the order of additions is always the same.
 *
 * <p>A sample's block lies in scratch memory amid its padding, and its gradient dy with rows as
 * long as those of the padded grid and zeros between them. Then what a tap sees at all positions is
 * one run of memory, shifted, and each tap is one sum of outer products over the whole sample. With
 * strides the positions that a tap sees are gathered first.
 */
@SuppressWarnings("cast")
final class FloatConvolutionGradient extends Workshop.Reusable {
  private static final long BLOCK = CHANNELS * (long) BYTES;

  private Window window;
  private int samples;
  private int inputs;
  private int outputs;
  private int blocks;
  private Operand x;
  private Operand dy;
  private Operand dweight;
  private int paddedHeight;
  private int paddedWidth;
  private boolean strided;

  /** Positions from one row of dy to the next, and of all of them. */
  private int pitch;

  private int length;

  /** Where parts of scratch memory begin. */
  private long gathered;

  private long gradient;
  private long sums;

  void run(Workshop shop, Window w, int groups, int count, Operand from, Operand to, Operand sum) {
    window = w;
    samples = count;
    x = from;
    dy = to;
    dweight = sum;
    inputs = x.columns / groups;
    outputs = dy.columns / groups;
    blocks = (inputs + CHANNELS - 1) / CHANNELS;
    strided = w.strideY() > 1 || w.strideX() > 1;
    paddedHeight =
        (w.outputHeight() - 1) * w.strideY() + w.dilationY() * (w.kernelHeight() - 1) + 1;
    paddedWidth = (w.outputWidth() - 1) * w.strideX() + w.dilationX() * (w.kernelWidth() - 1) + 1;
    pitch = strided ? w.outputWidth() : paddedWidth;
    length = (w.outputHeight() - 1) * pitch + w.outputWidth();
    gathered = paddedHeight * (long) paddedWidth * BLOCK;
    gradient = aligned(gathered + (strided ? length * BLOCK : 0));
    sums = gradient + length * (long) FloatTile.WIDE;
    long products = (long) dy.rows * dy.columns * w.taps() * inputs;
    shop.run(groups * blocks, products / 8, this);
  }

  private static long aligned(long bytes) {
    return (bytes + WIDTH - 1) / WIDTH * WIDTH;
  }

  @Override
  public void run(int task, Scratch scratch) {
    int group = task / blocks;
    int channel = task % blocks * CHANNELS;
    int count = Math.min(CHANNELS, inputs - channel);
    long tap = CHANNELS * FloatConvolutionTile.panelBytes(outputs);
    MemorySegment t = scratch.large(sums + window.taps() * tap);
    FloatElementwise.fill(t, sums, 0, Math.toIntExact(window.taps() * tap));
    for (int sample = 0; sample < samples; sample++) {
      pad(sample, group * inputs + channel, count, t);
      long to = sums;
      for (int column = 0; column < outputs; ) {
        int bytes = FloatConvolutionTile.rowBytes(outputs - column);
        int width = FloatConvolutionTile.panelColumns(outputs - column);
        copyGradient(sample, group * outputs + column, width, bytes, t);
        for (int k = 0; k < window.taps(); k++) {
          FloatOuterTile.run(bytes, length, t, seen(k, t), gradient, to);
          to += CHANNELS * (long) bytes;
        }
        column += width;
      }
    }
    add(group, channel, count, t);
  }

  /** A block of channels of a sample amid its padding; channels that are missing are 0. */
  private void pad(int sample, int channel, int count, MemorySegment t) {
    FloatElementwise.fill(t, 0, 0, Math.toIntExact(aligned(gathered)));
    for (int row = 0; row < paddedHeight; row++) {
      int y = row - window.padY();
      if (y < 0 || y >= window.height()) {
        continue;
      }
      int end = Math.min(paddedWidth, window.width() + window.padX());
      for (int column = window.padX(); column < end; column++) {
        long position = ((long) sample * window.height() + y) * window.width();
        long from =
            x.start + (position + column - window.padX()) * x.stride + (long) channel * BYTES;
        FloatSpans.copy(x.segment, from, t, ((long) row * paddedWidth + column) * BLOCK, count);
      }
    }
  }

  /** A panel of the gradient of a sample, with zeros after the end of its rows. */
  private void copyGradient(int sample, int column, int width, int rowBytes, MemorySegment t) {
    if (!strided) {
      FloatElementwise.fill(t, gradient, 0, length * rowBytes);
    }
    for (int y = 0; y < window.outputHeight(); y++) {
      long position = ((long) sample * window.outputHeight() + y) * window.outputWidth();
      long from = dy.start + position * dy.stride + (long) column * BYTES;
      long to = gradient + y * (long) pitch * rowBytes;
      for (int i = 0; i < window.outputWidth(); i++) {
        FloatConvolutionTile.copyRow(dy.segment, from, t, to, width);
        from += dy.stride;
        to += rowBytes;
      }
    }
  }

  /** Where the positions that a tap sees begin. */
  private long seen(int tap, MemorySegment t) {
    int row = tap / window.kernelWidth() * window.dilationY();
    int column = tap % window.kernelWidth() * window.dilationX();
    if (!strided) {
      return ((long) row * paddedWidth + column) * BLOCK;
    }
    long to = gathered;
    for (int y = 0; y < window.outputHeight(); y++) {
      long from = ((row + (long) y * window.strideY()) * paddedWidth + column) * BLOCK;
      for (int i = 0; i < window.outputWidth(); i++) {
        FloatSpans.copy(t, from, t, to, CHANNELS);
        from += window.strideX() * BLOCK;
        to += BLOCK;
      }
    }
    return gathered;
  }

  private void add(int group, int channel, int count, MemorySegment t) {
    long from = sums;
    for (int column = 0; column < outputs; ) {
      int bytes = FloatConvolutionTile.rowBytes(outputs - column);
      int width = FloatConvolutionTile.panelColumns(outputs - column);
      for (int k = 0; k < window.taps(); k++) {
        for (int r = 0; r < count; r++) {
          long row = (long) k * inputs + channel + r;
          long to =
              dweight.start + row * dweight.stride + (group * outputs + column) * (long) BYTES;
          FloatConvolutionTile.addRow(
              t, from + r * (long) bytes, width, (float) 1, dweight.segment, to);
        }
        from += CHANNELS * (long) bytes;
      }
      column += width;
    }
  }
}
