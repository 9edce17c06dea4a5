package org.volterra;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.volterra.depth.DepthDependence;
import org.volterra.feature.FeatureTransform;
import org.volterra.kernel.DepthKernel;
import org.volterra.spi.Activation;
import org.volterra.sum.SumChoice;

/** A {@link NetworkSpec} as text properties and back. */
final class SpecProperties {
  private static final Pattern CALL = Pattern.compile("([a-z-]+)(?:\\((\\d{1,9})\\))?");

  private SpecProperties() {}

  static Map<String, String> write(NetworkSpec spec) {
    Map<String, String> map = new LinkedHashMap<>();
    map.put("channels", String.valueOf(spec.channels()));
    map.put("depth", String.valueOf(spec.depth()));
    map.put("inputs", String.valueOf(spec.hasInputMap() ? spec.inputs() : 0));
    map.put("outputs", String.valueOf(spec.hasOutputMap() ? spec.outputs() : 0));
    map.put(
        "positions",
        spec.shape().height() == 1
            ? String.valueOf(spec.positions())
            : spec.shape().height() + "x" + spec.shape().width());
    map.put("horizon", String.valueOf(spec.grid().horizon()));
    if (!spec.grid().isUniform()) {
      map.put("grading", String.valueOf(spec.grid().grading()));
    }
    map.put("scaling", spec.scaling().name().toLowerCase(Locale.ROOT));
    map.put("kernel", spec.kernel().toString());
    map.put("features", spec.features().text());
    map.put("feature-depth", dependence(spec.featureDependence()));
    map.put("activation", spec.activation().toString());
    map.put("bias", spec.bias() == null ? "none" : dependence(spec.bias()));
    map.put(
        "source",
        switch (spec.source()) {
          case Source.Zero zero -> "zero";
          case Source.InitialState initial -> "initial-state";
          case Source.Linear linear -> "linear " + dependence(linear.dependence());
        });
    map.put("sum", spec.sum().toString());
    map.put("history", spec.historyType().toString());
    return map;
  }

  static NetworkSpec read(Map<String, String> map) {
    NetworkSpec.Builder b =
        NetworkSpec.builder(integer(map, "channels"), integer(map, "depth"))
            .inputs(integer(map, "inputs"))
            .outputs(integer(map, "outputs"))
            .horizon(number(map, "horizon"))
            .grading(map.containsKey("grading") ? number(map, "grading") : 1)
            .scaling(scaling(get(map, "scaling")))
            .kernel(DepthKernel.parse(get(map, "kernel")))
            .features(
                FeatureTransform.parse(get(map, "features")),
                parseDependence("feature-depth", get(map, "feature-depth")))
            .activation(Activation.parse(get(map, "activation")))
            .source(source(get(map, "source")))
            .sum(SumChoice.parse(map.getOrDefault("sum", "auto")))
            .historyType(HistoryType.parse(map.getOrDefault("history", "native")));
    positions(get(map, "positions"), b);
    String bias = get(map, "bias");
    return (bias.equals("none") ? b.noBias() : b.bias(parseDependence("bias", bias))).build();
  }

  private static String dependence(DepthDependence dependence) {
    return dependence.toString().replace(' ', '-');
  }

  private static String get(Map<String, String> map, String key) {
    String value = map.get(key);
    if (value == null) {
      throw new IllegalArgumentException("property '" + key + "' of the network is missing");
    }
    return value;
  }

  private static int integer(Map<String, String> map, String key) {
    String value = get(map, key);
    try {
      return Integer.parseInt(value);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(key + " '" + value + "': must be a whole number", e);
    }
  }

  private static double number(Map<String, String> map, String key) {
    String value = get(map, key);
    try {
      return Double.parseDouble(value);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(key + " '" + value + "': must be a number", e);
    }
  }

  private static Scaling scaling(String text) {
    return switch (text) {
      case "step" -> Scaling.STEP;
      case "unit" -> Scaling.UNIT;
      default -> throw new IllegalArgumentException("scaling '" + text + "': must be step or unit");
    };
  }

  private static Source source(String text) {
    if (text.startsWith("linear ")) {
      return Source.linear(parseDependence("source", text.substring(7)));
    }
    return switch (text) {
      case "zero" -> Source.zero();
      case "initial-state" -> Source.initialState();
      default ->
          throw new IllegalArgumentException(
              "source '" + text + "': must be zero, initial-state or 'linear <dependence>'");
    };
  }

  private static DepthDependence parseDependence(String name, String text) {
    return switch (text) {
      case "constant" -> DepthDependence.constant();
      case "per-layer" -> DepthDependence.perLayer();
      default ->
          call(name, text, "field", DepthDependence::field, "constant, per-layer or field(M)");
    };
  }

  /** A number, or rows and columns. */
  private static void positions(String text, NetworkSpec.Builder b) {
    String[] parts = text.split("x", -1);
    try {
      if (parts.length == 2) {
        b.positions(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]));
      } else {
        b.positions(Integer.parseInt(text));
      }
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "positions '" + text + "': must be a whole number, or HEIGHTxWIDTH", e);
    }
  }

  private static <T> T call(
      String key, String text, String function, IntFunction<T> make, String allowed) {
    Matcher matcher = CALL.matcher(text);
    if (!matcher.matches() || !matcher.group(1).equals(function) || matcher.group(2) == null) {
      throw new IllegalArgumentException(key + " '" + text + "': must be " + allowed);
    }
    return make.apply(Integer.parseInt(matcher.group(2)));
  }
}
