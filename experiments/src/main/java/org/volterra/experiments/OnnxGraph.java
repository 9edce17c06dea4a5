package org.volterra.experiments;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.volterra.spi.ElementType;

/**
 * A graph in ONNX (github.com/onnx/onnx, docs/IR.md and onnx/onnx.proto): nodes in the order in
 * which they are added, each with one result, and initialisers by name. Operators are those of
 * opset {@value #OPSET}. Not thread-safe.
 */
final class OnnxGraph {
  /** The version of the operators. */
  static final int OPSET = 17;

  private static final int IR_VERSION = 8;
  private static final int FLOAT = 1;
  private static final int INT64 = 7;
  private static final int DOUBLE = 11;
  private static final int CHUNK = 1 << 16;

  private final ElementType type;
  private final ProtobufMessage graph = new ProtobufMessage();
  private final Set<String> initializers = new HashSet<>();
  private final Map<String, Integer> counts = new HashMap<>();

  /** An empty graph that computes in float32 or float64. */
  OnnxGraph(ElementType type) {
    this.type = type;
  }

  /** Adds a node without attributes and gives the name of its result. */
  String node(String operator, String... inputs) {
    return node(operator, new OnnxAttributes(), inputs);
  }

  /** Adds a node and gives the name of its result. */
  String node(String operator, OnnxAttributes attributes, String... inputs) {
    return nodes(operator, attributes, 1, inputs)[0];
  }

  /** Adds a node with several results and gives their names. */
  String[] nodes(String operator, OnnxAttributes attributes, int results, String... inputs) {
    String name = operator + "_" + counts.merge(operator, 1, Integer::sum);
    String[] outputs = new String[results];
    Arrays.setAll(outputs, i -> results == 1 ? name : name + "_" + i);
    add(operator, name, attributes, inputs, outputs);
    return outputs;
  }

  /** Gives a value the name of an output. */
  void output(String value, String name) {
    add("Identity", name, new OnnxAttributes(), new String[] {value}, new String[] {name});
  }

  private void add(
      String operator, String name, OnnxAttributes attributes, String[] inputs, String[] outputs) {
    ProtobufMessage node = new ProtobufMessage();
    for (String input : inputs) {
      node.text(1, input);
    }
    for (String output : outputs) {
      node.text(2, output);
    }
    node.text(3, name).text(4, operator);
    attributes.messages().forEach(attribute -> node.message(5, attribute));
    graph.message(1, node);
  }

  /** A number of the graph's type. */
  String scalar(double value) {
    return tensor("constant " + value, () -> new double[] {value});
  }

  /**
   * A tensor of the graph's type. The first tensor of a name is kept.
   *
   * @param name its name, which stands for its contents
   * @param values its elements in C order, asked for when the file is written
   * @param dimensions its shape, none for a number
   * @return the name
   */
  String tensor(String name, Supplier<double[]> values, long... dimensions) {
    long count = Arrays.stream(dimensions).reduce(1, Math::multiplyExact);
    boolean isFloat = type == ElementType.FLOAT32;
    return initializer(
        name,
        elementType(),
        count * type.bytes(),
        out -> {
          byte[] bytes = new byte[CHUNK];
          ByteBuffer chunk = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
          for (double value : checked(name, values.get(), count)) {
            if (!chunk.hasRemaining()) {
              out.write(bytes);
              chunk.clear();
            }
            if (isFloat) {
              chunk.putFloat((float) value);
            } else {
              chunk.putDouble(value);
            }
          }
          out.write(bytes, 0, chunk.position());
        },
        dimensions);
  }

  private static double[] checked(String name, double[] values, long count) {
    if (values.length != count) {
      throw new IllegalStateException(
          name + " has " + values.length + " values, its shape asks for " + count);
    }
    return values;
  }

  /** A vector of whole numbers, such as a shape. */
  String integers(long... values) {
    byte[] bytes = new byte[values.length * Long.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().put(values);
    return initializer(
        "constant " + Arrays.toString(values),
        INT64,
        bytes.length,
        out -> out.write(bytes),
        values.length);
  }

  private String initializer(
      String name, int kind, long bytes, ProtobufMessage.Content content, long... dimensions) {
    if (initializers.add(name)) {
      ProtobufMessage tensor = new ProtobufMessage();
      for (long dimension : dimensions) {
        tensor.number(1, dimension);
      }
      graph.message(5, tensor.number(2, kind).text(8, name).content(9, bytes, content));
    }
    return name;
  }

  private int elementType() {
    return type == ElementType.FLOAT32 ? FLOAT : DOUBLE;
  }

  /** What an input or output is: batch × rows × columns, with any batch. */
  private ProtobufMessage valueInfo(String name, long rows, long columns) {
    ProtobufMessage shape =
        new ProtobufMessage()
            .message(1, new ProtobufMessage().text(2, "batch"))
            .message(1, new ProtobufMessage().number(1, rows))
            .message(1, new ProtobufMessage().number(1, columns));
    ProtobufMessage tensor = new ProtobufMessage().number(1, elementType()).message(2, shape);
    return new ProtobufMessage().text(1, name).message(2, new ProtobufMessage().message(1, tensor));
  }

  /** Declares the input of the graph, batch × rows × columns. */
  void declareInput(String name, long rows, long columns) {
    graph.message(11, valueInfo(name, rows, columns));
  }

  /** Declares the output of the graph, batch × rows × columns. */
  void declareOutput(String name, long rows, long columns) {
    graph.message(12, valueInfo(name, rows, columns));
  }

  /**
   * The graph as a model, the contents of a file; nothing may be added to the graph any more.
   *
   * @param metadata texts that the model carries
   */
  ProtobufMessage model(Map<String, String> metadata) {
    ProtobufMessage model =
        new ProtobufMessage()
            .number(1, IR_VERSION)
            .text(2, "volterra")
            .text(3, Version.text())
            .message(7, graph.text(2, "volterra"))
            .message(8, new ProtobufMessage().text(1, "").number(2, OPSET));
    metadata.forEach(
        (key, value) -> model.message(14, new ProtobufMessage().text(1, key).text(2, value)));
    return model;
  }
}
