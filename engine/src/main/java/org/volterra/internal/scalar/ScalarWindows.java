package org.volterra.internal.scalar;

import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Shapes;
import org.volterra.spi.TransformPrimitives;
import org.volterra.spi.TransformShapes;
import org.volterra.spi.Window;

/** The primitives over windows as plain loops. */
abstract class ScalarWindows implements TransformPrimitives {
  final ElementType type;

  ScalarWindows(ElementType type) {
    this.type = type;
  }

  @Override
  public final ElementType type() {
    return type;
  }

  /** Rows of x and y that one tap of one window joins. */
  @FunctionalInterface
  private interface Tap {
    void join(int outputRow, int inputRow, int tap);
  }

  /** Visits all taps that are not padding. */
  private static void forEach(Window w, int samples, Tap action) {
    for (int o = 0; o < samples * w.outputPositions(); o++) {
      int sample = o / w.outputPositions();
      int oy = o % w.outputPositions() / w.outputWidth();
      int ox = o % w.outputWidth();
      for (int tap = 0; tap < w.taps(); tap++) {
        int y = w.row(oy, tap / w.kernelWidth());
        int x = w.column(ox, tap % w.kernelWidth());
        if (y >= 0 && x >= 0) {
          action.join(o, (sample * w.height() + y) * w.width() + x, tap);
        }
      }
    }
  }

  /** A sum in float64 for each element of a matrix, which is then added to it. */
  static final class Sums {
    private final View target;
    private final double[] values;

    Sums(Matrix target) {
      this.target = new View(target);
      values = new double[target.rows() * target.columns()];
    }

    void add(int i, int j, double value) {
      values[i * target.columns + j] += value;
    }

    double get(int i, int j) {
      return values[i * target.columns + j];
    }

    void finish(double beta) {
      for (int i = 0; i < target.rows; i++) {
        for (int j = 0; j < target.columns; j++) {
          target.update(i, j, get(i, j), beta);
        }
      }
    }
  }

  /** Channels of x, of y and of the weights that belong together. */
  @FunctionalInterface
  private interface Product {
    void at(int input, int weightRow, int output);
  }

  private static void channels(int inputs, int outputs, int groups, int tap, Product product) {
    int each = inputs / groups;
    for (int output = 0; output < outputs; output++) {
      int first = output / (outputs / groups) * each;
      for (int c = 0; c < each; c++) {
        product.at(first + c, tap * each + c, output);
      }
    }
  }

  @Override
  public void convolve(Window window, int groups, Matrix x, Matrix weight, double beta, Matrix y) {
    int samples = TransformShapes.convolution(type, window, groups, x, weight, y);
    View u = new View(x);
    View w = new View(weight);
    Sums sums = new Sums(y);
    forEach(
        window,
        samples,
        (o, i, tap) ->
            channels(
                x.columns(),
                y.columns(),
                groups,
                tap,
                (in, k, out) -> sums.add(o, out, u.get(i, in) * w.get(k, out))));
    sums.finish(beta);
  }

  @Override
  public void convolveTransposed(
      Window window, int groups, Matrix dy, Matrix weight, double beta, Matrix dx) {
    int samples = TransformShapes.convolution(type, window, groups, dx, weight, dy);
    View d = new View(dy);
    View w = new View(weight);
    Sums sums = new Sums(dx);
    forEach(
        window,
        samples,
        (o, i, tap) ->
            channels(
                dx.columns(),
                dy.columns(),
                groups,
                tap,
                (in, k, out) -> sums.add(i, in, d.get(o, out) * w.get(k, out))));
    sums.finish(beta);
  }

  @Override
  public void convolveGradient(Window window, int groups, Matrix x, Matrix dy, Matrix dweight) {
    int samples = TransformShapes.convolution(type, window, groups, x, dweight, dy);
    View u = new View(x);
    View d = new View(dy);
    Sums sums = new Sums(dweight);
    forEach(
        window,
        samples,
        (o, i, tap) ->
            channels(
                x.columns(),
                dy.columns(),
                groups,
                tap,
                (in, k, out) -> sums.add(k, out, u.get(i, in) * d.get(o, out))));
    sums.finish(1);
  }

  @Override
  public void averagePool(Window window, Matrix x, Matrix y) {
    int samples = TransformShapes.pooling(type, window, x, y);
    View u = new View(x);
    Sums sums = new Sums(y);
    forEach(
        window,
        samples,
        (o, i, tap) -> {
          for (int c = 0; c < u.columns; c++) {
            sums.add(o, c, u.get(i, c) / window.taps());
          }
        });
    sums.finish(0);
  }

  @Override
  public void averagePoolBackward(Window window, Matrix dy, double beta, Matrix dx) {
    int samples = TransformShapes.pooling(type, window, dx, dy);
    View d = new View(dy);
    Sums sums = new Sums(dx);
    forEach(
        window,
        samples,
        (o, i, tap) -> {
          for (int c = 0; c < d.columns; c++) {
            sums.add(i, c, d.get(o, c) / window.taps());
          }
        });
    sums.finish(beta);
  }

  @Override
  public void maxPool(Window window, Matrix x, Matrix y) {
    int samples = TransformShapes.maxPooling(type, window, x, y);
    View u = new View(x);
    View v = new View(y);
    for (int o = 0; o < v.rows; o++) {
      for (int c = 0; c < v.columns; c++) {
        v.set(o, c, Double.NEGATIVE_INFINITY);
      }
    }
    forEach(
        window,
        samples,
        (o, i, tap) -> {
          for (int c = 0; c < u.columns; c++) {
            v.set(o, c, Math.max(v.get(o, c), u.get(i, c)));
          }
        });
  }

  @Override
  public void maxPoolBackward(Window window, Matrix x, Matrix dy, double beta, Matrix dx) {
    int samples = TransformShapes.maxPooling(type, window, x, dy);
    Shapes.same("dx", dx, x);
    View u = new View(x);
    View d = new View(dy);
    int[] winner = new int[dy.rows() * dy.columns()];
    forEach(
        window,
        samples,
        (o, i, tap) -> {
          for (int c = 0; c < u.columns; c++) {
            int at = o * u.columns + c;
            if (winner[at] == 0 || u.get(i, c) > u.get(winner[at] - 1, c)) {
              winner[at] = i + 1;
            }
          }
        });
    Sums sums = new Sums(dx);
    for (int o = 0; o < d.rows; o++) {
      for (int c = 0; c < d.columns; c++) {
        int row = winner[o * d.columns + c] - 1;
        if (row >= 0) {
          sums.add(row, c, d.get(o, c));
        }
      }
    }
    sums.finish(beta);
  }
}
