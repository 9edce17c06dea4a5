package org.volterra.internal.panama;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.TYPE;

import java.util.function.Consumer;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.spi.ProductPrimitives;
import org.volterra.spi.Shapes;

/** The door: checks shapes and types, and hands views to the kernels. */
@SuppressWarnings("cast")
final class FloatPrimitives extends FloatProductJobs implements Primitives {
  private final Workshop shop;
  private final ThreadLocal<FloatJobs> jobs = ThreadLocal.withInitial(FloatJobs::new);

  FloatPrimitives(Workshop shop) {
    super(shop.threads());
    this.shop = shop;
  }

  @Override
  Step step() {
    return jobs.get().step;
  }

  @Override
  FloatGemm product() {
    return jobs.get().gemm;
  }

  @Override
  FloatProducts vectorProduct() {
    return jobs.get().products;
  }

  @Override
  FloatPanels panels() {
    return jobs.get().panels;
  }

  @Override
  FloatPack.Transpose transposition() {
    return jobs.get().transpose;
  }

  @Override
  FloatColumns columns() {
    return jobs.get().columns;
  }

  @Override
  void take(Workshop.Bound job) {
    job.run(shop);
  }

  @Override
  public Runnable bind(Consumer<ProductPrimitives> work) {
    FloatProgram program = new FloatProgram(shop);
    work.accept(program);
    return program;
  }

  @Override
  public void axpbyRows(Matrix alpha, Matrix x, Matrix beta, Matrix y) {
    Shapes.axpbyRows(TYPE, alpha, x, beta, y);
    jobs.get()
        .rowAxpby
        .run(shop, Operand.of(alpha), Operand.of(x), Operand.of(beta), Operand.of(y));
  }

  @Override
  public void narrow(Matrix x, Matrix y) {
    Shapes.conversion(TYPE, x, y);
    jobs.get().conversion.narrow(shop, Operand.of(x), Operand.of(y));
  }

  @Override
  public void widen(Matrix x, Matrix y) {
    Shapes.conversion(TYPE, y, x);
    jobs.get().conversion.widen(shop, Operand.of(x), Operand.of(y));
  }

  @Override
  public void gatherRows(Matrix source, Matrix indices, Matrix target) {
    Shapes.type("source", source, TYPE);
    Shapes.check("target", target, TYPE, target.rows(), source.columns());
    FloatJobs mine = jobs.get();
    int[] rows = indices(mine, "indices", indices, target.rows(), source.rows());
    mine.gather.run(shop, Operand.of(source), rows, Operand.of(target), BYTES);
  }

  /** An index vector, checked. */
  private static int[] indices(FloatJobs mine, String name, Matrix m, int count, int bound) {
    Shapes.check(name, m, ElementType.INT32, 1, count);
    Operand from = Operand.of(m);
    int[] values = mine.indices(count);
    for (int i = 0; i < count; i++) {
      values[i] =
          Shapes.index(
              name, i, from.segment.get(JAVA_INT, from.start + (long) i * Integer.BYTES), bound);
    }
    return values;
  }

  @Override
  public void dot(double alpha, Matrix x, Matrix y, double beta, Matrix result) {
    Shapes.type("x", x, TYPE);
    Shapes.same("y", y, x);
    Shapes.scalar("result", result);
    update(result, alpha * jobs.get().reductions.dot(shop, Operand.of(x), Operand.of(y)), beta);
  }

  @Override
  public void countNonFinite(Matrix x, Matrix result) {
    Shapes.type("x", x, TYPE);
    Shapes.scalar("result", result);
    update(result, jobs.get().reductions.countNonFinite(shop, Operand.of(x)), 1);
  }

  private static void update(Matrix result, double value, double beta) {
    result.set(0, 0, beta == 0 ? value : value + beta * result.get(0, 0));
  }

  @Override
  public void softmax(Matrix x, Matrix y) {
    Shapes.type("y", y, TYPE);
    Shapes.same("x", x, y);
    jobs.get().softmax.softmax(shop, Operand.of(x), Operand.of(y));
  }

  @Override
  public void softmaxCrossEntropy(double scale, Matrix x, Matrix labels, Matrix loss, Matrix dx) {
    Shapes.type("x", x, TYPE);
    Shapes.same("dx", dx, x);
    Shapes.scalar("loss", loss);
    FloatJobs mine = jobs.get();
    int[] label = indices(mine, "labels", labels, x.rows(), x.columns());
    double sum =
        mine.softmax.crossEntropy(shop, (float) scale, Operand.of(x), label, Operand.of(dx));
    update(loss, scale * sum, 1);
  }

  @Override
  public void sgd(
      Matrix p, Matrix g, Matrix v, double rate, double momentum, double decay, boolean nesterov) {
    Shapes.type("p", p, TYPE);
    Shapes.same("g", g, p);
    Shapes.same("v", v, p);
    FloatJobs mine = jobs.get();
    Operand velocity = Operand.of(v);
    mine.spans
        .with(
            mine.sgd.with(rate, momentum, decay, nesterov),
            0b111,
            0b101,
            3,
            Operand.of(p),
            Operand.of(g),
            velocity,
            velocity)
        .run(shop);
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
    Shapes.type("p", p, TYPE);
    Shapes.same("g", g, p);
    Shapes.same("m", m, p);
    Shapes.same("v", v, p);
    FloatJobs mine = jobs.get();
    mine.spans
        .with(
            mine.adam.with(step, rate, beta1, beta2, epsilon, decay),
            0b1111,
            0b1101,
            4,
            Operand.of(p),
            Operand.of(g),
            Operand.of(m),
            Operand.of(v))
        .run(shop);
  }

  @Override
  public void toeplitzPrepare(Matrix lags, Matrix prepared) {
    int size = Shapes.toeplitzPrepare(TYPE, lags, prepared);
    jobs.get().toeplitz.prepare(size, Operand.of(lags), Operand.of(prepared));
  }

  @Override
  public void toeplitz(
      double alpha, Matrix prepared, boolean transpose, Matrix x, double beta, Matrix y) {
    int size = Shapes.toeplitz(TYPE, prepared, x, y);
    jobs.get()
        .toeplitz
        .multiply(
            shop, size, alpha, Operand.of(prepared), transpose, Operand.of(x), beta, Operand.of(y));
  }

  @Override
  public void toeplitzGradient(double alpha, int size, Matrix x, Matrix dy, Matrix lags) {
    Shapes.toeplitzGradient(TYPE, size, x, dy, lags);
    jobs.get()
        .toeplitz
        .gradient(shop, size, alpha, Operand.of(x), Operand.of(dy), Operand.of(lags));
  }
}
