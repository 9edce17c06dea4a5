package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatFourier.ELEMENT;
import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.LAYOUT;
import static org.volterra.internal.panama.FloatSpecies.LENGTH;
import static org.volterra.internal.panama.FloatSpecies.WIDTH;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Products with Toeplitz matrices by Fourier transforms along the rows of twice the size, for
 * strips of 2 vectors of columns: the first vector is the real part of the sequences, the second
 * their imaginary part, and since lags are real both come out in their places. The first step reads
 * the matrix in place, the last writes it in place, where the strip is whole.
 */
@SuppressWarnings("cast")
final class FloatToeplitz {
  private static final int COLUMNS = 2 * LENGTH;

  /** Groups of strips in which the spectra of gradients are summed. */
  private static final int GROUPS = 16;

  private final Multiply multiply = new Multiply();
  private final Gradient gradient = new Gradient();
  private double[] re = new double[0];
  private double[] im = new double[0];

  /** The spectrum of the lags, each at its place in a cycle of 2·size, in the order of digits. */
  void prepare(int size, Operand lags, Operand prepared) {
    int n = 2 * size;
    reserve(n);
    Arrays.fill(re, 0, n, 0);
    Arrays.fill(im, 0, n, 0);
    for (int m = 0; m < lags.columns; m++) {
      re[m + 1] = lags.segment.get(LAYOUT, lags.start + (long) m * BYTES);
    }
    Fourier.forward(re, im, n);
    for (int t = 0; t < n; t++) {
      prepared.segment.set(LAYOUT, prepared.start + (long) t * BYTES, (float) re[t]);
      prepared.segment.set(LAYOUT, prepared.start + (long) (n + t) * BYTES, (float) im[t]);
    }
  }

  private void reserve(int length) {
    if (re.length < length) {
      re = new double[length];
      im = new double[length];
    }
  }

  /** {@code y = alpha op(T) x + beta y}; shapes are checked by the caller. */
  void multiply(
      Workshop shop,
      int size,
      double alpha,
      Operand prepared,
      boolean transpose,
      Operand x,
      double beta,
      Operand y) {
    multiply.size = size;
    multiply.prepared = prepared;
    multiply.sign = transpose ? -1 : 1;
    multiply.x = x;
    multiply.y = y;
    multiply.factor = (float) (alpha / (2 * size));
    multiply.keep = (float) beta;
    long work = (long) size * x.columns;
    if (work >= FloatWarmUp.LEAST_ELEMENTS) {
      FloatFourierLoops.product(size);
    }
    shop.run(strips(x), 4 * work, multiply);
  }

  private static int strips(Operand x) {
    return (x.columns + COLUMNS - 1) / COLUMNS;
  }

  /** The product for a strip of columns. */
  private static final class Multiply extends Workshop.Reusable {
    private int size;
    private Operand prepared;
    private float sign;
    private Operand x;
    private Operand y;
    private float factor;
    private float keep;

    @Override
    public void run(int strip, Scratch scratch) {
      MemorySegment w = scratch.large(3L * size * ELEMENT);
      transform(size, x, strip, w, 0, 2L * size * ELEMENT);
      FloatFourier.multiply(w, 0, 2 * size, prepared.segment, prepared.start, sign);
      FloatFourierBack.inverse(w, 0, 2 * size);
      finish(size, factor, w, keep, y, strip);
    }
  }

  /**
   * Transforms a strip of columns.
   *
   * @param j byte of {@code w} from which the spectrum goes
   * @param spare byte of {@code w} from which there is room for size elements
   */
  private static void transform(
      int size, Operand x, int strip, MemorySegment w, long j, long spare) {
    long column = (long) strip * COLUMNS * BYTES;
    int width = Math.min(COLUMNS, x.columns - strip * COLUMNS);
    if (x.rows == size && width == COLUMNS) {
      FloatFourier.firstStep(x.segment, x.start + column, x.stride, 2 * size, w, j);
    } else {
      FloatElementwise.fill(w, spare, (float) 0, size * ELEMENT);
      merge(x.rows, width, x.segment, x.start + column, x.stride, (float) 0, w, spare, ELEMENT);
      FloatFourier.firstStep(w, spare, ELEMENT, 2 * size, w, j);
    }
    for (int part = 0; part < 4; part++) {
      FloatFourier.forward(w, j + (long) part * (size / 2) * ELEMENT, size / 2);
    }
  }

  private static void finish(
      int size, float factor, MemorySegment w, float keep, Operand y, int strip) {
    long column = (long) strip * COLUMNS * BYTES;
    int width = Math.min(COLUMNS, y.columns - strip * COLUMNS);
    long to = y.start + column;
    if (y.rows == size && width == COLUMNS && (keep == 0 || keep == 1)) {
      if (keep == 0) {
        for (int i = 0; i < size; i++) {
          FloatElementwise.fill(y.segment, to + i * y.stride, (float) 0, ELEMENT);
        }
      }
      FloatFourierBack.addLastStep(w, 0, 2 * size, factor, y.segment, to, y.stride);
      return;
    }
    long spare = 2L * size * ELEMENT;
    FloatElementwise.fill(w, spare, (float) 0, size * ELEMENT);
    FloatFourierBack.addLastStep(w, 0, 2 * size, factor, w, spare, ELEMENT);
    merge(y.rows, width, w, spare, ELEMENT, keep, y.segment, to, y.stride);
  }

  /** {@code y = x + keep y} on a strip that may be narrow. */
  private static void merge(
      int rows,
      int width,
      MemorySegment x,
      long from,
      long stride,
      float keep,
      MemorySegment y,
      long to,
      long next) {
    int whole = width / LENGTH * WIDTH;
    for (int i = 0; i < rows; i++) {
      FloatElementwise.axpby(1, x, from, keep, y, to, whole);
      for (int o = whole; o < width * BYTES; o += BYTES) {
        FloatSpecies.merge(x.get(LAYOUT, from + o), keep, y, to + o);
      }
      from += stride;
      to += next;
    }
  }

  /** {@code lags[size − 1 + j − i] += alpha Σ dy[j] x[i]}; shapes are checked by the caller. */
  void gradient(Workshop shop, int size, double alpha, Operand x, Operand dy, Operand lags) {
    int n = 2 * size;
    gradient.size = size;
    gradient.x = x;
    gradient.dy = dy;
    gradient.strips = strips(x);
    gradient.groups = Math.min(GROUPS, gradient.strips);
    reserve(gradient.groups * n);
    long work = (long) size * x.columns;
    if (work >= FloatWarmUp.LEAST_ELEMENTS) {
      FloatFourierLoops.correlation(size);
    }
    gradient.re = re;
    gradient.im = im;
    shop.run(gradient.groups, 8 * work, gradient);
    for (int t = n; t < gradient.groups * n; t++) {
      re[t % n] += re[t];
      im[t % n] += im[t];
    }
    Fourier.inverse(re, im, n);
    for (int m = 0; m < lags.columns; m++) {
      int lag = m - (size - 1);
      long at = lags.start + (long) m * BYTES;
      float sum = (float) (re[lag < 0 ? n + lag : lag] * (alpha / n));
      lags.segment.set(LAYOUT, at, lags.segment.get(LAYOUT, at) + sum);
    }
  }

  /** The correlations of a group of strips, summed over their columns. */
  private static final class Gradient extends Workshop.Reusable {
    private int size;
    private Operand x;
    private Operand dy;
    private int strips;
    private int groups;
    private double[] re;
    private double[] im;

    @Override
    public void run(int group, Scratch scratch) {
      int n = 2 * size;
      long part = (long) n * ELEMENT;
      MemorySegment w = scratch.large(4 * part);
      FloatElementwise.fill(w, 2 * part, (float) 0, n * ELEMENT);
      int end = (int) ((long) strips * (group + 1) / groups);
      for (int strip = (int) ((long) strips * group / groups); strip < end; strip++) {
        transform(size, x, strip, w, 0, 3 * part);
        transform(size, dy, strip, w, part, 3 * part);
        FloatFourier.correlate(w, 0, w, part, w, 2 * part, n);
      }
      for (int t = 0; t < n; t++) {
        long at = 2 * part + (long) t * ELEMENT;
        re[group * n + t] = lanes(w, at);
        im[group * n + t] = lanes(w, at + ELEMENT / 2);
      }
    }
  }

  private static double lanes(MemorySegment w, long at) {
    double sum = 0;
    for (int c = 0; c < LENGTH; c++) {
      sum += w.get(LAYOUT, at + (long) c * BYTES);
    }
    return sum;
  }
}
