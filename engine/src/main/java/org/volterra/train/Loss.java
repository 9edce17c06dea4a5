package org.volterra.train;

import java.util.function.DoubleBinaryOperator;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * A loss Φ(output, target), averaged over the rows of a batch. Implementations are thread-safe.
 *
 * <p>Users may implement it over {@link Primitives}, or give two functions of one output and one
 * target to {@link #pointwise}.
 */
public interface Loss {
  /**
   * Adds the mean loss and computes its gradient.
   *
   * @param p the device
   * @param output rows × outputs
   * @param target class labels, a vector of {@link ElementType#INT32} with one for each row, or
   *     real targets, rows × outputs
   * @param loss one element of {@link ElementType#FLOAT64}, to which the mean loss is added
   * @param gradient rows × outputs, overwritten with the gradient of the mean loss
   */
  void evaluate(Primitives p, Matrix output, Matrix target, Matrix loss, Matrix gradient);

  /**
   * Whether targets are class labels.
   *
   * @return false for real targets
   */
  default boolean takesLabels() {
    return false;
  }

  /**
   * Whether {@link #evaluate} reads or writes buffers from the host, as it may; a device then waits
   * for it in the middle of each step, and cannot repeat the step by itself.
   *
   * @return false, unless a loss says otherwise
   */
  default boolean usesHost() {
    return false;
  }

  /**
   * Mean of (output − target)² over rows and outputs.
   *
   * @return the loss
   */
  static Loss meanSquaredError() {
    return new MeanSquaredError();
  }

  /**
   * Mean over rows of −log softmax(output)[label].
   *
   * @return the loss
   */
  static Loss softmaxCrossEntropy() {
    return new SoftmaxCrossEntropy();
  }

  /**
   * A user's loss: the mean over rows of Σ_j f(output_j, target_j), computed on the host. On
   * another device that takes a transfer of the outputs, one of the targets and one of the gradient
   * in each step.
   *
   * @param value f(output, target)
   * @param derivative ∂f/∂output
   * @return the loss
   */
  static Loss pointwise(DoubleBinaryOperator value, DoubleBinaryOperator derivative) {
    return new Pointwise(value, derivative);
  }

  /** Mean squared error. */
  record MeanSquaredError() implements Loss {
    @Override
    public void evaluate(Primitives p, Matrix output, Matrix target, Matrix loss, Matrix gradient) {
      p.axpby(1, output, 0, gradient);
      p.axpby(-1, target, 1, gradient);
      p.dot(1.0 / output.size(), gradient, gradient, 1, loss);
      p.axpby(2.0 / output.size(), gradient, 0, gradient);
    }

    @Override
    public String toString() {
      return "mse";
    }
  }

  /** Softmax cross-entropy. */
  record SoftmaxCrossEntropy() implements Loss {
    @Override
    public void evaluate(Primitives p, Matrix output, Matrix target, Matrix loss, Matrix gradient) {
      p.softmaxCrossEntropy(1.0 / output.rows(), output, target, loss, gradient);
    }

    @Override
    public boolean takesLabels() {
      return true;
    }

    @Override
    public String toString() {
      return "cross-entropy";
    }
  }

  /**
   * A sum of functions of single outputs.
   *
   * @param value f(output, target)
   * @param derivative ∂f/∂output
   */
  record Pointwise(DoubleBinaryOperator value, DoubleBinaryOperator derivative) implements Loss {
    @Override
    public void evaluate(Primitives p, Matrix output, Matrix target, Matrix loss, Matrix gradient) {
      double[] outputs = output.toArray();
      double[] targets = target.toArray();
      double sum = 0;
      for (int i = 0; i < outputs.length; i++) {
        sum += value.applyAsDouble(outputs[i], targets[i]);
        outputs[i] = derivative.applyAsDouble(outputs[i], targets[i]) / output.rows();
      }
      gradient.fill(outputs);
      loss.set(0, 0, loss.get(0, 0) + sum / output.rows());
    }

    @Override
    public boolean usesHost() {
      return true;
    }

    @Override
    public String toString() {
      return "pointwise";
    }
  }
}
