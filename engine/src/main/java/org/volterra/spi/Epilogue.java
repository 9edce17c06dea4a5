package org.volterra.spi;

import java.util.Objects;

/**
 * What surrounds the sum s of a layer, from the bias to the feature that later layers read:
 *
 * <pre>
 *   u = b + s
 *   x = g + ψ(u)
 *   z = w φ(x)
 * </pre>
 *
 * <p>A device may compute all of it where it computes s ({@link Primitives#gemm(double, Matrix,
 * boolean, Matrix, boolean, Epilogue)}); {@link #begin} and {@link #end} are the same in single
 * primitives. What is written must not overlap anything else, but g may be x itself where there is
 * no u.
 *
 * @param bias b, a row; null for 0
 * @param sum receives u; null if it is not wanted, which only the identity ψ allows
 * @param activation ψ
 * @param source g; null for 0
 * @param state receives x; null if neither x nor z are wanted
 * @param feature φ
 * @param weight w
 * @param result receives z; null if it is not wanted
 */
public record Epilogue(
    Matrix bias,
    Matrix sum,
    Activation activation,
    Matrix source,
    Matrix state,
    Activation feature,
    double weight,
    Matrix result) {
  /**
   * Checks what belongs together.
   *
   * @throws IllegalArgumentException if there is nothing to begin the sum in, or a result without
   *     the state that it is made of
   */
  public Epilogue {
    Objects.requireNonNull(activation, "activation");
    Objects.requireNonNull(feature, "feature");
    if (sum == null && (state == null || activation != Activation.IDENTITY)) {
      throw new IllegalArgumentException(
          "sum is null with activation " + activation + ": only a state with identity needs none");
    }
    if (state == null && result != null) {
      throw new IllegalArgumentException("state is null: the result is a function of it");
    }
  }

  /**
   * Where the sum is added.
   *
   * @return u, or x where there is no u
   */
  public Matrix target() {
    return sum == null ? state : sum;
  }

  /**
   * Writes what the sum is added to: b to u, or g + b to x.
   *
   * @param p the device
   */
  public void begin(ElementwisePrimitives p) {
    if (sum == null) {
      beginState(p);
    } else if (bias == null) {
      p.fill(0, sum);
    } else {
      p.addRow(1, bias, 0, sum);
    }
  }

  private void beginState(ElementwisePrimitives p) {
    boolean hasSource = source != null && !source.equals(state);
    if (hasSource && bias != null) {
      p.addRow(source, bias, state);
      return;
    }
    if (hasSource) {
      p.axpby(1, source, 0, state);
    } else if (source == null) {
      p.fill(0, state);
    }
    if (bias != null) {
      p.addRow(1, bias, 1, state);
    }
  }

  /**
   * Computes x and z from u, as far as they are wanted.
   *
   * @param p the device
   */
  public void end(ElementwisePrimitives p) {
    if (state == null) {
      return;
    }
    if (sum != null) {
      if (activation == Activation.IDENTITY) {
        p.axpby(1, sum, 0, state);
      } else {
        p.activate(activation, sum, state);
      }
      if (source != null) {
        p.axpby(1, source, 1, state);
      }
    }
    if (result == null) {
      return;
    }
    if (feature == Activation.IDENTITY) {
      p.axpby(weight, state, 0, result);
    } else {
      p.activate(feature, state, result);
      if (weight != 1) {
        p.axpby(0, result, weight, result);
      }
    }
  }
}
