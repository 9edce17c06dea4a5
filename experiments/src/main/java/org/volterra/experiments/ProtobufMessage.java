package org.volterra.experiments;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A message in the encoding of protocol buffers (protobuf.dev, "Encoding"): fields by number, in
 * the order in which they are added. Sizes are known as fields are added, so that large contents
 * are made only while they are written. Not thread-safe.
 */
final class ProtobufMessage {
  private static final int VARINT = 0;
  private static final int LENGTH_DELIMITED = 2;
  private static final int FIXED_32 = 5;

  private final List<Content> parts = new ArrayList<>();
  private long size;

  /** Bytes that are made when they are needed. */
  @FunctionalInterface
  interface Content {
    /** Writes all of them. */
    void writeTo(OutputStream out) throws IOException;
  }

  /** A whole number: int32, int64 or an enumeration. */
  ProtobufMessage number(int field, long value) {
    ByteArrayOutputStream bytes = tag(field, VARINT);
    varint(value, bytes);
    return part(bytes.toByteArray());
  }

  /** A float. */
  ProtobufMessage real(int field, float value) {
    ByteArrayOutputStream bytes = tag(field, FIXED_32);
    int bits = Float.floatToRawIntBits(value);
    for (int shift = 0; shift < Float.SIZE; shift += Byte.SIZE) {
      bytes.write(bits >>> shift);
    }
    return part(bytes.toByteArray());
  }

  /** A string. */
  ProtobufMessage text(int field, String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    return content(field, bytes.length, out -> out.write(bytes));
  }

  /** A message within this one, to which nothing more is added. */
  ProtobufMessage message(int field, ProtobufMessage value) {
    return content(field, value.size, value::writeTo);
  }

  /** Bytes of a known number. */
  ProtobufMessage content(int field, long bytes, Content content) {
    ByteArrayOutputStream head = tag(field, LENGTH_DELIMITED);
    varint(bytes, head);
    part(head.toByteArray());
    parts.add(content);
    size = Math.addExact(size, bytes);
    return this;
  }

  /** The number of bytes that are written. */
  long size() {
    return size;
  }

  /** Writes the fields. */
  void writeTo(OutputStream out) throws IOException {
    for (Content part : parts) {
      part.writeTo(out);
    }
  }

  private ProtobufMessage part(byte[] bytes) {
    parts.add(out -> out.write(bytes));
    size += bytes.length;
    return this;
  }

  private static ByteArrayOutputStream tag(int field, int wire) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    varint(((long) field << 3) | wire, bytes);
    return bytes;
  }

  /** Seven bits a byte, the lowest first. */
  private static void varint(long value, ByteArrayOutputStream bytes) {
    long rest = value;
    while ((rest & ~0x7FL) != 0) {
      bytes.write((int) ((rest & 0x7F) | 0x80));
      rest >>>= 7;
    }
    bytes.write((int) rest);
  }
}
