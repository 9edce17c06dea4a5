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
   * Some stages.
   *
   * @param stages the stages, from left to right
   * @return the transform
   */
  public static FeatureTransform of(Stage... stages) {
    return new FeatureTransform(List.of(stages));
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
   * The shape of φ(x).
   *
   * @param input the shape of x
   * @return the shape
   * @throws IllegalArgumentException if a stage does not take what it is given
   */
  public Shape output(Shape input) {
    Shape shape = input;
    for (Stage stage : stages) {
      shape = stage.output(shape);
    }
    return shape;
  }

  /**
   * The parameters of all stages; the names begin with the number of the stage and a dot.
   *
   * @param input the shape of x
   * @return their names and shapes, in the order in which they are laid out
   * @throws IllegalArgumentException if a stage does not take what it is given
   */
  public List<Stage.Parameter> parameters(Shape input) {
    List<Stage.Parameter> all = new ArrayList<>();
    Shape shape = input;
    for (int i = 0; i < stages.size(); i++) {
      for (Stage.Parameter parameter : stages.get(i).parameters(shape)) {
        all.add(parameter.within(i + "."));
      }
      shape = stages.get(i).output(shape);
    }
    return all;
  }

  /**
   * Whether the device needs {@link org.volterra.spi.TransformPrimitives}.
   *
   * @return true if a stage does
   */
  public boolean isNonLocal() {
    return stages.stream().anyMatch(Stage::isNonLocal);
  }

  /**
   * The transform as text.
   *
   * @return the stages separated by commas, or {@code identity}
   */
  public String text() {
    return isIdentity()
        ? "identity"
        : stages.stream().map(Stage::toString).collect(Collectors.joining(","));
  }

  /**
   * Reads what {@link #text} wrote. Stages are activations, {@code affine(WIDTH)}, {@code
   * conv(WIDTH,3x3,stride=2,pad=1,dilation=1,groups=1,bias)}, {@code average-pool(2x2)}, {@code
   * max-pool(3x3,stride=2,pad=1)}, {@code global-average-pool}, {@code batch-norm}, {@code
   * layer-norm}, {@code rms-norm}, {@code dropout(RATE)}, {@code attention(HEADS,causal)}, {@code
   * non-local(gaussian,WIDTH)}, {@code non-local(dot-product,WIDTH)}, {@code position-embedding},
   * {@code residual(STAGES)}, {@code dense(LAYERS,reach=R,STAGES)} with a number of layers or
   * {@code log} for R ({@link Connectivity}), and {@code sublayers(STAGES|STAGES)}. A single number
   * stands for a square.
   *
   * @param text stages separated by commas; blanks are ignored
   * @return the transform
   * @throws IllegalArgumentException naming the stage that is malformed
   */
  public static FeatureTransform parse(String text) {
    return StageText.parse(text);
  }

  @Override
  public String toString() {
    return isIdentity()
        ? "identity"
        : stages.stream().map(Stage::toString).collect(Collectors.joining(" → "));
  }
}
