package org.volterra.internal.scalar;

import org.volterra.spi.Activation;
import org.volterra.spi.ChannelNorm;
import org.volterra.spi.DropMask;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Shapes;
import org.volterra.spi.TransformShapes;

/** Every primitive of transforms as the plainest loop that computes it. */
final class ScalarTransforms extends ScalarWindows {
  ScalarTransforms(ElementType type) {
    super(type);
  }

  @Override
  public void moments(Matrix x, Matrix mean, Matrix variance) {
    TransformShapes.columns(type, x, mean, variance);
    View u = new View(x);
    View m = new View(mean);
    View v = new View(variance);
    for (int j = 0; j < u.columns; j++) {
      double sum = 0;
      for (int i = 0; i < u.rows; i++) {
        sum += u.get(i, j);
      }
      double middle = sum / u.rows;
      double squares = 0;
      for (int i = 0; i < u.rows; i++) {
        squares += (u.get(i, j) - middle) * (u.get(i, j) - middle);
      }
      m.set(0, j, middle);
      v.set(0, j, squares / u.rows);
    }
  }

  @Override
  public void momentsBackward(
      Matrix x, Matrix mean, Matrix rate, Matrix sum, Matrix product, Matrix dx) {
    TransformShapes.columns(type, x, mean, rate, sum, product);
    Shapes.same("dx", dx, x);
    View u = new View(x);
    View m = new View(mean);
    View r = new View(rate);
    View s = new View(sum);
    View p = new View(product);
    View d = new View(dx);
    for (int i = 0; i < u.rows; i++) {
      for (int j = 0; j < u.columns; j++) {
        double unit = (u.get(i, j) - m.get(0, j)) * r.get(0, j);
        d.update(i, j, -r.get(0, j) / u.rows * (s.get(0, j) + unit * p.get(0, j)), 1);
      }
    }
  }

  @Override
  public void reciprocalRoot(double epsilon, Matrix x, Matrix y) {
    Shapes.type("y", y, type);
    Shapes.same("x", x, y);
    View u = new View(x);
    View v = new View(y);
    for (int i = 0; i < u.rows; i++) {
      for (int j = 0; j < u.columns; j++) {
        v.set(i, j, 1 / Math.sqrt(u.get(i, j) + epsilon));
      }
    }
  }

  @Override
  public void multiply(Matrix x, Matrix y, double beta, Matrix z) {
    Shapes.type("z", z, type);
    Shapes.same("x", x, z);
    Shapes.same("y", y, z);
    View u = new View(x);
    View v = new View(y);
    View w = new View(z);
    for (int i = 0; i < u.rows; i++) {
      for (int j = 0; j < u.columns; j++) {
        w.update(i, j, u.get(i, j) * v.get(i, j), beta);
      }
    }
  }

  /** The vectors of a normalisation. */
  private record Norm(View mean, View rate, View weight, View bias) {
    static Norm of(ChannelNorm norm) {
      return new Norm(
          norm.mean() == null ? null : new View(norm.mean()),
          norm.rate() == null ? null : new View(norm.rate()),
          new View(norm.weight()),
          new View(norm.bias()));
    }

    double rateAt(int j) {
      return rate == null ? 1 : rate.get(0, j);
    }

    double unit(double x, int j) {
      return mean == null ? x : (x - mean.get(0, j)) * rateAt(j);
    }

    double argument(double x, int j) {
      return weight.get(0, j) * unit(x, j) + bias.get(0, j);
    }
  }

  @Override
  public void normalize(Activation f, ChannelNorm norm, Matrix x, Matrix y) {
    TransformShapes.normalization(type, norm, x);
    Shapes.same("y", y, x);
    Norm n = Norm.of(norm);
    View u = new View(x);
    View v = new View(y);
    for (int i = 0; i < u.rows; i++) {
      for (int j = 0; j < u.columns; j++) {
        v.set(i, j, f.value(n.argument(u.get(i, j), j)));
      }
    }
  }

  @Override
  public void normalizeBackward(
      Activation f,
      ChannelNorm norm,
      Matrix x,
      Matrix dy,
      double beta,
      Matrix dx,
      Matrix dweight,
      Matrix dbias) {
    TransformShapes.normalization(type, norm, x);
    TransformShapes.columns(type, x, dweight, dbias);
    Shapes.same("dy", dy, x);
    Shapes.same("dx", dx, x);
    Norm n = Norm.of(norm);
    View u = new View(x);
    View d = new View(dy);
    View v = new View(dx);
    Sums weights = new Sums(dweight);
    Sums biases = new Sums(dbias);
    for (int i = 0; i < u.rows; i++) {
      for (int j = 0; j < u.columns; j++) {
        double slope = f.derivative(n.argument(u.get(i, j), j)) * d.get(i, j);
        weights.add(0, j, slope * n.unit(u.get(i, j), j));
        biases.add(0, j, slope);
        v.update(i, j, slope * n.weight.get(0, j) * n.rateAt(j), beta);
      }
    }
    weights.finish(1);
    biases.finish(1);
  }

  /** Mean (0 where rows are not centred) and reciprocal standard deviation of a row. */
  private static double[] statistics(View u, int i, boolean centered, double epsilon) {
    double mean = 0;
    for (int j = 0; centered && j < u.columns; j++) {
      mean += u.get(i, j) / u.columns;
    }
    double squares = 0;
    for (int j = 0; j < u.columns; j++) {
      squares += (u.get(i, j) - mean) * (u.get(i, j) - mean) / u.columns;
    }
    return new double[] {mean, 1 / Math.sqrt(squares + epsilon)};
  }

  @Override
  public void normalizeRows(boolean centered, double epsilon, Matrix x, Matrix y) {
    Shapes.type("x", x, type);
    Shapes.same("y", y, x);
    View u = new View(x);
    View v = new View(y);
    for (int i = 0; i < u.rows; i++) {
      double[] s = statistics(u, i, centered, epsilon);
      for (int j = 0; j < u.columns; j++) {
        v.set(i, j, (u.get(i, j) - s[0]) * s[1]);
      }
    }
  }

  @Override
  public void normalizeRowsBackward(
      boolean centered, double epsilon, Matrix x, Matrix dy, double beta, Matrix dx) {
    Shapes.type("x", x, type);
    Shapes.same("dy", dy, x);
    Shapes.same("dx", dx, x);
    View u = new View(x);
    View d = new View(dy);
    View v = new View(dx);
    for (int i = 0; i < u.rows; i++) {
      double[] s = statistics(u, i, centered, epsilon);
      double sum = 0;
      double product = 0;
      for (int j = 0; j < u.columns; j++) {
        sum += centered ? d.get(i, j) / u.columns : 0;
        product += d.get(i, j) * (u.get(i, j) - s[0]) * s[1] / u.columns;
      }
      for (int j = 0; j < u.columns; j++) {
        double unit = (u.get(i, j) - s[0]) * s[1];
        v.update(i, j, s[1] * (d.get(i, j) - sum - unit * product), beta);
      }
    }
  }

  @Override
  public void fillAbove(int diagonal, double value, Matrix x) {
    Shapes.type("x", x, type);
    View u = new View(x);
    for (int i = 0; i < u.rows; i++) {
      for (int j = i + diagonal + 1; j < u.columns; j++) {
        u.set(i, j, value);
      }
    }
  }

  @Override
  public void softmaxBackward(Matrix y, Matrix dy, Matrix dx) {
    Shapes.type("y", y, type);
    Shapes.same("dy", dy, y);
    Shapes.same("dx", dx, y);
    View u = new View(y);
    View d = new View(dy);
    View v = new View(dx);
    for (int i = 0; i < u.rows; i++) {
      double sum = 0;
      for (int j = 0; j < u.columns; j++) {
        sum += u.get(i, j) * d.get(i, j);
      }
      for (int j = 0; j < u.columns; j++) {
        v.set(i, j, u.get(i, j) * (d.get(i, j) - sum));
      }
    }
  }

  @Override
  public void dropout(double rate, long key, Matrix x, double beta, Matrix y) {
    Shapes.type("x", x, type);
    Shapes.same("y", y, x);
    int threshold = DropMask.threshold(rate);
    View u = new View(x);
    View v = new View(y);
    for (int i = 0; i < u.rows; i++) {
      for (int j = 0; j < u.columns; j++) {
        int hash = DropMask.hash(key, i * u.columns + j);
        boolean stays = Integer.compareUnsigned(hash, threshold) >= 0;
        v.update(i, j, stays ? u.get(i, j) / (1 - rate) : 0, beta);
      }
    }
  }
}
