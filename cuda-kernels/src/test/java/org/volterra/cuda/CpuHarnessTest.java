package org.volterra.cuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The harness that runs kernels on the CPU: whole kernels pass, each broken one is noticed. */
final class CpuHarnessTest {
  private static final Path LIBRARY = Path.of("src/test/cpp/block_sum.cpp");
  private static final Path PROGRAM = Path.of("src/test/cpp/block_sum_sanitized.cpp");
  private static final int THREADS = 128;
  private static final int BLOCKS = 3;
  private static final int SEEDS = 40;

  @TempDir Path folder;

  @BeforeEach
  void compilerIsPresent() {
    NativeCompiler.assumePresent();
  }

  @Test
  void blockSumIsRightUnderEverySeed() {
    assertThat(wrongBlockSums()).isZero();
  }

  @Test
  void missingBarrierBeforeDynamicSharedMemoryIsNoticed() {
    assertThat(wrongBlockSums("-DWITHOUT_BARRIER")).isPositive();
  }

  @Test
  void staticSharedMemoryAndAtomicsAreRightUnderEverySeed() {
    assertThat(wrongReversals()).isZero();
  }

  @Test
  void missingBarrierBeforeStaticSharedMemoryIsNoticed() {
    assertThat(wrongReversals("-DWITHOUT_BARRIER")).isPositive();
  }

  @Test
  void barrierThatNeverOpensEndsTheLaunch() {
    try (Arena arena = Arena.ofConfined()) {
      assertThat(blockSum(kernels(arena, "-DDIVERGENT_BARRIER"), arena, 1).failure())
          .contains("waits at a warp barrier for lanes that never come");
    }
  }

  @Test
  void blockOfTooManyThreadsIsRefused() {
    try (Arena arena = Arena.ofConfined()) {
      assertThat(kernels(arena).run("shuffles", one(1), one(1025), 0, 1))
          .contains("1 to 1024 threads");
    }
  }

  @Test
  void wholeKernelPassesTheAddressSanitizer() {
    NativeCompiler.Result result = sanitized();
    assertThat(result.status()).as(result.output()).isZero();
  }

  @Test
  void writePastTheEndFailsUnderTheAddressSanitizer() {
    NativeCompiler.Result result = sanitized("-DPAST_THE_END");
    assertThat(result.status()).isNotZero();
    assertThat(result.output()).contains("heap-buffer-overflow", "block_sum.cu");
  }

  @Test
  void shufflesBringWhatTheirLanesPublished() {
    try (Arena arena = Arena.ofConfined()) {
      float[] x = new float[64];
      for (int i = 0; i < x.length; i++) {
        x[i] = 100 + i;
      }
      MemorySegment out = arena.allocate(JAVA_FLOAT, 4L * x.length);
      String failure =
          kernels(arena)
              .run("shuffles", one(1), one(64), 0, 7, arena.allocateFrom(JAVA_FLOAT, x), out);
      assertThat(failure).isEmpty();
      for (int i = 0; i < x.length; i++) {
        int lane = i % 32;
        int first = i - lane;
        assertThat(out.asSlice(16L * i, 16).toArray(JAVA_FLOAT))
            .as("thread %d", i)
            .containsExactly(
                x[first + 5],
                x[lane < 3 ? i : i - 3],
                x[first + (lane ^ 9)],
                x[lane % 8 < 6 ? i + 2 : i]);
      }
    }
  }

  private record Sums(String failure, float[] values) {}

  private static Sums blockSum(CpuKernels kernels, Arena arena, long seed) {
    int n = BLOCKS * THREADS - 5;
    float[] x = new float[n];
    Arrays.fill(x, 1);
    MemorySegment out = arena.allocate(JAVA_FLOAT, BLOCKS);
    String failure =
        kernels.run(
            "block_sum",
            one(BLOCKS),
            one(THREADS),
            4L * THREADS / 32,
            seed,
            arena.allocateFrom(JAVA_FLOAT, x),
            out,
            n);
    return new Sums(failure, out.toArray(JAVA_FLOAT));
  }

  /** For how many seeds the sums of ones are not the numbers of elements. */
  private int wrongBlockSums(String... options) {
    int wrong = 0;
    try (Arena arena = Arena.ofConfined()) {
      CpuKernels kernels = kernels(arena, options);
      for (long seed = 0; seed < SEEDS; seed++) {
        Sums sums = blockSum(kernels, arena, seed);
        assertThat(sums.failure()).as("seed %d", seed).isEmpty();
        if (!Arrays.equals(sums.values(), new float[] {128, 128, 123})) {
          wrong++;
        }
      }
    }
    return wrong;
  }

  /** For how many seeds the blocks are not reversed, or their threads not counted. */
  private int wrongReversals(String... options) {
    int wrong = 0;
    float[] x = new float[BLOCKS * THREADS];
    float[] reversed = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      x[i] = i;
      reversed[i] = i - i % THREADS + THREADS - 1 - i % THREADS;
    }
    try (Arena arena = Arena.ofConfined()) {
      CpuKernels kernels = kernels(arena, options);
      for (long seed = 0; seed < SEEDS; seed++) {
        MemorySegment out = arena.allocate(JAVA_FLOAT, x.length);
        MemorySegment count = arena.allocate(JAVA_INT);
        String failure =
            kernels.run(
                "reverse",
                one(BLOCKS),
                one(THREADS),
                0,
                seed,
                arena.allocateFrom(JAVA_FLOAT, x),
                out,
                count);
        assertThat(failure).as("seed %d", seed).isEmpty();
        assertThat(count.get(JAVA_INT, 0)).as("seed %d", seed).isEqualTo(x.length);
        if (!Arrays.equals(out.toArray(JAVA_FLOAT), reversed)) {
          wrong++;
        }
      }
    }
    return wrong;
  }

  private CpuKernels kernels(Arena arena, String... options) {
    return new CpuKernels(NativeCompiler.library(LIBRARY, folder, options), arena);
  }

  private NativeCompiler.Result sanitized(String... options) {
    Path program = NativeCompiler.sanitizedProgram(PROGRAM, folder, options);
    return NativeCompiler.run(program.toString());
  }

  private static int[] one(int x) {
    return new int[] {x, 1, 1};
  }
}
