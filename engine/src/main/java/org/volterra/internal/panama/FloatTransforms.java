package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.TYPE;

import org.volterra.spi.Activation;
import org.volterra.spi.ChannelNorm;
import org.volterra.spi.DropMask;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Shapes;
import org.volterra.spi.TransformPrimitives;
import org.volterra.spi.TransformShapes;
import org.volterra.spi.Window;

/** The door of the primitives of transforms. */
@SuppressWarnings("cast")
final class FloatTransforms implements TransformPrimitives {
  private final Workshop shop;
  private final ThreadLocal<Jobs> jobs = ThreadLocal.withInitial(Jobs::new);

  /** The reusable jobs of one calling thread. */
  private static final class Jobs {
    final FloatConvolution convolution = new FloatConvolution();
    final FloatConvolutionGradient gradient = new FloatConvolutionGradient();
    final FloatWindows windows = new FloatWindows();
    final FloatMoments moments = new FloatMoments();
    final FloatNormalization normalization = new FloatNormalization();
    final FloatRows rows = new FloatRows();
    final FloatSpans spans = new FloatSpans();
    final FloatPointwise pointwise = new FloatPointwise();
    final FloatTransformKernels.Multiply multiply = new FloatTransformKernels.Multiply();
    final FloatTransformKernels.ReciprocalRoot root = new FloatTransformKernels.ReciprocalRoot();
  }

  FloatTransforms(Workshop shop) {
    this.shop = shop;
  }

  @Override
  public ElementType type() {
    return TYPE;
  }

  private static boolean isDepthwise(int groups, Matrix x, Matrix y) {
    return groups == x.columns() && groups == y.columns();
  }

  @Override
  public void convolve(Window window, int groups, Matrix x, Matrix weight, double beta, Matrix y) {
    int samples = TransformShapes.convolution(TYPE, window, groups, x, weight, y);
    Operand from = Operand.of(x);
    Operand factor = Operand.of(weight);
    Operand to = Operand.of(y);
    Jobs mine = jobs.get();
    if (isDepthwise(groups, x, y)) {
      mine.windows.depthwise(shop, window, samples, from, factor, beta, to);
    } else {
      mine.convolution.forward(shop, window, groups, samples, from, factor, beta, to);
    }
  }

  @Override
  public void convolveTransposed(
      Window window, int groups, Matrix dy, Matrix weight, double beta, Matrix dx) {
    int samples = TransformShapes.convolution(TYPE, window, groups, dx, weight, dy);
    Operand from = Operand.of(dy);
    Operand factor = Operand.of(weight);
    Operand to = Operand.of(dx);
    Jobs mine = jobs.get();
    if (isDepthwise(groups, dx, dy)) {
      mine.windows.depthwiseTransposed(shop, window, samples, from, factor, beta, to);
    } else {
      mine.convolution.transposed(shop, window, groups, samples, from, factor, beta, to);
    }
  }

  @Override
  public void convolveGradient(Window window, int groups, Matrix x, Matrix dy, Matrix dweight) {
    int samples = TransformShapes.convolution(TYPE, window, groups, x, dweight, dy);
    Operand from = Operand.of(x);
    Operand to = Operand.of(dy);
    Operand sum = Operand.of(dweight);
    Jobs mine = jobs.get();
    if (isDepthwise(groups, x, dy)) {
      mine.windows.depthwiseGradient(shop, window, samples, from, to, sum);
    } else {
      mine.gradient.run(shop, window, groups, samples, from, to, sum);
    }
  }

  @Override
  public void averagePool(Window window, Matrix x, Matrix y) {
    int samples = TransformShapes.pooling(TYPE, window, x, y);
    jobs.get().windows.average(shop, window, samples, Operand.of(x), Operand.of(y));
  }

  @Override
  public void averagePoolBackward(Window window, Matrix dy, double beta, Matrix dx) {
    int samples = TransformShapes.pooling(TYPE, window, dx, dy);
    jobs.get().windows.averageBackward(shop, window, samples, Operand.of(dy), beta, Operand.of(dx));
  }

  @Override
  public void maxPool(Window window, Matrix x, Matrix y) {
    int samples = TransformShapes.maxPooling(TYPE, window, x, y);
    jobs.get().windows.maximum(shop, window, samples, Operand.of(x), Operand.of(y));
  }

  @Override
  public void maxPoolBackward(Window window, Matrix x, Matrix dy, double beta, Matrix dx) {
    int samples = TransformShapes.maxPooling(TYPE, window, x, dy);
    Shapes.same("dx", dx, x);
    jobs.get()
        .windows
        .maximumBackward(
            shop, window, samples, Operand.of(x), Operand.of(dy), beta, Operand.of(dx));
  }

  @Override
  public void moments(Matrix x, Matrix mean, Matrix variance) {
    TransformShapes.columns(TYPE, x, mean, variance);
    jobs.get().moments.forward(shop, Operand.of(x), Operand.of(mean), Operand.of(variance));
  }

  @Override
  public void momentsBackward(
      Matrix x, Matrix mean, Matrix rate, Matrix sum, Matrix product, Matrix dx) {
    TransformShapes.columns(TYPE, x, mean, rate, sum, product);
    Shapes.same("dx", dx, x);
    jobs.get()
        .moments
        .backward(
            shop,
            Operand.of(x),
            Operand.of(mean),
            Operand.of(rate),
            Operand.of(sum),
            Operand.of(product),
            Operand.of(dx));
  }

  @Override
  public void reciprocalRoot(double epsilon, Matrix x, Matrix y) {
    Shapes.type("y", y, TYPE);
    Shapes.same("x", x, y);
    Jobs mine = jobs.get();
    Operand to = Operand.of(y);
    mine.spans.with(mine.root.with(epsilon), 0b01, 0b10, 2, Operand.of(x), to, to, to).run(shop);
  }

  @Override
  public void multiply(Matrix x, Matrix y, double beta, Matrix z) {
    Shapes.type("z", z, TYPE);
    Shapes.same("x", x, z);
    Shapes.same("y", y, z);
    Jobs mine = jobs.get();
    Operand to = Operand.of(z);
    int read = beta == 0 ? 0b011 : 0b111;
    mine.spans
        .with(mine.multiply.with(beta), read, 0b100, 3, Operand.of(x), Operand.of(y), to, to)
        .run(shop);
  }

  private static Operand orNull(Matrix m) {
    return m == null ? null : Operand.of(m);
  }

  @Override
  public void normalize(Activation f, ChannelNorm norm, Matrix x, Matrix y) {
    TransformShapes.normalization(TYPE, norm, x);
    Shapes.same("y", y, x);
    Jobs mine = jobs.get();
    Operand to = Operand.of(y);
    mine.normalization.forward(
        shop,
        f,
        orNull(norm.mean()),
        orNull(norm.rate()),
        Operand.of(norm.weight()),
        Operand.of(norm.bias()),
        Operand.of(x),
        to);
    if (f != Activation.IDENTITY && f != Activation.RELU) {
      mine.pointwise.value(f, to, to).run(shop);
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
    TransformShapes.normalization(TYPE, norm, x);
    TransformShapes.columns(TYPE, x, dweight, dbias);
    Shapes.same("dy", dy, x);
    Shapes.same("dx", dx, x);
    jobs.get()
        .normalization
        .backward(
            shop,
            f,
            orNull(norm.mean()),
            orNull(norm.rate()),
            Operand.of(norm.weight()),
            Operand.of(norm.bias()),
            Operand.of(x),
            Operand.of(dy),
            beta,
            Operand.of(dx),
            Operand.of(dweight),
            Operand.of(dbias));
  }

  @Override
  public void normalizeRows(boolean centered, double epsilon, Matrix x, Matrix y) {
    Shapes.type("x", x, TYPE);
    Shapes.same("y", y, x);
    jobs.get().rows.normalize(shop, centered, epsilon, Operand.of(x), Operand.of(y));
  }

  @Override
  public void normalizeRowsBackward(
      boolean centered, double epsilon, Matrix x, Matrix dy, double beta, Matrix dx) {
    Shapes.type("x", x, TYPE);
    Shapes.same("dy", dy, x);
    Shapes.same("dx", dx, x);
    jobs.get()
        .rows
        .normalizeBackward(
            shop, centered, epsilon, Operand.of(x), Operand.of(dy), beta, Operand.of(dx));
  }

  @Override
  public void fillAbove(int diagonal, double value, Matrix x) {
    Shapes.type("x", x, TYPE);
    jobs.get().rows.fillAbove(shop, diagonal, value, Operand.of(x));
  }

  @Override
  public void softmaxBackward(Matrix y, Matrix dy, Matrix dx) {
    Shapes.type("y", y, TYPE);
    Shapes.same("dy", dy, y);
    Shapes.same("dx", dx, y);
    jobs.get().rows.softmaxBackward(shop, Operand.of(y), Operand.of(dy), Operand.of(dx));
  }

  @Override
  public void dropout(double rate, long key, Matrix x, double beta, Matrix y) {
    Shapes.type("x", x, TYPE);
    Shapes.same("y", y, x);
    DropMask.threshold(rate);
    jobs.get().rows.drop(shop, rate, key, Operand.of(x), beta, Operand.of(y));
  }
}
