package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.LAYOUT;
import static org.volterra.internal.panama.FloatSpecies.WIDTH;

import java.lang.foreign.MemorySegment;
import org.volterra.spi.Window;

/**
 * What windows do to each channel by itself: pooling, and convolution with as many groups as
 * channels. Tap after tap, a row of channels of one position is joined to one of another. Forward,
 * a task has rows of the grid of windows; backward, whole samples; and weights are divided by taps.
 */
@SuppressWarnings("cast")
final class FloatWindows extends Workshop.Reusable {
  private enum Kind {
    DEPTHWISE,
    DEPTHWISE_TRANSPOSED,
    DEPTHWISE_GRADIENT,
    AVERAGE,
    AVERAGE_BACKWARD,
    MAXIMUM,
    MAXIMUM_BACKWARD,
    /** Its second part. */
    MOVE
  }

  private Kind kind;
  private Window window;
  private int samples;

  /** The matrix over the grid of positions, that over the grid of windows, and a third. */
  private Operand x;

  private Operand y;
  private Operand other;
  private float beta;
  private int rowsPerTask;

  /** y = depthwise convolution of x + beta y. */
  void depthwise(
      Workshop shop, Window w, int count, Operand from, Operand weight, double keep, Operand to) {
    bind(Kind.DEPTHWISE, w, count, from, to, weight, keep);
    forward(shop);
  }

  /** dx = transposed depthwise convolution of dy + beta dx. */
  void depthwiseTransposed(
      Workshop shop, Window w, int count, Operand dy, Operand weight, double keep, Operand dx) {
    bind(Kind.DEPTHWISE_TRANSPOSED, w, count, dx, dy, weight, keep);
    shop.run(samples, work(), this);
  }

  /** Adds the gradient of the weights. */
  void depthwiseGradient(
      Workshop shop, Window w, int count, Operand from, Operand dy, Operand dweight) {
    bind(Kind.DEPTHWISE_GRADIENT, w, count, from, dy, dweight, 1);
    shop.run(w.taps(), work(), this);
  }

  /** y = means of windows of x. */
  void average(Workshop shop, Window w, int count, Operand from, Operand to) {
    bind(Kind.AVERAGE, w, count, from, to, to, 0);
    forward(shop);
  }

  /** The transpose. */
  void averageBackward(Workshop shop, Window w, int count, Operand dy, double keep, Operand dx) {
    bind(Kind.AVERAGE_BACKWARD, w, count, dx, dy, dy, keep);
    shop.run(samples, work(), this);
  }

  /** y = maxima of windows of x. */
  void maximum(Workshop shop, Window w, int count, Operand from, Operand to) {
    bind(Kind.MAXIMUM, w, count, from, to, to, 0);
    forward(shop);
  }

  /** The adjoint at x. */
  void maximumBackward(
      Workshop shop, Window w, int count, Operand at, Operand dy, double keep, Operand dx) {
    bind(Kind.MAXIMUM_BACKWARD, w, count, dx, dy, at, keep);
    shop.run(samples, work(), this);
  }

  private void bind(
      Kind what, Window w, int count, Operand grid, Operand windows, Operand third, double keep) {
    kind = what;
    window = w;
    samples = count;
    x = grid;
    y = windows;
    other = third;
    beta = (float) keep;
  }

  private long work() {
    return (long) y.rows * y.columns * window.taps();
  }

  private void forward(Workshop shop) {
    int rows = samples * window.outputHeight();
    long each = (long) window.outputWidth() * y.columns * window.taps();
    rowsPerTask = (int) Math.clamp(Grid.GRAIN / each, 1, rows);
    shop.run((rows + rowsPerTask - 1) / rowsPerTask, work(), this);
  }

  @Override
  public void run(int task, Scratch scratch) {
    int height = window.outputHeight();
    switch (kind) {
      case DEPTHWISE, AVERAGE, MAXIMUM -> {
        int end = Math.min(samples * height, (task + 1) * rowsPerTask);
        for (int r = task * rowsPerTask; r < end; r++) {
          row(r / height, r % height, scratch);
        }
      }
      case DEPTHWISE_GRADIENT -> {
        for (int r = 0; r < samples * height; r++) {
          gradient(task, r / height, r % height);
        }
      }
      default -> {
        scaleSample(task);
        for (int r = 0; r < height; r++) {
          row(task, r, scratch);
        }
      }
    }
  }

  private void scaleSample(int sample) {
    long first = (long) sample * window.positions();
    for (int i = 0; i < window.positions(); i++) {
      FloatRowKernels.scale(beta, x.segment, x.start + (first + i) * x.stride, x.columns);
    }
  }

  private static long at(Operand m, long position) {
    return m.start + position * m.stride;
  }

  /** The windows of one row. */
  private void row(int sample, int outputRow, Scratch scratch) {
    MemorySegment t = scratch.large(2L * x.columns * BYTES + 2L * WIDTH);
    long first = ((long) sample * window.outputHeight() + outputRow) * window.outputWidth();
    for (int ox = 0; ox < window.outputWidth(); ox++) {
      long to = at(y, first + ox);
      begin(to, t);
      taps(sample, outputRow, ox, to, t, kind);
      if (kind == Kind.MAXIMUM_BACKWARD) {
        taps(sample, outputRow, ox, to, t, Kind.MOVE);
      }
    }
  }

  private void taps(int sample, int outputRow, int ox, long to, MemorySegment t, Kind what) {
    for (int ky = 0; ky < window.kernelHeight(); ky++) {
      int iy = window.row(outputRow, ky);
      for (int kx = 0; iy >= 0 && kx < window.kernelWidth(); kx++) {
        int ix = window.column(ox, kx);
        if (ix >= 0) {
          long position = ((long) sample * window.height() + iy) * window.width() + ix;
          tap(what, ky * window.kernelWidth() + kx, position, to, t);
        }
      }
    }
  }

  private long leftover() {
    return (x.columns * (long) BYTES + WIDTH - 1) / WIDTH * WIDTH;
  }

  /** Prepares a window whose output begins at {@code to}. */
  private void begin(long to, MemorySegment t) {
    switch (kind) {
      case DEPTHWISE, AVERAGE -> FloatRowKernels.scale(beta, y.segment, to, y.columns);
      case MAXIMUM -> fill(y.segment, to);
      case MAXIMUM_BACKWARD -> {
        fill(t, 0);
        FloatConvolutionTile.copyRow(y.segment, to, t, leftover(), y.columns);
      }
      default -> {}
    }
  }

  private void fill(MemorySegment s, long at) {
    for (long o = 0; o < (long) y.columns * BYTES; o += BYTES) {
      s.set(LAYOUT, at + o, Float.NEGATIVE_INFINITY);
    }
  }

  private void tap(Kind what, int tap, long position, long to, MemorySegment t) {
    long from = at(x, position);
    int n = x.columns;
    float share = (float) 1 / window.taps();
    switch (what) {
      case DEPTHWISE ->
          FloatRowKernels.addProduct(
              x.segment, from, other.segment, at(other, tap), y.segment, to, n);
      case DEPTHWISE_TRANSPOSED ->
          FloatRowKernels.addProduct(
              y.segment, to, other.segment, at(other, tap), x.segment, from, n);
      case AVERAGE -> FloatRowKernels.add(share, x.segment, from, y.segment, to, n);
      case AVERAGE_BACKWARD -> FloatRowKernels.add(share, y.segment, to, x.segment, from, n);
      case MAXIMUM -> FloatRowKernels.maximum(x.segment, from, y.segment, to, n);
      case MAXIMUM_BACKWARD -> FloatRowKernels.maximum(other.segment, at(other, position), t, 0, n);
      case MOVE ->
          FloatRowKernels.moveToMaximum(
              other.segment, at(other, position), t, 0, leftover(), x.segment, from, n);
      case DEPTHWISE_GRADIENT ->
          throw new IllegalStateException("gradients of weights go tap by tap");
    }
  }

  /** What one row of windows adds to the gradient of one tap. */
  private void gradient(int tap, int sample, int outputRow) {
    int iy = window.row(outputRow, tap / window.kernelWidth());
    long to = ((long) sample * window.outputHeight() + outputRow) * window.outputWidth();
    for (int ox = 0; iy >= 0 && ox < window.outputWidth(); ox++) {
      int ix = window.column(ox, tap % window.kernelWidth());
      if (ix >= 0) {
        long position = ((long) sample * window.height() + iy) * window.width() + ix;
        FloatRowKernels.addProduct(
            x.segment,
            at(x, position),
            y.segment,
            at(y, to + ox),
            other.segment,
            at(other, tap),
            x.columns);
      }
    }
  }
}
