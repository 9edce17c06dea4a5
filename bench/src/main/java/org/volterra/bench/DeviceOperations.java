package org.volterra.bench;

import java.util.ArrayList;
import java.util.List;
import org.volterra.bench.DeviceOperation.Shape;
import org.volterra.spi.Activation;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;

/** The operations that {@link DeviceStudy} times, with what each computes and moves. */
final class DeviceOperations {
  /** The copy whose rate the others are compared with. */
  static final String COPY = "copy";

  private static final int SINGLE = Float.BYTES;
  private static final int SAMPLES = 64;

  private DeviceOperations() {}

  /**
   * All of them.
   *
   * @param elements elements of operands of elementwise operations, a multiple of 1024
   * @param inner inner dimensions of the products of dense layers
   * @param m rows and columns of these products
   * @param slices slices of the histories that are summed
   */
  static List<DeviceOperation> all(int elements, List<Integer> inner, int m, int slices) {
    List<DeviceOperation> all = new ArrayList<>();
    int columns = 1024;
    int rows = elements / columns;
    elementwise(all, rows, columns);
    reductions(all, rows, columns);
    rowwise(all, rows, columns);
    sums(all, slices, Math.max(columns, elements / slices));
    for (int k : inner) {
      product(all, "gemm", m, m, k, false, false);
      product(all, "gemm nt", m, k, m, false, true);
      product(all, "gemm tn", k, m, m, true, false);
    }
    return all;
  }

  private static void add(
      List<DeviceOperation> all,
      String name,
      String size,
      double flops,
      double bytes,
      List<Shape> shapes,
      DeviceOperation.Body body) {
    all.add(new DeviceOperation(name, size, flops, bytes, shapes, body, 2e-6));
  }

  private static void elementwise(List<DeviceOperation> all, int rows, int columns) {
    double n = (double) rows * columns;
    String size = rows + "x" + columns;
    Shape x = Shape.float32(rows, columns);
    Shape half = new Shape(ElementType.BFLOAT16, rows, columns, 0);
    add(all, COPY, size, 0, 2 * SINGLE * n, List.of(x, x), (p, o) -> p.axpby(1, o[0], 0, o[1]));
    add(
        all,
        "axpby",
        size,
        3 * n,
        3 * SINGLE * n,
        List.of(x, x),
        (p, o) -> p.axpby(0.5, o[0], 0.25, o[1]));
    add(all, "fill", size, 0, SINGLE * n, List.of(x), (p, o) -> p.fill(1, o[0]));
    add(
        all,
        "transpose",
        size,
        0,
        2 * SINGLE * n,
        List.of(x, Shape.float32(columns, rows)),
        (p, o) -> p.transpose(o[0], o[1]));
    add(
        all,
        "addRow",
        size,
        2 * n,
        2 * SINGLE * n,
        List.of(Shape.float32(1, columns), x),
        (p, o) -> p.addRow(1, o[0], 0.5, o[1]));
    add(all, "narrow", size, 0, 6 * n, List.of(x, half), (p, o) -> p.narrow(o[0], o[1]));
    add(all, "widen", size, 0, 6 * n, List.of(half, x), (p, o) -> p.widen(o[0], o[1]));
    for (Activation f : List.of(Activation.TANH, Activation.GELU)) {
      add(
          all,
          "activate " + f,
          size,
          n,
          2 * SINGLE * n,
          List.of(x, x),
          (p, o) -> p.activate(f, o[0], o[1]));
      add(
          all,
          "derive " + f,
          size,
          n,
          3 * SINGLE * n,
          List.of(x, x, x),
          (p, o) -> p.activateBackward(f, o[0], o[1], 0, o[2]));
    }
    add(
        all,
        "sgd",
        size,
        6 * n,
        5 * SINGLE * n,
        List.of(x, x, x),
        (p, o) -> p.sgd(o[0], o[1], o[2], 1e-3, 0.9, 1e-4, false));
    add(
        all,
        "adam",
        size,
        14 * n,
        7 * SINGLE * n,
        List.of(x, x, x, Shape.squares(rows, columns)),
        (p, o) -> p.adam(o[0], o[1], o[2], o[3], 3, 1e-3, 0.9, 0.999, 1e-8, 0));
  }

  private static void reductions(List<DeviceOperation> all, int rows, int columns) {
    double n = (double) rows * columns;
    String size = rows + "x" + columns;
    Shape x = Shape.float32(rows, columns);
    add(
        all,
        "dot",
        size,
        2 * n,
        2 * SINGLE * n,
        List.of(x, x, Shape.scalar()),
        (p, o) -> p.dot(1, o[0], o[1], 0, o[2]));
    add(
        all,
        "countNonFinite",
        size,
        n,
        SINGLE * n,
        List.of(x, Shape.scalar()),
        (p, o) -> p.countNonFinite(o[0], o[1]));
    add(
        all,
        "columnSums",
        size,
        n,
        SINGLE * n,
        List.of(x, Shape.float32(1, columns)),
        (p, o) -> p.columnSums(1, o[0], 0, o[1]));
  }

  private static void rowwise(List<DeviceOperation> all, int rows, int columns) {
    double n = (double) rows * columns;
    String size = rows + "x" + columns;
    Shape x = Shape.float32(rows, columns);
    add(
        all,
        "softmax",
        size,
        5 * n,
        2 * SINGLE * n,
        List.of(x, x),
        (p, o) -> p.softmax(o[0], o[1]));
    add(
        all,
        "gatherRows",
        size,
        0,
        2 * SINGLE * n,
        List.of(x, new Shape(ElementType.INT32, 1, rows, Math.max(2, rows)), x),
        (p, o) -> p.gatherRows(o[0], o[1], o[2]));
  }

  /** The sums of scalar kernels over a history of slices. */
  private static void sums(List<DeviceOperation> all, int slices, int width) {
    double n = (double) slices * width;
    String size = slices + "x" + width;
    Shape history = Shape.float32(slices, width);
    Shape weights = Shape.float32(1, slices);
    Shape sum = Shape.float32(1, width);
    add(
        all,
        "block sum",
        size,
        2 * n,
        SINGLE * n,
        List.of(history, weights, sum),
        (p, o) -> p.gemv(1, o[0], true, o[1], 0, o[2]));
    add(
        all,
        "block sum gradient",
        size,
        2 * n,
        SINGLE * n,
        List.of(history, sum, weights),
        (p, o) -> p.gemv(1, o[0], false, o[1], 0, o[2]));
    add(
        all,
        "block sum transposed",
        size,
        2 * n,
        2 * SINGLE * n,
        List.of(weights, sum, history),
        (p, o) -> p.ger(1e-3, o[0], o[1], o[2]));
  }

  /** op(a) op(b), m × n with inner dimension k: the three products of a dense layer. */
  private static void product(
      List<DeviceOperation> all, String name, int m, int n, int k, boolean ta, boolean tb) {
    all.add(
        new DeviceOperation(
            name,
            m + "x" + n + "x" + k,
            2.0 * m * n * k,
            SINGLE * ((double) m * k + (double) k * n + (double) m * n),
            List.of(
                Shape.float32(ta ? k : m, ta ? m : k),
                Shape.float32(tb ? n : k, tb ? k : n),
                Shape.float32(m, n)),
            (p, o) -> p.gemm(1, o[0], ta, o[1], tb, 0, o[2]),
            4e-6 * Math.sqrt(k)));
  }

  /** Computes some elements of a product again, in float64. */
  static void checkSample(DeviceOperation product, Matrix[] o) {
    boolean ta = product.name().endsWith("tn");
    boolean tb = product.name().endsWith("nt");
    int k = ta ? o[0].rows() : o[0].columns();
    Matrix c = o[2];
    for (int s = 0; s < SAMPLES; s++) {
      int i = (int) ((long) s * (c.rows() - 1) / (SAMPLES - 1));
      int j = (int) ((s * 37L % SAMPLES) * (c.columns() - 1) / (SAMPLES - 1));
      double[] a = ta ? o[0].block(0, i, k, 1).toArray() : o[0].rows(i, 1).toArray();
      double[] b = tb ? o[1].rows(j, 1).toArray() : o[1].block(0, j, k, 1).toArray();
      double sum = 0;
      double size = 0;
      for (int q = 0; q < k; q++) {
        sum += a[q] * b[q];
        size += a[q] * a[q] * b[q] * b[q];
      }
      WrongResultException.unlessClose(
          "element (" + i + ", " + j + ") of " + product.name() + " " + product.size(),
          c.get(i, j),
          sum,
          product.tolerance() * Math.sqrt(size / k));
    }
  }
}
