package org.volterra.depth;

import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;

/**
 * Norms of functions of depth, and of their differences. Components are summed as squares.
 *
 * <p>Integrals are sums of Gauss rules over the cells of a mesh, exact for polynomials of degree 5:
 * norms of piecewise-linear fields, and distances of two of which one lives on the mesh and the
 * other on the same or a coarser one that it refines, are exact up to rounding.
 *
 * @param l2 ‖f‖ in L²
 * @param gradient ‖∇f‖ in L²
 */
public record FieldNorm(double l2, double gradient) {
  private static final double[] GAUSS = {-Math.sqrt(0.6), 0, Math.sqrt(0.6)};
  private static final double[] GAUSS_WEIGHTS = {5.0 / 18, 8.0 / 18, 5.0 / 18};

  /** Radon's rule on a triangle: barycentric coordinates (1 − 2a, a, a), permuted, and weights. */
  private static final double[] RADON = {
    1.0 / 3, (6 - Math.sqrt(15)) / 21, (6 + Math.sqrt(15)) / 21
  };

  private static final double[] RADON_WEIGHTS = {
    9.0 / 40, (155 - Math.sqrt(15)) / 1200, (155 + Math.sqrt(15)) / 1200
  };

  /**
   * The norm in H¹.
   *
   * @return √(‖f‖² + ‖∇f‖²)
   */
  public double h1() {
    return Math.hypot(l2, gradient);
  }

  /**
   * The norm of the regulariser.
   *
   * @param lambda0 weight of ‖f‖²
   * @param lambda1 weight of ‖∇f‖²
   * @return √(λ0‖f‖² + λ1‖∇f‖²)
   */
  public double weighted(double lambda0, double lambda1) {
    return Math.sqrt(lambda0 * l2 * l2 + lambda1 * gradient * gradient);
  }

  /**
   * Distance of two functions on [0, T].
   *
   * @param f a function
   * @param g another of the same width, or null for 0
   * @param nodes ends of the cells of integration, increasing
   * @param weight factor of the integrands, such as {@code t -> 1}
   * @return the norms of f − g
   * @throws IllegalArgumentException if the widths differ
   */
  public static FieldNorm of(
      LineFunction f, LineFunction g, double[] nodes, DoubleUnaryOperator weight) {
    Difference d = new Difference(f.width(), g == null ? f.width() : g.width());
    for (int i = 1; i < nodes.length; i++) {
      double length = nodes[i] - nodes[i - 1];
      for (int q = 0; q < GAUSS.length; q++) {
        double t = nodes[i - 1] + 0.5 * length * (1 + GAUSS[q]);
        f.evaluate(t, d.value, d.byT);
        if (g != null) {
          g.evaluate(t, d.value2, d.byT2);
        }
        d.add(length * GAUSS_WEIGHTS[q] * weight.applyAsDouble(t));
      }
    }
    return d.norm();
  }

  /**
   * Distance of two functions on the triangle.
   *
   * @param f a function
   * @param g another of the same width, or null for 0
   * @param mesh its triangles are the cells of integration
   * @param weight factor of the integrands at (t, s), such as {@code (t, s) -> 1}
   * @return the norms of f − g
   * @throws IllegalArgumentException if the widths differ
   */
  public static FieldNorm of(
      TriangleFunction f, TriangleFunction g, TriangleMesh mesh, DoubleBinaryOperator weight) {
    Difference d = new Difference(f.width(), g == null ? f.width() : g.width());
    double h = mesh.spacing();
    for (int i = 0; i < mesh.intervals(); i++) {
      for (int j = 0; j <= i; j++) {
        for (int half = 0; half < (j < i ? 2 : 1); half++) {
          triangle(f, g, new double[] {h * i, h * j, h, h}, half == 0, weight, d);
        }
      }
    }
    return d.norm();
  }

  /**
   * Distance of two functions on the triangle, on cells that may be graded.
   *
   * @param f a function
   * @param g another of the same width, or null for 0
   * @param mesh its rectangles and triangles are the cells of integration; the rules are exact for
   *     integrands of degree 5 in t and in s on rectangles, and of total degree 5 on triangles
   * @param weight factor of the integrands at (t, s), such as {@code (t, s) -> 1}
   * @return the norms of f − g
   * @throws IllegalArgumentException if the widths differ
   */
  public static FieldNorm of(
      TriangleFunction f, TriangleFunction g, TensorMesh mesh, DoubleBinaryOperator weight) {
    Difference d = new Difference(f.width(), g == null ? f.width() : g.width());
    for (int i = 0; i < mesh.intervals(); i++) {
      double height = mesh.node(i + 1) - mesh.node(i);
      for (int j = 0; j < i; j++) {
        double length = mesh.node(j + 1) - mesh.node(j);
        for (int q = 0; q < GAUSS.length * GAUSS.length; q++) {
          int p = q / GAUSS.length;
          int r = q % GAUSS.length;
          double t = mesh.node(i) + 0.5 * height * (1 + GAUSS[p]);
          double s = mesh.node(j) + 0.5 * length * (1 + GAUSS[r]);
          double share = height * length * GAUSS_WEIGHTS[p] * GAUSS_WEIGHTS[r];
          d.add(f, g, t, s, share * weight.applyAsDouble(t, s));
        }
      }
      double[] box = {mesh.node(i), mesh.node(i), height, height};
      triangle(f, g, box, true, weight, d);
    }
    return d.norm();
  }

  /**
   * Radon's rule on one half of a rectangle (t, s, height, length): below its diagonal or above.
   */
  private static void triangle(
      TriangleFunction f,
      TriangleFunction g,
      double[] box,
      boolean below,
      DoubleBinaryOperator weight,
      Difference d) {
    for (int q = 0; q < 7; q++) {
      int family = (q + 2) / 3;
      double a = RADON[family];
      double main = 1 - 2 * a;
      int corner = q % 3;
      // Barycentric weights of (i, j), the corner between and (i + 1, j + 1).
      double middle = corner == 1 ? main : a;
      double far = corner == 2 ? main : a;
      double more = middle + far;
      double t = box[0] + box[2] * (below ? more : far);
      double s = box[1] + box[3] * (below ? far : more);
      d.add(f, g, t, s, 0.5 * box[2] * box[3] * RADON_WEIGHTS[family] * weight.applyAsDouble(t, s));
    }
  }

  /** Accumulates squares of a difference of two functions at points. */
  private static final class Difference {
    private final double[] value;
    private final double[] byT;
    private final double[] byS;
    private final double[] value2;
    private final double[] byT2;
    private final double[] byS2;
    private double squares;
    private double slopes;

    private Difference(int width, int other) {
      if (width != other) {
        throw new IllegalArgumentException(
            "functions of " + width + " and " + other + " components have no distance");
      }
      value = new double[width];
      byT = new double[width];
      byS = new double[width];
      value2 = new double[width];
      byT2 = new double[width];
      byS2 = new double[width];
    }

    private void add(TriangleFunction f, TriangleFunction g, double t, double s, double weight) {
      f.evaluate(t, s, value, byT, byS);
      if (g != null) {
        g.evaluate(t, s, value2, byT2, byS2);
      }
      add(weight);
    }

    private void add(double weight) {
      for (int c = 0; c < value.length; c++) {
        squares += weight * square(value[c] - value2[c]);
        slopes += weight * (square(byT[c] - byT2[c]) + square(byS[c] - byS2[c]));
      }
    }

    private static double square(double x) {
      return x * x;
    }

    private FieldNorm norm() {
      return new FieldNorm(Math.sqrt(squares), Math.sqrt(slopes));
    }
  }
}
