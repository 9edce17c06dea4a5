package org.volterra.experiments;

import java.util.Arrays;
import org.volterra.feature.Convolution;
import org.volterra.feature.Pooling;
import org.volterra.feature.Shape;
import org.volterra.feature.WindowShape;

/** Convolution and pooling as nodes of a graph. */
record OnnxWindows(OnnxGraph graph, OnnxParameters parameters) {
  /** A convolution of a value whose channels are first. */
  OnnxValue convolution(String prefix, Convolution convolution, OnnxValue x, int k) {
    WindowShape window = convolution.window();
    int width = convolution.width();
    int inputs = x.shape().channels() / convolution.groups();
    int taps = window.kernelY() * window.kernelX();
    OnnxParameters.Parameter weight =
        parameters
            .at(prefix + "weight", k)
            .map(values -> outputsFirst(values, taps, inputs, width));
    String filters =
        graph.tensor(
            weight.name(), weight.values(), width, inputs, window.kernelY(), window.kernelX());
    OnnxAttributes attributes = shape(window).number("group", convolution.groups());
    String y =
        convolution.hasBias()
            ? graph.node(
                "Conv",
                attributes,
                x.name(),
                filters,
                parameters.vector(parameters.at(prefix + "bias", k)))
            : graph.node("Conv", attributes, x.name(), filters);
    return new OnnxValue(y, convolution.output(x.shape()), true);
  }

  /** Taps × inputs × outputs as outputs × inputs × taps. */
  private static double[] outputsFirst(double[] values, int taps, int inputs, int outputs) {
    double[] result = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      int output = i % outputs;
      int input = i / outputs % inputs;
      int tap = i / outputs / inputs;
      result[(output * inputs + input) * taps + tap] = values[i];
    }
    return result;
  }

  private static OnnxAttributes shape(WindowShape window) {
    return kernel(window).numbers("dilations", window.dilationY(), window.dilationX());
  }

  private static OnnxAttributes kernel(WindowShape window) {
    return new OnnxAttributes()
        .numbers("kernel_shape", window.kernelY(), window.kernelX())
        .numbers("strides", window.strideY(), window.strideX())
        .numbers("pads", window.padY(), window.padX(), window.padY(), window.padX());
  }

  /** Pooling; with a window, of a value whose channels are first. */
  OnnxValue pooling(Pooling pooling, OnnxValue x) {
    boolean isAverage = pooling.kind() == Pooling.Kind.AVERAGE;
    WindowShape window = pooling.window();
    String y;
    if (window == null) {
      OnnxAttributes axes =
          new OnnxAttributes().numbers("axes", x.gridAxes()).number("keepdims", 1);
      y = graph.node(isAverage ? "ReduceMean" : "ReduceMax", axes, x.name());
    } else if (!isAverage) {
      y = graph.node("MaxPool", shape(window), x.name());
    } else if (isStandard(window)) {
      y = graph.node("AveragePool", kernel(window).number("count_include_pad", 1), x.name());
    } else {
      y = averageAsConvolution(window, x);
    }
    return new OnnxValue(y, pooling.output(x.shape()), x.isChannelsFirst());
  }

  /** AveragePool has no dilation in this opset, and runtimes want less padding than window. */
  private static boolean isStandard(WindowShape window) {
    return window.dilationY() == 1
        && window.dilationX() == 1
        && window.padY() < window.kernelY()
        && window.padX() < window.kernelX();
  }

  private String averageAsConvolution(WindowShape window, OnnxValue x) {
    Shape shape = x.shape();
    int taps = window.kernelY() * window.kernelX();
    double[] filters = new double[Math.multiplyExact(shape.channels(), taps)];
    Arrays.fill(filters, 1.0 / taps);
    String name =
        graph.tensor(
            "means of " + window.kernelY() + "x" + window.kernelX() + "x" + shape.channels(),
            () -> filters,
            shape.channels(),
            1,
            window.kernelY(),
            window.kernelX());
    return graph.node("Conv", shape(window).number("group", shape.channels()), x.name(), name);
  }
}
