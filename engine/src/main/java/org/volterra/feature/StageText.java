package org.volterra.feature;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.volterra.spi.Activation;

/** Stages as text: names, and arguments in parentheses that may hold stages again. */
final class StageText {
  private final String text;
  private final String name;
  private final List<String> positional = new ArrayList<>();
  private final Map<String, String> named = new LinkedHashMap<>();

  /** One stage; arguments with an equals sign before any parenthesis are named. */
  private StageText(String text) {
    this.text = text;
    int open = text.indexOf('(');
    name = open < 0 ? text : text.substring(0, open);
    if (open >= 0) {
      if (!text.endsWith(")")) {
        throw malformed("the parenthesis is not closed");
      }
      for (String argument : split(text.substring(open + 1, text.length() - 1), ',')) {
        int equals = argument.indexOf('=');
        int inner = argument.indexOf('(');
        if (equals > 0 && (inner < 0 || equals < inner)) {
          named.put(argument.substring(0, equals), argument.substring(equals + 1));
        } else {
          positional.add(argument);
        }
      }
    }
  }

  static FeatureTransform parse(String text) {
    FeatureTransform all = FeatureTransform.identity();
    for (String stage : split(text.replace(" ", ""), ',')) {
      all = all.then(new StageText(stage).stage());
    }
    return all;
  }

  /** Splits at separators that stand in no parenthesis. */
  private static List<String> split(String text, char separator) {
    List<String> parts = new ArrayList<>();
    int depth = 0;
    int begin = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      depth += c == '(' ? 1 : c == ')' ? -1 : 0;
      if (c == separator && depth == 0) {
        parts.add(text.substring(begin, i));
        begin = i + 1;
      }
    }
    parts.add(text.substring(begin));
    return parts;
  }

  private IllegalArgumentException malformed(String why) {
    return new IllegalArgumentException("features '" + text + "': " + why);
  }

  private FeatureTransform stage() {
    FeatureTransform result =
        switch (name) {
          case "affine" -> FeatureTransform.affine(number(0, "affine(width)"));
          case "conv" -> FeatureTransform.of(convolution());
          case "average-pool" -> FeatureTransform.of(pooling(Pooling.Kind.AVERAGE));
          case "max-pool" -> FeatureTransform.of(pooling(Pooling.Kind.MAX));
          case "global-average-pool" -> FeatureTransform.of(Pooling.global());
          case "global-max-pool" -> FeatureTransform.of(new Pooling(Pooling.Kind.MAX, null));
          case "batch-norm" ->
              FeatureTransform.of(new BatchNorm(option("momentum", 0.1), option("epsilon", 1e-5)));
          case "layer-norm" ->
              FeatureTransform.of(new RowNorm(RowNorm.Kind.LAYER, option("epsilon", 1e-5)));
          case "rms-norm" ->
              FeatureTransform.of(new RowNorm(RowNorm.Kind.RMS, option("epsilon", 1e-5)));
          case "dropout" -> FeatureTransform.of(new Dropout(real(argument(0, "dropout(rate)"))));
          case "attention" -> FeatureTransform.of(attention());
          case "non-local" -> FeatureTransform.of(nonLocal());
          case "position-embedding" -> FeatureTransform.of(new PositionEmbedding());
          case "sublayers" -> FeatureTransform.of(sublayers());
          case "residual" -> FeatureTransform.of(new Residual(inner(0)));
          case "dense" -> FeatureTransform.of(dense());
          default -> activation();
        };
    if (!positional.isEmpty() || !named.isEmpty()) {
      throw malformed(
          "'"
              + (named.isEmpty() ? positional.getFirst() : named.keySet().iterator().next())
              + "' is not expected");
    }
    return result;
  }

  private FeatureTransform activation() {
    if (text.contains("(")) {
      throw malformed(
          "stages are activations, affine, conv, average-pool, max-pool, global-average-pool,"
              + " global-max-pool, batch-norm, layer-norm, rms-norm, dropout, attention, non-local,"
              + " position-embedding, residual, dense and sublayers");
    }
    return FeatureTransform.activation(Activation.parse(text));
  }

  private Convolution convolution() {
    int width = number(0, "conv(width,kernel)");
    WindowShape window = window(argument(0, "conv(width,kernel)"), 1, 1);
    int groups = whole(named.getOrDefault("groups", "1"));
    named.remove("groups");
    return new Convolution(width, window, groups, positional.remove("bias"));
  }

  private Pooling pooling(Pooling.Kind kind) {
    String size = argument(0, name + "(size)");
    int[] kernel = pair(size);
    return new Pooling(kind, window(size, kernel[0], kernel[1]));
  }

  private WindowShape window(String size, int strideY, int strideX) {
    int[] kernel = pair(size);
    int[] stride = pairOf("stride", strideY, strideX);
    int[] pad = pairOf("pad", 0, 0);
    int[] dilation = pairOf("dilation", 1, 1);
    return new WindowShape(
        kernel[0], kernel[1], stride[0], stride[1], pad[0], pad[1], dilation[0], dilation[1]);
  }

  private int[] pairOf(String option, int y, int x) {
    String value = named.remove(option);
    return value == null ? new int[] {y, x} : pair(value);
  }

  private int[] pair(String value) {
    String[] parts = value.split("x", -1);
    if (parts.length > 2) {
      throw malformed("'" + value + "' must be a number or HEIGHTxWIDTH");
    }
    return new int[] {whole(parts[0]), whole(parts[parts.length - 1])};
  }

  private Attention attention() {
    int heads = number(0, "attention(heads)");
    return new Attention(heads, positional.remove("causal"));
  }

  private NonLocal nonLocal() {
    String usage = "non-local(gaussian,width) or non-local(dot-product,width)";
    NonLocal.Kind kind =
        switch (argument(0, usage)) {
          case "gaussian" -> NonLocal.Kind.GAUSSIAN;
          case "dot-product" -> NonLocal.Kind.DOT_PRODUCT;
          default -> throw malformed("must be " + usage);
        };
    return new NonLocal(kind, number(0, usage));
  }

  private DenseBlock dense() {
    int layers = number(0, "dense(layers,stages)");
    String reach = named.remove("reach");
    return new DenseBlock(
        layers, reach == null ? Connectivity.full() : Connectivity.parse(reach), inner(0));
  }

  private Sublayers sublayers() {
    return new Sublayers(split(rest(0), '|').stream().map(StageText::parse).toList());
  }

  private FeatureTransform inner(int from) {
    return parse(rest(from));
  }

  /** Takes out all positional arguments from one on; named ones belong to stages. */
  private String rest(int from) {
    if (positional.size() <= from) {
      throw malformed("stages are missing");
    }
    String all = String.join(",", positional.subList(from, positional.size()));
    positional.subList(from, positional.size()).clear();
    return all;
  }

  /** Takes an argument out. */
  private String argument(int index, String usage) {
    if (positional.size() <= index) {
      throw malformed("must be " + usage);
    }
    return positional.remove(index);
  }

  private int number(int index, String usage) {
    String value = argument(index, usage);
    try {
      return Integer.parseInt(value);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("features '" + text + "': must be " + usage, e);
    }
  }

  private int whole(String value) {
    try {
      return Integer.parseInt(value);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "features '" + text + "': '" + value + "' must be a whole number", e);
    }
  }

  private double option(String key, double usual) {
    String value = named.remove(key);
    return value == null ? usual : real(value);
  }

  private double real(String value) {
    try {
      return Double.parseDouble(value);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "features '" + text + "': '" + value + "' must be a number", e);
    }
  }
}
