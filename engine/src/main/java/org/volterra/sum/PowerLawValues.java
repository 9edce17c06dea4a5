package org.volterra.sum;

import org.volterra.kernel.DepthFunction;
import org.volterra.kernel.PowerLaw;
import org.volterra.spi.Activation;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * Values of the {@link PowerLaw}, which the device computes: with θ = (c, log τ, β), x = log(t − s)
 * − log τ and y = softplus(x) = log(1 + (t − s)/τ) the value is a = c e^(−β y), and ∂a/∂c = e^(−β
 * y), ∂a/∂ log τ = a β softplus′(x), ∂a/∂β = −a y.
 */
final class PowerLawValues implements ParametricValues {
  /** Vectors of a table beside values and their gradient. */
  static final int VECTORS = 4;

  /** Vectors that {@link Computed#fill} reads or writes, in so many calls. */
  static final int MOVED = 18;

  static final int CALLS = 9;

  private final Primitives p;
  private final PowerLaw function;
  private final Matrix parameters;
  private final Matrix gradient;

  /**
   * Binds parameters.
   *
   * @param parameters θ, 1 × 3
   * @param gradient where its gradient is added, or null for inference
   */
  PowerLawValues(Primitives p, PowerLaw function, Matrix parameters, Matrix gradient) {
    this.p = p;
    this.function = function;
    this.parameters = parameters;
    this.gradient = gradient;
  }

  @Override
  public boolean usesHost() {
    return false;
  }

  @Override
  public boolean hasGradient() {
    return gradient != null;
  }

  @Override
  public boolean refresh() {
    return true;
  }

  @Override
  public DepthFunction present() {
    double[] theta = parameters.toArray();
    return (t, s) -> function.at(t, s, theta);
  }

  @Override
  public Table table(SumMemory memory, String name, int rows, int columns, Pairs pairs) {
    return new Computed(memory, name, rows, columns, pairs);
  }

  @Override
  public void endGradient() {}

  private final class Computed implements Table {
    private final Matrix values;
    private final Matrix slopes;
    private final Matrix all;
    private final Matrix logarithms;
    private final Matrix argument;
    private final Matrix power;
    private final Matrix work;
    private final Matrix one;
    private final Matrix sum;

    Computed(SumMemory memory, String name, int rows, int columns, Pairs pairs) {
      values = memory.matrix(name, rows, columns);
      slopes = gradient == null ? null : memory.matrix(name + ".gradient", rows, columns);
      all = values.flat();
      double[] logarithm = new double[all.columns()];
      pairs.forEach((index, t, s) -> logarithm[index] = Math.log(t - s));
      logarithms = memory.matrix(name + ".logarithms", 1, logarithm.length);
      logarithms.fill(logarithm);
      argument = memory.matrix(name + ".argument", 1, logarithm.length);
      power = memory.matrix(name + ".power", 1, logarithm.length);
      work = memory.matrix(name + ".work", 1, logarithm.length);
      one = memory.numbers("one", new double[] {1});
      sum = memory.matrix("sum", 1, 1);
    }

    @Override
    public Matrix values() {
      return values;
    }

    @Override
    public Matrix slopes() {
      return slopes;
    }

    @Override
    public void fill() {
      powers();
      product(parameter(0), power, all);
    }

    /** argument = x, power = e^(−β y). */
    private void powers() {
      p.axpby(1, logarithms, 0, argument);
      p.addRow(-1, parameter(1), 1, argument.column());
      p.activate(Activation.SOFTPLUS, argument, work);
      product(parameter(2), work, power);
      p.decays(one, power, work);
      p.axpby(1, work, 0, power);
    }

    /** target = a number times a vector. */
    private void product(Matrix number, Matrix vector, Matrix target) {
      p.fill(0, target);
      p.ger(1, number, vector, target);
    }

    @Override
    public void drain() {
      powers();
      Matrix given = slopes.flat();
      p.gemv(1, power, false, given, 1, slope(0));
      p.activate(Activation.SOFTPLUS, argument, work);
      p.fill(0, power);
      p.axpbyRows(all, work.column(), all, power.column());
      p.gemv(-1, power, false, given, 1, slope(2));
      p.activateBackward(Activation.SOFTPLUS, argument, all, 0, power);
      p.gemv(1, power, false, given, 0, sum);
      p.ger(1, sum, parameter(2), slope(1));
    }
  }

  private Matrix parameter(int index) {
    return parameters.block(0, index, 1, 1);
  }

  private Matrix slope(int index) {
    return gradient.block(0, index, 1, 1);
  }
}
