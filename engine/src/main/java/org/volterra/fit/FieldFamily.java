package org.volterra.fit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.volterra.depth.DepthOperator;
import org.volterra.depth.Stencil;
import org.volterra.depth.TriangleField;
import org.volterra.depth.TriangleMesh;

/**
 * Kernels that are piecewise linear on a triangle mesh, of any shape, made unique by the
 * regulariser ½ (λ0 ‖K‖² + λ1 ‖∇K‖²).
 *
 * @param intervals N, from 1 to 64
 * @param horizon T, positive and finite
 * @param lambda0 λ0, positive and finite
 * @param lambda1 λ1, finite and not negative
 */
public record FieldFamily(int intervals, double horizon, double lambda0, double lambda1)
    implements KernelFamily {
  static final String NAME = "field";
  private static final int MOST_INTERVALS = 64;

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public FieldFamily {
    if (intervals < 1 || intervals > MOST_INTERVALS) {
      throw new IllegalArgumentException(
          "field:" + intervals + ": the number of intervals must be in 1.." + MOST_INTERVALS);
    }
    if (!(lambda0 > 0 && lambda0 < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "lambda0 " + lambda0 + ": must be positive and finite, else many fields fit");
    }
    if (!(lambda1 >= 0 && lambda1 < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("lambda1 " + lambda1 + ": must be finite, not negative");
    }
  }

  private TriangleMesh mesh() {
    return new TriangleMesh(intervals, horizon);
  }

  @Override
  public String name() {
    return NAME + ":" + intervals;
  }

  @Override
  public String formula() {
    return "K(t, s) piecewise linear on a triangle mesh with " + intervals + " intervals";
  }

  @Override
  public List<String> parameterNames() {
    List<String> names = new ArrayList<>();
    for (int i = 0; i <= intervals; i++) {
      for (int j = 0; j <= i; j++) {
        names.add("K" + i + "," + j);
      }
    }
    return names;
  }

  @Override
  public List<ParameterRange> ranges() {
    return Collections.nCopies(mesh().nodes(), ParameterRange.REAL);
  }

  @Override
  public int exponentParameter() {
    return -1;
  }

  @Override
  public double value(double t, double s, double[] theta) {
    Stencil stencil = mesh().locate(t, s);
    double sum = 0;
    for (int p = 0; p < stencil.size(); p++) {
      sum += stencil.weight(p) * theta[stencil.node(p)];
    }
    return sum;
  }

  @Override
  public void gradient(double t, double s, double[] theta, double factor, double[] gradient) {
    Stencil stencil = mesh().locate(t, s);
    for (int p = 0; p < stencil.size(); p++) {
      gradient[stencil.node(p)] += factor * stencil.weight(p);
    }
  }

  @Override
  public List<double[]> starts(double length) {
    return List.of(new double[mesh().nodes()]);
  }

  @Override
  public Optional<DepthOperator> regularizer() {
    double h = mesh().spacing();
    return Optional.of(DepthOperator.triangle(intervals + 1, 1, lambda0 * h * h, lambda1));
  }

  /**
   * The kernel as a field, to be compared with those of other meshes.
   *
   * @param theta the parameters first
   * @return the field
   */
  public TriangleField field(double[] theta) {
    return new TriangleField(mesh(), 1, Arrays.copyOf(theta, mesh().nodes()));
  }
}
