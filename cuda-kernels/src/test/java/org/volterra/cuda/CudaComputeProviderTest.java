package org.volterra.cuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.volterra.Engine;
import org.volterra.memory.HostBuffer;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/** What the provider makes of the device's memory, of errors, and of being closed. */
@FakeCudaExtension.Needed
final class CudaComputeProviderTest {
  private static final int OUT_OF_MEMORY = 2;
  private static final int ILLEGAL_ADDRESS = 700;

  @AfterEach
  void reset() {
    System.clearProperty(CudaComputeProvider.BUDGET);
    System.clearProperty(CudaComputeProvider.DEVICE);
    System.clearProperty(CudaComputeProvider.PRODUCTS);
    FakeCuda.totalBytes(1L << 40);
    assertThat(FakeCuda.liveBytes()).isZero();
  }

  private static Matrix matrix(ComputeProvider provider, int rows, int columns) {
    return Matrix.of(
        provider.allocate(ElementType.FLOAT32, (long) rows * columns), 0, rows, columns);
  }

  @Test
  void isFoundByItsName() {
    try (ComputeProvider provider = Engine.open("cuda", 0)) {
      assertThat(provider.name()).isEqualTo("cuda");
      assertThat(provider.description()).contains("Imaginary GPU", "9.0", "CUDA 13.0");
      assertThat(provider.threads()).isOne();
      assertThat(provider.usesHostMemory()).isFalse();
    }
    assertThat(Engine.candidates())
        .anySatisfy(c -> {
          assertThat(c.name()).isEqualTo("cuda");
          assertThat(c.available()).isTrue();
        });
  }

  @Test
  void everyKernelOfTheImagesRunsOnTheCpu() throws Exception {
    Path table = Path.of("src/main/resources/org/volterra/cuda/kernels/resources.txt");
    List<String> kernels =
        Files.readAllLines(table).stream()
            .filter(line -> !line.startsWith("#"))
            .map(line -> line.split(" ", 3)[1])
            .toList();
    assertThat(kernels).isNotEmpty().allMatch(FakeCuda::hasKernel);
    assertThat(FakeCuda.hasKernel("no_kernel")).isFalse();
  }

  @Test
  void buffersBeginAsZerosAndMoveToAndFromTheHeapAndNativeMemory() {
    try (ComputeProvider provider = new CudaComputeProvider();
        Buffer buffer = provider.allocate(ElementType.FLOAT32, 40_000)) {
      assertThat(buffer.get(0)).isZero();
      assertThat(buffer.get(39_999)).isZero();
      float[] values = new float[40_000];
      for (int i = 0; i < values.length; i++) {
        values[i] = i;
      }
      buffer.upload(MemorySegment.ofArray(values), 4, 1, 39_999);
      float[] back = new float[40_000];
      buffer.download(0, MemorySegment.ofArray(back), 0, 40_000);
      assertThat(back).isEqualTo(values);
      MemorySegment closed;
      try (Arena arena = Arena.ofConfined()) {
        closed = refusals(buffer, arena.allocate(JAVA_FLOAT, 3));
      }
      assertThatIllegalStateException().isThrownBy(() -> buffer.upload(closed, 0, 0, 1));
    }
  }

  private static MemorySegment refusals(Buffer buffer, MemorySegment host) {
    buffer.download(5, host, 4, 2);
    assertThat(host.toArray(JAVA_FLOAT)).containsExactly(0, 5, 6);
    assertThatThrownBy(() -> buffer.download(39_999, host, 0, 2))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> buffer.upload(host, 8, 0, 2))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> buffer.get(40_000)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> buffer.download(0, host.asReadOnly(), 0, 1))
        .withMessageContaining("read-only");
    return host;
  }

  @Test
  void memoryPastTheBudgetIsRefusedWithTheNumbers() {
    System.setProperty(CudaComputeProvider.BUDGET, "1000");
    try (ComputeProvider provider = new CudaComputeProvider();
        Buffer first = provider.allocate(ElementType.FLOAT64, 100)) {
      assertThatIllegalStateException()
          .isThrownBy(() -> provider.allocate(ElementType.FLOAT32, 51))
          .withMessage(
              "not enough device memory for a buffer of 51 FLOAT32 of 204 bytes: 800 of 1,000 bytes"
                  + " are in use, in 1 blocks; the budget (-Dvolterra.cuda.budget) forbids it");
      provider.allocate(ElementType.FLOAT32, 50).close();
      assertThat(provider.bytesInUse()).hasValue(first.bytes());
    }
  }

  @Test
  void aFullDeviceIsNamedWithTheNumbers() {
    FakeCuda.totalBytes(1 << 20);
    System.setProperty(CudaComputeProvider.BUDGET, "100000000");
    try (ComputeProvider provider = new CudaComputeProvider()) {
      assertThatThrownBy(() -> provider.allocate(ElementType.FLOAT32, 1 << 20))
          .isInstanceOf(CudaException.class)
          .hasMessageContaining("4,194,304 bytes")
          .hasMessageContaining("1,048,576 of 1,048,576 bytes free")
          .satisfies(e -> assertThat(((CudaException) e).status()).isEqualTo(OUT_OF_MEMORY));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "lots"})
  void aBadBudgetIsRefused(String text) {
    System.setProperty(CudaComputeProvider.BUDGET, text);
    try (ComputeProvider provider = new CudaComputeProvider()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> provider.allocate(ElementType.FLOAT32, 1))
          .withMessage("volterra.cuda.budget '" + text + "': must be a positive number of bytes");
    }
  }

  @Test
  void unknownProductsAreRefused() {
    System.setProperty(CudaComputeProvider.PRODUCTS, "half");
    try (ComputeProvider provider = new CudaComputeProvider()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> provider.primitives(ElementType.FLOAT32))
          .withMessage(
              "-Dvolterra.cuda.products: products 'half': must be one of float32, tf32, bf16");
    }
  }

  @Test
  void anUnknownDeviceIsRefused() {
    System.setProperty(CudaComputeProvider.DEVICE, "7");
    try (ComputeProvider provider = new CudaComputeProvider()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> provider.allocate(ElementType.FLOAT32, 1))
          .withMessageContaining("volterra.cuda.device '7'")
          .withMessageContaining("Imaginary GPU 40");
    }
  }

  @Test
  void aRefusedLaunchNamesCallKernelGridShapesAndCudasWords() {
    try (ComputeProvider provider = new CudaComputeProvider()) {
      Matrix x = matrix(provider, 3, 5);
      Primitives p = provider.primitives(ElementType.FLOAT32);
      FakeCuda.fail("cuLaunchKernel", 1, ILLEGAL_ADDRESS);
      assertThatThrownBy(() -> p.addRow(1, x.rows(0, 1), 1, x.rows(1, 2)))
          .isInstanceOf(CudaException.class)
          .hasMessage(
              "cuLaunchKernel (add_row_f32 on 1 x 1 x 1 blocks of 2 x 2 threads for 1 x 5 (stride"
                  + " 5) 2 x 5 (stride 5)) gives error 700 CUDA_ERROR_ILLEGAL_ADDRESS: an illegal"
                  + " memory access was encountered");
      FakeCuda.fail("cuStreamSynchronize", 1, ILLEGAL_ADDRESS);
      p.fill(2, x);
      assertThatThrownBy(() -> x.get(0, 0))
          .hasMessageContaining("cuStreamSynchronize (the last kernel was fill_f32)");
      assertThat(x.get(2, 4)).isEqualTo(2);
      x.buffer().close();
    }
  }

  /** Whatever call fails while a device is opened and used, nothing is left and it works again. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "cuDevicePrimaryCtxRetain",
        "cuCtxSetCurrent",
        "cuStreamCreate",
        "cuMemGetInfo_v2",
        "cuMemAlloc_v2",
        "cuMemsetD8Async",
        "cuModuleLoadData",
        "cuModuleGetFunction",
        "cuLaunchKernel",
        "cuMemcpyDtoHAsync_v2",
        "cuStreamSynchronize"
      })
  void aCallThatFailsLeavesNothing(String call) {
    try (ComputeProvider provider = new CudaComputeProvider()) {
      FakeCuda.fail(call, 1, ILLEGAL_ADDRESS);
      assertThatThrownBy(() -> fillAndRead(provider))
          .isInstanceOf(CudaException.class)
          .hasMessageContaining(call.replace("_v2", ""))
          .hasMessageContaining("CUDA_ERROR_ILLEGAL_ADDRESS");
      assertThat(FakeCuda.liveBytes()).isZero();
      assertThat(fillAndRead(provider)).isEqualTo(3);
    }
  }

  private static double fillAndRead(ComputeProvider provider) {
    try (Buffer buffer = provider.allocate(ElementType.FLOAT32, 7)) {
      Matrix m = Matrix.vector(buffer, 0, 7);
      provider.primitives(ElementType.FLOAT32).fill(3, m);
      return m.get(0, 6);
    }
  }

  @Test
  void closedThingsRefuseAndClosingTwiceIsHarmless() {
    ComputeProvider provider = new CudaComputeProvider();
    Primitives p = provider.primitives(ElementType.FLOAT32);
    Matrix x = matrix(provider, 2, 2);
    Matrix y = matrix(provider, 2, 2);
    y.buffer().close();
    y.buffer().close();
    assertThatIllegalStateException().isThrownBy(() -> p.axpby(1, x, 0, y));
    assertThatIllegalStateException().isThrownBy(() -> y.get(0, 0));
    long released = FakeCuda.calls("cuDevicePrimaryCtxRelease_v2");
    provider.close();
    provider.close();
    assertThat(FakeCuda.calls("cuDevicePrimaryCtxRelease_v2")).isEqualTo(released);
    assertThatIllegalStateException().isThrownBy(() -> p.fill(1, x));
    assertThatIllegalStateException().isThrownBy(() -> provider.allocate(ElementType.FLOAT32, 1));
    assertThat(x.get(1, 1)).as("buffers stay those of their owners").isZero();
    x.buffer().close();
    assertThat(FakeCuda.calls("cuDevicePrimaryCtxRelease_v2")).isEqualTo(released + 1);
  }

  @Test
  void buffersOfTheHostAndOfOtherContextsAreRefused() {
    try (ComputeProvider provider = new CudaComputeProvider();
        ComputeProvider other = new CudaComputeProvider();
        Buffer foreign = other.allocate(ElementType.FLOAT32, 4);
        Buffer host = HostBuffer.allocate(ElementType.FLOAT32, 4)) {
      Primitives p = provider.primitives(ElementType.FLOAT32);
      for (Buffer buffer : new Buffer[] {foreign, host}) {
        assertThatIllegalArgumentException()
            .isThrownBy(() -> p.fill(1, Matrix.vector(buffer, 0, 4)))
            .withMessageContaining("not in the memory of this CUDA device");
      }
      assertThatIllegalArgumentException().isThrownBy(() -> provider.primitives(ElementType.INT32));
    }
  }

  /** Sizes around the wide tile, in all four layouts; entries are whole, so the sums are exact. */
  @Test
  void wideProductsAreExactForWholeNumbers() {
    Random random = new Random(3);
    try (ComputeProvider provider = new CudaComputeProvider()) {
      for (int layout = 0; layout < 4; layout++) {
        boolean ta = (layout & 1) != 0;
        boolean tb = (layout & 2) != 0;
        for (int[] size : new int[][] {{129, 255, 9}, {256, 130, 17}, {131, 257, 41}}) {
          product(provider, random, size[0], size[1], size[2], ta, tb);
        }
      }
    }
    assertThat(FakeCuda.misuse()).isEmpty();
  }

  static void product(
      ComputeProvider provider, Random random, int m, int n, int k, boolean ta, boolean tb) {
    float[] a = whole(random, m * k);
    float[] b = whole(random, k * n);
    try (Buffer da = upload(provider, a);
        Buffer db = upload(provider, b);
        Buffer dc = provider.allocate(ElementType.FLOAT32, (long) m * n)) {
      provider
          .primitives(ElementType.FLOAT32)
          .gemm(
              1,
              Matrix.of(da, 0, ta ? k : m, ta ? m : k),
              ta,
              Matrix.of(db, 0, tb ? n : k, tb ? k : n),
              tb,
              0,
              Matrix.of(dc, 0, m, n));
      float[] c = new float[m * n];
      dc.download(0, MemorySegment.ofArray(c), 0, c.length);
      float[] expected = new float[m * n];
      for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
          for (int p = 0; p < k; p++) {
            expected[i * n + j] +=
                (ta ? a[p * m + i] : a[i * k + p]) * (tb ? b[j * k + p] : b[p * n + j]);
          }
        }
      }
      assertThat(c).as("%d x %d x %d, %s %s", m, n, k, ta, tb).isEqualTo(expected);
    }
  }

  private static float[] whole(Random random, int length) {
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = random.nextInt(17) - 8;
    }
    return values;
  }

  private static Buffer upload(ComputeProvider provider, float[] values) {
    Buffer buffer = provider.allocate(ElementType.FLOAT32, values.length);
    buffer.upload(MemorySegment.ofArray(values), 0, 0, values.length);
    return buffer;
  }

  /** The folder that JCuda's library was unpacked into is gone when it is loaded. */
  @Test
  void nothingOfJcudaStaysInTheTemporaryFolder() throws Exception {
    try (ComputeProvider provider = new CudaComputeProvider()) {
      provider.primitives(ElementType.FLOAT64);
    }
    try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      long start = ProcessHandle.current().info().startInstant().orElseThrow().toEpochMilli();
      assertThat(
              files
                  .filter(f -> f.toFile().lastModified() >= start)
                  .map(f -> f.getFileName().toString()))
          .noneMatch(name -> name.startsWith("volterra-jcuda"))
          .doesNotContain(JCudaNatives.FILE);
    }
  }

  @Test
  void misuseIsNoticedByTheFakeDriver() {
    CudaContext context =
        CudaContext.open(new CudaProbe.Device(0, "Imaginary GPU 40", 9, 0), 0, false);
    context.enter();
    try {
      DriverCalls.DevicePointer pointer = context.memory().allocate(100, "a test");
      long stale = pointer.address();
      context.memory().free(pointer, 100);
      assertThatThrownBy(() -> DriverCalls.free(pointer, 100)).isInstanceOf(CudaException.class);
      assertThat(FakeCuda.misuse()).contains("freed twice");
      context.arguments(ElementType.FLOAT32).scalar(1).address(stale).int64(4).int64(1).int64(4);
      assertThatThrownBy(() -> context.launch("axpby", "fill_f32", new Grid(1, 1, 1, 4, 1), 0))
          .isInstanceOf(CudaException.class);
      assertThat(FakeCuda.misuse()).contains("fill_f32: a pointer that is not of the device");
      DriverCalls.DevicePointer leaked = context.memory().allocate(100, "a test");
      context.release();
      assertThat(FakeCuda.misuse()).contains("context destroyed with 1 blocks");
      DriverCalls.retainContext(DriverCalls.device(0));
      DriverCalls.free(leaked, 100);
      DriverCalls.releaseContext(DriverCalls.device(0));
    } finally {
      context.leave();
    }
  }
}
