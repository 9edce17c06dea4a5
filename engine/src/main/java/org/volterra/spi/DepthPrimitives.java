package org.volterra.spi;

/**
 * Softmax attention over the slices of a history: the operations of a device on which kernels of
 * attention in depth are built. A device may lack them ({@link ComputeProvider#depth}). The
 * contract of each, with its cost, is in {@code docs/kernels.md}.
 *
 * <p>A history of K slices is a matrix of K rows: row k holds slice k, a row-major matrix of m rows
 * and n channels. Every one of the m rows attends to the same row of all slices, independently of
 * the others. The keys are normalised, so that with {@code r_k = 1 / sqrt(Σ z_k² / n + epsilon)}
 * the scores are {@code s_k = r_k query · z_k}, and the weights {@code p = softmax(s)} (attention
 * residuals with one learned query for each layer). What is common to {@link Primitives} holds here
 * too.
 *
 * <p>Operands have the element type of the object. Where that is {@link ElementType#FLOAT32}, a
 * history may be stored as {@link ElementType#BFLOAT16}, and is then widened as it is read; y may
 * be of bfloat16 where the history is. Gradients are never.
 */
public interface DepthPrimitives {
  /**
   * The element type.
   *
   * @return {@link ElementType#FLOAT32} or {@link ElementType#FLOAT64}
   */
  ElementType type();

  /**
   * Weighted sums over slices, row by row: {@code y = alpha Σ_k p_k z_k + beta · y}.
   *
   * @param alpha factor of the sum
   * @param epsilon added to the mean squares of the keys, at least 0
   * @param z K × (m · n), perhaps of bfloat16
   * @param query vector of n elements
   * @param beta factor of the old contents of y
   * @param y m × n, of bfloat16 only if z is
   */
  void attend(double alpha, double epsilon, Matrix z, Matrix query, double beta, Matrix y);

  /**
   * The adjoint of {@link #attend}, which computes scores and weights again: with {@code g_k = dy ·
   * z_k} and {@code e_k = alpha p_k (g_k − Σ_j p_j g_j)}, {@code dz_k += alpha p_k dy + e_k r_k
   * query − e_k s_k r_k² / n · z_k} and {@code dquery += Σ e_k r_k z_k} over slices and rows.
   *
   * @param alpha as in {@link #attend}
   * @param epsilon as in {@link #attend}
   * @param z as in {@link #attend}
   * @param query as in {@link #attend}
   * @param dy m × n
   * @param dz the shape of z, of the type of this object, added to
   * @param dquery vector of n elements, added to
   */
  void attendBackward(
      double alpha, double epsilon, Matrix z, Matrix query, Matrix dy, Matrix dz, Matrix dquery);
}
