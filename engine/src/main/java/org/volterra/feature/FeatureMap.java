package org.volterra.feature;

import java.util.List;
import org.volterra.depth.DepthParameter;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * A {@link FeatureTransform} bound to parameters and scratch memory: z_k = φ_k(x_k) and its exact
 * adjoint.
 *
 * <p>Nothing but x_k needs to be kept between the two: the adjoint recomputes the intermediate
 * values, which costs one more forward pass of φ and saves memory that would grow with depth. Not
 * thread-safe.
 */
public final class FeatureMap {
  private final Primitives primitives;
  private final List<Stage> stages;
  private final DepthParameter[] weights;
  private final DepthParameter[] biases;
  private final List<Matrix> values;
  private final List<Matrix> gradients;

  /**
   * Binds a transform.
   *
   * @param primitives the device
   * @param transform what to compute; not the identity
   * @param weights for each affine stage its W, null elsewhere
   * @param biases for each affine stage its c, null elsewhere
   * @param values scratch for the results of all stages but the last, rows × width
   * @param gradients scratch for their gradients
   */
  public FeatureMap(
      Primitives primitives,
      FeatureTransform transform,
      DepthParameter[] weights,
      DepthParameter[] biases,
      List<Matrix> values,
      List<Matrix> gradients) {
    this.primitives = primitives;
    this.stages = transform.stages();
    this.weights = weights;
    this.biases = biases;
    this.values = values;
    this.gradients = gradients;
  }

  /**
   * Computes {@code z = φ_k(x)}.
   *
   * @param k layer
   * @param x rows × inputs
   * @param z rows × outputs, overwritten
   */
  public void forward(int k, Matrix x, Matrix z) {
    run(k, x, stages.size() - 1);
    apply(k, stages.size() - 1, input(stages.size() - 1, x), z);
  }

  /**
   * Computes {@code dx = φ_k'(x)ᵀ dz + beta · dx} and adds the gradient of φ_k's parameters.
   *
   * @param k layer
   * @param x the argument of {@link #forward}
   * @param dz gradient with respect to z; rows × outputs
   * @param beta factor of the old contents of dx
   * @param dx rows × inputs
   */
  public void adjoint(int k, Matrix x, Matrix dz, double beta, Matrix dx) {
    int last = stages.size() - 1;
    run(k, x, last);
    for (int i = last; i >= 0; i--) {
      Matrix from = i == last ? dz : gradients.get(i);
      Matrix to = i == 0 ? dx : gradients.get(i - 1);
      transpose(k, i, input(i, x), from, i == 0 ? beta : 0, to);
    }
  }

  private Matrix input(int i, Matrix x) {
    return i == 0 ? x : values.get(i - 1);
  }

  private void run(int k, Matrix x, int count) {
    for (int i = 0; i < count; i++) {
      apply(k, i, input(i, x), values.get(i));
    }
  }

  private void apply(int k, int i, Matrix in, Matrix out) {
    switch (stages.get(i)) {
      case Stage.Pointwise pointwise -> primitives.activate(pointwise.function(), in, out);
      case Stage.Affine affine -> {
        primitives.addRow(1, biases[i].value(k), 0, out);
        primitives.gemm(1, in, false, weights[i].value(k), false, 1, out);
      }
    }
  }

  private void transpose(int k, int i, Matrix in, Matrix from, double beta, Matrix to) {
    switch (stages.get(i)) {
      case Stage.Pointwise pointwise ->
          primitives.activateBackward(pointwise.function(), in, from, beta, to);
      case Stage.Affine affine -> {
        primitives.gemm(1, from, false, weights[i].value(k), true, beta, to);
        primitives.gemm(1, in, true, from, false, 1, weights[i].gradient(k));
        weights[i].accumulated(k);
        primitives.columnSums(1, from, 1, biases[i].gradient(k));
        biases[i].accumulated(k);
      }
    }
  }
}
