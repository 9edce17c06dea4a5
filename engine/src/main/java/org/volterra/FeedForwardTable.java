package org.volterra;

import java.util.Locale;
import org.volterra.feature.Convolution;
import org.volterra.feature.DenseBlock;
import org.volterra.feature.FeatureTransform;
import org.volterra.feature.Residual;
import org.volterra.feature.Shape;
import org.volterra.feature.Stage;

/** A {@link FeedForwardSpec} for people: its stages with shapes, parameters and operations. */
final class FeedForwardTable {
  private final StringBuilder text = new StringBuilder();

  private FeedForwardTable() {}

  static String of(FeedForwardSpec spec) {
    return new FeedForwardTable().print(spec);
  }

  private String print(FeedForwardSpec spec) {
    row("stage", "what", "shape", "parameters", "MFLOP");
    Shape shape = spec.input();
    row("", "input", shape.toString(), "", "");
    int number = 0;
    for (Stage stage : spec.transform().stages()) {
      long parameters = parameters(stage, shape);
      double flops = operations(stage, shape);
      shape = stage.output(shape);
      row(
          String.valueOf(number++),
          stage.toString(),
          shape.toString(),
          String.format(Locale.ROOT, "%,d", parameters),
          String.format(Locale.ROOT, "%.3f", 1e-6 * flops));
    }
    row(
        "total",
        "",
        "",
        String.format(Locale.ROOT, "%,d", spec.layout().parameterCount()),
        String.format(Locale.ROOT, "%.3f", 1e-6 * operations(spec.transform(), spec.input())));
    return text.toString().stripTrailing();
  }

  private static long parameters(Stage stage, Shape input) {
    return stage.parameters(input).stream()
        .filter(Stage.Parameter::trained)
        .mapToLong(p -> (long) p.rows() * p.columns())
        .sum();
  }

  private static double operations(FeatureTransform transform, Shape input) {
    double sum = 0;
    Shape shape = input;
    for (Stage stage : transform.stages()) {
      sum += operations(stage, shape);
      shape = stage.output(shape);
    }
    return sum;
  }

  /** Floating-point operations of the products of a forward pass of one sample. */
  private static double operations(Stage stage, Shape input) {
    return switch (stage) {
      case DenseBlock block -> {
        double sum = 0;
        for (int l = 0; l < block.layers(); l++) {
          sum += operations(block.layer(), block.seen(input, l));
        }
        yield sum;
      }
      case Residual residual -> operations(residual.inner(), input);
      default -> {
        boolean isProduct = stage instanceof Convolution || stage instanceof Stage.Affine;
        long positions = isProduct ? stage.output(input).positions() : input.positions();
        yield stage.parameters(input).stream()
            .filter(p -> (p.trained() && p.rows() > 1) || (isProduct && p.name().equals("weight")))
            .mapToDouble(p -> 2.0 * p.rows() * p.columns() * positions)
            .sum();
      }
    };
  }

  private void row(String number, String what, String shape, String parameters, String flops) {
    text.append(
        String.format(
            Locale.ROOT, "  %-6s %-64s %-12s %12s %12s%n", number, what, shape, parameters, flops));
  }
}
