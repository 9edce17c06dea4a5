package org.volterra.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.volterra.spi.ComputeProvider;

/**
 * Which products go to warpgroups, and that they are right; entries are whole, so sums are exact.
 */
@FakeCudaExtension.Needed
final class HopperProductTest {
  private static final String ENCODE = "cuTensorMapEncodeTiled";

  private final Random random = new Random(5);

  @ParameterizedTest
  @EnumSource(names = {"TF32", "BFLOAT16"})
  void largeAlignedProductsDoInAllLayouts(ProductPrecision precision) {
    try (ComputeProvider provider = new CudaComputeProvider(precision)) {
      for (int layout = 0; layout < 4; layout++) {
        boolean ta = (layout & 1) != 0;
        boolean tb = (layout & 2) != 0;
        assertThat(maps(provider, 68, 132, 480, ta, tb)).isEqualTo(2);
      }
      assertThat(maps(provider, 132, 260, 292, false, false)).isEqualTo(2);
    }
  }

  @Test
  void aLongInnerDimensionIsCutIntoPieces() {
    try (ComputeProvider provider = new CudaComputeProvider(ProductPrecision.TF32)) {
      long launches = FakeCuda.calls("cuLaunchKernel");
      assertThat(maps(provider, 68, 132, 2052, false, true)).isEqualTo(2);
      assertThat(FakeCuda.calls("cuLaunchKernel") - launches).as("product and sum").isEqualTo(2);
    }
  }

  @Test
  void smallOrUnalignedProductsDoNot() {
    try (ComputeProvider provider = new CudaComputeProvider(ProductPrecision.TF32)) {
      assertThat(maps(provider, 60, 256, 480, false, false)).as("rows").isZero();
      assertThat(maps(provider, 256, 64, 480, false, false)).as("columns").isZero();
      assertThat(maps(provider, 132, 256, 252, false, false)).as("inner dimension").isZero();
      assertThat(maps(provider, 68, 132, 464, false, false)).as("work").isZero();
      assertThat(maps(provider, 68, 133, 480, false, false)).as("rows of b").isZero();
      assertThat(maps(provider, 68, 132, 481, false, false)).as("rows of a").isZero();
    }
  }

  @Test
  void exactProductsDoNot() {
    try (ComputeProvider provider = new CudaComputeProvider(ProductPrecision.FLOAT32)) {
      assertThat(maps(provider, 68, 132, 480, false, false)).isZero();
    }
  }

  @Test
  void aRefusedMapIsReportedWithTheShape() {
    try (ComputeProvider provider = new CudaComputeProvider(ProductPrecision.TF32)) {
      FakeCuda.fail(ENCODE, 2, 1);
      assertThatThrownBy(() -> maps(provider, 68, 132, 480, false, false))
          .isInstanceOf(CudaException.class)
          .hasMessageContaining(ENCODE + " (480 x 132 (stride 132) in boxes of 32 rows)")
          .hasMessageContaining("CUDA_ERROR_INVALID_VALUE");
    }
  }

  /** Computes a product and counts the tensor maps that were made for it. */
  private long maps(ComputeProvider provider, int m, int n, int k, boolean ta, boolean tb) {
    long before = FakeCuda.calls(ENCODE);
    CudaComputeProviderTest.product(provider, random, m, n, k, ta, tb);
    return FakeCuda.calls(ENCODE) - before;
  }
}
