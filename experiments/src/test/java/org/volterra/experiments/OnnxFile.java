package org.volterra.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What stands in an ONNX file, read by the field numbers of onnx/onnx.proto.
 *
 * @param irVersion version of the format
 * @param opset version of the operators
 * @param nodes in order
 * @param initializers tensors by name
 * @param inputs element type and dimensions by name
 * @param outputs likewise
 * @param metadata texts by name
 */
record OnnxFile(
    long irVersion,
    long opset,
    List<Node> nodes,
    Map<String, OnnxTensor> initializers,
    Map<String, String> inputs,
    Map<String, String> outputs,
    Map<String, String> metadata) {
  /** A node. */
  record Node(
      String operator,
      List<String> inputs,
      List<String> outputs,
      Map<String, List<Number>> attributes) {}

  private static final Map<Long, String> TYPES = Map.of(1L, "float", 7L, "int64", 11L, "double");

  static OnnxFile read(Path file) throws IOException {
    UnknownFieldSet model = UnknownFieldSet.parseFrom(Files.readAllBytes(file));
    UnknownFieldSet graph = UnknownFieldSet.parseFrom(single(model, 7));
    UnknownFieldSet operators = UnknownFieldSet.parseFrom(single(model, 8));
    assertThat(text(model, 2)).isEqualTo("volterra");
    assertThat(text(operators, 1)).isEmpty();
    assertThat(text(graph, 2)).isNotEmpty();
    List<Node> nodes = new ArrayList<>();
    for (UnknownFieldSet node : messages(graph, 1)) {
      nodes.add(
          new Node(text(node, 4), texts(node, 1), texts(node, 2), attributes(messages(node, 5))));
    }
    Map<String, OnnxTensor> initializers = new LinkedHashMap<>();
    for (UnknownFieldSet tensor : messages(graph, 5)) {
      assertThat(initializers.put(text(tensor, 8), tensor(tensor))).isNull();
    }
    Map<String, String> metadata = new LinkedHashMap<>();
    for (UnknownFieldSet entry : messages(model, 14)) {
      metadata.put(text(entry, 1), text(entry, 2));
    }
    return new OnnxFile(
        number(model, 1),
        number(operators, 2),
        nodes,
        initializers,
        values(messages(graph, 11)),
        values(messages(graph, 12)),
        metadata);
  }

  private static Map<String, List<Number>> attributes(List<UnknownFieldSet> all) {
    Map<String, List<Number>> attributes = new LinkedHashMap<>();
    for (UnknownFieldSet attribute : all) {
      long type = number(attribute, 20);
      List<Number> values =
          switch ((int) type) {
            case 1 ->
                List.of(Float.intBitsToFloat(attribute.getField(2).getFixed32List().getFirst()));
            case 2 -> List.of(number(attribute, 3));
            case 7 -> List.copyOf(attribute.getField(8).getVarintList());
            default -> throw new AssertionError("attribute of type " + type);
          };
      attributes.put(text(attribute, 1), values);
    }
    return attributes;
  }

  private static OnnxTensor tensor(UnknownFieldSet tensor) {
    int[] shape = tensor.getField(1).getVarintList().stream().mapToInt(Math::toIntExact).toArray();
    ByteBuffer raw = single(tensor, 9).asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    double[] values = new double[Arrays.stream(shape).reduce(1, Math::multiplyExact)];
    String type = TYPES.get(number(tensor, 2));
    assertThat(raw.remaining()).isEqualTo(values.length * (type.equals("float") ? 4 : 8));
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (type) {
            case "float" -> raw.getFloat();
            case "double" -> raw.getDouble();
            default -> raw.getLong();
          };
    }
    return new OnnxTensor(shape, values);
  }

  private static Map<String, String> values(List<UnknownFieldSet> all) throws IOException {
    Map<String, String> values = new LinkedHashMap<>();
    for (UnknownFieldSet value : all) {
      UnknownFieldSet type = messages(messages(value, 2).getFirst(), 1).getFirst();
      List<String> dimensions = new ArrayList<>();
      for (UnknownFieldSet dimension : messages(messages(type, 2).getFirst(), 1)) {
        dimensions.add(
            dimension.hasField(2) ? text(dimension, 2) : String.valueOf(number(dimension, 1)));
      }
      values.put(text(value, 1), TYPES.get(number(type, 1)) + dimensions);
    }
    return values;
  }

  private static long number(UnknownFieldSet message, int field) {
    List<Long> all = message.getField(field).getVarintList();
    assertThat(all).as("field " + field).hasSize(1);
    return all.getFirst();
  }

  private static ByteString single(UnknownFieldSet message, int field) {
    List<ByteString> all = message.getField(field).getLengthDelimitedList();
    assertThat(all).as("field " + field).hasSize(1);
    return all.getFirst();
  }

  private static String text(UnknownFieldSet message, int field) {
    return single(message, field).toStringUtf8();
  }

  private static List<String> texts(UnknownFieldSet message, int field) {
    return message.getField(field).getLengthDelimitedList().stream()
        .map(ByteString::toStringUtf8)
        .toList();
  }

  private static List<UnknownFieldSet> messages(UnknownFieldSet message, int field)
      throws IOException {
    List<UnknownFieldSet> all = new ArrayList<>();
    for (ByteString bytes : message.getField(field).getLengthDelimitedList()) {
      all.add(UnknownFieldSet.parseFrom(bytes));
    }
    return all;
  }
}
