package org.volterra.bench;

import org.volterra.ModelWorkspace;
import org.volterra.memory.Resources;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.spi.Recording;

/**
 * A whole training step of a workspace: forward pass, mean squared error, backward pass, Adam. The
 * loss is J = Σ (x − y)² / n over the n elements of the output. Confined to the thread that made
 * it.
 */
public final class TrainingStep implements AutoCloseable {
  private static final double RATE = 1e-4;
  private static final double BETA1 = 0.9;
  private static final double BETA2 = 0.999;
  private static final double EPSILON = 1e-8;

  private final Resources resources = new Resources();
  private final ModelWorkspace workspace;
  private final Primitives p;
  private final Matrix data;
  private final Matrix target;
  private final Matrix outputGradient;
  private final Matrix parameters;
  private final Matrix gradients;
  private final Matrix loss;
  private final Recording pass;
  private Matrix first;
  private Matrix second;
  private long step;

  /**
   * Allocates the gradient of the loss; the first step allocates the moments of Adam.
   *
   * @param workspace a workspace with gradients; stays the caller's
   * @param data inputs, of the shape that the workspace takes
   * @param target what outputs are compared with, of the outputs' shape
   */
  public TrainingStep(ModelWorkspace workspace, Matrix data, Matrix target) {
    this.workspace = workspace;
    this.data = data;
    this.target = target;
    ComputeProvider device = workspace.network().provider();
    ElementType type = workspace.network().type();
    p = device.primitives(type);
    Buffer all = workspace.network().parameters();
    int length = Math.toIntExact(workspace.network().layout().trainedLength());
    parameters = Matrix.vector(all, 0, length);
    gradients = Matrix.vector(workspace.gradients(), 0, length);
    outputGradient =
        Matrix.of(
            resources.own(device.allocate(type, target.size())),
            0,
            target.rows(),
            target.columns());
    loss = Matrix.of(resources.own(device.allocate(ElementType.FLOAT64, 1)), 0, 1, 1);
    pass =
        resources.own(
            workspace.usesHost() ? Recording.direct(this::pass) : device.record(this::pass));
  }

  private void pass() {
    double scale = 1.0 / target.size();
    p.axpby(1, workspace.forward(data), 0, outputGradient);
    p.axpby(-1, target, 1, outputGradient);
    p.dot(scale, outputGradient, outputGradient, 0, loss);
    p.axpby(0, target, 2 * scale, outputGradient);
    workspace.backward(outputGradient);
  }

  /**
   * Computes the loss and the gradients of all parameters, and changes nothing.
   *
   * @return the loss
   */
  public double gradient() {
    pass.run();
    return loss.get(0, 0);
  }

  /**
   * One step.
   *
   * @return the loss before it
   */
  public double run() {
    double before = gradient();
    if (step == 0) {
      first = moment();
      second = moment();
    }
    step++;
    p.adam(parameters, gradients, first, second, step, RATE, BETA1, BETA2, EPSILON, 0);
    return before;
  }

  /** Zeros, taken when they are needed: who asks for gradients alone needs none. */
  private Matrix moment() {
    ComputeProvider device = workspace.network().provider();
    int length = parameters.columns();
    Buffer buffer = resources.own(device.allocate(parameters.buffer().type(), length));
    return Matrix.vector(buffer, 0, length);
  }

  @Override
  public void close() {
    resources.close();
  }
}
