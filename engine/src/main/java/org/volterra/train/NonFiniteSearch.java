package org.volterra.train;

import org.volterra.ModelWorkspace;
import org.volterra.ParameterLayout;
import org.volterra.Workspace;
import org.volterra.spi.Buffer;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * Finds the first quantity of a training step that is not finite, in the order in which a step
 * computes them.
 */
final class NonFiniteSearch {
  private final Primitives p;
  private final ModelWorkspace workspace;
  private final Matrix counter;

  NonFiniteSearch(Primitives p, ModelWorkspace workspace, Matrix counter) {
    this.p = p;
    this.workspace = workspace;
    this.counter = counter;
  }

  /** The quantity as words, such as {@code state x_3 (layer 3)}. */
  String first(Matrix inputs, Matrix output) {
    String parameter = firstParameter(workspace.network().parameters());
    if (parameter != null) {
      return "parameter " + parameter;
    }
    if (bad(inputs)) {
      return "the input data (layer 0)";
    }
    String layer =
        workspace instanceof Workspace inDepth
            ? firstLayer(inDepth, output)
            : bad(output) ? "the output" : null;
    if (layer != null) {
      return layer;
    }
    String gradient = firstParameter(workspace.gradients());
    return gradient == null ? "the loss" : "the gradient of parameter " + gradient;
  }

  private String firstLayer(Workspace inDepth, Matrix output) {
    int depth = inDepth.network().spec().depth();
    for (int l = 0; l <= depth; l++) {
      if (bad(inDepth.state(l))) {
        return "state x_" + l + " (layer " + l + ")";
      }
    }
    if (bad(output)) {
      return "the output (layer " + depth + ")";
    }
    for (int k = depth; inDepth.keepsHistory() && k >= 0; k--) {
      if (bad(inDepth.historyGradient().slice(k))) {
        return "the gradient of the features of layer " + k;
      }
    }
    return null;
  }

  private String firstParameter(Buffer values) {
    for (ParameterLayout.Entry entry : workspace.network().layout().entries().values()) {
      if (bad(entry.in(values))) {
        return entry.name();
      }
    }
    return null;
  }

  private boolean bad(Matrix m) {
    counter.set(0, 0, 0);
    p.countNonFinite(m, counter);
    return counter.get(0, 0) != 0;
  }
}
