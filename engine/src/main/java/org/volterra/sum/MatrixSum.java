package org.volterra.sum;

import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.volterra.depth.DepthParameter;
import org.volterra.memory.History;
import org.volterra.spi.AdjointEpilogue;
import org.volterra.spi.Epilogue;
import org.volterra.spi.Matrix;
import org.volterra.spi.PassPrimitives;
import org.volterra.spi.Primitives;
import org.volterra.spi.ProductPrimitives;

/**
 * The sum with matrix-valued kernels: with W_l the (l·e) × d matrix that stacks K_{l,k}ᵀ, k = 0 …
 * l−1, the sum of layer l is one GEMM with growing inner dimension, {@code u_l += h Z_{<l} W_l}; so
 * are its transpose {@code dZ_{<l}ᵀ += W_l (h δ_l)ᵀ} and its gradient {@code dW_l = Z_{<l}ᵀ (h
 * δ_l)}. Cost of each: 2·rows·l·e·d flops.
 *
 * <p>The last two take features and their gradients transposed, (l·e) × rows, so that the large
 * matrices Z, dZ and W are all read along their rows: see {@link TransposedFeatures}.
 */
public final class MatrixSum implements CumulativeSum {
  private final Primitives primitives;
  private final double scale;
  private final DepthParameter weights;
  private final History history;
  private final History gradient;
  private final TransposedFeatures transposed;
  private final PackedWeights packed;

  /**
   * Binds the sum.
   *
   * @param primitives the device
   * @param scale factor h of the sum
   * @param weights the matrices W_l of layers 1 … L; their gradients are overwritten
   * @param history z, interleaved
   * @param gradient ∂J/∂z, interleaved, or null if {@link #adjoint} will not be called
   * @param transposed memory for the adjoint, or null if {@link #adjoint} will not be called
   * @param packed the matrices once more, read in place of {@code weights} once they are there, or
   *     null
   */
  public MatrixSum(
      Primitives primitives,
      double scale,
      DepthParameter weights,
      History history,
      History gradient,
      TransposedFeatures transposed,
      PackedWeights packed) {
    this.primitives = primitives;
    this.scale = scale;
    this.weights = weights;
    this.history = history;
    this.gradient = gradient;
    this.transposed = transposed;
    this.packed = packed;
  }

  @Override
  public History.Layout layout() {
    return History.Layout.INTERLEAVED;
  }

  @Override
  public Matrix operand(Matrix state) {
    return state;
  }

  @Override
  public void forward(int l, Matrix u) {
    Matrix copy = copy(l);
    if (copy == null) {
      primitives.gemm(scale, history.first(l), false, weights.value(l), false, 1, u);
    } else {
      primitives.gemmPrepared(scale, history.first(l), copy, 1, u);
    }
  }

  @Override
  public void forward(int l, Epilogue epilogue, Matrix u, Primitives p) {
    layer(l, weights.value(l), copy(l), epilogue, p);
  }

  @Override
  public Runnable bind(int l, Epilogue epilogue, Matrix u, Primitives p) {
    return new Layer(l, epilogue, p);
  }

  private void layer(int l, Matrix value, Matrix copy, Epilogue epilogue, ProductPrimitives p) {
    if (copy == null) {
      p.gemm(scale, history.first(l), false, value, false, epilogue);
    } else {
      p.gemmPrepared(scale, history.first(l), copy, epilogue);
    }
  }

  /** The packed matrix of a layer, or null. */
  private Matrix copy(int l) {
    return packed == null ? null : packed.value(l);
  }

  /** A layer that is bound again when a packed copy of its matrix is there. */
  private final class Layer implements Runnable {
    private final int l;
    private final Epilogue epilogue;
    private final Primitives p;
    private Runnable bound;
    private boolean readsCopy;

    Layer(int l, Epilogue epilogue, Primitives p) {
      this.l = l;
      this.epilogue = epilogue;
      this.p = p;
    }

    @Override
    public void run() {
      Matrix value = weights.value(l);
      Matrix copy = copy(l);
      boolean isPacked = copy != null;
      if (bound == null || isPacked != readsCopy) {
        bound = p.bind(q -> layer(l, value, copy, epilogue, q));
        readsCopy = isPacked;
      }
      bound.run();
    }
  }

  @Override
  public void adjoint(int l, Matrix delta) {
    adjoint(l, delta, AdjointEpilogue.of(gradient.slice(l - 1)), primitives);
  }

  @Override
  public void adjoint(int l, Matrix delta, AdjointEpilogue epilogue, Primitives p) {
    products(l, delta, weights.value(l), weights.gradient(l), epilogue, p);
    weights.accumulated(l);
  }

  @Override
  public Runnable bindAdjoint(int l, Matrix delta, AdjointEpilogue epilogue, Primitives p) {
    return new LayerAdjoint(l, delta, epilogue, p);
  }

  /** The way back through a layer. */
  private final class LayerAdjoint implements Runnable {
    private final int l;
    private final Runnable bound;

    LayerAdjoint(int l, Matrix delta, AdjointEpilogue epilogue, Primitives p) {
      this.l = l;
      Matrix value = weights.value(l);
      Matrix slope = weights.gradient(l);
      bound = p.bind(q -> products(l, delta, value, slope, epilogue, q));
    }

    @Override
    public void run() {
      weights.value(l); // computed anew, to the same place, where it is a function of depth
      weights.gradient(l);
      bound.run();
      weights.accumulated(l);
    }
  }

  private void products(
      int l,
      Matrix delta,
      Matrix value,
      Matrix slope,
      AdjointEpilogue epilogue,
      ProductPrimitives p) {
    boolean isLast = l == history.slices() - 1;
    if (isLast) {
      transposeFeatures(l, p);
    }
    Matrix scaled = transposed.delta();
    p.axpby(scale, delta, 0, scaled);
    p.transpose(scaled, transposed.deltaTransposed());
    Matrix gradients = transposed.gradients(l);
    p.gemm(1, value, transposed.deltaTransposed(), isLast ? 0 : 1, gradients, epilogue);
    p.gemm(1, transposed.features(l), false, scaled, false, 0, slope);
  }

  /** One by one: a device that offloads its history does not hold all at once. */
  private void transposeFeatures(int count, ProductPrimitives p) {
    for (int k = 0; k < count; k++) {
      p.transpose(history.slice(k), transposed.feature(k));
    }
  }

  @Override
  public PassPrimitives.Kernel whole() {
    return whole(weights, history.slices() - 1, gradient != null);
  }

  /** The matrices of so many layers, or null if they do not lie one behind the other. */
  static PassPrimitives.Kernel whole(DepthParameter weights, int layers, boolean gradients) {
    Matrix all = joined(weights::value, layers);
    return all == null
        ? null
        : new PassPrimitives.Matrices(all, gradients ? joined(weights::gradient, layers) : null);
  }

  private static Matrix joined(IntFunction<Matrix> matrices, int layers) {
    return Matrix.joined(IntStream.rangeClosed(1, layers).mapToObj(matrices).toList());
  }
}
