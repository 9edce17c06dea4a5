package org.volterra.sum;

import java.util.Arrays;
import org.volterra.depth.DepthParameter;
import org.volterra.kernel.LayerWeights;
import org.volterra.memory.History;
import org.volterra.memory.Views;
import org.volterra.spi.DepthPrimitives;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * The sum of {@link LayerWeights.Attention}: {@code u_l += h Σ_j p_j v_j} with weights p =
 * softmax(q_l · v_j / rms(v_j)) for each position, over sources v that are the features themselves,
 * or sums of blocks of them. Cost: 6 flops for each element of the sources, 12 in the adjoint,
 * which computes weights again; the sources of blocks take ⌈(L − 1)/S⌉ + 1 slices beside the
 * history, twice for training.
 *
 * <p>The last source of a layer is the sum of its block so far. It is made of features in their
 * order whenever it is needed, so that layers that are computed again get the same bits.
 */
public final class AttentionSum implements CumulativeSum {
  private final Primitives primitives;
  private final DepthPrimitives attention;
  private final SumOperands data;
  private final LayerWeights.Attention kernel;
  private final DepthParameter queries;
  private final Views sources;
  private final Views sourceGradients;
  private final int[] summed;

  /**
   * Binds the sum.
   *
   * @param attention the device's attention over slices
   * @param operands the history
   * @param kernel blocks, and what is added to mean squares
   * @param queries the vectors q_2 … q_L
   * @param memory holds the sums of blocks
   */
  public AttentionSum(
      DepthPrimitives attention,
      SumOperands operands,
      LayerWeights.Attention kernel,
      DepthParameter queries,
      SumMemory memory) {
    this.primitives = operands.primitives();
    this.attention = attention;
    this.data = operands.complete();
    this.kernel = kernel;
    this.queries = queries;
    int count = kernel.sources(operands.layers());
    boolean isOfBlocks = kernel.block() > 1;
    sources = isOfBlocks ? new Views(memory.matrix("sources", count, operands.columns())) : null;
    sourceGradients =
        isOfBlocks && operands.gradient() != null
            ? new Views(memory.matrix("source-gradients", count, operands.columns()))
            : null;
    summed = new int[count];
  }

  @Override
  public History.Layout layout() {
    return History.Layout.SLICE_MAJOR;
  }

  @Override
  public Matrix operand(Matrix state) {
    return state;
  }

  /** The sources of layer l. */
  private Matrix sources(int l) {
    if (sources == null) {
      return data.z(0, l);
    }
    int last = kernel.source(l - 1);
    int first = kernel.firstOf(last);
    int count = l - first;
    Matrix sum = sources.rows(last, 1);
    if (summed[last] > count) {
      summed[last] = 0;
    }
    for (; summed[last] < count; summed[last]++) {
      primitives.axpby(1, data.z(first + summed[last], 1), summed[last] == 0 ? 0 : 1, sum);
    }
    return sources.rows(0, last + 1);
  }

  @Override
  public void forward(int l, Matrix u) {
    if (l == 1) {
      Arrays.fill(summed, 0);
    }
    Matrix values = sources(l);
    if (l == 1) {
      primitives.axpby(data.scale(), data.history().slice(0), 1, u);
    } else {
      attention.attend(data.scale(), kernel.epsilon(), values, queries.value(l), 1, u);
    }
  }

  @Override
  public void adjoint(int l, Matrix delta) {
    if (sources != null && l == data.layers()) {
      primitives.fill(0, sourceGradients.all());
    }
    if (l == 1) {
      primitives.axpby(data.scale(), delta, 1, data.gradient().slice(0));
    } else {
      Matrix values = sources(l);
      attention.attendBackward(
          data.scale(),
          kernel.epsilon(),
          values,
          queries.value(l),
          delta,
          sources == null ? data.gradient(0, l) : sourceGradients.rows(0, values.rows()),
          queries.gradient(l));
      queries.accumulated(l);
    }
    if (sources != null) {
      Matrix share = sourceGradients.rows(kernel.source(l - 1), 1);
      primitives.axpby(1, share, 1, data.gradient(l - 1, 1));
    }
  }
}
