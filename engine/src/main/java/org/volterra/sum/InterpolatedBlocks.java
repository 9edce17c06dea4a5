package org.volterra.sum;

import java.util.Arrays;
import org.volterra.depth.DepthGrid;
import org.volterra.kernel.DepthFunction;
import org.volterra.kernel.ScalarKernel;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * The blocks of a kernel a(t, s; θ) by {@link Interpolation}. How many points a block has is
 * settled once, by the initial θ, so that ã is a differentiable function of θ and its gradient
 * exact: ∂J/∂θ = Σ (∂J/∂G)_pq ∂a/∂θ(t_p, s_q), with ∂J/∂G = h (Uᵀ δ) (Vᵀ Z)ᵀ, and the pairs near
 * the diagonal one by one. Costs R² L/B + B L/2 evaluations of a for each pass in which θ has
 * changed, and as many of ∂a/∂θ for each gradient.
 */
final class InterpolatedBlocks implements LowRankBlocks {
  private final Primitives p;
  private final ParametricValues values;
  private final Interpolation[] blocks;
  private final Matrix[] left;
  private final Matrix[] right;
  private final Matrix[] core;
  private final Matrix[] coreGradient;
  private final long[] place;
  private final ParametricValues.Table cores;
  private final ParametricValues.Table nearTable;
  private final NearTriangle near;
  private final int rank;

  InterpolatedBlocks(
      Primitives primitives,
      DepthGrid grid,
      ScalarKernel.Parametric kernel,
      ParametricValues values,
      double tolerance,
      SumMemory memory) {
    this.p = primitives;
    this.values = values;
    int layers = grid.layers();
    int size = HierarchicalSum.BLOCK;
    double[] times = grid.times();
    nearTable =
        values.table(
            memory,
            "near",
            layers + 1,
            size,
            visitor ->
                NearTriangle.forEach(
                    layers, size, (index, l, k) -> visitor.pair(index, times[l], times[k])));
    near = new NearTriangle(nearTable.values(), nearTable.slopes());
    blocks = blocks(grid, kernel, tolerance);
    left = new Matrix[blocks.length];
    right = new Matrix[blocks.length];
    core = new Matrix[blocks.length];
    coreGradient = new Matrix[blocks.length];
    place = new long[blocks.length + 1];
    int most = 0;
    for (int i = 1; i < blocks.length; i++) {
      Interpolation block = blocks[i];
      left[i] = fill(memory, "left." + i, block.left());
      right[i] = fill(memory, "right." + i, block.right());
      place[i + 1] = place[i] + (long) block.outerPoints().length * block.innerPoints().length;
      most = Math.max(most, block.rank());
    }
    rank = most;
    int length = Math.toIntExact(Math.max(1, place[blocks.length]));
    cores = values.table(memory, "cores", 1, length, this::visit);
    for (int i = 1; i < blocks.length; i++) {
      core[i] = part(cores.values(), i);
      coreGradient[i] = values.hasGradient() ? part(cores.slopes(), i) : null;
    }
  }

  private void visit(ParametricValues.Visitor visitor) {
    for (int i = 1; i < blocks.length; i++) {
      int index = Math.toIntExact(place[i]);
      for (double t : blocks[i].outerPoints()) {
        for (double s : blocks[i].innerPoints()) {
          visitor.pair(index++, t, s);
        }
      }
    }
  }

  /** The blocks from i = 1 on. */
  private static Interpolation[] blocks(
      DepthGrid grid, ScalarKernel.Parametric kernel, double tolerance) {
    double[] times = grid.times();
    double[] theta = kernel.theta();
    DepthFunction a = (t, s) -> kernel.function().at(t, s, theta);
    Interpolation[] blocks = new Interpolation[grid.layers() / HierarchicalSum.BLOCK + 1];
    for (int i = 1; i < blocks.length; i++) {
      int l = i * HierarchicalSum.BLOCK;
      int size = HierarchicalSum.size(i);
      double[] outer = Arrays.copyOfRange(times, l, Math.min(l + size, times.length));
      double[] inner = Arrays.copyOfRange(times, l - size, l);
      blocks[i] = Interpolation.of(a, outer, inner, tolerance);
    }
    return blocks;
  }

  private static Matrix fill(SumMemory memory, String name, double[][] rows) {
    Matrix m = memory.matrix(name, rows.length, rows[0].length);
    m.fill(Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray());
    return m;
  }

  private Matrix part(Matrix all, int i) {
    return Matrix.of(
        all.buffer(), place[i], blocks[i].outerPoints().length, blocks[i].innerPoints().length);
  }

  @Override
  public Matrix left(int i) {
    return left[i];
  }

  @Override
  public Matrix right(int i) {
    return right[i];
  }

  @Override
  public Matrix core(int i) {
    return core[i];
  }

  @Override
  public Matrix coreGradient(int i) {
    return coreGradient[i];
  }

  @Override
  public NearTriangle near() {
    return near;
  }

  @Override
  public int rank() {
    return rank;
  }

  /** With the parameters of the last forward pass. */
  @Override
  public double error() {
    DepthFunction a = values.present();
    return Arrays.stream(blocks).skip(1).mapToDouble(b -> b.error(a)).max().orElse(0);
  }

  @Override
  public boolean hasCores() {
    return true;
  }

  @Override
  public boolean usesHost() {
    return values.usesHost();
  }

  @Override
  public void begin() {
    if (values.refresh()) {
      nearTable.fill();
      cores.fill();
    }
  }

  @Override
  public void beginGradient() {
    p.fill(0, nearTable.slopes());
    p.fill(0, cores.slopes());
  }

  @Override
  public void endGradient() {
    nearTable.drain();
    cores.drain();
    values.endGradient();
  }
}
