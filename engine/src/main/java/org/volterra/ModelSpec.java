package org.volterra;

import java.util.Map;

/**
 * What a trainable network is: a dense non-local network in depth, or stages one after the other.
 * Immutable and thread-safe.
 */
public sealed interface ModelSpec permits NetworkSpec, FeedForwardSpec {
  /**
   * The channels of the data at each position.
   *
   * @return at least 1
   */
  int inputs();

  /**
   * The channels of the output at each position.
   *
   * @return at least 1
   */
  int outputs();

  /**
   * The positions of the data of each sample.
   *
   * @return at least 1
   */
  int positions();

  /**
   * The positions of the output of each sample.
   *
   * @return at least 1
   */
  int outputPositions();

  /**
   * Where the parameters lie.
   *
   * @return a new layout
   * @throws IllegalArgumentException if there are more parameters than one buffer can hold
   */
  ParameterLayout layout();

  /**
   * The specification as text, as it stands in the metadata of model files.
   *
   * @return an ordered map from names to values
   */
  Map<String, String> toProperties();

  /**
   * The specification that {@link #toProperties} wrote.
   *
   * @param properties all of its entries; others are ignored
   * @return the specification
   * @throws IllegalArgumentException if one is missing or malformed
   */
  static ModelSpec fromProperties(Map<String, String> properties) {
    return properties.containsKey(FeedForwardSpec.STAGES)
        ? FeedForwardSpec.fromProperties(properties)
        : NetworkSpec.fromProperties(properties);
  }
}
