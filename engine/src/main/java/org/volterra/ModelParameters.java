package org.volterra;

import java.util.Objects;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.volterra.feature.FeatureTransform;
import org.volterra.feature.Stage;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;

/** The parameters of a model that is being made, and the checks that it can run. */
final class ModelParameters {
  private ModelParameters() {}

  /**
   * Refuses a type that is not floating-point, and stages that the device cannot run.
   *
   * @throws IllegalArgumentException naming the stage, and the devices that have it
   */
  static void check(FeatureTransform transform, ComputeProvider provider, ElementType type) {
    Objects.requireNonNull(provider, "provider");
    if (!type.isFloating()) {
      throw new IllegalArgumentException(
          "type " + type + ": networks compute in FLOAT32 or FLOAT64");
    }
    if (transform.isNonLocal() && provider.transforms(type).isEmpty()) {
      Stage first = transform.stages().stream().filter(Stage::isNonLocal).findFirst().orElseThrow();
      throw new IllegalArgumentException(
          "features: provider "
              + provider.name()
              + " has no primitives for "
              + first
              + "; panama and scalar have them");
    }
  }

  /** Allocates a buffer and fills it with random initial values. */
  static Buffer allocate(
      ParameterLayout layout, ComputeProvider provider, ElementType type, long seed) {
    Buffer parameters = provider.allocate(type, layout.length());
    boolean complete = false;
    try {
      RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
      layout.initialize(parameters, random);
      complete = true;
      return parameters;
    } finally {
      if (!complete) {
        parameters.close();
      }
    }
  }
}
