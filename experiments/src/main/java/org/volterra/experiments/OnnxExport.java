package org.volterra.experiments;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.volterra.FeedForwardSpec;
import org.volterra.Model;
import org.volterra.NetworkSpec;
import org.volterra.feature.Shape;
import org.volterra.io.AtomicFiles;

/**
 * Networks as ONNX files for inference, of the standard operators alone. The graph takes {@code
 * input}, batch × positions × channels as {@code predict} takes its samples, with any batch, scales
 * it as in training, and gives {@code output}, batch × positions × outputs, both in the network's
 * type. A history of bfloat16 is one of float32 here. The specification stands in the metadata.
 */
final class OnnxExport {
  /** What a message of protocol buffers may take. */
  static final long MAX_BYTES = Integer.MAX_VALUE;

  private static final int BUFFER = 1 << 16;
  private static final String PREFIX = "volterra.";

  private OnnxExport() {}

  /**
   * Writes a network, atomically.
   *
   * @throws IllegalArgumentException if the file would be larger than the format allows
   */
  static void write(Model model, InputFormat format, Path file) throws IOException {
    ProtobufMessage message = message(model, format);
    requireSize(message.size());
    AtomicFiles.write(
        file,
        channel -> {
          OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER);
          message.writeTo(out);
          out.flush();
        });
  }

  /** Refuses what the format cannot hold. */
  static void requireSize(long bytes) {
    if (bytes > MAX_BYTES) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the network takes %d bytes as ONNX: such a file holds at most %d; --format"
                  + " safetensors has no such limit",
              bytes,
              MAX_BYTES));
    }
  }

  private static ProtobufMessage message(Model model, InputFormat format) {
    OnnxGraph graph = new OnnxGraph(model.type());
    OnnxParameters parameters = new OnnxParameters(model, graph);
    int positions = model.spec().positions();
    int inputs = model.spec().inputs();
    graph.declareInput("input", positions, inputs);
    String scaled = format.normalizer().nodes(graph, "input", positions, inputs);
    OnnxValue result =
        switch (model.spec()) {
          case FeedForwardSpec spec -> {
            OnnxStages stages = new OnnxStages(graph, parameters);
            OnnxValue data = onGrid(graph, scaled, spec.input());
            yield stages.rows(stages.transform("stage.", spec.transform(), data, 0));
          }
          case NetworkSpec spec ->
              new OnnxDepth(graph, parameters, spec)
                  .of(onGrid(graph, scaled, spec.shape().withChannels(inputs)));
        };
    int rows = result.shape().positions();
    int outputs = result.shape().channels();
    graph.output(graph.node("Reshape", result.name(), graph.integers(0, rows, outputs)), "output");
    graph.declareOutput("output", rows, outputs);
    Map<String, String> metadata = new LinkedHashMap<>();
    model.spec().toProperties().forEach((key, value) -> metadata.put(PREFIX + key, value));
    format.metadata().forEach((key, value) -> metadata.put(PREFIX + key, value));
    return graph.model(metadata);
  }

  private static OnnxValue onGrid(OnnxGraph graph, String data, Shape shape) {
    String name =
        graph.node(
            "Reshape", data, graph.integers(0, shape.height(), shape.width(), shape.channels()));
    return new OnnxValue(name, shape, false);
  }
}
