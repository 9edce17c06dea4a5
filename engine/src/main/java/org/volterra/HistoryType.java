package org.volterra;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.volterra.kernel.DepthKernel;
import org.volterra.kernel.LayerWeights;
import org.volterra.kernel.ScalarKernel;
import org.volterra.spi.Bfloat16;
import org.volterra.spi.ElementType;

/**
 * How the numbers of a network's history are stored: features z, states x, and the sums u that ψ
 * takes. Gradients and parameters have the type that the network computes in.
 */
public enum HistoryType {
  /** In the type that the network computes in. */
  NATIVE,
  /**
   * As {@link Bfloat16}, half the bytes of float32, in networks that compute in float32. Each
   * number is rounded to nearest when it is written, and the rounded number is what all that
   * follows uses: of layers to come, of the output, and of the adjoint, which takes the rounding
   * itself for the identity. Products accumulate in float32. For dense kernels, and for kernels of
   * numbers whose sums are direct or blocked.
   */
  BFLOAT16;

  /**
   * The element type of histories.
   *
   * @param computed what the network computes in
   * @return what its history is stored in
   * @throws IllegalArgumentException if the network computes in float64 and stores bfloat16
   */
  public ElementType of(ElementType computed) {
    if (this == NATIVE) {
      return computed;
    }
    if (computed != ElementType.FLOAT32) {
      throw new IllegalArgumentException(
          "historyType " + this + ": needs a network of FLOAT32, not " + computed);
    }
    return ElementType.BFLOAT16;
  }

  /**
   * The type of a name.
   *
   * @param text the name as {@link Object#toString} gives it
   * @return the type
   * @throws IllegalArgumentException if there is none of that name
   */
  public static HistoryType parse(String text) {
    for (HistoryType type : values()) {
      if (type.toString().equals(text)) {
        return type;
      }
    }
    throw new IllegalArgumentException(
        "historyType '"
            + text
            + "': must be "
            + Arrays.stream(values()).map(HistoryType::toString).collect(Collectors.joining(", ")));
  }

  /** Refuses kernels whose sums read a history in the type that the network computes in only. */
  void require(DepthKernel kernel) {
    if (this == NATIVE) {
      return;
    }
    switch (kernel) {
      case DepthKernel.Terms sum -> sum.terms().forEach(this::require);
      case DepthKernel.WithMatrix product -> require(product.scalar());
      case DepthKernel.Field field -> throw refusal(kernel);
      case LayerWeights weights -> throw refusal(kernel);
      case ScalarKernel scalar when scalar.trainable() && isRecurrent(scalar) ->
          throw refusal(kernel);
      default -> {}
    }
  }

  private static boolean isRecurrent(ScalarKernel kernel) {
    return kernel instanceof ScalarKernel.Exponentials || kernel instanceof ScalarKernel.Separable;
  }

  private IllegalArgumentException refusal(DepthKernel kernel) {
    return new IllegalArgumentException(
        "historyType "
            + this
            + ": the sum of the kernel "
            + kernel
            + " does not read it; dense kernels do, and kernels of numbers that are summed direct"
            + " or blocked");
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
