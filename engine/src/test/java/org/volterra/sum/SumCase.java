package org.volterra.sum;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import java.util.function.Function;
import org.volterra.memory.History;
import org.volterra.memory.Resources;
import org.volterra.spi.Bfloat16;
import org.volterra.spi.Buffer;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.testing.TestProvider;

/**
 * Runs a sum as a network does, z_l known only after the sum of layer l and δ_l only after the
 * gradients of slice l, and compares everything with double loops. What must not be read yet is
 * NaN.
 */
final class SumCase implements AutoCloseable {
  private static final double SCALE = 0.3;

  final ElementType type;
  private final ElementType stored;
  final Primitives p;
  final int layers;
  final int columns;
  final SumMemory memory;
  final SumOperands operands;
  private final Resources resources = new Resources();
  private final Matrix u;
  private final Random random = new Random(17);
  final double[][] z;
  final double[][] sums;
  final double[][] deltas;
  final double[][] slopes;

  SumCase(ElementType type, int layers, int columns) {
    this(type, type, layers, columns);
  }

  /** A history that is stored in another type. */
  SumCase(ElementType type, ElementType stored, int layers, int columns) {
    this.type = type;
    this.stored = stored;
    this.layers = layers;
    this.columns = columns;
    p = TestProvider.get().primitives(type);
    memory = new SumMemory(TestProvider.get(), type, resources);
    History history = history(stored);
    HistoryWindow window = stored == type ? null : new HistoryWindow(p, history, memory);
    operands = new SumOperands(p, SCALE, layers, history, history(type), window);
    Buffer buffer = resources.own(TestProvider.get().allocate(type, columns));
    u = Matrix.of(buffer, 0, 1, columns);
    z = new double[layers + 1][columns];
    sums = new double[layers + 1][columns];
    deltas = new double[layers + 1][columns];
    slopes = new double[layers + 1][columns];
  }

  private History history(ElementType elements) {
    return resources.own(
        History.allocate(
            TestProvider.get(), elements, History.Layout.SLICE_MAJOR, layers + 1, 1, 1, columns));
  }

  /** A vector or matrix of parameters or their gradients. */
  Matrix matrix(int rows, int columnCount) {
    return Matrix.of(
        resources.own(TestProvider.get().allocate(type, (long) rows * columnCount)),
        0,
        rows,
        columnCount);
  }

  /** Runs forward and, where there is a gradient, backward. */
  void run(Function<SumCase, CumulativeSum> bind) {
    CumulativeSum sum = bind.apply(this);
    forward(sum);
    backward(sum);
  }

  void forward(CumulativeSum sum) {
    Matrix all = operands.history().first(layers + 1);
    double[] nothing = new double[Math.toIntExact(all.size())];
    Arrays.fill(nothing, Double.NaN);
    all.fill(nothing);
    random.setSeed(17);
    remember(0);
    for (int l = 1; l <= layers; l++) {
      p.fill(0.5, u);
      sum.forward(l, sum.operand(u));
      for (int c = 0; c < columns; c++) {
        sums[l][c] = u.get(0, c) - 0.5;
      }
      remember(l);
    }
  }

  private void remember(int l) {
    for (int c = 0; c < columns; c++) {
      double value = rounded(random.nextGaussian() + 0.1 * Math.tanh(sums[l][c]));
      z[l][c] = stored == ElementType.BFLOAT16 ? Bfloat16.widen(Bfloat16.narrow(value)) : value;
    }
    operands.history().slice(l).fill(z[l]);
  }

  void backward(CumulativeSum sum) {
    p.fill(0, operands.gradient().first(layers + 1));
    for (int l = layers; l >= 1; l--) {
      slopes[l] = operands.gradient().slice(l).toArray();
      for (int c = 0; c < columns; c++) {
        deltas[l][c] = rounded(random.nextGaussian() + 0.1 * Math.tanh(slopes[l][c]));
      }
      u.fill(deltas[l]);
      sum.adjoint(l, sum.operand(u));
    }
    slopes[0] = operands.gradient().slice(0).toArray();
  }

  private double rounded(double value) {
    return type == ElementType.FLOAT32 ? (float) value : value;
  }

  /** Asserts that sums and their transposes are those of these coefficients. */
  void check(TriangleCoefficients.PairFunction a, double coefficientError) {
    double eps = type == ElementType.FLOAT32 ? 0x1p-23 : 0x1p-52;
    for (int c = 0; c < columns; c += Math.max(1, columns - 1)) {
      for (int l = 0; l <= layers; l += layers > 1000 ? 97 : layers > 200 ? 7 : 1) {
        double sum = 0;
        double size = 0;
        double mass = 0;
        for (int k = 0; k < l; k++) {
          double term = a.at(l, k) * z[k][c];
          sum += term;
          size += Math.abs(term);
          mass += Math.abs(z[k][c]);
        }
        close("sum", l, sums[l][c], SCALE * sum, tolerance(eps, size, mass, coefficientError));
        sum = 0;
        size = 0;
        mass = 0;
        for (int m = l + 1; m <= layers; m++) {
          double term = a.at(m, l) * deltas[m][c];
          sum += term;
          size += Math.abs(term);
          mass += Math.abs(deltas[m][c]);
        }
        close(
            "transpose",
            l,
            slopes[l][c],
            SCALE * sum,
            tolerance(eps, size, mass, coefficientError));
      }
    }
  }

  /** Rounding errors are far below their worst case of L ε times the sum of absolute values. */
  private double tolerance(double eps, double size, double mass, double coefficientError) {
    double rounding = eps * (16 + 4 * Math.sqrt(layers)) * (size + 1);
    return 1e-15 + SCALE * (rounding + coefficientError * mass);
  }

  private void close(String what, int l, double actual, double expected, double tolerance) {
    assertThat(Math.abs(actual - expected) <= tolerance)
        .as(
            "%s of layer %d of %d: %s, expected %s within %s",
            what, l, layers, actual, expected, tolerance)
        .isTrue();
  }

  /** ∂J/∂a_{l,k}. */
  double pairGradient(int l, int k) {
    double sum = 0;
    for (int c = 0; c < columns; c++) {
      sum += deltas[l][c] * z[k][c];
    }
    return SCALE * sum;
  }

  /** Asserts that a gradient is near, relative to the largest of its kind. */
  void near(String what, double actual, double expected, double size) {
    double eps = type == ElementType.FLOAT32 ? 0x1p-23 : 0x1p-52;
    close(
        what,
        0,
        actual,
        expected,
        eps * (64 + 16 * Math.sqrt((double) layers * columns)) * (size + 1));
  }

  @Override
  public void close() {
    resources.close();
  }
}
