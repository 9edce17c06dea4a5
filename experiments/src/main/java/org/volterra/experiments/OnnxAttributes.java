package org.volterra.experiments;

import java.util.ArrayList;
import java.util.List;

/** The attributes of a node of a graph in ONNX. Not thread-safe. */
final class OnnxAttributes {
  private static final int NAME = 1;
  private static final int FLOAT = 2;
  private static final int INT = 3;
  private static final int INTS = 8;
  private static final int TYPE = 20;
  private static final int FLOAT_TYPE = 1;
  private static final int INT_TYPE = 2;
  private static final int INTS_TYPE = 7;

  private final List<ProtobufMessage> all = new ArrayList<>();

  /** Each as a message. */
  List<ProtobufMessage> messages() {
    return all;
  }

  /** A float. */
  OnnxAttributes real(String name, float value) {
    return add(name, new ProtobufMessage().real(FLOAT, value), FLOAT_TYPE);
  }

  /** A whole number. */
  OnnxAttributes number(String name, long value) {
    return add(name, new ProtobufMessage().number(INT, value), INT_TYPE);
  }

  /** Whole numbers. */
  OnnxAttributes numbers(String name, long... values) {
    ProtobufMessage message = new ProtobufMessage();
    for (long value : values) {
      message.number(INTS, value);
    }
    return add(name, message, INTS_TYPE);
  }

  private OnnxAttributes add(String name, ProtobufMessage message, int type) {
    all.add(message.text(NAME, name).number(TYPE, type));
    return this;
  }
}
