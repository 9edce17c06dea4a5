package org.volterra;

import java.util.Locale;
import org.volterra.kernel.LayerWeights;
import org.volterra.kernel.ScalarKernel;
import org.volterra.spi.Activation;
import org.volterra.spi.ElementType;

/** A {@link NetworkSpec} for people: its formula, then its parts with shapes and parameters. */
final class SpecTable {
  private final NetworkSpec spec;
  private final ParameterLayout layout;
  private final StringBuilder text = new StringBuilder();

  private SpecTable(NetworkSpec spec) {
    this.spec = spec;
    layout = new ParameterLayout(spec);
  }

  /** Several lines. */
  static String of(NetworkSpec spec) {
    return new SpecTable(spec).print();
  }

  private String print() {
    int channels = spec.channels();
    text.append(formula()).append('\n');
    row("part", "what", "shape", "parameters");
    if (spec.hasInputMap()) {
      row("input", "linear", spec.inputs() + " -> " + channels, count("input"));
    }
    row(
        "features φ",
        spec.features().toString(),
        channels + " -> " + spec.featureChannels(),
        count("feature"));
    row(
        "kernel K",
        spec.kernel().toString(),
        spec.kernel() instanceof ScalarKernel || spec.kernel() instanceof LayerWeights
            ? "scalar"
            : channels + " x " + spec.featureChannels(),
        count("kernel"));
    if (spec.bias() != null) {
      row("bias b", spec.bias().toString(), String.valueOf(channels), count("bias"));
    }
    row("source g", spec.source().toString(), String.valueOf(channels), count("source"));
    if (spec.hasOutputMap()) {
      row("output", "linear", channels + " -> " + spec.outputs(), count("output"));
    }
    row("total", "", "", String.format(Locale.ROOT, "%,d", layout.parameterCount()));
    text.append(
        String.format(
            Locale.ROOT,
            "history of one sample: %d slices x %d positions x %d channels = %s",
            spec.depth() + 1,
            spec.positions(),
            spec.featureChannels(),
            bytesOfSample()));
    return text.toString();
  }

  private String bytesOfSample() {
    return spec.historyType() == HistoryType.NATIVE
        ? String.format(
            Locale.ROOT,
            "%,d bytes in float32, %,d in float64",
            spec.historyBytes(ElementType.FLOAT32, 1),
            spec.historyBytes(ElementType.FLOAT64, 1))
        : String.format(
            Locale.ROOT,
            "%,d bytes in %s",
            spec.historyBytes(ElementType.FLOAT32, 1),
            spec.historyType());
  }

  private String formula() {
    String sum =
        (spec.bias() == null ? "" : "b_l + ")
            + (spec.scaling() == Scaling.STEP ? "h " : "")
            + "Σ_{k<l} K_{l,k} φ(x_k)";
    String outer =
        spec.activation() == Activation.IDENTITY ? sum : spec.activation() + "(" + sum + ")";
    String g = spec.source() instanceof Source.Zero ? "" : spec.source() + " + ";
    return "x_l = "
        + g
        + outer
        + ",  l = 1.."
        + spec.depth()
        + ",  h = "
        + String.format(Locale.ROOT, "%.6g", spec.scale());
  }

  private String count(String prefix) {
    return String.format(Locale.ROOT, "%,d", layout.parameterCount(prefix));
  }

  private void row(String part, String what, String shape, String parameters) {
    text.append(
        String.format(Locale.ROOT, "  %-12s %-28s %-16s %14s%n", part, what, shape, parameters));
  }
}
