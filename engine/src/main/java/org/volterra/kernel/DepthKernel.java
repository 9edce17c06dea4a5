package org.volterra.kernel;

import java.util.Objects;

/**
 * A kernel K(t, s) on 0 ≤ s ≤ t ≤ T that weighs the features of the layer at depth s in the sum of
 * the layer at depth t: u(t) = b(t) + ∫₀ᵗ K(t, s) φ(s, x(s)) ds.
 */
public sealed interface DepthKernel {
  /**
   * An independent matrix K_{l,k} for every pair k &lt; l of layers, as in a DenseNet: all of them
   * are parameters.
   *
   * @return the kernel
   */
  static Dense dense() {
    return new Dense();
  }

  /**
   * A matrix-valued field that is continuous and piecewise linear on a coarse triangle mesh and can
   * be evaluated at any depth: the values at the nodes are parameters, so that their number does
   * not depend on the number of layers.
   *
   * @param intervals intervals of the mesh on each side of the triangle, at least 1
   * @return the kernel
   * @throws IllegalArgumentException if {@code intervals} is not in 1..65000
   */
  static Field field(int intervals) {
    return new Field(intervals);
  }

  /**
   * A given scalar function a(t, s) times the identity, without parameters.
   *
   * @param function the function
   * @return the kernel
   */
  static Scalar scalar(DepthFunction function) {
    return new Scalar(function, false);
  }

  /**
   * A scalar a_{l,k} times the identity for every pair k &lt; l of layers, all of them parameters,
   * as in a depth-weighted average.
   *
   * @param initial their initial values
   * @return the kernel
   */
  static Scalar trainableScalar(DepthFunction initial) {
    return new Scalar(initial, true);
  }

  /** An independent matrix for every pair of layers. */
  record Dense() implements DepthKernel {
    @Override
    public String toString() {
      return "dense";
    }
  }

  /**
   * A piecewise-linear matrix field.
   *
   * @param intervals intervals of the mesh on each side of the triangle
   */
  record Field(int intervals) implements DepthKernel {
    /**
     * Checks the argument.
     *
     * @throws IllegalArgumentException if {@code intervals} is not in 1..65000
     */
    public Field {
      if (intervals < 1 || intervals > 65_000) {
        throw new IllegalArgumentException(
            "intervals " + intervals + ": a kernel field has 1..65000");
      }
    }

    @Override
    public String toString() {
      return "field(" + intervals + ")";
    }
  }

  /**
   * A scalar function times the identity.
   *
   * @param function the function, or the initial values of its trainable samples
   * @param trainable whether the samples a_{l,k} = a(t_l, t_k) are parameters
   */
  record Scalar(DepthFunction function, boolean trainable) implements DepthKernel {
    /** Checks the arguments. */
    public Scalar {
      Objects.requireNonNull(function, "function");
    }

    @Override
    public String toString() {
      return trainable ? "scalar" : "fixed-scalar";
    }
  }
}
