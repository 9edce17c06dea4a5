package org.volterra.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.volterra.Model;
import org.volterra.ModelSpec;
import org.volterra.Network;
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
  public static void save(Model network, Path file) throws IOException {
    save(network, Map.of(), file);
  }

  /**
   * Writes a network with more metadata, such as how its inputs are scaled, atomically.
   *
   * @param network what to write
   * @param metadata entries that are no properties of the network
   * @param file the file to make or replace
   * @throws IOException if it cannot be written; a file that was there is then unchanged
   */
  public static void save(Model network, Map<String, String> metadata, Path file)
      throws IOException {
    try (TensorFiles.Writer writer = new TensorFiles.Writer()) {
      writer.metadata(Map.of("format", FORMAT));
      writer.metadata(network.spec().toProperties());
      writer.metadata(metadata);
      writer.parameters(network);
      writer.write(file);
    }
  }

  /**
   * Reads a dense non-local network.
   *
   * @param file what {@link #save} wrote
   * @param provider the device
   * @return the network, owned by the caller
   * @throws IOException if the file cannot be read, is damaged, or holds no such network
   */
  public static Network load(Path file, ComputeProvider provider) throws IOException {
    Model model = loadModel(file, provider);
    if (model instanceof Network network) {
      return network;
    }
    model.close();
    throw new IOException(file + " holds a network of stages: read it with loadModel");
  }

  /**
   * Reads a network of any kind.
   *
   * @param file what {@link #save} wrote
   * @param provider the device
   * @return the network, owned by the caller
   * @throws IOException if the file cannot be read, is damaged, or is no model file
   */
  public static Model loadModel(Path file, ComputeProvider provider) throws IOException {
    try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
      TensorFiles.verify(file, tensors, FORMAT);
      ModelSpec spec;
      try {
        spec = ModelSpec.fromProperties(tensors.metadata());
      } catch (IllegalArgumentException e) {
        throw new IOException(file + ": " + e.getMessage(), e);
      }
      Model network = Model.create(spec, provider, type(tensors), 0);
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
