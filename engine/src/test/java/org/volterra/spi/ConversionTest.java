package org.volterra.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.volterra.internal.scalar.ScalarProvider;
import org.volterra.memory.HostBuffer;
import org.volterra.testing.TestProvider;

/** {@link Primitives#narrow} and {@link Primitives#widen} bit for bit. */
class ConversionTest {
  private static final int UPPER = 1 << 16;
  private static final int[] LOWER = {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff};

  private final Primitives p = TestProvider.get().primitives(ElementType.FLOAT32);

  /** Every sign, exponent and short mantissa with what makes rounding go each way. */
  @Test
  void narrowRoundsEveryKindOfNumberAsDefined() {
    int count = UPPER * LOWER.length;
    try (HostBuffer wide = HostBuffer.allocate(ElementType.FLOAT32, count);
        HostBuffer narrow = HostBuffer.allocate(ElementType.BFLOAT16, count)) {
      MemorySegment from = wide.segment();
      for (int i = 0; i < count; i++) {
        int bits = (i / LOWER.length) << 16 | LOWER[i % LOWER.length];
        from.setAtIndex(ValueLayout.JAVA_INT, i, bits);
      }
      convert(wide, narrow);
      MemorySegment to = narrow.segment();
      for (int i = 0; i < count; i++) {
        float value = from.getAtIndex(ValueLayout.JAVA_FLOAT, i);
        short actual = to.getAtIndex(ValueLayout.JAVA_SHORT, i);
        if (Float.isNaN(value)) {
          assertThat(Bfloat16.widen(actual)).isNaN();
        } else if (actual != Bfloat16.narrow(value)) {
          assertThat(actual).as("%a", value).isEqualTo(Bfloat16.narrow(value));
        }
      }
    }
  }

  @Test
  void widenIsExactForEveryNumber() {
    try (HostBuffer narrow = HostBuffer.allocate(ElementType.BFLOAT16, UPPER);
        HostBuffer wide = HostBuffer.allocate(ElementType.FLOAT32, UPPER)) {
      for (int i = 0; i < UPPER; i++) {
        narrow.segment().setAtIndex(ValueLayout.JAVA_SHORT, i, (short) i);
      }
      convert(narrow, wide);
      for (int i = 0; i < UPPER; i++) {
        float value = wide.segment().getAtIndex(ValueLayout.JAVA_FLOAT, i);
        assertThat(Float.compare(value, Bfloat16.widen((short) i))).as("%x", i).isZero();
      }
    }
  }

  /** Narrows or widens, as the types ask, in buffers of the provider. */
  private void convert(HostBuffer from, HostBuffer to) {
    int count = Math.toIntExact(from.length());
    try (Buffer x = TestProvider.allocate(from.type(), count);
        Buffer y = TestProvider.allocate(to.type(), count)) {
      x.upload(from.segment(), 0, 0, count);
      if (from.type() == ElementType.FLOAT32) {
        p.narrow(Matrix.vector(x, 0, count), Matrix.vector(y, 0, count));
      } else {
        p.widen(Matrix.vector(x, 0, count), Matrix.vector(y, 0, count));
      }
      y.download(0, to.segment(), 0, count);
    }
  }

  @Test
  void stridedMatricesOfAnySizeAreConvertedAndNothingElse() {
    Random random = new Random(5);
    try (ScalarProvider scalar = new ScalarProvider()) {
      Primitives reference = scalar.primitives(ElementType.FLOAT32);
      for (int round = 0; round < 120; round++) {
        int m = 1 + random.nextInt(9);
        int n = round % 20 == 0 ? 40_000 / m : 1 + random.nextInt(70);
        int gap = round % 3 == 0 ? 0 : random.nextInt(20);
        try (Guarded x = Guarded.random(ElementType.FLOAT32, m, n, gap, random);
            Guarded y =
                Guarded.of(ElementType.BFLOAT16, m, n, random.nextInt(20), (i, j) -> Double.NaN);
            Guarded z =
                Guarded.of(ElementType.FLOAT32, m, n, random.nextInt(20), (i, j) -> Double.NaN)) {
          p.narrow(x.tested, y.tested);
          reference.narrow(x.reference, y.reference);
          y.check("narrow " + m + " x " + n, 0, 0);
          p.widen(y.tested, z.tested);
          reference.widen(y.reference, z.reference);
          z.check("widen " + m + " x " + n, 0, 0);
          assertThat(z.tested.get(m - 1, n - 1))
              .isEqualTo(Bfloat16.widen(Bfloat16.narrow(x.tested.get(m - 1, n - 1))));
        }
      }
    }
  }

  @Test
  void refusesOtherTypesAndShapes() {
    try (Buffer wide = TestProvider.allocate(ElementType.FLOAT32, 6);
        Buffer narrow = TestProvider.allocate(ElementType.BFLOAT16, 6);
        Buffer wider = TestProvider.allocate(ElementType.FLOAT64, 6)) {
      Matrix x = Matrix.of(wide, 0, 2, 3);
      Matrix y = Matrix.of(narrow, 0, 2, 3);
      assertThatThrownBy(() -> p.narrow(x, Matrix.of(narrow, 0, 3, 2)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("the operand of BFLOAT16 is 3 x 2: 2 x 3 is needed");
      assertThatThrownBy(() -> p.widen(x, y)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> p.axpby(1, y, 0, x))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("BFLOAT16");
      Primitives doubles = TestProvider.get().primitives(ElementType.FLOAT64);
      assertThatThrownBy(() -> doubles.narrow(Matrix.of(wider, 0, 2, 3), y))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("only those of FLOAT32");
      assertThatThrownBy(() -> TestProvider.get().primitives(ElementType.BFLOAT16))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
