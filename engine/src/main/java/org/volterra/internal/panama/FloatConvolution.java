package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatConvolutionTile.ROWS;
import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.LAYOUT;
import static org.volterra.internal.panama.FloatSpecies.WIDTH;

import java.lang.foreign.MemorySegment;
import org.volterra.spi.Window;

/**
 * Convolutions and their transposes with respect to the data, as sums over rows of taps of matrix
 * products over shifted positions: a sample is copied once into scratch memory with its padding,
 * where the positions that a row of taps sees lie one after the other, so that nothing is repeated.
 *
 * <p>The transpose is a convolution too: of the gradient, spread by the stride, with the taps in
 * reverse order and the weights transposed. Samples are divided among tasks, and weights packed
 * into panels once for each task.
 */
@SuppressWarnings("cast")
final class FloatConvolution extends Workshop.Reusable {
  /** Positions of a task at least, so that weights are not packed for too little. */
  private static final int POSITIONS_PER_TASK = 1024;

  private Operand source;
  private Operand weight;
  private Operand target;
  private boolean transposed;
  private float beta;
  private int samples;
  private int samplesPerTask;
  private int groups;

  /** Channels of a group, of the source and of the target. */
  private int inputs;

  private int outputs;

  /** The grid of the source; its row r lies in row r · spreadY + top of the padded grid. */
  private int sourceHeight;

  private int sourceWidth;
  private int spreadY;
  private int spreadX;
  private int top;
  private int left;
  private int paddedHeight;
  private int paddedWidth;
  private int targetHeight;
  private int targetWidth;
  private int strideY;
  private int strideX;
  private Window window;

  /** Taps that lie side by side in the padded grid, and how often. */
  private int tapsTogether;

  private int pieces;

  /** y = convolution of x + beta y. */
  void forward(
      Workshop shop, Window w, int parts, int count, Operand x, Operand k, double keep, Operand y) {
    transposed = false;
    bind(w, parts, count, x, k, keep, y);
    sourceHeight = w.height();
    sourceWidth = w.width();
    spreadY = 1;
    spreadX = 1;
    top = w.padY();
    left = w.padX();
    targetHeight = w.outputHeight();
    targetWidth = w.outputWidth();
    strideY = w.strideY();
    strideX = w.strideX();
    run(shop);
  }

  /** dx = transposed convolution of dy + beta dx. */
  void transposed(
      Workshop shop,
      Window w,
      int parts,
      int count,
      Operand dy,
      Operand k,
      double keep,
      Operand dx) {
    transposed = true;
    bind(w, parts, count, dy, k, keep, dx);
    sourceHeight = w.outputHeight();
    sourceWidth = w.outputWidth();
    spreadY = w.strideY();
    spreadX = w.strideX();
    top = w.dilationY() * (w.kernelHeight() - 1) - w.padY();
    left = w.dilationX() * (w.kernelWidth() - 1) - w.padX();
    targetHeight = w.height();
    targetWidth = w.width();
    strideY = 1;
    strideX = 1;
    run(shop);
  }

  private void bind(
      Window w, int parts, int count, Operand from, Operand k, double keep, Operand to) {
    window = w;
    groups = parts;
    samples = count;
    source = from;
    weight = k;
    target = to;
    beta = (float) keep;
    inputs = source.columns / groups;
    outputs = target.columns / groups;
    tapsTogether = w.dilationX() == 1 ? w.kernelWidth() : 1;
    pieces = w.taps() / tapsTogether;
  }

  private void run(Workshop shop) {
    paddedHeight =
        (targetHeight - 1) * strideY + window.dilationY() * (window.kernelHeight() - 1) + 1;
    paddedWidth = (targetWidth - 1) * strideX + window.dilationX() * (window.kernelWidth() - 1) + 1;
    samplesPerTask =
        Math.clamp(POSITIONS_PER_TASK / (targetHeight * targetWidth), 1, Math.max(1, samples / 8));
    long products = (long) target.rows * target.columns * window.taps() * inputs;
    if (products >= FloatWarmUp.WORTHWHILE) {
      FloatLoops.tiles();
    }
    shop.run((samples + samplesPerTask - 1) / samplesPerTask, products / 8, this);
  }

  @Override
  public void run(int task, Scratch scratch) {
    long image = aligned((long) groups * paddedHeight * paddedWidth * inputs * BYTES);
    long rowBytes = FloatConvolutionTile.panelBytes(outputs);
    long panels = groups * (long) window.taps() * inputs * rowBytes;
    long tile = image + panels;
    long zeros = tile + ROWS * (long) FloatTile.WIDE;
    MemorySegment t = scratch.large(zeros + FloatTile.WIDE);
    FloatElementwise.fill(t, zeros, 0, FloatTile.WIDE);
    pack(t, image);
    int end = Math.min(samples, (task + 1) * samplesPerTask);
    for (int sample = task * samplesPerTask; sample < end; sample++) {
      pad(sample, t, (int) image);
      for (int g = 0; g < groups; g++) {
        long panel = image + g * (long) window.taps() * inputs * rowBytes;
        for (int column = 0; column < outputs; ) {
          int bytes = FloatConvolutionTile.rowBytes(outputs - column);
          int width = FloatConvolutionTile.panelColumns(outputs - column);
          for (int row = 0; row < targetHeight; row++) {
            row(sample, g, row, column, width, bytes, panel, tile, zeros, t);
          }
          panel += (long) window.taps() * inputs * bytes;
          column += width;
        }
      }
    }
  }

  private static long aligned(long bytes) {
    return (bytes + WIDTH - 1) / WIDTH * WIDTH;
  }

  /** Panels of weights, group by group: all taps of a panel follow one another. */
  private void pack(MemorySegment t, long start) {
    int rows = window.taps() * inputs;
    long to = start;
    for (int g = 0; g < groups; g++) {
      for (int column = 0; column < outputs; ) {
        int bytes = FloatConvolutionTile.rowBytes(outputs - column);
        int width = FloatConvolutionTile.panelColumns(outputs - column);
        int first = g * outputs + column;
        if (transposed) {
          packTransposed(g, column, width, t, to, bytes);
        } else {
          long from = weight.start + (long) first * BYTES;
          FloatPack.copy(weight.segment, from, weight.stride, rows, width, t, to, bytes);
        }
        to += rows * (long) bytes;
        column += width;
      }
    }
  }

  /** Taps in reverse order, and within each tap the transpose. */
  private void packTransposed(
      int g, int column, int width, MemorySegment t, long to, int rowBytes) {
    for (int tap = 0; tap < window.taps(); tap++) {
      long row = (window.taps() - 1L - tap) * outputs + column;
      for (int p = 0; p < inputs; p++) {
        long from = weight.start + row * weight.stride + (g * inputs + p) * (long) BYTES;
        long at = to + (tap * inputs + p) * (long) rowBytes;
        for (int j = 0; j < width; j++) {
          t.set(LAYOUT, at + (long) j * BYTES, weight.segment.get(LAYOUT, from));
          from += weight.stride;
        }
      }
    }
  }

  /** A sample amid its padding, group by group. */
  private void pad(int sample, MemorySegment t, int bytes) {
    FloatElementwise.fill(t, 0, 0, bytes);
    for (int y = 0; y < sourceHeight; y++) {
      int row = y * spreadY + top;
      if (row < 0 || row >= paddedHeight) {
        continue;
      }
      for (int x = 0; x < sourceWidth; x++) {
        int column = x * spreadX + left;
        if (column < 0 || column >= paddedWidth) {
          continue;
        }
        long from =
            source.start + (((long) sample * sourceHeight + y) * sourceWidth + x) * source.stride;
        for (int g = 0; g < groups; g++) {
          long at = (((long) g * paddedHeight + row) * paddedWidth + column) * inputs * BYTES;
          FloatConvolutionTile.copyRow(source.segment, from, t, at, inputs);
          from += (long) inputs * BYTES;
        }
      }
    }
  }

  /** One row of positions of the target, one panel of channels. */
  private void row(
      int sample,
      int g,
      int y,
      int column,
      int width,
      int rowBytes,
      long panel,
      long tile,
      long zeros,
      MemorySegment t) {
    long position = (long) inputs * BYTES;
    long base = ((long) g * paddedHeight + (long) y * strideY) * paddedWidth * position;
    long to =
        target.start
            + ((long) sample * targetHeight + y) * targetWidth * target.stride
            + (g * outputs + column) * (long) BYTES;
    int height = targetWidth >= ROWS ? ROWS : 1;
    for (int x = 0; x < targetWidth; x += height) {
      int first = Math.min(x, targetWidth - height);
      long from = base + first * strideX * position;
      sum(height, rowBytes, from, panel, tile, zeros, t);
      for (int r = x - first; r < height; r++) {
        long at = to + (first + r) * target.stride;
        FloatConvolutionTile.addRow(t, tile + r * (long) rowBytes, width, beta, target.segment, at);
      }
    }
  }

  /** A tile: the sum over all taps. */
  private void sum(
      int height, int rowBytes, long from, long panel, long tile, long zeros, MemorySegment t) {
    int k = tapsTogether * inputs;
    long rowStride = (long) strideX * inputs * BYTES;
    int perRow = window.kernelWidth() / tapsTogether;
    for (int piece = 0; piece < pieces; piece++) {
      int tapRow = piece / perRow * window.dilationY();
      int tapColumn = piece % perRow * window.dilationX();
      long at = from + ((long) tapRow * paddedWidth + tapColumn) * inputs * BYTES;
      long b = panel + piece * (long) k * rowBytes;
      boolean first = piece == 0;
      FloatConvolutionTile.run(
          height,
          rowBytes,
          k,
          t,
          at,
          rowStride,
          t,
          b,
          t,
          first ? zeros : tile,
          first ? 0 : rowBytes,
          t,
          tile);
    }
  }
}
