package org.volterra.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.volterra.spi.ElementType;

/** The tests' driver refuses launches that a device would refuse. */
@FakeCudaExtension.Needed
final class LaunchLimitsTest {
  private static final int INVALID_VALUE = 1;
  private static final int OUT_OF_RESOURCES = 701;

  private CudaProbe.Device device;
  private CudaContext context;

  @BeforeEach
  void open() {
    device = new CudaProbe.Device(0, "Imaginary GPU", 9, 0);
    context = CudaContext.open(device, 0, false);
    context.enter();
  }

  @AfterEach
  void close() {
    context.release();
    context.leave();
  }

  private void launch(String operation, String kernel, Grid grid, int sharedBytes) {
    KernelArguments arguments = context.arguments(ElementType.FLOAT32);
    for (int i = 0; i < 16; i++) {
      arguments.address(0);
    }
    context.launch(operation, kernel, grid, sharedBytes);
  }

  private void refuses(
      int status, String why, String operation, String kernel, Grid grid, int sharedBytes) {
    assertThatThrownBy(() -> launch(operation, kernel, grid, sharedBytes))
        .isInstanceOf(CudaException.class)
        .hasMessageContaining("error " + status);
    assertThat(FakeCuda.misuse()).contains(kernel, why);
  }

  private static Grid grid(int x, int y, int z, int threads) {
    return new Grid(x, y, z, threads, 1);
  }

  @Test
  void threadsBeyondTheLaunchBound() {
    refuses(
        INVALID_VALUE, "512 threads", "transpose", "transpose_f32", new Grid(1, 1, 1, 32, 16), 0);
    refuses(INVALID_VALUE, "64 are", "gemm", "gemm_small_nn_f32", grid(1, 1, 1, 128), 0);
    refuses(INVALID_VALUE, "1025 threads", "axpby", "axpby_f32", grid(1, 1, 1, 1025), 0);
    refuses(INVALID_VALUE, "0 threads", "axpby", "axpby_f32", grid(1, 1, 1, 0), 0);
  }

  @Test
  void moreRegistersThanAnArchitectureHas() {
    refuses(
        OUT_OF_RESOURCES,
        "registers on sm_90a",
        "activation",
        "derive_gelu_f64",
        grid(1, 1, 1, 1024),
        0);
  }

  @Test
  void sharedMemoryWithoutLeaveAndBeyondWhatADeviceHas() {
    int tiles = 2 * 32 * 33 * Double.BYTES; // static
    int free = (48 << 10) - tiles;
    refuses(
        INVALID_VALUE,
        "attribute",
        "transpose",
        "transpose_f64",
        grid(1, 1, 1, 128),
        (99 << 10) - tiles + 1);
    try (KernelLibrary library = new KernelLibrary(device)) {
      Kernel kernel = library.kernel("transpose", "transpose_f64");
      KernelArguments arguments = context.arguments(ElementType.FLOAT64);
      assertThatThrownBy(() ->
              DriverCalls.launch(kernel, grid(1, 1, 1, 128), free + 1, context.stream(), arguments))
          .isInstanceOf(CudaException.class);
    }
    assertThat(FakeCuda.misuse()).contains("leave is for " + free);
  }

  @Test
  void gridsBeyondTheLimits() {
    refuses(INVALID_VALUE, "grid", "axpby", "axpby_f32", grid(0, 1, 1, 32), 0);
    refuses(INVALID_VALUE, "grid", "axpby", "axpby_f32", grid(1, 65536, 1, 32), 0);
    refuses(INVALID_VALUE, "grid", "axpby", "axpby_f32", grid(1, 1, 65536, 32), 0);
  }
}
