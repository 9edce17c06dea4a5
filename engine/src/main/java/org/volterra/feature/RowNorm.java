package org.volterra.feature;

import java.util.List;
import java.util.Objects;

/**
 * Normalisation of the channels of each position by their own statistics, then scaled and (layer
 * normalisation) shifted.
 *
 * @param kind which statistics
 * @param epsilon added to the variance, positive
 */
public record RowNorm(Kind kind, double epsilon) implements Stage {
  /** Which statistics are used. */
  public enum Kind {
    /** Mean and variance (Ba, Kiros, Hinton, arXiv:1607.06450). */
    LAYER,
    /** The root of the mean square (Zhang, Sennrich, arXiv:1910.07467). */
    RMS
  }

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if epsilon is not positive
   */
  public RowNorm {
    Objects.requireNonNull(kind, "kind");
    positive(epsilon);
  }

  static void positive(double epsilon) {
    if (!(epsilon > 0 && epsilon < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("epsilon " + epsilon + ": must be positive");
    }
  }

  /**
   * Layer normalisation with epsilon 1e-5.
   *
   * @return the stage
   */
  public static RowNorm layer() {
    return new RowNorm(Kind.LAYER, 1e-5);
  }

  /**
   * RMS normalisation with epsilon 1e-5.
   *
   * @return the stage
   */
  public static RowNorm rms() {
    return new RowNorm(Kind.RMS, 1e-5);
  }

  @Override
  public Shape output(Shape input) {
    return input;
  }

  @Override
  public List<Parameter> parameters(Shape input) {
    Parameter weight = Parameter.vector("weight", input.channels(), 1);
    return kind == Kind.RMS
        ? List.of(weight)
        : List.of(weight, Parameter.vector("bias", input.channels(), 0));
  }

  @Override
  public String toString() {
    String name = kind == Kind.LAYER ? "layer-norm" : "rms-norm";
    return epsilon == 1e-5 ? name : name + "(epsilon=" + epsilon + ")";
  }
}
