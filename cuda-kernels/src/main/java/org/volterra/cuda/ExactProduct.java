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

  void gemm(Gemm g) {
    ProductPlan plan = plan(g);
    Matrix c = g.c();
    ProductTile tile = plan.tile();
    long across = Grid.ceil(c.columns(), tile.columns());
    long down = Grid.ceil(c.rows(), tile.rows());
    int pieces = plan.pieces();
    long partial = g.partial(launcher, pieces);
    KernelArguments arguments = g.alpha(launcher.arguments()).matrix(g.a()).matrix(g.b());
    if (tile.isFlat()) {
      g.target(arguments, partial).int32(c.rows()).int32(c.columns()).int32(g.k());
      Grid grid = new Grid(Math.toIntExact(across * down), 1, 1, tile.threads(), 1);
      launcher.launch("flat_gemm", "flat_gemm_" + (g.ta() ? 't' : 'n'), grid);
      g.end(launcher, partial, 1);
      return;
    }
    g.sizes(g.target(arguments, partial).address(partial), plan.piece(), 1);
    launcher.launch(
        "gemm",
        "gemm_" + tile.name() + '_' + g.letters(),
        new Grid((int) across, (int) down, pieces, tile.threads(), 1),
        tile.sharedBytes());
    g.end(launcher, partial, pieces);
  }

  private ProductPlan plan(Gemm g) {
    int bytes = launcher.type().bytes();
    ProductPlan.Shape shape =
        new ProductPlan.Shape(
            g.wholeRows(), g.wholeColumns(), g.k(), g.tb(), bytes, launcher.multiprocessors());
    if (plans.size() >= MOST_PLANS) {
      plans.clear();
    }
    return plans.computeIfAbsent(shape, s -> ProductPlan.choose(s, tiles));
  }
}
