package org.volterra.feature;

import java.util.ArrayList;
import java.util.List;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * A {@link FeatureTransform} bound to parameters and scratch memory: z_k = φ_k(x_k) and its exact
 * adjoint.
 *
 * <p>Nothing but x_k needs to be kept between the two: the adjoint recomputes the intermediate
 * values, which costs one more forward pass of φ and saves memory that would grow with depth. Where
 * there is one layer alone ({@link FeatureBinding#keepsValues}) the results of convolutions,
 * products and attention are kept, and only what is cheap is recomputed. Not thread-safe.
 */
public final class FeatureMap {
  /** A map, with what lies behind it where it is not the last. */
  private record Step(StageMap map, Matrix value, Matrix gradient, boolean isKept) {}

  private final Primitives primitives;
  private final List<Step> steps;

  /**
   * Binds a transform. What is bound to the same scratch must begin with the largest batch.
   *
   * @param binding parameters and memory
   * @param transform what to compute; not the identity
   * @param input the shape of x
   * @param batch samples
   */
  public FeatureMap(FeatureBinding binding, FeatureTransform transform, Shape input, int batch) {
    this(binding, transform, input, batch, null);
  }

  /** The same on features of a dense block; null where x is all that there is. */
  FeatureMap(
      FeatureBinding binding,
      FeatureTransform transform,
      Shape input,
      int batch,
      SeenFeatures seen) {
    this.primitives = binding.primitives();
    List<StageMaps.Bound> maps = StageMaps.bind(binding, transform, input, batch, seen);
    List<Step> all = new ArrayList<>();
    for (int i = 0; i < maps.size(); i++) {
      StageMaps.Bound bound = maps.get(i);
      boolean isLast = i == maps.size() - 1;
      int rows = batch * bound.output().positions();
      int columns = bound.output().channels();
      boolean keeps = binding.keepsValues() && bound.map().isExpensive();
      boolean needsValue = !isLast || bound.map().usesOutput();
      boolean needsGradient =
          binding.hasGradients() && (!isLast || bound.map().overwritesGradient());
      String name = "value." + i;
      Matrix value =
          !needsValue
              ? null
              : keeps
                  ? binding.own(name, rows, columns)
                  : binding.shared(depth(binding) + name, rows, columns);
      Matrix gradient =
          needsGradient ? binding.shared(depth(binding) + "gradient." + i, rows, columns) : null;
      all.add(new Step(bound.map(), value, gradient, keeps));
    }
    steps = List.copyOf(all);
  }

  /** Maps within maps are in use at the same time, so that each depth has scratch of its own. */
  private static String depth(FeatureBinding binding) {
    return binding.prefix().chars().filter(c -> c == '.').count() + ":";
  }

  /**
   * Computes {@code z = φ_k(x)}.
   *
   * @param k layer
   * @param x rows × inputs
   * @param z rows × outputs, overwritten
   * @param again whether this repeats a forward pass for the adjoint: running statistics then stay
   */
  public void forward(int k, Matrix x, Matrix z, boolean again) {
    int last = steps.size() - 1;
    for (int i = 0; i < last; i++) {
      steps.get(i).map.forward(k, input(i, x), steps.get(i).value, again);
    }
    Step step = steps.get(last);
    if (step.map.usesOutput()) {
      step.map.forward(k, input(last, x), step.value, again);
      primitives.axpby(1, step.value, 0, z);
    } else {
      step.map.forward(k, input(last, x), z, again);
    }
  }

  /**
   * Computes {@code dx = φ_k'(x)ᵀ dz + beta · dx} and adds the gradient of φ_k's parameters.
   *
   * @param k layer
   * @param x the argument of {@link #forward}; where values are kept, of the last one
   * @param dz gradient with respect to z; rows × outputs
   * @param beta factor of the old contents of dx
   * @param dx rows × inputs
   */
  public void adjoint(int k, Matrix x, Matrix dz, double beta, Matrix dx) {
    int last = steps.size() - 1;
    for (int i = 0; i <= last; i++) {
      Step step = steps.get(i);
      if (!step.isKept && step.value != null) {
        step.map.forward(k, input(i, x), step.value, true);
      }
    }
    Matrix from = dz;
    if (steps.get(last).map.overwritesGradient()) {
      from = steps.get(last).gradient;
      primitives.axpby(1, dz, 0, from);
    }
    for (int i = last; i >= 0; i--) {
      Matrix to = i == 0 ? dx : steps.get(i - 1).gradient;
      Step step = steps.get(i);
      step.map.adjoint(k, input(i, x), step.value, from, i == 0 ? beta : 0, to);
      from = to;
    }
  }

  private Matrix input(int i, Matrix x) {
    return i == 0 ? x : steps.get(i - 1).value;
  }
}
