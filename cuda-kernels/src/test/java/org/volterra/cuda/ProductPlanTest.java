package org.volterra.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The choice of tile and pieces is sane on devices of all sizes, and as measured on an H200. */
final class ProductPlanTest {
  private static final int H200 = 132;

  @ParameterizedTest
  @CsvSource({
    "1024, 1024, 16384, long, 4",
    "1024, 256, 16384, long, 16",
    "4096, 1024, 1024, long, 1",
    "32768, 1024, 256, wide, 1",
    "1024, 1024, 256, small, 1",
    "64, 294912, 128, small, 1"
  })
  void measuredWinnersAreChosen(int m, int n, int k, String tile, int pieces) {
    ProductPlan plan = choose(m, n, k, false, 4, H200);
    assertThat(plan.tile().name()).isEqualTo(tile);
    assertThat(plan.pieces()).isEqualTo(pieces);
  }

  @ParameterizedTest
  @CsvSource({"8, 294912, 32", "16, 294912, 64", "32, 294912, 8"})
  void blockSumsOfFewRowsAreFlat(int m, int n, int k) {
    assertThat(choose(m, n, k, false, 4, H200).tile().isFlat()).isTrue();
    assertThat(choose(m, n, k, true, 4, H200).tile().isFlat()).isFalse();
  }

  @Test
  void longInnerDimensionOfFewTilesFillsTheDevice() {
    ProductPlan plan = choose(64, 128, 294_912, true, 4, H200);
    assertThat(plan.pieces() * 2).isGreaterThan(H200);
  }

  @Test
  void piecesCoverTheInnerDimensionAndFitTheScratchMemory() {
    for (int bytes : new int[] {4, 8}) {
      for (int multiprocessors : new int[] {1, 20, 108, 144}) {
        for (int m : new int[] {1, 63, 257, 5000}) {
          for (int k : new int[] {1, 15, 64, 1000, 70_001}) {
            ProductPlan plan = choose(m, 300, k, true, bytes, multiprocessors);
            assertThat((long) plan.piece() * plan.pieces()).isGreaterThanOrEqualTo(k);
            assertThat((long) plan.piece() * (plan.pieces() - 1)).isLessThan(k);
            if (plan.pieces() > 1) {
              assertThat(plan.piece() % 16).isZero();
              assertThat((long) plan.pieces() * m * 300 * bytes).isLessThanOrEqualTo(64 << 20);
            }
          }
        }
      }
    }
  }

  @Test
  void estimateGrowsWithTheProduct() {
    ProductPlan plan = new ProductPlan(ProductTile.FLOAT32.getFirst(), 512, 2);
    double less = plan.cycles(new ProductPlan.Shape(512, 512, 1024, true, 4, H200));
    double more = plan.cycles(new ProductPlan.Shape(5120, 5120, 1024, true, 4, H200));
    assertThat(more).isGreaterThan(10 * less);
  }

  private static ProductPlan choose(
      int m, int n, int k, boolean transposeB, int bytes, int multiprocessors) {
    List<ProductTile> tiles = bytes == 4 ? ProductTile.FLOAT32 : ProductTile.FLOAT64;
    return ProductPlan.choose(
        new ProductPlan.Shape(m, n, k, transposeB, bytes, multiprocessors), tiles);
  }
}
