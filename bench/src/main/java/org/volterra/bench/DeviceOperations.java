package org.volterra.bench;

import java.util.ArrayList;
import java.util.List;
import org.volterra.bench.DeviceOperation.Shape;
import org.volterra.spi.Activation;
import org.volterra.spi.ChannelNorm;
import org.volterra.spi.DepthPrimitives;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.spi.TransformPrimitives;
import org.volterra.spi.Window;

/** The operations that {@link DeviceStudy} times, with what each computes and moves. */
final class DeviceOperations {
  /** The copy whose rate the others are compared with. */
  static final String COPY = "copy";

  private static final int SINGLE = Float.BYTES;
  private static final int SAMPLES = 64;

  /**
   * Error of a sum for each of its terms. Partial sums of random terms grow like the root of their
   * number, so that the error of one chain in float32 has standard deviation 0.35 * 2^-24 k.
   */
  private static final double CHAINED = 1e-7;

  /** Elements of elementwise operands from which images are of a size that networks have. */
  private static final int LARGE = 1 << 22;

  private DeviceOperations() {}

  /**
   * All of them.
   *
   * @param elements elements of operands of elementwise operations, a multiple of 1024
   * @param inner inner dimensions of the products of dense layers
   * @param m rows and columns of these products
   * @param slices slices of the histories that are summed
   * @param unit the largest relative error of factors of products, or 0
   */
  static List<DeviceOperation> all(
      int elements, List<Integer> inner, int m, int slices, double unit) {
    List<DeviceOperation> all = new ArrayList<>();
    int columns = 1024;
    int rows = elements / columns;
    elementwise(all, rows, columns);
    reductions(all, rows, columns);
    rowwise(all, rows, columns);
    sums(all, slices, Math.max(columns, elements / slices));
    transforms(all, elements);
    attention(all, elements);
    for (int k : inner) {
      product(all, "gemm", m, m, k, false, false, unit);
      product(all, "gemm nt", m, k, m, false, true, unit);
      product(all, "gemm tn", k, m, m, true, false, unit);
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
      Body body) {
    all.add(
        new DeviceOperation(
            name,
            size,
            flops,
            bytes,
            shapes,
            (device, o) -> body.run(device.primitives(), o),
            2e-6));
  }

  /** A call of primitives alone. */
  private interface Body {
    void run(Primitives p, Matrix[] operands);
  }

  /** A call of primitives of transforms alone. */
  private interface TransformBody {
    void run(TransformPrimitives t, Matrix[] operands);
  }

  private static void transform(
      List<DeviceOperation> all,
      String name,
      String size,
      double flops,
      List<Shape> shapes,
      TransformBody body) {
    double bytes = shapes.stream().mapToDouble(s -> (double) SINGLE * s.elements()).sum();
    all.add(
        new DeviceOperation(
            name,
            size,
            flops,
            bytes,
            shapes,
            (device, o) -> body.run(device.transforms(), o),
            2e-5));
  }

  /** Layers of convolutional networks: images, channels to as many channels by windows of 3 × 3. */
  private static void transforms(List<DeviceOperation> all, int elements) {
    boolean large = elements >= LARGE;
    int images = large ? elements / LARGE : 1;
    int side = large ? 32 : 4;
    int channels = large ? 64 : 4;
    int rows = images * side * side;
    String size = images + "x" + side + "x" + side + "x" + channels;
    Window window = new Window(side, side, 3, 3, 1, 1, 1, 1, 1, 1);
    Window halving = new Window(side, side, 2, 2, 2, 2, 0, 0, 1, 1);
    double flops = 2.0 * rows * window.taps() * channels * channels;
    Shape x = Shape.float32(rows, channels);
    Shape half = Shape.float32(rows / 4, channels);
    Shape weight = Shape.float32(window.taps() * channels, channels);
    Shape row = Shape.float32(1, channels);
    transform(
        all,
        "convolve",
        size,
        flops,
        List.of(x, weight, x),
        (t, o) -> t.convolve(window, 1, o[0], o[1], 0, o[2]));
    transform(
        all,
        "convolve transposed",
        size,
        flops,
        List.of(x, weight, x),
        (t, o) -> t.convolveTransposed(window, 1, o[0], o[1], 0, o[2]));
    transform(
        all,
        "convolve gradient",
        size,
        flops,
        List.of(x, x, weight),
        (t, o) -> t.convolveGradient(window, 1, o[0], o[1], o[2]));
    transform(
        all,
        "max pool",
        size,
        (double) rows * channels,
        List.of(x, half),
        (t, o) -> t.maxPool(halving, o[0], o[1]));
    transform(
        all,
        "moments",
        size,
        4.0 * rows * channels,
        List.of(x, row, row),
        (t, o) -> t.moments(o[0], o[1], o[2]));
    transform(
        all,
        "normalize",
        size,
        3.0 * rows * channels,
        List.of(x, row, row, x),
        (t, o) ->
            t.normalize(Activation.RELU, new ChannelNorm(null, null, o[1], o[2]), o[0], o[3]));
    transform(
        all,
        "normalize rows",
        size,
        5.0 * rows * channels,
        List.of(x, x),
        (t, o) -> t.normalizeRows(true, 1e-5, o[0], o[1]));
  }

  /**
   * Attention of so many rows over 9 slices of 7168 channels, those of a large language model, in
   * bfloat16 and float32.
   */
  private static void attention(List<DeviceOperation> all, int elements) {
    int slices = 9;
    int channels = elements >= LARGE ? 7168 : 64;
    int rows = Math.max(1, elements / (elements > LARGE ? 2048 : 65_536)); // few to be checked
    double n = (double) slices * rows * channels;
    double sums = (double) rows * channels;
    String size = slices + "x" + rows + "x" + channels;
    Shape narrow = new Shape(ElementType.BFLOAT16, slices, rows * channels, 0);
    Shape narrowSums = new Shape(ElementType.BFLOAT16, rows, channels, 0);
    Shape z = Shape.float32(slices, rows * channels);
    Shape y = Shape.float32(rows, channels);
    Shape query = Shape.float32(1, channels);
    double scale = 1.0 / channels;
    attention(
        all,
        "attention bf16",
        size,
        6 * n,
        Short.BYTES * (n + sums),
        List.of(narrow, query, narrowSums),
        0x1p-7,
        (d, o) -> d.attend(1, scale, o[0], o[1], 0, o[2]));
    attention(
        all,
        "attention",
        size,
        6 * n,
        SINGLE * (n + sums),
        List.of(z, query, y),
        2e-4,
        (d, o) -> d.attend(1, scale, o[0], o[1], 0, o[2]));
    attention(
        all,
        "attention backward",
        size,
        14 * n,
        SINGLE * (3 * n + sums),
        List.of(z, query, y, z, query),
        2e-4,
        (d, o) -> d.attendBackward(1, scale, o[0], o[1], o[2], o[3], o[4]));
  }

  /** A call of primitives of attention over slices alone. */
  private interface DepthBody {
    void run(DepthPrimitives d, Matrix[] operands);
  }

  private static void attention(
      List<DeviceOperation> all,
      String name,
      String size,
      double flops,
      double bytes,
      List<Shape> shapes,
      double tolerance,
      DepthBody body) {
    all.add(
        new DeviceOperation(
            name,
            size,
            flops,
            bytes,
            shapes,
            (device, o) -> body.run(device.depth(), o),
            tolerance));
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
      List<DeviceOperation> all,
      String name,
      int m,
      int n,
      int k,
      boolean ta,
      boolean tb,
      double unit) {
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
            (device, o) -> device.primitives().gemm(1, o[0], ta, o[1], tb, 0, o[2]),
            (4e-6 + 5 * unit) * Math.sqrt(k) + CHAINED * k));
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
