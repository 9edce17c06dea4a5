package org.volterra.sum;

import java.util.List;
import org.volterra.memory.History;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * The sum with the kernel a(t, s) M: the scalar sum v_l = h Σ_k a_{l,k} z_k, then once for each
 * layer u_l += v_l Mᵀ. With the parameter W = Mᵀ (e × d) the adjoint hands δ_l Wᵀ to the scalar sum
 * and adds v_lᵀ δ_l to the gradient of W, for which training keeps all v_l: L slices, or those of a
 * run of layers. Recurrent where the scalar sum is.
 */
public final class MatrixTermSum implements RecurrentSum {
  private final Primitives p;
  private final CumulativeSum scalar;
  private final Matrix weight;
  private final Matrix weightGradient;
  private final Matrix[] sums;
  private final Matrix[] sumOperands;
  private final Matrix delta;
  private final Matrix deltaOperand;

  /**
   * Binds the sum.
   *
   * @param primitives the device
   * @param scalar the sum with the scalar kernel
   * @param weight W, e × d
   * @param weightGradient where its gradient is added, or null for inference
   * @param kept layers whose scalar sums are kept for training: L, or those of a run
   * @param rows batch · positions
   * @param memory for the scalar sums
   */
  public MatrixTermSum(
      Primitives primitives,
      CumulativeSum scalar,
      Matrix weight,
      Matrix weightGradient,
      int kept,
      int rows,
      SumMemory memory) {
    this.p = primitives;
    this.scalar = scalar;
    this.weight = weight;
    this.weightGradient = weightGradient;
    int count = weightGradient == null ? 1 : kept;
    Matrix all = memory.matrix("scalar-sums", Math.multiplyExact(count, rows), weight.rows());
    sums = new Matrix[count];
    sumOperands = new Matrix[count];
    for (int i = 0; i < count; i++) {
      sums[i] = all.rows(i * rows, rows);
      sumOperands[i] = scalar.operand(sums[i]);
    }
    delta = memory.matrix("delta", rows, weight.rows());
    deltaOperand = scalar.operand(delta);
  }

  /**
   * The elements of memory that this sum takes beside those of the scalar sum.
   *
   * @param kept layers whose scalar sums are kept for training
   * @param columns rows · feature channels
   * @param training whether there is an adjoint
   * @return a count
   */
  public static long elements(int kept, long columns, boolean training) {
    return (training ? kept + 1L : 2L) * columns;
  }

  @Override
  public History.Layout layout() {
    return History.Layout.SLICE_MAJOR;
  }

  @Override
  public boolean usesHost() {
    return scalar.usesHost();
  }

  @Override
  public Matrix operand(Matrix state) {
    return state;
  }

  @Override
  public void carried(int l, List<Matrix> target) {
    RecurrentSum.of(scalar).carried(l, target);
  }

  @Override
  public void forward(int l, Matrix u) {
    int index = (l - 1) % sums.length;
    p.fill(0, sums[index]);
    scalar.forward(l, sumOperands[index]);
    p.gemm(1, sums[index], false, weight, false, 1, u);
  }

  @Override
  public void adjoint(int l, Matrix deltaOfLayer) {
    p.gemm(1, sums[(l - 1) % sums.length], true, deltaOfLayer, false, 1, weightGradient);
    p.gemm(1, deltaOfLayer, false, weight, true, 0, delta);
    scalar.adjoint(l, deltaOperand);
  }
}
