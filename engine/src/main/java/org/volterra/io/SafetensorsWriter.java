package org.volterra.io;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Collects tensors and metadata and writes them as one safetensors file, atomically.
 *
 * <pre>{@code
 * new SafetensorsWriter()
 *     .metadata("format", "volterra")
 *     .tensor("layer.1.weight", DType.F32, new long[] {64, 64}, weights)
 *     .write(Path.of("model.safetensors"));
 * }</pre>
 *
 * <p>The header names tensors in the order they were added. Their data is laid out by falling
 * element size (and in that order within a size) and starts at a multiple of 64 bytes, so that
 * every element of a mapped file is aligned to its size. Equal input gives an equal file, byte for
 * byte.
 *
 * <p>Segments are borrowed, not copied: they must stay alive and unchanged until {@link #write}
 * returns. A writer may write several files. Not safe for use by several threads at once.
 */
public final class SafetensorsWriter {
  private static final int ALIGNMENT = 64;

  private final Map<String, String> metadata = new LinkedHashMap<>();
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();

  /** A writer without tensors and metadata. */
  public SafetensorsWriter() {}

  /**
   * Adds a metadata string.
   *
   * @param key the key, not added before
   * @param value the value
   * @return this writer
   * @throws IllegalArgumentException if the key is there already, or a string is not well-formed
   *     UTF-16
   */
  public SafetensorsWriter metadata(String key, String value) {
    checkText("key", key);
    checkText("value", value);
    checkRoom(metadata.size());
    if (metadata.putIfAbsent(key, value) != null) {
      throw new IllegalArgumentException("key is \"" + key + "\", which was added already");
    }
    return this;
  }

  /**
   * Adds a tensor.
   *
   * @param name its name, not added before and not {@code __metadata__}
   * @param dtype its element type
   * @param shape its dimensions, each at least 0; copied
   * @param data its elements, little-endian in C order, exactly as many bytes as the shape asks for
   * @return this writer
   * @throws IllegalArgumentException if the name is taken, reserved or not well-formed UTF-16, or
   *     shape and data do not fit each other
   */
  public SafetensorsWriter tensor(String name, DType dtype, long[] shape, MemorySegment data) {
    return tensor(name, new Tensor(dtype, shape, data));
  }

  /**
   * Adds a tensor.
   *
   * @param name its name, not added before and not {@code __metadata__}
   * @param tensor its type, shape and elements
   * @return this writer
   * @throws IllegalArgumentException if the name is taken, reserved or not well-formed UTF-16
   */
  public SafetensorsWriter tensor(String name, Tensor tensor) {
    Objects.requireNonNull(tensor, "tensor");
    checkText("name", name);
    checkRoom(tensors.size());
    if (name.equals(SafetensorsHeader.METADATA)) {
      throw new IllegalArgumentException("name is \"" + name + "\", which the format reserves");
    }
    if (tensors.putIfAbsent(name, tensor) != null) {
      throw new IllegalArgumentException("name is \"" + name + "\", which was added already");
    }
    return this;
  }

  /**
   * Writes the file through {@link AtomicFiles#write}; the data is streamed, not gathered.
   *
   * @param file the file to create or replace
   * @throws IllegalStateException if the header would exceed 100 MB or a segment's owner is closed
   * @throws IOException if the file cannot be written; a file that was there is then unchanged
   */
  public void write(Path file) throws IOException {
    List<String> layout = new ArrayList<>(tensors.keySet());
    layout.sort(Comparator.comparingInt((String name) -> -tensors.get(name).dtype().byteSize()));
    ByteBuffer header = header(layout);
    AtomicFiles.write(
        file,
        (FileChannel channel) -> {
          AtomicFiles.writeFully(channel, header);
          for (String name : layout) {
            AtomicFiles.writeFully(channel, tensors.get(name).data());
          }
        });
  }

  private ByteBuffer header(List<String> layout) {
    byte[] json = json(offsets(layout)).getBytes(StandardCharsets.UTF_8);
    int unpadded = SafetensorsHeader.LENGTH_BYTES + json.length;
    int padded = (unpadded + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    int length = padded - SafetensorsHeader.LENGTH_BYTES;
    if (length > SafetensorsHeader.MAX_BYTES) {
      throw new IllegalStateException(
          "the header takes "
              + length
              + " bytes; the format allows "
              + SafetensorsHeader.MAX_BYTES);
    }
    byte[] bytes = Arrays.copyOf(json, length);
    Arrays.fill(bytes, json.length, length, (byte) ' ');
    return ByteBuffer.allocate(padded)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(length)
        .put(bytes)
        .flip();
  }

  private Map<String, Long> offsets(List<String> layout) {
    Map<String, Long> begins = new LinkedHashMap<>();
    long begin = 0;
    for (String name : layout) {
      begins.put(name, begin);
      begin = Math.addExact(begin, tensors.get(name).data().byteSize());
    }
    return begins;
  }

  private String json(Map<String, Long> begins) {
    StringBuilder out = new StringBuilder("{");
    if (!metadata.isEmpty()) {
      out.append('"').append(SafetensorsHeader.METADATA).append("\":{");
      metadata.forEach((key, value) -> {
        JsonText.quote(key, out);
        out.append(':');
        JsonText.quote(value, out);
        out.append(',');
      });
      out.setLength(out.length() - 1);
      out.append("},");
    }
    tensors.forEach((name, tensor) -> {
      long begin = begins.get(name);
      long end = begin + tensor.data().byteSize();
      JsonText.quote(name, out);
      out.append(":{\"dtype\":\"").append(tensor.dtype().name());
      out.append("\",\"shape\":").append(Arrays.toString(tensor.shape()).replace(" ", ""));
      out.append(",\"data_offsets\":[").append(begin).append(',').append(end).append("]},");
    });
    if (out.length() > 1) {
      out.setLength(out.length() - 1);
    }
    return out.append('}').toString();
  }

  private static void checkText(String argument, String text) {
    Objects.requireNonNull(text, argument);
    if (text.length() > JsonText.MAX_LENGTH) {
      throw new IllegalArgumentException(
          argument + " has " + text.length() + " characters; allowed: " + JsonText.MAX_LENGTH);
    }
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
      throw new IllegalArgumentException(argument + " holds half of a surrogate pair: " + text);
    }
  }

  private static void checkRoom(int count) {
    if (count == SafetensorsHeader.MAX_ENTRIES) {
      throw new IllegalArgumentException(
          "there are "
              + count
              + " entries already; allowed are at most "
              + SafetensorsHeader.MAX_ENTRIES);
    }
  }
}
