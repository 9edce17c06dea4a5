package org.volterra.feature;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Transforms that layers take in turns, as a Transformer's take attention and a perceptron: z_0 =
 * x_0, and z_k is the first transform of x_k for k = 1, the second for k = 2, and so on, again from
 * the first after the last. With parameters for each layer, a layer has those of its own transform
 * alone.
 *
 * @param transforms at least one, each of which keeps the shape
 */
public record Sublayers(List<FeatureTransform> transforms) implements Stage {
  /**
   * Copies and checks the argument.
   *
   * @throws IllegalArgumentException if there is none, or one is the identity
   */
  public Sublayers {
    transforms = List.copyOf(transforms);
    if (transforms.isEmpty() || transforms.stream().anyMatch(FeatureTransform::isIdentity)) {
      throw new IllegalArgumentException(
          "sublayers " + transforms + ": at least one, each with at least one stage");
    }
  }

  @Override
  public Shape output(Shape input) {
    for (FeatureTransform transform : transforms) {
      Shape result = transform.output(input);
      if (!result.equals(input)) {
        throw new IllegalArgumentException(
            transform.text()
                + " makes "
                + result
                + " of "
                + input
                + ": a sub-layer keeps the shape");
      }
    }
    return input;
  }

  @Override
  public List<Parameter> parameters(Shape input) {
    List<Parameter> all = new ArrayList<>();
    for (int j = 0; j < transforms.size(); j++) {
      for (Parameter parameter : transforms.get(j).parameters(input)) {
        all.add(parameter.within(j + ".").everyOther(1 + j, transforms.size()));
      }
    }
    return all;
  }

  /** The number of layer k's transform, k ≥ 1. */
  int index(int k) {
    return (k - 1) % transforms.size();
  }

  @Override
  public boolean isNonLocal() {
    return transforms.stream().anyMatch(FeatureTransform::isNonLocal);
  }

  @Override
  public String toString() {
    return transforms.stream()
        .map(FeatureTransform::text)
        .collect(Collectors.joining("|", "sublayers(", ")"));
  }
}
