package org.volterra;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.volterra.feature.FeatureTransform;
import org.volterra.feature.Shape;

/**
 * A network that is stages one after the other: convolutions, dense blocks, transitions, a
 * classifier ({@link DenseNets} makes the standard ones). Immutable and thread-safe; {@link
 * #toString} prints it as a table.
 *
 * @param input the shape of a sample: grid of positions and channels
 * @param transform the stages; not the identity
 */
public record FeedForwardSpec(Shape input, FeatureTransform transform) implements ModelSpec {
  /** The property that holds the stages. */
  static final String STAGES = "stages";

  private static final String INPUT = "input";

  /**
   * Checks that the stages fit together.
   *
   * @throws IllegalArgumentException naming the stage and the shape that it does not take
   */
  public FeedForwardSpec {
    Objects.requireNonNull(input, "input");
    Objects.requireNonNull(transform, "transform");
    if (transform.isIdentity()) {
      throw new IllegalArgumentException("transform: must have at least one stage");
    }
    transform.output(input);
    if (transform.parameters(input).stream().anyMatch(p -> p.first() > 0)) {
      throw new IllegalArgumentException(
          "transform " + transform.text() + ": sublayers are features of a network in depth");
    }
  }

  /**
   * The shape of the output of a sample.
   *
   * @return the shape
   */
  public Shape output() {
    return transform.output(input);
  }

  @Override
  public int inputs() {
    return input.channels();
  }

  @Override
  public int outputs() {
    return output().channels();
  }

  @Override
  public int positions() {
    return input.positions();
  }

  @Override
  public int outputPositions() {
    return output().positions();
  }

  @Override
  public ParameterLayout layout() {
    return new ParameterLayout(this);
  }

  @Override
  public Map<String, String> toProperties() {
    Map<String, String> map = new LinkedHashMap<>();
    map.put(INPUT, input.toString());
    map.put(STAGES, transform.text());
    return map;
  }

  /**
   * The specification that {@link #toProperties} wrote.
   *
   * @param properties all of its entries; others are ignored
   * @return the specification
   * @throws IllegalArgumentException if one is missing or malformed
   */
  public static FeedForwardSpec fromProperties(Map<String, String> properties) {
    for (String name : new String[] {INPUT, STAGES}) {
      if (!properties.containsKey(name)) {
        throw new IllegalArgumentException("property '" + name + "' of the network is missing");
      }
    }
    return new FeedForwardSpec(
        Shape.parse(properties.get(INPUT)), FeatureTransform.parse(properties.get(STAGES)));
  }

  /**
   * The specification as a table of stages with shapes, parameters and operations.
   *
   * @return several lines
   */
  @Override
  public String toString() {
    return FeedForwardTable.of(this);
  }
}
