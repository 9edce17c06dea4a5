package org.volterra.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Feed;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/** Blocks that are freed are used again, within the budget, and all are returned. */
@FakeCudaExtension.Needed
final class CudaPoolTest {
  private static final long ALLOCATED = 1 << 20;

  @BeforeEach
  void keepFreedBlocks() {
    System.setProperty(CudaComputeProvider.POOL, "true");
  }

  @AfterEach
  void allMemoryIsReturned() {
    System.setProperty(CudaComputeProvider.POOL, "false");
    System.clearProperty(CudaComputeProvider.BUDGET);
    FakeCuda.totalBytes(1L << 40);
    assertThat(FakeCuda.liveBytes()).isZero();
  }

  private static Buffer bytes(ComputeProvider provider, long count) {
    return provider.allocate(ElementType.FLOAT32, count / Float.BYTES);
  }

  @Test
  void aFreedBlockServesRequestsOfItsSizeAndSomewhatLess() {
    try (ComputeProvider provider = new CudaComputeProvider()) {
      bytes(provider, 8000).close();
      long taken = FakeCuda.calls("cuMemAlloc_v2");
      long freed = FakeCuda.calls("cuMemFree_v2");
      for (int size : new int[] {8000, 7600, 7000}) {
        bytes(provider, size).close();
      }
      assertThat(FakeCuda.calls("cuMemAlloc_v2")).isEqualTo(taken);
      assertThat(provider.bytesInUse()).hasValue(0);
      assertThat(FakeCuda.liveBytes()).isEqualTo(8000);
      bytes(provider, 6996).close();
      bytes(provider, 8004).close();
      assertThat(FakeCuda.calls("cuMemAlloc_v2")).isEqualTo(taken + 2);
      assertThat(FakeCuda.calls("cuMemFree_v2")).isEqualTo(freed);
    }
  }

  /** What is used again begins as zeros, though work on its former contents is only queued. */
  @Test
  void usedAgainABlockBeginsAsZeros() {
    try (ComputeProvider provider = new CudaComputeProvider()) {
      Primitives p = provider.primitives(ElementType.FLOAT32);
      Buffer kept = bytes(provider, 400);
      Buffer first = bytes(provider, 400);
      p.fill(7, Matrix.vector(first, 0, 100));
      p.axpby(1, Matrix.vector(first, 0, 100), 0, Matrix.vector(kept, 0, 100));
      first.close();
      Buffer second = bytes(provider, 400);
      assertThat(Matrix.vector(second, 0, 100).toArray()).containsOnly(0);
      assertThat(Matrix.vector(kept, 0, 100).toArray()).containsOnly(7);
      kept.close();
      second.close();
    }
  }

  @Test
  void keptBlocksMakeRoomWithinTheBudget() {
    System.setProperty(CudaComputeProvider.BUDGET, "10000");
    try (ComputeProvider provider = new CudaComputeProvider()) {
      bytes(provider, 4000).close();
      bytes(provider, 2000).close();
      Buffer large = bytes(provider, 8000);
      assertThat(FakeCuda.liveBytes()).isEqualTo(10_000);
      assertThatIllegalStateException()
          .isThrownBy(() -> bytes(provider, 2004))
          .withMessageContaining("8,000 of 10,000 bytes are in use, in 1 blocks")
          .withMessageContaining("volterra.cuda.budget");
      large.close();
      bytes(provider, 10_000).close();
      assertThat(FakeCuda.liveBytes()).isEqualTo(10_000);
      // A block of 10,000 that holds 8,800 leaves no room for 1,200, and the message says so.
      Buffer less = bytes(provider, 8800);
      assertThatIllegalStateException()
          .isThrownBy(() -> bytes(provider, 1200))
          .withMessageContaining("1,200 bytes larger than what they hold");
      less.close();
    }
  }

  @Test
  void keptBlocksMakeRoomOnAFullDevice() {
    FakeCuda.totalBytes(ALLOCATED);
    System.setProperty(CudaComputeProvider.BUDGET, "100000000");
    try (ComputeProvider provider = new CudaComputeProvider()) {
      bytes(provider, ALLOCATED / 2).close();
      bytes(provider, ALLOCATED / 4).close();
      bytes(provider, ALLOCATED).close();
      assertThat(FakeCuda.liveBytes()).isEqualTo(ALLOCATED);
    }
  }

  /** The block of a feed that is closed is free only when its last copy has moved on. */
  @Test
  void feedsOneAfterTheOtherDoNotDisturbEachOther() {
    try (ComputeProvider provider = new CudaComputeProvider();
        Buffer buffer = bytes(provider, 400);
        Buffer other = bytes(provider, 400)) {
      Feed first = provider.feed(buffer).orElseThrow();
      first.begin().fill((byte) 0);
      first.send(100);
      first.close();
      Feed second = provider.feed(other).orElseThrow();
      second.begin().fill((byte) 0x3f);
      second.send(100);
      assertThat(Matrix.vector(buffer, 0, 100).toArray()).containsOnly(0);
      assertThat(other.get(0)).isPositive();
      second.close();
    }
  }

  @Test
  void theOptionIsReadStrictly() {
    System.setProperty(CudaComputeProvider.POOL, "yes");
    try (ComputeProvider provider = new CudaComputeProvider()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> bytes(provider, 4))
          .withMessage("volterra.cuda.pool 'yes': must be true or false");
    }
  }
}
