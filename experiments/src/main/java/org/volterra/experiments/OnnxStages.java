package org.volterra.experiments;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.volterra.feature.Attention;
import org.volterra.feature.BatchNorm;
import org.volterra.feature.Convolution;
import org.volterra.feature.DenseBlock;
import org.volterra.feature.Dropout;
import org.volterra.feature.FeatureTransform;
import org.volterra.feature.NonLocal;
import org.volterra.feature.Pooling;
import org.volterra.feature.PositionEmbedding;
import org.volterra.feature.Residual;
import org.volterra.feature.RowNorm;
import org.volterra.feature.Shape;
import org.volterra.feature.Stage;
import org.volterra.feature.Sublayers;
import org.volterra.spi.Activation;

/**
 * Stages as nodes of a graph, as they are where a network is not trained: dropout is the identity,
 * batch normalisation takes the running statistics. Values are transposed to the layout of ONNX's
 * convolutions where a stage needs it and stay there for as long as stages do not care.
 */
final class OnnxStages {
  private final OnnxGraph graph;
  private final OnnxParameters parameters;
  private final OnnxWindows windows;
  private final OnnxPairs pairs;
  private final Map<String, OnnxValue> transposed = new HashMap<>();

  OnnxStages(OnnxGraph graph, OnnxParameters parameters) {
    this.graph = graph;
    this.parameters = parameters;
    windows = new OnnxWindows(graph, parameters);
    pairs = new OnnxPairs(graph, parameters);
  }

  /**
   * A transform of a value.
   *
   * @param prefix what the names of its parameters begin with
   * @param transform the stages
   * @param x the argument
   * @param k layer, 0 for networks of stages
   */
  OnnxValue transform(String prefix, FeatureTransform transform, OnnxValue x, int k) {
    OnnxValue value = x;
    for (int i = 0; i < transform.stages().size(); i++) {
      value = stage(prefix + i + ".", transform.stages().get(i), value, k);
    }
    return value;
  }

  /** The value as batch × height × width × channels. */
  OnnxValue rows(OnnxValue x) {
    return inLayout(x, false);
  }

  private OnnxValue inLayout(OnnxValue x, boolean isChannelsFirst) {
    if (x.isChannelsFirst() == isChannelsFirst) {
      return x;
    }
    return transposed.computeIfAbsent(
        x.name(),
        name -> {
          OnnxAttributes order =
              isChannelsFirst
                  ? new OnnxAttributes().numbers("perm", 0, 3, 1, 2)
                  : new OnnxAttributes().numbers("perm", 0, 2, 3, 1);
          return new OnnxValue(graph.node("Transpose", order, name), x.shape(), isChannelsFirst);
        });
  }

  private OnnxValue channelsFirst(OnnxValue x) {
    return inLayout(x, true);
  }

  private OnnxValue stage(String prefix, Stage stage, OnnxValue x, int k) {
    Shape shape = x.shape();
    return switch (stage) {
      case Stage.Pointwise pointwise -> x.named(activation(pointwise.function(), x.name()));
      case Stage.Affine affine ->
          new OnnxValue(parameters.affine(rows(x).name(), prefix, k), stage.output(shape), false);
      case Convolution convolution -> windows.convolution(prefix, convolution, channelsFirst(x), k);
      case Pooling pooling ->
          windows.pooling(pooling, pooling.window() == null ? x : channelsFirst(x));
      case BatchNorm norm -> batchNorm(prefix, norm, channelsFirst(x), k);
      case RowNorm norm -> rowNorm(prefix, norm, rows(x), k);
      case Dropout dropout -> x;
      case PositionEmbedding embedding -> positionEmbedding(prefix, rows(x), k);
      case Attention attention -> pairs.attention(prefix, attention, rows(x), k);
      case NonLocal block -> pairs.nonLocal(prefix, block, rows(x), k);
      case Residual residual -> {
        OnnxValue y = transform(prefix, residual.inner(), x, k);
        yield y.named(graph.node("Add", inLayout(x, y.isChannelsFirst()).name(), y.name()));
      }
      case DenseBlock block -> dense(prefix, block, x, k);
      case Sublayers sublayers -> {
        int j = k == 0 ? 0 : (k - 1) % sublayers.transforms().size();
        yield k == 0 ? x : transform(prefix + j + ".", sublayers.transforms().get(j), x, k);
      }
    };
  }

  /** f(x) of every element. */
  String activation(Activation function, String x) {
    return switch (function) {
      case IDENTITY -> x;
      case TANH -> graph.node("Tanh", x);
      case RELU -> graph.node("Relu", x);
      case GELU -> {
        String erf = graph.node("Erf", graph.node("Mul", x, graph.scalar(Math.sqrt(0.5))));
        String twice = graph.node("Mul", x, graph.node("Add", erf, graph.scalar(1)));
        yield graph.node("Mul", twice, graph.scalar(0.5));
      }
      case SILU -> graph.node("Mul", x, graph.node("Sigmoid", x));
      case SIGMOID -> graph.node("Sigmoid", x);
      case SOFTPLUS -> graph.node("Softplus", x);
    };
  }

  /**
   * The attribute epsilon is a float even where the graph is of float64: what it lacks is added to
   * the variances.
   */
  private OnnxValue batchNorm(String prefix, BatchNorm norm, OnnxValue x, int k) {
    float epsilon = (float) norm.epsilon();
    double rest = norm.epsilon() - epsilon;
    OnnxParameters.Parameter variance = parameters.at(prefix + "running-variance", k);
    return x.named(
        graph.node(
            "BatchNormalization",
            new OnnxAttributes().real("epsilon", epsilon),
            x.name(),
            parameters.vector(parameters.at(prefix + "weight", k)),
            parameters.vector(parameters.at(prefix + "bias", k)),
            parameters.vector(parameters.at(prefix + "running-mean", k)),
            parameters.vector(
                variance.map(all -> Arrays.stream(all).map(v -> v + rest).toArray()))));
  }

  /** Of elementary operators: LayerNormalization of this opset has statistics of float32. */
  private OnnxValue rowNorm(String prefix, RowNorm norm, OnnxValue x, int k) {
    String centred = x.name();
    if (norm.kind() == RowNorm.Kind.LAYER) {
      centred = graph.node("Sub", centred, mean(centred));
    }
    String variance = mean(graph.node("Mul", centred, centred));
    String deviation =
        graph.node("Sqrt", graph.node("Add", variance, graph.scalar(norm.epsilon())));
    String y = graph.node("Div", centred, deviation);
    y = graph.node("Mul", y, parameters.vector(parameters.at(prefix + "weight", k)));
    if (norm.kind() == RowNorm.Kind.LAYER) {
      y = graph.node("Add", y, parameters.vector(parameters.at(prefix + "bias", k)));
    }
    return x.named(y);
  }

  private String mean(String x) {
    return graph.node(
        "ReduceMean", new OnnxAttributes().numbers("axes", -1).number("keepdims", 1), x);
  }

  private OnnxValue positionEmbedding(String prefix, OnnxValue x, int k) {
    Shape shape = x.shape();
    OnnxParameters.Parameter weight = parameters.at(prefix + "weight", k);
    String all =
        graph.tensor(
            weight.name(), weight.values(), shape.height(), shape.width(), shape.channels());
    return x.named(graph.node("Add", x.name(), all));
  }

  private OnnxValue dense(String prefix, DenseBlock block, OnnxValue x, int k) {
    List<OnnxValue> all = new ArrayList<>(List.of(x));
    OnnxValue last = x;
    for (int l = 0; l < block.layers(); l++) {
      int count = all.size();
      List<OnnxValue> visible =
          IntStream.range(0, count)
              .filter(j -> block.connectivity().sees(count - j))
              .mapToObj(all::get)
              .toList();
      OnnxValue seen = concat(visible, last.isChannelsFirst());
      last = transform(prefix + "layer." + l + ".", block.layer(), seen, k);
      all.add(last);
    }
    return concat(all, last.isChannelsFirst());
  }

  /** Channels side by side. */
  private OnnxValue concat(List<OnnxValue> values, boolean isChannelsFirst) {
    List<OnnxValue> all = values.stream().map(v -> inLayout(v, isChannelsFirst)).toList();
    OnnxValue first = all.getFirst();
    if (all.size() == 1) {
      return first;
    }
    int channels = all.stream().mapToInt(v -> v.shape().channels()).sum();
    String name =
        graph.node(
            "Concat",
            new OnnxAttributes().number("axis", first.channelAxis()),
            all.stream().map(OnnxValue::name).toArray(String[]::new));
    return new OnnxValue(name, first.shape().withChannels(channels), isChannelsFirst);
  }
}
