package org.volterra.train;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.zip.CRC32C;
import org.volterra.Model;
import org.volterra.ParameterLayout;
import org.volterra.io.Checksums;
import org.volterra.io.DType;
import org.volterra.io.SafetensorsFile;
import org.volterra.io.SafetensorsWriter;
import org.volterra.io.Tensor;
import org.volterra.memory.HostBuffer;
import org.volterra.memory.Resources;
import org.volterra.spi.Buffer;
import org.volterra.spi.ElementType;

/**
 * What model files and checkpoints share: parameters by name, a checksum over all tensors in the
 * metadata.
 */
final class TensorFiles {
  private static final String CHECKSUM = "crc32c";

  private TensorFiles() {}

  static DType dtype(ElementType type) {
    return type == ElementType.FLOAT32 ? DType.F32 : DType.F64;
  }

  /** Collects tensors with their checksum; closes what it copied to the host. */
  static final class Writer implements AutoCloseable {
    private final SafetensorsWriter writer = new SafetensorsWriter();
    private final Resources resources = new Resources();
    private final CRC32C checksum = new CRC32C();

    void metadata(Map<String, String> entries) {
      entries.forEach(writer::metadata);
    }

    void parameters(Model network) {
      MemorySegment all = host(network.parameters());
      for (ParameterLayout.Entry entry : network.layout().entries().values()) {
        int bytes = network.type().bytes();
        add(
            entry.name(),
            network.type(),
            new long[] {entry.rows(), entry.columns()},
            all.asSlice(entry.offset() * bytes, entry.size() * bytes));
      }
    }

    void vector(String name, Buffer buffer) {
      add(name, buffer.type(), new long[] {buffer.length()}, host(buffer));
    }

    private void add(String name, ElementType type, long[] shape, MemorySegment data) {
      writer.tensor(name, dtype(type), shape, data);
      Checksums.update(checksum, data);
    }

    private MemorySegment host(Buffer buffer) {
      if (buffer instanceof HostBuffer host) {
        return host.segment();
      }
      HostBuffer copy = resources.own(HostBuffer.allocate(buffer.type(), buffer.length()));
      buffer.download(0, copy.segment(), 0, buffer.length());
      return copy.segment();
    }

    void write(Path file) throws IOException {
      writer.metadata(CHECKSUM, Long.toHexString(checksum.getValue()));
      writer.write(file);
    }

    @Override
    public void close() {
      resources.close();
    }
  }

  /** Checks a file's checksum and that it holds what {@code format} says. */
  static void verify(Path path, SafetensorsFile file, String format) throws IOException {
    if (!format.equals(file.metadata().get("format"))) {
      throw new IOException(
          path
              + " is not a "
              + format
              + " file: its metadata entry 'format' is "
              + file.metadata().get("format"));
    }
    CRC32C checksum = new CRC32C();
    for (String name : file.names()) {
      Checksums.update(checksum, file.tensor(name).data());
    }
    String found = Long.toHexString(checksum.getValue());
    if (!found.equals(file.metadata().get(CHECKSUM))) {
      throw new IOException(
          path
              + " is damaged: its tensors have the checksum "
              + found
              + ", its metadata say "
              + file.metadata().get(CHECKSUM));
    }
  }

  static void readParameters(Path path, SafetensorsFile file, Model network) throws IOException {
    for (ParameterLayout.Entry entry : network.layout().entries().values()) {
      long[] shape = {entry.rows(), entry.columns()};
      read(path, file, entry.name(), shape, network.parameters(), entry.offset());
    }
  }

  static void readVector(Path path, SafetensorsFile file, String name, Buffer target)
      throws IOException {
    read(path, file, name, new long[] {target.length()}, target, 0);
  }

  private static void read(
      Path path, SafetensorsFile file, String name, long[] shape, Buffer target, long offset)
      throws IOException {
    if (!file.names().contains(name)) {
      throw new IOException(path + " has no tensor '" + name + "', which the network needs");
    }
    Tensor tensor = file.tensor(name);
    if (tensor.dtype() != dtype(target.type()) || !Arrays.equals(tensor.shape(), shape)) {
      throw new IOException(
          path
              + ": tensor '"
              + name
              + "' is "
              + tensor.dtype()
              + " "
              + Arrays.toString(tensor.shape())
              + ", the network needs "
              + dtype(target.type())
              + " "
              + Arrays.toString(shape));
    }
    target.upload(tensor.data(), 0, offset, tensor.elementCount());
  }
}
