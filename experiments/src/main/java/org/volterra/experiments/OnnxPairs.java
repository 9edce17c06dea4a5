package org.volterra.experiments;

import org.volterra.feature.Attention;
import org.volterra.feature.NonLocal;
import org.volterra.feature.Shape;

/** Attention and non-local blocks as nodes of a graph, of values whose channels are last. */
record OnnxPairs(OnnxGraph graph, OnnxParameters parameters) {
  /** Multi-head attention over positions. */
  OnnxValue attention(String prefix, Attention attention, OnnxValue x, int k) {
    int width = x.shape().channels();
    int heads = attention.heads();
    int positions = x.shape().positions();
    String[] parts = thirds(parameters.affine(positions(x), prefix + "projection.", k), width);
    for (int i = 0; i < parts.length; i++) {
      String cut =
          graph.node("Reshape", parts[i], graph.integers(0, positions, heads, width / heads));
      OnnxAttributes order = new OnnxAttributes();
      parts[i] =
          graph.node(
              "Transpose",
              i == 1 ? order.numbers("perm", 0, 2, 3, 1) : order.numbers("perm", 0, 2, 1, 3),
              cut);
    }
    String scale = graph.scalar(1 / Math.sqrt((double) width / heads));
    String scores = graph.node("Mul", graph.node("MatMul", parts[0], parts[1]), scale);
    if (attention.isCausal()) {
      scores = graph.node("Add", scores, future(positions));
    }
    String mixed = graph.node("MatMul", softmax(scores), parts[2]);
    String rows = graph.node("Transpose", new OnnxAttributes().numbers("perm", 0, 2, 1, 3), mixed);
    String joined = graph.node("Reshape", rows, graph.integers(0, positions, width));
    return grid(parameters.affine(joined, prefix + "output.", k), x);
  }

  /** −∞ where a position would see a later one. */
  private String future(int positions) {
    return graph.tensor(
        "future of " + positions,
        () -> {
          double[] mask = new double[Math.multiplyExact(positions, positions)];
          for (int i = 0; i < mask.length; i++) {
            mask[i] = i % positions > i / positions ? Double.NEGATIVE_INFINITY : 0;
          }
          return mask;
        },
        positions,
        positions);
  }

  /** A non-local block. */
  OnnxValue nonLocal(String prefix, NonLocal block, OnnxValue x, int k) {
    String projection = parameters.matrix(parameters.at(prefix + "projection.weight", k));
    String output = parameters.matrix(parameters.at(prefix + "output.weight", k));
    String[] parts = thirds(graph.node("MatMul", positions(x), projection), block.width());
    String keys = graph.node("Transpose", new OnnxAttributes().numbers("perm", 0, 2, 1), parts[1]);
    String scores = graph.node("MatMul", parts[0], keys);
    String weights =
        switch (block.kind()) {
          case GAUSSIAN -> softmax(scores);
          case DOT_PRODUCT -> graph.node("Mul", scores, graph.scalar(1.0 / x.shape().positions()));
        };
    String mixed = graph.node("MatMul", graph.node("MatMul", weights, parts[2]), output);
    return x.named(graph.node("Add", x.name(), grid(mixed, x).name()));
  }

  private String softmax(String scores) {
    return graph.node("Softmax", new OnnxAttributes().number("axis", -1), scores);
  }

  private String[] thirds(String x, int width) {
    return graph.nodes(
        "Split", new OnnxAttributes().number("axis", 2), 3, x, graph.integers(width, width, width));
  }

  /** Batch × positions × channels. */
  private String positions(OnnxValue x) {
    Shape shape = x.shape();
    return graph.node("Reshape", x.name(), graph.integers(0, shape.positions(), shape.channels()));
  }

  /** Back to the grid of x. */
  private OnnxValue grid(String name, OnnxValue x) {
    Shape shape = x.shape();
    return x.named(
        graph.node(
            "Reshape", name, graph.integers(0, shape.height(), shape.width(), shape.channels())));
  }
}
