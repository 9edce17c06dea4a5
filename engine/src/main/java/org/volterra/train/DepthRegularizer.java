package org.volterra.train;

import org.volterra.Model;

/**
 * The H¹-in-depth regulariser: ½[λ0 h² Σ|θ^{l,k}|² + λ1 Σ(|θ^{l+1,k} − θ^{l,k}|² + |θ^{l,k+1} −
 * θ^{l,k}|²)] for parameters on the triangle and ½[λ0 h Σ|θ^l|² + (λ1/h) Σ|θ^{l+1} − θ^l|²] for
 * one-parameter families, which tend to ½[λ0‖θ‖² + λ1‖∇θ‖²] as h → 0 (Huang, Su, Tai, Wu,
 * arXiv:2510.02049). Parameters that do not depend on depth are left alone.
 *
 * @param lambda0 weight λ0 of the L² norm, at least 0
 * @param lambda1 weight λ1 of the gradient's norm, at least 0
 */
public record DepthRegularizer(double lambda0, double lambda1) {
  /**
   * Checks the weights.
   *
   * @throws IllegalArgumentException if one is negative or not finite
   */
  public DepthRegularizer {
    weight("lambda0", lambda0);
    weight("lambda1", lambda1);
  }

  private static void weight(String name, double value) {
    if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          name + " " + value + ": a weight of the regulariser is finite and not negative");
    }
  }

  /**
   * No regularisation.
   *
   * @return zero weights
   */
  public static DepthRegularizer none() {
    return new DepthRegularizer(0, 0);
  }

  /**
   * What a metric in depth ({@link Trainer.Builder#metric}) takes of the memory of a network's
   * device, whatever its weights.
   *
   * @param network the network
   * @return a count in bytes; 0 where the host solves
   */
  public static long metricBytes(Model network) {
    return DepthMetric.bytes(network);
  }

  /**
   * Whether both weights are 0.
   *
   * @return true if nothing is to be done
   */
  public boolean isNone() {
    return lambda0 == 0 && lambda1 == 0;
  }
}
