package org.volterra.cuda;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.volterra.spi.Matrix;

/** Products by {@code gemm.cu} and {@code flat_gemm.cu}, as a {@link ProductPlan} says. */
final class ExactProduct {
  /** Plans that are kept: a network has a few shapes for each layer. */
  private static final int MOST_PLANS = 4096;

  private final Launcher launcher;
  private final List<ProductTile> tiles;
  private final Map<ProductPlan.Shape, ProductPlan> plans = new HashMap<>();

  ExactProduct(Launcher launcher) {
    this.launcher = launcher;
    this.tiles = launcher.width() == 4 ? ProductTile.FLOAT32 : ProductTile.FLOAT64;
  }

  /** The product, or a part of it to the bits that the whole would give it. */
  void gemm(
      double alpha,
      Matrix a,
      boolean ta,
      Matrix b,
      boolean tb,
      double beta,
      Matrix c,
      int k,
      int wholeRows,
      int wholeColumns) {
    ProductPlan plan = plan(wholeRows, wholeColumns, k, tb);
    ProductTile tile = plan.tile();
    long across = Grid.ceil(c.columns(), tile.columns());
    long down = Grid.ceil(c.rows(), tile.rows());
    int pieces = plan.pieces();
    long partial =
        pieces == 1 ? 0 : launcher.context().scratch(pieces * c.size() * launcher.type().bytes());
    KernelArguments arguments =
        launcher.arguments().scalar(alpha).matrix(a).matrix(b).scalar(beta).matrix(c);
    if (tile.isFlat()) {
      arguments.int32(c.rows()).int32(c.columns()).int32(k);
      Grid grid = new Grid(Math.toIntExact(across * down), 1, 1, tile.threads(), 1);
      launcher.launch("flat_gemm", "flat_gemm_" + (ta ? 't' : 'n'), grid);
      return;
    }
    arguments.address(partial).int32(plan.piece()).int32(c.rows()).int32(c.columns()).int32(k);
    launcher.launch(
        "gemm",
        "gemm_" + tile.name() + '_' + (ta ? 't' : 'n') + (tb ? 't' : 'n'),
        new Grid((int) across, (int) down, pieces, tile.threads(), 1),
        tile.sharedBytes());
    if (pieces > 1) {
      MatrixProduct.sumPieces(launcher, alpha, partial, beta, c, pieces);
    }
  }

  private ProductPlan plan(int rows, int columns, int k, boolean tb) {
    int bytes = launcher.type().bytes();
    ProductPlan.Shape shape =
        new ProductPlan.Shape(rows, columns, k, tb, bytes, launcher.multiprocessors());
    if (plans.size() >= MOST_PLANS) {
      plans.clear();
    }
    return plans.computeIfAbsent(shape, s -> ProductPlan.choose(s, tiles));
  }
}
