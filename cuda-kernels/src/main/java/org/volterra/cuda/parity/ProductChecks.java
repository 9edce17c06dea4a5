package org.volterra.cuda.parity;

import java.util.function.DoubleUnaryOperator;
import org.volterra.cuda.ProductPrecision;
import org.volterra.cuda.parity.Operand.Devices;
import org.volterra.spi.Bfloat16;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * Matrix products whose factors are rounded: against exact products of factors that are rounded
 * beforehand, within what sums in float32 may differ, and of the factors themselves, within the
 * bound that {@link ProductPrecision} states.
 */
final class ProductChecks {
  private final Devices devices;
  private final ParityCheck.Extent extent;
  private final ProductPrecision precision;
  private final Primitives tested;
  private final Primitives reference;

  ProductChecks(Devices devices, ProductPrecision precision, ParityCheck.Extent extent) {
    this.devices = devices;
    this.extent = extent;
    this.precision = precision;
    this.tested = devices.tested().primitives(ElementType.FLOAT32);
    this.reference = devices.reference().primitives(ElementType.FLOAT32);
  }

  /** The number of cases. */
  int rounds() {
    return 4 * extent.rounds() + extent.largest().length + 4 * extent.aligned().length;
  }

  void run(int round, Comparison comparison) {
    int large = round - 4 * extent.rounds();
    int aligned = large - extent.largest().length;
    if (large < 0) {
      compare(new int[] {size(), size(), size()}, round, false, comparison);
    } else if (aligned < 0) {
      compare(extent.largest()[large], round, false, comparison);
    } else {
      compare(extent.aligned()[aligned / 4], aligned, true, comparison);
    }
  }

  private int size() {
    return PrimitiveChecks.size(devices.random());
  }

  private void compare(int[] size, int round, boolean aligned, Comparison comparison) {
    int m = size[0];
    int n = size[1];
    int k = size[2];
    boolean ta = (round & 1) != 0;
    boolean tb = (round & 2) != 0;
    double[] s = PrimitiveChecks.scalars(round);
    Operand.Value old = s[1] == 0 ? () -> Double.NaN : this::next;
    try (Operand a = operand(ta ? k : m, ta ? m : k, aligned, this::next);
        Operand b = operand(tb ? n : k, tb ? k : n, aligned, this::next);
        Operand c = operand(m, n, aligned, old);
        Operand sum = devices.old(ElementType.FLOAT32, m, n, 0)) {
      double[] before = c.reference().toArray();
      tested.gemm(s[0], a.tested(), ta, b.tested(), tb, s[1], c.tested());
      double[] first = a.reference().toArray();
      double[] second = b.reference().toArray();
      reference.gemm(s[0], a.reference(), ta, b.reference(), tb, s[1], c.reference());
      double[] exact = c.reference().toArray();
      refill(a, b, first, second, Math::abs);
      reference.gemm(Math.abs(s[0]), a.reference(), ta, b.reference(), tb, 0, sum.reference());
      double[] terms = sum.reference().toArray();
      refill(a, b, first, second, this::round);
      c.reference().fill(before);
      reference.gemm(s[0], a.reference(), ta, b.reference(), tb, s[1], c.reference());
      double[] rounded = c.reference().toArray();
      double[] sums = new double[terms.length];
      double[] stated = new double[terms.length];
      double unit = precision.unitRoundoff();
      for (int i = 0; i < sums.length; i++) {
        double rest = s[1] == 0 ? 0 : Math.abs(s[1] * before[i]);
        sums[i] = (k + 32) * 0x1p-24 * (terms[i] + rest);
        stated[i] = (2 + unit) * unit * terms[i] + sums[i];
      }
      String what = m + " x " + n + " x " + k + (ta ? ", a transposed" : "");
      what += tb ? ", b transposed" : "";
      c.compare(comparison, rounded, sums, what + ", factors rounded before");
      c.compare(comparison, exact, stated, what);
    }
  }

  private Operand operand(int rows, int columns, boolean aligned, Operand.Value value) {
    return aligned
        ? devices.aligned(ElementType.FLOAT32, rows, columns, value)
        : devices.of(ElementType.FLOAT32, rows, columns, value);
  }

  /** A normal number, not in the middle of two of TF32: devices round those to either side. */
  private double next() {
    int bits = Float.floatToRawIntBits((float) devices.random().nextGaussian());
    return Float.intBitsToFloat((bits & 0x1fff) == 0x1000 ? bits + 1 : bits);
  }

  /** Puts functions of their first contents into the references of two operands. */
  private static void refill(
      Operand a, Operand b, double[] first, double[] second, DoubleUnaryOperator f) {
    fill(a.reference(), first, f);
    fill(b.reference(), second, f);
  }

  private static void fill(Matrix matrix, double[] values, DoubleUnaryOperator f) {
    double[] changed = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      changed[i] = f.applyAsDouble(values[i]);
    }
    matrix.fill(changed);
  }

  private double round(double x) {
    return switch (precision) {
      case FLOAT32 -> x;
      case TF32 -> Float.intBitsToFloat((Float.floatToRawIntBits((float) x) + 0x1000) & ~0x1fff);
      case BFLOAT16 -> Bfloat16.widen(Bfloat16.narrow(x));
    };
  }
}
