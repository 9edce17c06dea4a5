package org.volterra.experiments;

import java.util.Arrays;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.IntToDoubleFunction;
import java.util.function.ToDoubleFunction;

/** An array of numbers in C order, for {@link OnnxInterpreter}. */
final class OnnxTensor {
  private final int[] shape;
  private final double[] values;

  /** Of dimensions and elements, which are not copied. */
  OnnxTensor(int[] shape, double[] values) {
    this.shape = shape;
    this.values = values;
  }

  int[] shape() {
    return shape;
  }

  double[] values() {
    return values;
  }

  /** An array whose elements are given by a function of their index. */
  static OnnxTensor of(int[] shape, IntToDoubleFunction element) {
    double[] values = new double[Arrays.stream(shape).reduce(1, Math::multiplyExact)];
    Arrays.setAll(values, element);
    return new OnnxTensor(shape, values);
  }

  int rank() {
    return shape.length;
  }

  /** An axis that may be counted from the end. */
  int axis(long axis) {
    return Math.floorMod((int) axis, rank());
  }

  /** The product of the dimensions of some axes. */
  int size(int from, int to) {
    return Arrays.stream(shape, from, to).reduce(1, Math::multiplyExact);
  }

  int[] longs() {
    return Arrays.stream(values).mapToInt(v -> (int) v).toArray();
  }

  int[] withAxis(int axis, int size) {
    int[] other = shape.clone();
    other[axis] = size;
    return other;
  }

  OnnxTensor map(DoubleUnaryOperator f) {
    return new OnnxTensor(shape, Arrays.stream(values).map(f).toArray());
  }

  /** f of two arrays with the broadcasting of numpy. */
  static OnnxTensor combine(OnnxTensor a, OnnxTensor b, DoubleBinaryOperator f) {
    int[] shape = broadcast(a.shape, b.shape);
    return of(
        shape, i -> f.applyAsDouble(a.values[a.source(i, shape)], b.values[b.source(i, shape)]));
  }

  static int[] broadcast(int[] a, int[] b) {
    int[] shape = new int[Math.max(a.length, b.length)];
    for (int d = 1; d <= shape.length; d++) {
      int m = d <= a.length ? a[a.length - d] : 1;
      int n = d <= b.length ? b[b.length - d] : 1;
      if (m != n && m != 1 && n != 1) {
        throw new AssertionError(Arrays.toString(a) + " does not go with " + Arrays.toString(b));
      }
      shape[shape.length - d] = m == 1 ? n : m;
    }
    return shape;
  }

  /** Where this array, repeated to a larger shape, has the element of that shape. */
  int source(int index, int[] larger) {
    int rest = index;
    int at = 0;
    int stride = 1;
    for (int d = 1; d <= rank(); d++) {
      int place = rest % larger[larger.length - d];
      rest /= larger[larger.length - d];
      int size = shape[rank() - d];
      at += size == 1 ? 0 : place * stride;
      stride *= size;
    }
    return at;
  }

  OnnxTensor transpose(int[] order) {
    int[] result = Arrays.stream(order).map(d -> shape[d]).toArray();
    int[] strides = new int[rank()];
    for (int d = 0; d < rank(); d++) {
      strides[d] = size(order[d] + 1, rank());
    }
    return of(
        result,
        i -> {
          int rest = i;
          int at = 0;
          for (int d = rank() - 1; d >= 0; d--) {
            at += rest % result[d] * strides[d];
            rest /= result[d];
          }
          return values[at];
        });
  }

  /** Products of the matrices in the last two axes, the others with broadcasting. */
  static OnnxTensor product(OnnxTensor a, OnnxTensor b) {
    int m = a.shape[a.rank() - 2];
    int inner = a.shape[a.rank() - 1];
    int n = b.shape[b.rank() - 1];
    if (b.shape[b.rank() - 2] != inner) {
      throw new AssertionError(Arrays.toString(a.shape) + " times " + Arrays.toString(b.shape));
    }
    OnnxTensor firsts = leading(a);
    OnnxTensor seconds = leading(b);
    int[] batches = broadcast(firsts.shape, seconds.shape);
    int[] shape = Arrays.copyOf(batches, batches.length + 2);
    shape[batches.length] = m;
    shape[batches.length + 1] = n;
    return of(
        shape,
        i -> {
          int first = (firsts.source(i / n / m, batches) * m + i / n % m) * inner;
          int second = seconds.source(i / n / m, batches) * inner * n + i % n;
          double sum = 0;
          for (int j = 0; j < inner; j++) {
            sum += a.values[first + j] * b.values[second + j * n];
          }
          return sum;
        });
  }

  private static OnnxTensor leading(OnnxTensor a) {
    return new OnnxTensor(Arrays.copyOf(a.shape, a.rank() - 2), new double[0]);
  }

  /** A part of an axis. */
  OnnxTensor slice(int axis, int from, int count) {
    int inner = size(axis + 1, rank());
    return of(
        withAxis(axis, count),
        i ->
            values[
                (i / inner / count * shape[axis] + from + i / inner % count) * inner + i % inner]);
  }

  /** Something of every line along an axis, of size 1 there. */
  OnnxTensor reduce(int axis, ToDoubleFunction<double[]> of) {
    int inner = size(axis + 1, rank());
    return of(
        withAxis(axis, 1),
        i -> {
          double[] line = new double[shape[axis]];
          for (int j = 0; j < line.length; j++) {
            line[j] = values[(i / inner * shape[axis] + j) * inner + i % inner];
          }
          return of.applyAsDouble(line);
        });
  }

  /** The place in an axis of each element. */
  int place(int index, int axis) {
    return index / size(axis + 1, rank()) % shape[axis];
  }
}
