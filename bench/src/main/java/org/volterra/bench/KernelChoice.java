package org.volterra.bench;

import java.util.List;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.volterra.NetworkSpec;
import org.volterra.kernel.DepthKernel;
import org.volterra.kernel.ScalarKernel;
import org.volterra.sum.SumChoice;

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
              List.of("direct", "blocked")),
          new Row("field:M", "field:([1-9][0-9]{0,4})", DepthKernel::field, List.of("direct")),
          new Row(
              "convolution",
              "convolution",
              m -> DepthKernel.convolution(lag -> Math.exp(-lag * lag)),
              List.of("fft", "blocked", "direct")),
          new Row(
              "fractional",
              "fractional",
              m -> DepthKernel.fractional(0.5),
              List.of("fft", "blocked", "direct", "exponentials")),
          new Row(
              "exponentials",
              "exponentials",
              m ->
                  DepthKernel.exponentials(
                      List.of(1.0, 0.5, 0.25, 0.1), List.of(1.0, 2.0, 4.0, 8.0)),
              List.of("exponentials", "fft", "blocked")),
          new Row(
              "separable",
              "separable",
              m ->
                  DepthKernel.separable(
                      List.of(Math::cos, Math::sin), List.of(Math::cos, Math::sin)),
              List.of("separable", "blocked")),
          new Row(
              "smooth",
              "smooth",
              m -> DepthKernel.smooth((t, s) -> 1 / (1 + t + s)),
              List.of("hierarchical", "blocked")),
          new Row(
              "power-law",
              "power-law",
              m -> DepthKernel.powerLaw(),
              List.of("hierarchical", "blocked", "direct")));

  /** Approximate algorithms are asked for coefficients that are right to this. */
  private static final String TOLERANCE = ":1e-6";

  private static final List<String> APPROXIMATE = List.of("hierarchical", "exponentials");

  /** The names that are timed unless others are asked for. */
  public static final List<String> DEFAULTS = List.of("dense", "field:8", "scalar");

  /**
   * The choice of a name.
   *
   * @param name {@code dense}, {@code field:M} with M intervals, {@code scalar} for trainable
   *     coefficients exp(s − t), or a kernel with structure; behind an {@code @} the algorithm
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
        return new KernelChoice(name, row.make().apply(number), forcing(row, algorithm));
      }
    }
    throw new IllegalArgumentException(
        "kernel '"
            + name
            + "': must be "
            + TABLE.stream().map(Row::kernel).collect(Collectors.joining(", "))
            + "; M intervals, such as field:8");
  }

  private static UnaryOperator<NetworkSpec.Builder> forcing(Row row, String algorithm) {
    if (row.algorithms().size() == 1) {
      return builder -> builder;
    }
    boolean approximates = APPROXIMATE.contains(algorithm) && !row.kernel().equals("exponentials");
    SumChoice choice = SumChoice.parse(approximates ? algorithm + TOLERANCE : algorithm);
    return builder -> builder.sum(choice);
  }

  /** A network with this kernel and algorithm: φ = tanh, ψ = identity, h = T/L. */
  NetworkSpec spec(int layers, int channels) {
    return force.apply(NetworkSpec.builder(channels, layers).kernel(kernel)).build();
  }

  /** Inputs of each channel in the sum over one layer: all channels, or the same one alone. */
  int inputs(int channels) {
    return kernel instanceof ScalarKernel ? 1 : channels;
  }

  @Override
  public String toString() {
    return name;
  }
}
