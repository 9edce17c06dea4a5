package org.volterra.feature;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.volterra.spi.Activation;

/**
 * A feature transform φ as a value: stages that are applied one after the other, from left to
 * right. No stage is the identity.
 *
 * @param stages the stages
 */
public record FeatureTransform(List<Stage> stages) {
  /** Copies the list. */
  public FeatureTransform {
    stages = List.copyOf(stages);
  }

  /**
   * φ(x) = x.
   *
   * @return the transform without stages
   */
  public static FeatureTransform identity() {
    return new FeatureTransform(List.of());
  }

  /**
   * A scalar function on every element.
   *
   * @param function the function; {@link Activation#IDENTITY} gives {@link #identity}
   * @return the transform
   */
  public static FeatureTransform activation(Activation function) {
    return function == Activation.IDENTITY
        ? identity()
        : new FeatureTransform(List.of(new Stage.Pointwise(function)));
  }

  /**
   * An affine map of the channels of each position.
   *
   * @param width number of output channels
   * @return the transform
   * @throws IllegalArgumentException if {@code width} is not positive
   */
  public static FeatureTransform affine(int width) {
    return new FeatureTransform(List.of(new Stage.Affine(width)));
  }

  /**
   * A perceptron with one hidden layer at each position: affine(hidden), function, affine(width).
   *
   * @param hidden channels of the hidden layer
   * @param function its activation
   * @param width number of output channels
   * @return the transform
   * @throws IllegalArgumentException if a width is not positive
   */
  public static FeatureTransform mlp(int hidden, Activation function, int width) {
    return affine(hidden).then(activation(function)).then(affine(width));
  }

  /**
   * This transform followed by another.
   *
   * @param next what is applied to this transform's result
   * @return the composition
   */
  public FeatureTransform then(FeatureTransform next) {
    List<Stage> all = new ArrayList<>(stages);
    all.addAll(next.stages);
    return new FeatureTransform(all);
  }

  /**
   * Whether this is the identity.
   *
   * @return true if there are no stages
   */
  public boolean isIdentity() {
    return stages.isEmpty();
  }

  /**
   * The number of output channels.
   *
   * @param inputs number of input channels
   * @return channels of φ(x)
   */
  public int outputs(int inputs) {
    int width = inputs;
    for (Stage stage : stages) {
      width = stage.outputs(width);
    }
    return width;
  }

  @Override
  public String toString() {
    return isIdentity()
        ? "identity"
        : stages.stream().map(Stage::toString).collect(Collectors.joining(" → "));
  }
}
