package org.volterra.bench;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A matrix product C = op(A) op(B) of m × k and k × n, as {@link Gemm} times it.
 *
 * @param m rows of C
 * @param n columns of C
 * @param k inner dimension
 * @param transposeA whether A is stored k × m
 * @param transposeB whether B is stored n × k
 */
public record GemmShape(int m, int n, int k, boolean transposeA, boolean transposeB) {
  private static final Pattern LAYER =
      Pattern.compile("(forward|transposed|weights):([1-9][0-9]{0,3})");
  private static final Pattern PLAIN =
      Pattern.compile("([1-9][0-9]{0,4})x([1-9][0-9]{0,4})x([1-9][0-9]{0,4})");

  /**
   * The shape of a name. {@code forward:L}, {@code transposed:L} and {@code weights:L} are the
   * three products of layer L of the network that {@link DepthScaling} times: u = Z W, dZ = δ Wᵀ
   * and dW = Zᵀ δ.
   *
   * @param name one of these or {@code MxNxK}
   * @return the shape
   * @throws IllegalArgumentException if the name is none of these
   */
  public static GemmShape parse(String name) {
    int d = DepthCase.CHANNELS;
    int batch = DepthCase.BATCH;
    Matcher layer = LAYER.matcher(name);
    if (layer.matches()) {
      int width = Integer.parseInt(layer.group(2)) * d;
      return switch (layer.group(1)) {
        case "forward" -> new GemmShape(batch, d, width, false, false);
        case "transposed" -> new GemmShape(batch, width, d, false, true);
        default -> new GemmShape(width, d, batch, true, false);
      };
    }
    Matcher plain = PLAIN.matcher(name);
    if (plain.matches()) {
      return new GemmShape(
          Integer.parseInt(plain.group(1)),
          Integer.parseInt(plain.group(2)),
          Integer.parseInt(plain.group(3)),
          false,
          false);
    }
    throw new IllegalArgumentException(
        "shape '"
            + name
            + "': must be forward:L, transposed:L or weights:L with a layer L, or MxNxK");
  }

  /**
   * The floating-point operations of the product.
   *
   * @return 2 m n k
   */
  public double flops() {
    return 2.0 * m * n * k;
  }

  /** Whether a factor is stored transposed, which prepared products do not take. */
  boolean transposes() {
    return transposeA || transposeB;
  }

  /** The elements of a matrix as stored. */
  @FunctionalInterface
  interface Elements {
    double get(int row, int column);
  }

  /** Rows of A as stored. */
  int rowsOfA() {
    return transposeA ? k : m;
  }

  /** Columns of A as stored. */
  int columnsOfA() {
    return transposeA ? m : k;
  }

  /** Rows of B as stored. */
  int rowsOfB() {
    return transposeB ? n : k;
  }

  /** Columns of B as stored. */
  int columnsOfB() {
    return transposeB ? k : n;
  }

  /**
   * Compares elements of a product, spread over rows and columns, with sums in float64.
   *
   * @throws WrongResultException naming the first element that is wrong
   */
  void check(Elements a, Elements b, Elements c) {
    for (int sample = 0; sample < 64; sample++) {
      int i = sample == 0 ? m - 1 : (int) (sample * 7919L % m);
      int j = sample == 0 ? n - 1 : (int) (sample * 104_729L % n);
      double sum = 0;
      double size = 0;
      for (int p = 0; p < k; p++) {
        double term =
            (transposeA ? a.get(p, i) : a.get(i, p)) * (transposeB ? b.get(j, p) : b.get(p, j));
        sum += term;
        size += Math.abs(term);
      }
      WrongResultException.unlessClose(
          "element (" + i + ", " + j + ") of the product " + this, c.get(i, j), sum, 1e-5 * size);
    }
  }
}
