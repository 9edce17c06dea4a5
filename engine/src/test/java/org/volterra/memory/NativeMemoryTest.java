package org.volterra.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("provider-independent")
class NativeMemoryTest {
  @ParameterizedTest
  @ValueSource(longs = {1, 63, 64, 65, 1_000_003})
  void isZeroedAlignedAndCounted(long bytes) {
    long before = NativeMemory.liveBytes();
    try (NativeMemory memory = NativeMemory.allocate(bytes)) {
      assertThat(memory.segment().byteSize()).isEqualTo(bytes);
      assertThat(memory.segment().address() % NativeMemory.ALIGNMENT).isZero();
      assertThat(NativeMemory.liveBytes()).isEqualTo(before + bytes);
      assertThat(memory.segment().mismatch(MemorySegment.ofArray(new byte[(int) bytes])))
          .isEqualTo(-1);
    }
    assertThat(NativeMemory.liveBytes()).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, Long.MIN_VALUE})
  void aSizeMustBePositive(long bytes) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NativeMemory.allocate(bytes))
        .withMessage("bytes " + bytes + ": a block of native memory has at least 1 byte");
  }

  @ParameterizedTest
  @ValueSource(longs = {Long.MAX_VALUE, Long.MAX_VALUE / 2, 1L << 52})
  void whatCannotBeHadIsRefusedWithTheNumbers(long bytes) {
    long before = NativeMemory.liveBytes();
    assertThatIllegalStateException()
        .isThrownBy(() -> NativeMemory.allocate(bytes))
        .withMessageContaining("a block of " + bytes + " bytes")
        .withMessageContaining("holds " + before + " bytes in other blocks")
        .withMessageContaining("-XX:MaxDirectMemorySize");
    assertThat(NativeMemory.liveBytes()).isEqualTo(before);
  }

  @Test
  void useAfterCloseIsRefusedAndClosingTwiceIsHarmless() {
    long before = NativeMemory.liveBytes();
    NativeMemory memory = NativeMemory.allocate(100);
    MemorySegment segment = memory.segment();
    assertThat(memory.isClosed()).isFalse();
    memory.close();
    memory.close();
    assertThat(memory.isClosed()).isTrue();
    assertThat(NativeMemory.liveBytes()).isEqualTo(before);
    assertThatIllegalStateException()
        .isThrownBy(memory::segment)
        .withMessage("this block of 100 bytes of native memory is closed");
    assertThatIllegalStateException().isThrownBy(() -> segment.get(ValueLayout.JAVA_BYTE, 0));
  }

  @Test
  void blocksMayBeUsedAndClosedByAnyThreadAndAreCountedOnce() throws InterruptedException {
    long before = NativeMemory.liveBytes();
    NativeMemory shared = NativeMemory.allocate(64);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                for (int j = 0; j < 20; j++) {
                  try (NativeMemory memory = NativeMemory.allocate(1000)) {
                    memory.segment().fill((byte) 1);
                  }
                }
                shared.close();
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(shared.isClosed()).isTrue();
    assertThat(NativeMemory.liveBytes()).isEqualTo(before);
  }
}
