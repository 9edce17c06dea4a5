package org.volterra.experiments;

import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/**
 * Computes a graph in float64, operator by operator, as onnx/docs/Operators.md defines those of
 * opset 17. What it does not know, an operator, an attribute, a value that is not there yet, is an
 * error.
 */
final class OnnxInterpreter {
  private final OnnxFile file;
  private final Map<String, OnnxTensor> values = new HashMap<>();
  private OnnxFile.Node node;
  private final Set<String> read = new HashSet<>();

  OnnxInterpreter(OnnxFile file) {
    this.file = file;
  }

  /** The outputs for an input. */
  OnnxTensor run(OnnxTensor input) {
    values.clear();
    values.putAll(file.initializers());
    define(file.inputs().keySet().iterator().next(), input);
    for (OnnxFile.Node next : file.nodes()) {
      node = next;
      read.clear();
      List<OnnxTensor> results = results();
      if (!read.equals(node.attributes().keySet()) || results.size() != node.outputs().size()) {
        throw new AssertionError("attributes or results of " + node);
      }
      for (int i = 0; i < results.size(); i++) {
        define(node.outputs().get(i), results.get(i));
      }
    }
    return values.get(file.outputs().keySet().iterator().next());
  }

  private void define(String name, OnnxTensor value) {
    if (values.put(name, value) != null) {
      throw new AssertionError("'" + name + "' is there already");
    }
  }

  private OnnxTensor in(int i) {
    OnnxTensor value = values.get(node.inputs().get(i));
    if (value == null) {
      throw new AssertionError("input " + i + " of " + node + " is not there yet");
    }
    return value;
  }

  private List<Number> attribute(String name, Number... usual) {
    if (node.attributes().containsKey(name)) {
      read.add(name);
      return node.attributes().get(name);
    }
    return List.of(usual);
  }

  private int[] integers(String name, Number... usual) {
    return attribute(name, usual).stream().mapToInt(Number::intValue).toArray();
  }

  private int integer(String name, int usual) {
    return integers(name, usual)[0];
  }

  private List<OnnxTensor> results() {
    if (node.operator().equals("Split")) {
      int axis = in(0).axis(integer("axis", 0));
      int[] sizes = in(1).longs();
      OnnxTensor[] parts = new OnnxTensor[sizes.length];
      int from = 0;
      for (int i = 0; i < sizes.length; i++) {
        parts[i] = in(0).slice(axis, from, sizes[i]);
        from += sizes[i];
      }
      return List.of(parts);
    }
    return List.of(result());
  }

  private OnnxTensor result() {
    return switch (node.operator()) {
      case "Identity" -> in(0);
      case "Add" -> OnnxTensor.combine(in(0), in(1), Double::sum);
      case "Sub" -> OnnxTensor.combine(in(0), in(1), (a, b) -> a - b);
      case "Mul" -> OnnxTensor.combine(in(0), in(1), (a, b) -> a * b);
      case "Div" -> OnnxTensor.combine(in(0), in(1), (a, b) -> a / b);
      case "Sqrt" -> in(0).map(Math::sqrt);
      case "Tanh" -> in(0).map(Math::tanh);
      case "Relu" -> in(0).map(x -> Math.max(x, 0));
      case "Sigmoid" -> in(0).map(x -> 1 / (1 + Math.exp(-x)));
      case "Softplus" -> in(0).map(x -> Math.log(Math.exp(x) + 1));
      case "Erf" -> in(0).map(OnnxInterpreter::erf);
      case "MatMul" -> OnnxTensor.product(in(0), in(1));
      case "Transpose" -> in(0).transpose(integers("perm"));
      case "Reshape" -> reshape();
      case "Concat" -> concat();
      case "ReduceMean" -> reduced(line -> Arrays.stream(line).average().orElseThrow());
      case "ReduceMax" -> reduced(line -> Arrays.stream(line).max().orElseThrow());
      case "Softmax" -> softmax();
      case "BatchNormalization" -> batchNormalization();
      case "Conv" -> convolution();
      case "MaxPool" -> pool(true);
      case "AveragePool" -> pool(false);
      default -> throw new AssertionError("operator " + node.operator());
    };
  }

  /** 2/√π e^(−x²) Σ 2ⁿ x^(2n+1) / (2n+1)!!, whose terms have one sign. */
  private static double erf(double x) {
    if (Math.abs(x) > 6) {
      return Math.signum(x);
    }
    double term = x;
    double sum = 0;
    for (int n = 0; sum + term != sum; n++) {
      sum += term;
      term *= 2 * x * x / (2 * n + 3);
    }
    return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
  }

  private OnnxTensor reshape() {
    int[] shape = in(1).longs();
    for (int d = 0; d < shape.length; d++) {
      shape[d] = shape[d] == 0 ? in(0).shape()[d] : shape[d];
    }
    OnnxTensor result = OnnxTensor.of(shape, i -> 0);
    if (result.values().length != in(0).values().length) {
      throw new AssertionError(node + " of " + Arrays.toString(in(0).shape()));
    }
    return new OnnxTensor(shape, in(0).values());
  }

  private OnnxTensor concat() {
    int axis = in(0).axis(integer("axis", 0));
    OnnxTensor[] all = new OnnxTensor[node.inputs().size()];
    Arrays.setAll(all, this::in);
    int size = Arrays.stream(all).mapToInt(part -> part.shape()[axis]).sum();
    OnnxTensor result = OnnxTensor.of(all[0].withAxis(axis, size), i -> 0);
    int outer = result.size(0, axis);
    int at = 0;
    for (int o = 0; o < outer; o++) {
      for (OnnxTensor part : all) {
        int length = part.values().length / outer;
        System.arraycopy(part.values(), o * length, result.values(), at, length);
        at += length;
      }
    }
    return result;
  }

  private OnnxTensor reduced(ToDoubleFunction<double[]> of) {
    OnnxTensor x = in(0);
    for (int axis : integers("axes")) {
      x = x.reduce(x.axis(axis), of);
    }
    if (integer("keepdims", 1) != 1) {
      throw new AssertionError(node);
    }
    return x;
  }

  private OnnxTensor softmax() {
    OnnxTensor x = in(0);
    int axis = x.axis(integer("axis", -1));
    OnnxTensor most = x.reduce(axis, line -> Arrays.stream(line).max().orElseThrow());
    OnnxTensor powers = OnnxTensor.combine(x, most, (a, b) -> Math.exp(a - b));
    OnnxTensor sums = powers.reduce(axis, line -> Arrays.stream(line).sum());
    return OnnxTensor.combine(powers, sums, (a, b) -> a / b);
  }

  private OnnxTensor batchNormalization() {
    OnnxTensor x = in(0);
    double epsilon = attribute("epsilon", 1e-5f).getFirst().doubleValue();
    return OnnxTensor.of(
        x.shape(),
        i -> {
          int c = x.place(i, 1);
          double deviation = Math.sqrt(in(4).values()[c] + epsilon);
          return (x.values()[i] - in(3).values()[c]) / deviation * in(1).values()[c]
              + in(2).values()[c];
        });
  }

  /** Windows over the last two axes. */
  private final class Windows {
    private final int[] kernel = integers("kernel_shape");
    private final int[] strides = integers("strides", 1, 1);
    private final int[] pads = integers("pads", 0, 0, 0, 0);
    private final int[] dilations =
        node.operator().equals("AveragePool") ? new int[] {1, 1} : integers("dilations", 1, 1);

    private int count(int axis, int size) {
      int reach = (kernel[axis] - 1) * dilations[axis] + 1;
      return (size + pads[axis] + pads[axis + 2] - reach) / strides[axis] + 1;
    }

    int[] result(OnnxTensor x, int channels) {
      int[] shape = x.shape();
      return new int[] {shape[0], channels, count(0, shape[2]), count(1, shape[3])};
    }

    /** The index in one channel that a tap sees, or −1 in the padding. */
    int seen(OnnxTensor x, int row, int column, int tap) {
      int y = row * strides[0] + tap / kernel[1] * dilations[0] - pads[0];
      int z = column * strides[1] + tap % kernel[1] * dilations[1] - pads[1];
      boolean isInside = y >= 0 && y < x.shape()[2] && z >= 0 && z < x.shape()[3];
      return isInside ? y * x.shape()[3] + z : -1;
    }

    int taps() {
      return kernel[0] * kernel[1];
    }
  }

  private OnnxTensor convolution() {
    OnnxTensor x = in(0);
    OnnxTensor w = in(1);
    Windows windows = new Windows();
    int groups = integer("group", 1);
    int outputs = w.shape()[0];
    int inputs = w.shape()[1];
    int plane = x.size(2, 4);
    OnnxTensor y = OnnxTensor.of(windows.result(x, outputs), i -> 0);
    for (int i = 0; i < y.values().length; i++) {
      int output = y.place(i, 1);
      int first = y.place(i, 0) * x.shape()[1] + output / (outputs / groups) * inputs;
      double sum = node.inputs().size() > 2 ? in(2).values()[output] : 0;
      for (int tap = 0; tap < windows.taps(); tap++) {
        int at = windows.seen(x, y.place(i, 2), y.place(i, 3), tap);
        for (int c = 0; c < inputs && at >= 0; c++) {
          sum +=
              x.values()[(first + c) * plane + at]
                  * w.values()[(output * inputs + c) * windows.taps() + tap];
        }
      }
      y.values()[i] = sum;
    }
    return y;
  }

  private OnnxTensor pool(boolean isMax) {
    OnnxTensor x = in(0);
    Windows windows = new Windows();
    boolean countsPadding = !isMax && integer("count_include_pad", 0) == 1;
    int plane = x.size(2, 4);
    OnnxTensor y = OnnxTensor.of(windows.result(x, x.shape()[1]), i -> 0);
    for (int i = 0; i < y.values().length; i++) {
      double sum = 0;
      double most = Double.NEGATIVE_INFINITY;
      int count = 0;
      for (int tap = 0; tap < windows.taps(); tap++) {
        int at = windows.seen(x, y.place(i, 2), y.place(i, 3), tap);
        if (at >= 0) {
          double value = x.values()[i / y.size(2, 4) * plane + at];
          sum += value;
          most = Math.max(most, value);
          count++;
        }
      }
      y.values()[i] = isMax ? most : sum / (countsPadding ? windows.taps() : count);
    }
    return y;
  }
}
