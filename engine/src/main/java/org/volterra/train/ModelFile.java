package org.volterra.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.volterra.Network;
import org.volterra.NetworkSpec;
import org.volterra.io.SafetensorsFile;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;

/**
 * Networks as safetensors files: parameters by their names in the layout, the specification and a
 * checksum in the metadata.
 */
public final class ModelFile {
  private static final String FORMAT = "volterra-network";

  private ModelFile() {}

  /**
   * Writes a network, atomically.
   *
   * @param network what to write
   * @param file the file to make or replace
   * @throws IOException if it cannot be written; a file that was there is then unchanged
   */
  public static void save(Network network, Path file) throws IOException {
    try (TensorFiles.Writer writer = new TensorFiles.Writer()) {
      writer.metadata(Map.of("format", FORMAT));
      writer.metadata(network.spec().toProperties());
      writer.parameters(network);
      writer.write(file);
    }
  }

  /**
   * Reads a network.
   *
   * @param file what {@link #save} wrote
   * @param provider the device
   * @return the network, owned by the caller
   * @throws IOException if the file cannot be read, is damaged, or is no model file
   */
  public static Network load(Path file, ComputeProvider provider) throws IOException {
    try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
      TensorFiles.verify(file, tensors, FORMAT);
      NetworkSpec spec;
      try {
        spec = NetworkSpec.fromProperties(tensors.metadata());
      } catch (IllegalArgumentException e) {
        throw new IOException(file + ": " + e.getMessage(), e);
      }
      Network network = Network.create(spec, provider, type(tensors), 0);
      try {
        TensorFiles.readParameters(file, tensors, network);
      } catch (IOException | RuntimeException e) {
        network.close();
        throw e;
      }
      return network;
    }
  }

  private static ElementType type(SafetensorsFile tensors) {
    for (String name : tensors.names()) {
      if (tensors.tensor(name).dtype() == TensorFiles.dtype(ElementType.FLOAT64)) {
        return ElementType.FLOAT64;
      }
    }
    return ElementType.FLOAT32;
  }
}
