package org.volterra;

import java.util.Objects;
import org.volterra.depth.DepthDependence;

/** The source term g_l of the layer x_l = g_l + ψ(u_l). */
public sealed interface Source {
  /**
   * g = 0, as in the classical DenseNet.
   *
   * @return the source
   */
  static Source zero() {
    return new Zero();
  }

  /**
   * g_l = x_0: the limit is x(t) = x(0) + ∫ ….
   *
   * @return the source
   */
  static Source initialState() {
    return new InitialState();
  }

  /**
   * g_l = x_0 A(t_l) with matrices A of channels × channels that are parameters and begin as the
   * identity.
   *
   * @param dependence how A depends on depth
   * @return the source
   */
  static Source linear(DepthDependence dependence) {
    return new Linear(dependence);
  }

  /** g = 0. */
  record Zero() implements Source {
    @Override
    public String toString() {
      return "0";
    }
  }

  /** g_l = x_0. */
  record InitialState() implements Source {
    @Override
    public String toString() {
      return "x_0";
    }
  }

  /**
   * g_l = x_0 A(t_l).
   *
   * @param dependence how A depends on depth
   */
  record Linear(DepthDependence dependence) implements Source {
    /** Checks the argument. */
    public Linear {
      Objects.requireNonNull(dependence, "dependence");
    }

    @Override
    public String toString() {
      return "x_0 A(t)";
    }
  }
}
