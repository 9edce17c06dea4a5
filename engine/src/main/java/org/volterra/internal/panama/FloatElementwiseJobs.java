package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.TYPE;

import org.volterra.spi.Activation;
import org.volterra.spi.ElementwisePrimitives;
import org.volterra.spi.Matrix;
import org.volterra.spi.Shapes;

/** Elementwise primitives: checks shapes and types, and binds jobs to the operands. */
@SuppressWarnings("cast")
abstract class FloatElementwiseJobs implements ElementwisePrimitives {
  /** The jobs of one operation. */
  static final class Step {
    private final FloatSpans spans = new FloatSpans();
    private final FloatPointwise pointwise = new FloatPointwise();
    private final FloatKernels.Axpby axpby = new FloatKernels.Axpby();
    private final FloatKernels.Add add = new FloatKernels.Add();
    private final FloatKernels.Fill fill = new FloatKernels.Fill();
  }

  /** Jobs that nothing is bound to. */
  abstract Step step();

  /** Takes a job that is bound. */
  abstract void take(BlockJob job);

  @Override
  public final void axpby(double alpha, Matrix x, double beta, Matrix y) {
    Shapes.type("y", y, TYPE);
    Shapes.same("x", x, y);
    linear(alpha, Operand.of(x), beta, Operand.of(y));
  }

  @Override
  public final void addRow(double alpha, Matrix row, double beta, Matrix y) {
    Shapes.type("y", y, TYPE);
    Shapes.check("row", row, TYPE, 1, y.columns());
    linear(alpha, Operand.of(row).repeated(y.rows()), beta, Operand.of(y));
  }

  @Override
  public final void addRow(Matrix x, Matrix row, Matrix y) {
    Shapes.type("y", y, TYPE);
    Shapes.same("x", x, y);
    Shapes.check("row", row, TYPE, 1, y.columns());
    Step step = step();
    Operand to = Operand.of(y);
    Operand rows = Operand.of(row).repeated(y.rows());
    take(step.spans.with(step.add, 0b011, 0b100, 3, Operand.of(x), rows, to, to));
  }

  private void linear(double alpha, Operand x, double beta, Operand y) {
    Step step = step();
    int read = beta == 0 ? 0b01 : 0b11;
    take(step.spans.with(step.axpby.with(alpha, beta), read, 0b10, 2, x, y, y, y));
  }

  @Override
  public final void fill(double value, Matrix y) {
    Shapes.type("y", y, TYPE);
    Step step = step();
    Operand to = Operand.of(y);
    take(step.spans.with(step.fill.with(value), 0, 1, 1, to, to, to, to));
  }

  @Override
  public final void activate(Activation f, Matrix x, Matrix y) {
    Shapes.type("y", y, TYPE);
    Shapes.same("x", x, y);
    take(step().pointwise.value(f, Operand.of(x), Operand.of(y)));
  }

  @Override
  public final void activateBackward(Activation f, Matrix x, Matrix dy, double beta, Matrix dx) {
    Shapes.type("dx", dx, TYPE);
    Shapes.same("x", x, dx);
    Shapes.same("dy", dy, dx);
    take(
        step()
            .pointwise
            .derivative(f, Operand.of(x), Operand.of(dy), (float) beta, Operand.of(dx)));
  }
}
