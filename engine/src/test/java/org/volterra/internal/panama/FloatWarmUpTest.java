package org.volterra.internal.panama;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.volterra.memory.NativeMemory;

class FloatWarmUpTest {
  /** Calls that the optimising compiler asks for. */
  private static final long THRESHOLD = 5000;

  /** It inlines what is called in one call of so many. */
  private static final long RAREST = 118;

  /** Counts what it is called for. */
  private static final class Counter implements FloatWarmUp.Loop {
    private long empty;
    private long vectors;

    @Override
    public void run(MemorySegment s, FloatBlocks w, int n, int times) {
      if (n == 0) {
        empty += times;
      } else {
        vectors += (long) n * times;
      }
    }
  }

  @Test
  void callsReachTheCompilerAndMostHaveNothingToDo() {
    Counter counter = new Counter();
    FloatWarmUp loop = new FloatWarmUp(counter);
    loop.ensure();
    assertTrue(counter.empty >= THRESHOLD, "calls: " + counter.empty);
    assertTrue(counter.vectors * RAREST >= counter.empty, "vectors: " + counter.vectors);
    assertTrue(counter.vectors * 10 <= counter.empty, "vectors: " + counter.vectors);
    long before = counter.empty;
    loop.ensure();
    assertEquals(before, counter.empty);
  }

  @Test
  void aLoopThatStaysSlowIsNotWaitedForLong() {
    FloatWarmUp slow =
        new FloatWarmUp((s, w, n, times) -> LockSupport.parkNanos(n == 0 ? 1 : 100_000));
    assertTimeoutPreemptively(Duration.ofSeconds(30), slow::ensure);
  }

  static Stream<FloatWarmUp> loops() {
    return Stream.of(
        FloatLoops.AXPBY,
        FloatLoops.ADD,
        FloatLoops.FILL,
        FloatLoops.ADAM,
        FloatLoops.COLUMN_SUMS,
        FloatLoops.DOT,
        FloatLoops.TRANSPOSE,
        FloatLoops.COPY,
        FloatLoops.COPY_WIDE,
        FloatTransfer.READ_X.loop(),
        FloatTransfer.WRITE_Y.loop(),
        FloatTransfer.WRITE_PRODUCT.loop(),
        FloatLoops.WIDE_4,
        FloatLoops.MIDDLE_4,
        FloatLoops.NARROW_4,
        FloatLoops.WIDE_1,
        FloatLoops.MIDDLE_1,
        FloatLoops.NARROW_1,
        FloatLoops.APART_1,
        FloatLoops.AXPY_1,
        FloatLoops.AXPY_4,
        FloatFourierLoops.FIRST_STEP,
        FloatFourierLoops.BUTTERFLIES,
        FloatFourierLoops.FOURS,
        FloatFourierLoops.PAIRS,
        FloatFourierLoops.MULTIPLY,
        FloatFourierLoops.CORRELATE,
        FloatFourierLoops.BACK_BUTTERFLIES,
        FloatFourierLoops.LAST_STEP);
  }

  @ParameterizedTest
  @MethodSource("loops")
  void withNothingToDoNothingChanges(FloatWarmUp warmUp) {
    try (NativeMemory memory = NativeMemory.allocate(4 * FloatWarmUp.PART)) {
      MemorySegment s = memory.segment().fill((byte) 0x3f);
      byte[] before = s.toArray(ValueLayout.JAVA_BYTE);
      FloatBlocks w = new FloatBlocks();
      warmUp.loop().run(s, w, 0, 3);
      assertArrayEquals(before, s.toArray(ValueLayout.JAVA_BYTE));
      assertArrayEquals(new float[FloatBlocks.SIZE], w.x);
      warmUp.loop().run(s, w, FloatWarmUp.VECTORS, 1); // stays within its memory
    }
  }
}
