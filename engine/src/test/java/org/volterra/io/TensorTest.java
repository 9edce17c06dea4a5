package org.volterra.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigDecimal;
import java.util.HexFormat;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("provider-independent")
class TensorTest {
  @ParameterizedTest
  @CsvSource({
    "F64, 000000000000f8bf, -1.5",
    "F32, 0000c0bf, -1.5",
    "F16, 00be, -1.5",
    "BF16, c0bf, -1.5",
    "I64, feffffffffffffff, -2",
    "I32, feffffff, -2",
    "I16, feff, -2",
    "I8, fe, -2",
    "U64, 00f8ffffffffffff, 18446744073709549568",
    "U64, 0100000000000000, 1",
    "U32, feffffff, 4294967294",
    "U16, feff, 65534",
    "U8, fe, 254",
    "BOOL, 00, 0",
    "BOOL, 07, 1",
  })
  void everyTypeIsDecoded(DType dtype, String hex, double expected) {
    byte[] bytes = HexFormat.of().parseHex(hex);
    Tensor tensor = new Tensor(dtype, new long[0], MemorySegment.ofArray(bytes));
    assertThat(tensor.elementCount()).isEqualTo(1);
    assertThat(tensor.doubleAt(0)).isEqualTo(expected);
    assertThat(tensor.toDoubleArray()).containsExactly(expected);
    assertThat(tensor.toFloatArray()).containsExactly((float) expected);
    if (dtype.name().contains("F")) {
      assertThatThrownBy(() -> tensor.longAt(0)).isInstanceOf(IllegalStateException.class);
    } else {
      assertThat(tensor.longAt(0)).isEqualTo(new BigDecimal(expected).longValue());
    }
  }

  @Test
  void copiesIntoSegmentsAtAnyOffset() {
    Tensor tensor = Tensor.ofFloats(new float[] {1, Float.NaN, -0.0f}, 3);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocate(40);
      tensor.copyToFloat64(target, 16);
      assertThat(target.get(ValueLayout.JAVA_DOUBLE, 16)).isEqualTo(1);
      assertThat(target.get(ValueLayout.JAVA_DOUBLE, 24)).isNaN();
      assertThat(target.get(ValueLayout.JAVA_DOUBLE, 32)).isEqualTo(-0.0);
      tensor.copyToFloat32(target, 1);
      assertThat(target.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 1)).isEqualTo(1f);
      Tensor.ofDoubles(new double[] {0.1}, 1).copyToFloat32(target, 36);
      assertThat(target.get(ValueLayout.JAVA_FLOAT, 36)).isEqualTo(0.1f);
      assertThatThrownBy(() -> tensor.copyToFloat64(target, 17))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> tensor.copyToFloat64(target.asSlice(0, 16), 0))
          .isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessageContaining("3 elements");
      assertThatThrownBy(() -> tensor.copyToFloat64(target.asReadOnly(), 0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("read-only");
    }
  }

  @Test
  void isImmutableAndComparedByContent() {
    long[] shape = {2, 1};
    double[] values = {1, 2};
    Tensor tensor = Tensor.ofDoubles(values, shape);
    shape[0] = 9;
    values[0] = 9;
    tensor.shape()[0] = 9;
    assertThat(tensor.shape()).containsExactly(2, 1);
    assertThat(tensor.doubleAt(0)).isEqualTo(1);
    assertThat(tensor.data().isReadOnly()).isTrue();
    Tensor same = Tensor.ofDoubles(new double[] {1, 2}, 2, 1);
    assertThat(tensor).isEqualTo(same).hasSameHashCodeAs(same);
    assertThat(tensor).isNotEqualTo(Tensor.ofDoubles(new double[] {1, 2}, 1, 2));
    assertThat(tensor).isNotEqualTo(Tensor.ofDoubles(new double[] {1, 3}, 2, 1));
    assertThat(tensor).hasToString("Tensor[F64 [2, 1], 16 bytes]");
  }

  @Test
  void wrongShapesAreRefused() {
    MemorySegment data = MemorySegment.ofArray(new byte[8]);
    assertRefused(new long[] {3}, data, "data has 8 bytes; a F32 tensor of shape [3] has 12");
    assertRefused(new long[] {-1}, data, "every dimension must be at least 0");
    assertRefused(new long[] {1L << 40, 1L << 40}, data, "more than 2^63 - 1 bytes");
    assertRefused(new long[] {1L << 61}, data, "more than 2^63 - 1 bytes");
    assertRefused(new long[65], data, "65 dimensions");
    assertThat(new Tensor(DType.F32, new long[] {0, 5}, data.asSlice(8)).elementCount()).isZero();
  }

  @Test
  void elementsOutsideAreRefused() {
    Tensor tensor = Tensor.ofDoubles(new double[2], 2);
    assertThatThrownBy(() -> tensor.doubleAt(2)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> tensor.longAt(-1)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  private static void assertRefused(long[] shape, MemorySegment data, String message) {
    assertThatThrownBy(() -> new Tensor(DType.F32, shape, data))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }
}
