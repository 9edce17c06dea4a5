package org.volterra.bench;

import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.volterra.NetworkSpec;
import org.volterra.kernel.DepthKernel;

/**
 * A depth kernel of the benchmarks and the algorithm that sums it, by name: {@code KERNEL} or
 * {@code KERNEL@ALGORITHM}. What can be timed is the table in this class.
 *
 * @param name the name
 * @param kernel the kernel
 * @param force makes a network use the algorithm
 */
public record KernelChoice(
    String name, DepthKernel kernel, UnaryOperator<NetworkSpec.Builder> force) {
  /**
   * A row of the table: a kernel and the algorithms that can sum it, the first of which is the one
   * that is meant when none is named.
   */
  private record Row(
      String kernel, String pattern, IntFunction<DepthKernel> make, List<String> algorithms) {}

  private static final List<Row> TABLE =
      List.of(
          new Row("dense", "dense", m -> DepthKernel.dense(), List.of("direct")),
          new Row(
              "scalar",
              "scalar",
              m -> DepthKernel.trainableScalar((t, s) -> Math.exp(s - t)),
              List.of("direct")),
          new Row("field:M", "field:([1-9][0-9]{0,4})", DepthKernel::field, List.of("direct")));

  /** How a network is made to use an algorithm. */
  private static final Map<String, UnaryOperator<NetworkSpec.Builder>> ALGORITHMS =
      Map.of("direct", builder -> builder);

  /** The names that are timed unless others are asked for. */
  public static final List<String> DEFAULTS = List.of("dense", "field:8", "scalar");

  /**
   * The choice of a name.
   *
   * @param name {@code dense}, {@code field:M} with M intervals, or {@code scalar} for trainable
   *     coefficients exp(s − t); behind an {@code @} the algorithm
   * @return the choice
   * @throws IllegalArgumentException if there is none of that name
   */
  public static KernelChoice parse(String name) {
    String[] parts = name.split("@", -1);
    for (Row row : TABLE) {
      Matcher matcher = Pattern.compile(row.pattern()).matcher(parts[0]);
      if (matcher.matches()) {
        int number = matcher.groupCount() == 0 ? 0 : Integer.parseInt(matcher.group(1));
        String algorithm = parts.length == 1 ? row.algorithms().getFirst() : parts[1];
        if (parts.length > 2 || !row.algorithms().contains(algorithm)) {
          throw new IllegalArgumentException(
              "kernel '"
                  + name
                  + "': "
                  + row.kernel()
                  + " is summed by "
                  + String.join(", ", row.algorithms()));
        }
        return new KernelChoice(name, row.make().apply(number), ALGORITHMS.get(algorithm));
      }
    }
    throw new IllegalArgumentException(
        "kernel '"
            + name
            + "': must be "
            + TABLE.stream().map(Row::kernel).collect(Collectors.joining(", "))
            + " with M intervals, such as field:8");
  }

  /** A network with this kernel and algorithm: φ = tanh, ψ = identity, h = T/L. */
  NetworkSpec spec(int layers, int channels) {
    return force.apply(NetworkSpec.builder(channels, layers).kernel(kernel)).build();
  }

  /** Inputs of each channel in the sum over one layer: all channels, or the same one alone. */
  int inputs(int channels) {
    return kernel instanceof DepthKernel.Scalar ? 1 : channels;
  }

  @Override
  public String toString() {
    return name;
  }
}
