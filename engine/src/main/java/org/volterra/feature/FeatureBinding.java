package org.volterra.feature;

import java.util.Optional;
import java.util.function.Function;
import org.volterra.depth.DepthParameter;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.spi.TransformPrimitives;

/**
 * What a {@link FeatureMap} is bound to.
 *
 * @param primitives the device
 * @param transforms its primitives of non-local transforms, if it has them
 * @param parameters parameters and statistics by their names ({@link FeatureTransform#parameters})
 * @param scratch memory for intermediate values
 * @param mode what is known of the pass
 * @param prefix what the names of parameters begin with
 * @param hasGradients whether adjoints will be asked for
 * @param keepsValues whether there is a single layer, whose intermediate values may be kept from
 *     the forward pass for the adjoint where they are expensive
 */
public record FeatureBinding(
    Primitives primitives,
    Optional<TransformPrimitives> transforms,
    Function<String, DepthParameter> parameters,
    ScratchMatrices scratch,
    PassMode mode,
    String prefix,
    boolean hasGradients,
    boolean keepsValues) {
  FeatureBinding within(String inner) {
    return new FeatureBinding(
        primitives,
        transforms,
        parameters,
        scratch,
        mode,
        prefix + inner,
        hasGradients,
        keepsValues);
  }

  DepthParameter parameter(String name) {
    return parameters.apply(prefix + name);
  }

  TransformPrimitives nonLocal() {
    return transforms.orElseThrow(
        () -> new IllegalStateException("this device has no primitives of transforms"));
  }

  /** Scratch that this stage alone uses. */
  Matrix own(String name, int rows, int columns) {
    return scratch.get(prefix + name, rows, columns);
  }

  /** Scratch that all stages share, one after the other. */
  Matrix shared(String name, int rows, int columns) {
    return scratch.get(name, rows, columns);
  }
}
