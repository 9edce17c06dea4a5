package org.volterra.spi;

import java.util.Objects;

/**
 * What follows the gradient s = ∂J/∂z of a feature on the way back through its layer, the adjoint
 * of {@link Epilogue}:
 *
 * <pre>
 *   dz = s
 *   λ = w φ'(x) ⊙ dz
 *   λ_0 += λ
 *   δ = ψ'(u) ⊙ λ
 * </pre>
 *
 * <p>A device may compute all of it where it computes s ({@link Primitives#gemm(double, Matrix,
 * BlockRow, AdjointEpilogue)}); {@link #end} is the same in single primitives. What is written must
 * not overlap anything else.
 *
 * @param slope receives dz; multiplied by w where φ is given
 * @param weight w
 * @param feature φ
 * @param state x; null if φ is the identity
 * @param costate receives λ; null if nothing but dz is wanted
 * @param initial λ_0; null if nothing is added there
 * @param activation ψ
 * @param sum u; null if ψ is the identity
 * @param delta receives δ; null if it is not wanted
 */
public record AdjointEpilogue(
    Matrix slope,
    double weight,
    Activation feature,
    Matrix state,
    Matrix costate,
    Matrix initial,
    Activation activation,
    Matrix sum,
    Matrix delta) {
  /**
   * Checks what belongs together.
   *
   * @throws IllegalArgumentException if λ is needed and not there
   */
  public AdjointEpilogue {
    Objects.requireNonNull(slope, "slope");
    Objects.requireNonNull(feature, "feature");
    Objects.requireNonNull(activation, "activation");
    if (costate == null && (initial != null || delta != null)) {
      throw new IllegalArgumentException("costate is null: what follows is a function of it");
    }
  }

  /**
   * The gradient alone.
   *
   * @param slope receives dz
   * @return an epilogue that does nothing else
   */
  public static AdjointEpilogue of(Matrix slope) {
    return new AdjointEpilogue(
        slope, 1, Activation.IDENTITY, null, null, null, Activation.IDENTITY, null, null);
  }

  /**
   * Computes what follows from dz, as far as it is wanted.
   *
   * @param p the device
   */
  public void end(ElementwisePrimitives p) {
    if (costate == null) {
      return;
    }
    if (state == null) {
      p.axpby(weight, slope, 0, costate);
    } else {
      if (weight != 1) {
        p.axpby(0, slope, weight, slope);
      }
      p.activateBackward(feature, state, slope, 0, costate);
    }
    if (initial != null) {
      p.axpby(1, costate, 1, initial);
    }
    if (delta != null && sum == null) {
      p.axpby(1, costate, 0, delta);
    } else if (delta != null) {
      p.activateBackward(activation, sum, costate, 0, delta);
    }
  }
}
