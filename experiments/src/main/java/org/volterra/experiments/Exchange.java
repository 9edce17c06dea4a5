package org.volterra.experiments;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.volterra.Model;
import org.volterra.ModelSpec;
import org.volterra.NetworkSpec;
import org.volterra.ParameterLayout;
import org.volterra.io.AtomicFiles;
import org.volterra.io.SafetensorsFile;
import org.volterra.io.SafetensorsWriter;
import org.volterra.io.Tensor;
import org.volterra.kernel.DepthKernel;
import org.volterra.kernel.ScalarKernel;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;

/**
 * Networks as a folder that other programs read and write: {@code config.json} with the
 * specification and how inputs are scaled, {@code model.safetensors} with every parameter by its
 * name, and the coefficients of kernels that have no parameters, {@code kernel.coefficients}, layer
 * by layer. {@code bench/peers/volterra_torch.py} is the other side.
 */
final class Exchange {
  private static final String FORMAT = "volterra-exchange";
  private static final String CONFIGURATION = "config.json";
  private static final String TENSORS = "model.safetensors";
  private static final Gson PRETTY =
      new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

  /**
   * A network that was read.
   *
   * @param model owned by the caller
   * @param inputs how it takes samples
   */
  record Imported(Model model, InputFormat inputs) {}

  private Exchange() {}

  /** Writes a network. */
  static void write(Model model, InputFormat inputs, Path folder) throws IOException {
    Files.createDirectories(folder);
    SafetensorsWriter writer = new SafetensorsWriter();
    for (ParameterLayout.Entry entry : model.layout().entries().values()) {
      double[] values = entry.in(model.parameters()).toArray();
      add(writer, entry.name(), model.type(), values, entry.rows(), entry.columns());
    }
    if (model.spec() instanceof NetworkSpec spec) {
      coefficients(writer, "kernel", spec.kernel(), spec, model.type());
    }
    writer.write(folder.resolve(TENSORS));
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("format", FORMAT);
    map.put("type", model.type() == ElementType.FLOAT32 ? "float32" : "float64");
    map.put("spec", model.spec().toProperties());
    map.put("inputs", inputs.metadata());
    AtomicFiles.writeString(folder.resolve(CONFIGURATION), PRETTY.toJson(map) + "\n");
  }

  private static void add(
      SafetensorsWriter writer,
      String name,
      ElementType type,
      double[] values,
      long rows,
      long columns) {
    if (type == ElementType.FLOAT64) {
      writer.tensor(name, Tensor.ofDoubles(values, rows, columns));
    } else {
      float[] floats = new float[values.length];
      for (int i = 0; i < floats.length; i++) {
        floats[i] = (float) values[i];
      }
      writer.tensor(name, Tensor.ofFloats(floats, rows, columns));
    }
  }

  /** The coefficients of scalar kernels that are given. */
  private static void coefficients(
      SafetensorsWriter writer,
      String name,
      DepthKernel kernel,
      NetworkSpec spec,
      ElementType type) {
    switch (kernel) {
      case DepthKernel.Terms sum -> {
        for (int i = 0; i < sum.terms().size(); i++) {
          coefficients(writer, name + ".term." + i, sum.terms().get(i), spec, type);
        }
      }
      case DepthKernel.WithMatrix product ->
          coefficients(writer, name, product.scalar(), spec, type);
      case ScalarKernel scalar when !scalar.trainable() -> {
        int layers = spec.depth();
        double[] values = new double[layers * layers];
        for (int l = 1; l <= layers; l++) {
          for (int k = 0; k < l; k++) {
            values[(l - 1) * layers + k] = scalar.coefficient(spec.grid(), l, k);
          }
        }
        add(writer, name + ".coefficients", type, values, layers, layers);
      }
      default -> {}
    }
  }

  /** Reads a network. */
  static Imported read(Path folder, ComputeProvider device) throws IOException {
    Path file = folder.resolve(CONFIGURATION);
    ModelSpec spec;
    ElementType type;
    InputFormat inputs;
    try {
      JsonObject all = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
      if (!all.has("format") || !all.get("format").getAsString().equals(FORMAT)) {
        throw new IOException(file + " is no " + FORMAT + ": its entry 'format' says otherwise");
      }
      spec = ModelSpec.fromProperties(strings(all, "spec"));
      type = ElementType.valueOf(all.get("type").getAsString().toUpperCase(Locale.ROOT));
      inputs = InputFormat.of(strings(all, "inputs"));
    } catch (JsonParseException
        | IllegalArgumentException
        | IllegalStateException
        | NullPointerException e) {
      throw new IOException(file + " is malformed: " + e.getMessage(), e);
    }
    Model model = Model.create(spec, device, type, 0);
    boolean complete = false;
    try (SafetensorsFile tensors = SafetensorsFile.open(folder.resolve(TENSORS))) {
      for (ParameterLayout.Entry entry : model.layout().entries().values()) {
        entry.in(model.parameters()).fill(values(folder.resolve(TENSORS), tensors, entry));
      }
      complete = true;
      return new Imported(model, inputs);
    } finally {
      if (!complete) {
        model.close();
      }
    }
  }

  private static Map<String, String> strings(JsonObject all, String name) {
    Map<String, String> map = new LinkedHashMap<>();
    if (all.has(name)) {
      all.getAsJsonObject(name).asMap().forEach((key, value) -> map.put(key, value.getAsString()));
    }
    return map;
  }

  private static double[] values(Path file, SafetensorsFile tensors, ParameterLayout.Entry entry)
      throws IOException {
    if (!tensors.names().contains(entry.name())) {
      throw new IOException(
          file + " has no tensor '" + entry.name() + "', which the network needs");
    }
    Tensor tensor = tensors.tensor(entry.name());
    if (!Arrays.equals(tensor.shape(), new long[] {entry.rows(), entry.columns()})) {
      throw new IOException(
          file
              + ": tensor '"
              + entry.name()
              + "' has the shape "
              + Arrays.toString(tensor.shape())
              + ": the network needs "
              + List.of(entry.rows(), entry.columns()));
    }
    return tensor.toDoubleArray();
  }
}
