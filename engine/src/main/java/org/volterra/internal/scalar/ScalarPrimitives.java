package org.volterra.internal.scalar;

import org.volterra.spi.Activation;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.spi.Shapes;

/** Every primitive as the plainest loop that computes it, accumulating in float64. */
final class ScalarPrimitives implements Primitives {
  private final ElementType type;

  ScalarPrimitives(ElementType type) {
    this.type = type;
  }

  /** A new value of element (i, j). */
  @FunctionalInterface
  private interface Cell {
    double at(int i, int j);
  }

  private static void forEach(View y, double beta, Cell cell) {
    for (int i = 0; i < y.rows; i++) {
      for (int j = 0; j < y.columns; j++) {
        y.update(i, j, cell.at(i, j), beta);
      }
    }
  }

  @Override
  public ElementType type() {
    return type;
  }

  @Override
  public void gemm(
      double alpha,
      Matrix a,
      boolean transposeA,
      Matrix b,
      boolean transposeB,
      double beta,
      Matrix c) {
    int k = Shapes.gemm(type, a, transposeA, b, transposeB, c);
    View x = new View(a);
    View y = new View(b);
    forEach(
        new View(c),
        beta,
        (i, j) -> {
          double sum = 0;
          for (int p = 0; p < k; p++) {
            sum +=
                (transposeA ? x.get(p, i) : x.get(i, p)) * (transposeB ? y.get(j, p) : y.get(p, j));
          }
          return alpha * sum;
        });
  }

  @Override
  public void gemv(double alpha, Matrix a, boolean transpose, Matrix x, double beta, Matrix y) {
    Shapes.matrixVector(type, a, transpose ? y : x, transpose ? x : y);
    View m = new View(a);
    View v = new View(x);
    forEach(
        new View(y),
        beta,
        (i, j) -> {
          double sum = 0;
          for (int p = 0; p < v.columns; p++) {
            sum += (transpose ? m.get(p, j) : m.get(j, p)) * v.get(0, p);
          }
          return alpha * sum;
        });
  }

  @Override
  public void ger(double alpha, Matrix x, Matrix y, Matrix a) {
    Shapes.matrixVector(type, a, y, x);
    View u = new View(x);
    View v = new View(y);
    forEach(new View(a), 1, (i, j) -> alpha * u.get(0, i) * v.get(0, j));
  }

  @Override
  public void axpby(double alpha, Matrix x, double beta, Matrix y) {
    Shapes.type("y", y, type);
    Shapes.same("x", x, y);
    View u = new View(x);
    forEach(new View(y), beta, (i, j) -> alpha * u.get(i, j));
  }

  @Override
  public void narrow(Matrix x, Matrix y) {
    Shapes.conversion(type, x, y);
    View u = new View(x);
    forEach(new View(y), 0, (i, j) -> u.get(i, j));
  }

  @Override
  public void widen(Matrix x, Matrix y) {
    Shapes.conversion(type, y, x);
    View u = new View(x);
    forEach(new View(y), 0, (i, j) -> u.get(i, j));
  }

  @Override
  public void fill(double value, Matrix y) {
    Shapes.type("y", y, type);
    forEach(new View(y), 0, (i, j) -> value);
  }

  @Override
  public void addRow(double alpha, Matrix row, double beta, Matrix y) {
    Shapes.check("row", row, type, 1, y.columns());
    Shapes.type("y", y, type);
    View r = new View(row);
    forEach(new View(y), beta, (i, j) -> alpha * r.get(0, j));
  }

  @Override
  public void columnSums(double alpha, Matrix x, double beta, Matrix row) {
    Shapes.check("row", row, type, 1, x.columns());
    Shapes.type("x", x, type);
    View u = new View(x);
    forEach(
        new View(row),
        beta,
        (i, j) -> {
          double sum = 0;
          for (int r = 0; r < u.rows; r++) {
            sum += u.get(r, j);
          }
          return alpha * sum;
        });
  }

  @Override
  public void transpose(Matrix x, Matrix y) {
    Shapes.type("y", y, type);
    Shapes.check("x", x, type, y.columns(), y.rows());
    View u = new View(x);
    forEach(new View(y), 0, (i, j) -> u.get(j, i));
  }

  @Override
  public void gatherRows(Matrix source, Matrix indices, Matrix target) {
    Shapes.check("indices", indices, ElementType.INT32, 1, target.rows());
    Shapes.check("target", target, type, target.rows(), source.columns());
    Shapes.type("source", source, type);
    View s = new View(source);
    View k = new View(indices);
    forEach(
        new View(target), 0, (i, j) -> s.get(Shapes.index("indices", i, k.index(i), s.rows), j));
  }

  @Override
  public void activate(Activation f, Matrix x, Matrix y) {
    Shapes.type("y", y, type);
    Shapes.same("x", x, y);
    View u = new View(x);
    forEach(new View(y), 0, (i, j) -> f.value(u.get(i, j)));
  }

  @Override
  public void activateBackward(Activation f, Matrix x, Matrix dy, double beta, Matrix dx) {
    Shapes.type("dx", dx, type);
    Shapes.same("x", x, dx);
    Shapes.same("dy", dy, dx);
    View u = new View(x);
    View d = new View(dy);
    forEach(new View(dx), beta, (i, j) -> f.derivative(u.get(i, j)) * d.get(i, j));
  }

  @Override
  public void dot(double alpha, Matrix x, Matrix y, double beta, Matrix result) {
    Shapes.type("x", x, type);
    Shapes.same("y", y, x);
    Shapes.scalar("result", result);
    View u = new View(x);
    View v = new View(y);
    double sum = 0;
    for (int i = 0; i < u.rows; i++) {
      for (int j = 0; j < u.columns; j++) {
        sum += u.get(i, j) * v.get(i, j);
      }
    }
    new View(result).update(0, 0, alpha * sum, beta);
  }

  @Override
  public void countNonFinite(Matrix x, Matrix result) {
    Shapes.type("x", x, type);
    Shapes.scalar("result", result);
    View u = new View(x);
    long count = 0;
    for (int i = 0; i < u.rows; i++) {
      for (int j = 0; j < u.columns; j++) {
        count += Double.isFinite(u.get(i, j)) ? 0 : 1;
      }
    }
    new View(result).update(0, 0, (double) count, 1);
  }

  @Override
  public void softmax(Matrix x, Matrix y) {
    Shapes.type("y", y, type);
    Shapes.same("x", x, y);
    View u = new View(x);
    View v = new View(y);
    for (int i = 0; i < u.rows; i++) {
      double log = logSumExp(u, i);
      for (int j = 0; j < u.columns; j++) {
        v.set(i, j, Math.exp(u.get(i, j) - log));
      }
    }
  }

  @Override
  public void softmaxCrossEntropy(double scale, Matrix x, Matrix labels, Matrix loss, Matrix dx) {
    Shapes.type("x", x, type);
    Shapes.same("dx", dx, x);
    Shapes.check("labels", labels, ElementType.INT32, 1, x.rows());
    Shapes.scalar("loss", loss);
    View u = new View(x);
    View d = new View(dx);
    View k = new View(labels);
    double sum = 0;
    for (int i = 0; i < u.rows; i++) {
      int label = Shapes.index("labels", i, k.index(i), u.columns);
      double log = logSumExp(u, i);
      sum += log - u.get(i, label);
      for (int j = 0; j < u.columns; j++) {
        d.set(i, j, scale * (Math.exp(u.get(i, j) - log) - (j == label ? 1 : 0)));
      }
    }
    new View(loss).update(0, 0, scale * sum, 1);
  }

  private static double logSumExp(View u, int i) {
    double max = u.get(i, 0);
    for (int j = 1; j < u.columns; j++) {
      max = Math.max(max, u.get(i, j));
    }
    double sum = 0;
    for (int j = 0; j < u.columns; j++) {
      sum += Math.exp(u.get(i, j) - max);
    }
    return max + Math.log(sum);
  }

  @Override
  public void sgd(
      Matrix p, Matrix g, Matrix v, double rate, double momentum, double decay, boolean nesterov) {
    Shapes.type("p", p, type);
    Shapes.same("g", g, p);
    Shapes.same("v", v, p);
    View parameter = new View(p);
    View gradient = new View(g);
    View velocity = new View(v);
    for (int i = 0; i < parameter.rows; i++) {
      for (int j = 0; j < parameter.columns; j++) {
        double slope = gradient.get(i, j) + decay * parameter.get(i, j);
        double moved = momentum * velocity.get(i, j) + slope;
        velocity.set(i, j, moved);
        parameter.update(i, j, -rate * (nesterov ? slope + momentum * moved : moved), 1);
      }
    }
  }

  @Override
  public void adam(
      Matrix p,
      Matrix g,
      Matrix m,
      Matrix v,
      long step,
      double rate,
      double beta1,
      double beta2,
      double epsilon,
      double decay) {
    Shapes.type("p", p, type);
    Shapes.same("g", g, p);
    Shapes.same("m", m, p);
    Shapes.same("v", v, p);
    View parameter = new View(p);
    View gradient = new View(g);
    View first = new View(m);
    View second = new View(v);
    double correction1 = 1 - Math.pow(beta1, (double) step);
    double correction2 = 1 - Math.pow(beta2, (double) step);
    for (int i = 0; i < parameter.rows; i++) {
      for (int j = 0; j < parameter.columns; j++) {
        double slope = gradient.get(i, j);
        double mean = beta1 * first.get(i, j) + (1 - beta1) * slope;
        double square = beta2 * second.get(i, j) + (1 - beta2) * slope * slope;
        first.set(i, j, mean);
        second.set(i, j, square);
        double move = mean / correction1 / (Math.sqrt(square / correction2) + epsilon);
        parameter.set(i, j, parameter.get(i, j) * (1 - rate * decay) - rate * move);
      }
    }
  }

  @Override
  public void toeplitzPrepare(Matrix lags, Matrix prepared) {
    Shapes.toeplitzPrepare(type, lags, prepared);
    View c = new View(lags);
    forEach(new View(prepared), 0, (i, j) -> j < c.columns ? c.get(0, j) : 0);
  }

  @Override
  public void toeplitz(
      double alpha, Matrix prepared, boolean transpose, Matrix x, double beta, Matrix y) {
    int last = Shapes.toeplitz(type, prepared, x, y) - 1;
    View c = new View(prepared);
    View u = new View(x);
    forEach(
        new View(y),
        beta,
        (j, column) -> {
          double sum = 0;
          for (int i = 0; i < u.rows; i++) {
            sum += c.get(0, last + (transpose ? i - j : j - i)) * u.get(i, column);
          }
          return alpha * sum;
        });
  }

  @Override
  public void toeplitzGradient(double alpha, int size, Matrix x, Matrix dy, Matrix lags) {
    Shapes.toeplitzGradient(type, size, x, dy, lags);
    View u = new View(x);
    View v = new View(dy);
    forEach(
        new View(lags),
        1,
        (row, m) -> {
          double sum = 0;
          for (int i = 0; i < u.rows; i++) {
            int j = m - size + 1 + i;
            for (int column = 0; j >= 0 && j < v.rows && column < u.columns; column++) {
              sum += u.get(i, column) * v.get(j, column);
            }
          }
          return alpha * sum;
        });
  }
}
