package org.volterra.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.volterra.spi.ElementType;

@Tag("provider-independent")
class HostBufferTest {
  @ParameterizedTest
  @EnumSource(ElementType.class)
  void isZeroedAlignedAndCounted(ElementType type) {
    long before = NativeMemory.liveBytes();
    try (HostBuffer buffer = HostBuffer.allocate(type, 1001)) {
      assertThat(buffer.type()).isEqualTo(type);
      assertThat(buffer.length()).isEqualTo(1001);
      assertThat(buffer.bytes()).isEqualTo(1001L * type.bytes());
      assertThat(buffer.segment().byteSize()).isEqualTo(buffer.bytes());
      assertThat(buffer.segment().address() % NativeMemory.ALIGNMENT).isZero();
      assertThat(NativeMemory.liveBytes()).isEqualTo(before + buffer.bytes());
      for (long i = 0; i < buffer.length(); i++) {
        assertThat(buffer.get(i)).isZero();
      }
    }
    assertThat(NativeMemory.liveBytes()).isEqualTo(before);
  }

  @Test
  void roundsToItsType() {
    try (HostBuffer single = HostBuffer.allocate(ElementType.FLOAT32, 3);
        HostBuffer twice = HostBuffer.allocate(ElementType.FLOAT64, 3);
        HostBuffer whole = HostBuffer.allocate(ElementType.INT32, 3)) {
      single.set(2, 0.1);
      twice.set(2, 0.1);
      whole.set(2, -7);
      assertThat(single.get(2)).isEqualTo(0.1f);
      assertThat(twice.get(2)).isEqualTo(0.1);
      assertThat(whole.get(2)).isEqualTo(-7);
    }
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  void indicesOutOfBoundsAreRefused(ElementType type) {
    try (HostBuffer buffer = HostBuffer.allocate(type, 4)) {
      long wraps = 1L << 62;
      for (long bad : new long[] {-1, 4, Long.MAX_VALUE, Long.MIN_VALUE, wraps, wraps / 2 + 1}) {
        assertThatThrownBy(() -> buffer.get(bad)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> buffer.set(bad, 1)).isInstanceOf(IndexOutOfBoundsException.class);
      }
    }
  }

  @Test
  void copiesToAndFromTheHost() {
    try (HostBuffer buffer = HostBuffer.allocate(ElementType.FLOAT32, 6)) {
      MemorySegment source = MemorySegment.ofArray(new float[] {1, 2, 3, 4});
      buffer.upload(source, 4, 2, 3);
      assertThat(buffer.get(1)).isZero();
      assertThat(buffer.get(2)).isEqualTo(2);
      assertThat(buffer.get(4)).isEqualTo(4);
      assertThat(buffer.get(5)).isZero();
      MemorySegment target = MemorySegment.ofArray(new float[3]);
      buffer.download(3, target, 8, 1);
      assertThat(target.toArray(ValueLayout.JAVA_FLOAT)).containsExactly(0, 0, 3);
      for (ThrowingCallable bad :
          List.<ThrowingCallable>of(
              () -> buffer.upload(source, 0, 3, 4),
              () -> buffer.upload(source, 0, -1, 1),
              () -> buffer.upload(source, 4, 0, 4),
              () -> buffer.upload(source, -4, 0, 1),
              () -> buffer.upload(source, 0, 0, -1),
              () -> buffer.upload(source, 0, 1, Long.MAX_VALUE),
              () -> buffer.download(0, target, 0, 4),
              () -> buffer.download(5, target, 0, 2),
              () -> buffer.download(0, target, 8, 2))) {
        assertThatThrownBy(bad).isInstanceOf(IndexOutOfBoundsException.class);
      }
      assertThat(target.toArray(ValueLayout.JAVA_FLOAT)).containsExactly(0, 0, 3);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, Long.MIN_VALUE})
  void aLengthMustBePositive(long length) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HostBuffer.allocate(ElementType.FLOAT32, length))
        .withMessage("length " + length + ": a buffer has at least 1 element");
  }

  @Test
  void bytesThatOverflowAreRefused() {
    long before = NativeMemory.liveBytes();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HostBuffer.allocate(ElementType.FLOAT64, 1L << 60))
        .withMessage(
            "count 1152921504606846976: a buffer of FLOAT64 holds 0..1152921504606846975 elements");
    assertThat(NativeMemory.liveBytes()).isEqualTo(before);
  }

  @Test
  void useAfterCloseIsRefusedAndClosingTwiceIsHarmless() {
    long before = NativeMemory.liveBytes();
    HostBuffer buffer = HostBuffer.allocate(ElementType.FLOAT64, 2);
    assertThat(buffer.isClosed()).isFalse();
    assertThat(buffer).hasToString("FLOAT64[2]");
    buffer.close();
    buffer.close();
    assertThat(NativeMemory.liveBytes()).isEqualTo(before);
    assertThat(buffer.isClosed()).isTrue();
    assertThat(buffer).hasToString("FLOAT64[2] closed");
    assertThat(buffer.length()).isEqualTo(2);
    assertThat(buffer.type()).isEqualTo(ElementType.FLOAT64);
    MemorySegment host = MemorySegment.ofArray(new double[2]);
    for (ThrowingCallable use :
        List.<ThrowingCallable>of(
            () -> buffer.get(0),
            () -> buffer.set(0, 1),
            () -> buffer.upload(host, 0, 0, 2),
            () -> buffer.download(0, host, 0, 2),
            buffer::segment)) {
      assertThatIllegalStateException().isThrownBy(use).withMessageContaining("is closed");
    }
  }
}
