package org.volterra.sum;

import org.volterra.memory.History;
import org.volterra.memory.Views;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.sum.TriangleCoefficients.PairFunction;

/**
 * The sum with a smooth scalar kernel, on any grid, online, with blocks off the diagonal of low
 * rank (HODLR; S. Ambikasaran, E. Darve, J. Sci. Comput. 57, 2013): whenever layer l = i·B begins,
 * the last s = B·(largest power of 2 that divides i) layers are added to the next s sums by the two
 * small GEMMs of U Vᵀ, or U G Vᵀ where the kernel has parameters. Pairs within a block of B layers
 * are summed directly. The adjoint takes the same products transposed, downwards; the gradient of G
 * is h (Uᵀ δ)(Vᵀ Z)ᵀ, from which that of the parameters follows.
 *
 * <p>{@link #errorBound} is the largest difference |a_{l,k} − ã_{l,k}| that was seen when the
 * blocks were approximated, or with the present parameters. Costs O(n R L log L) flops, n = rows ·
 * channels, R the rank, and L + 1 slices of memory: the sums that are not finished, in the adjoint
 * the δ of all layers.
 */
public final class HierarchicalSum implements CumulativeSum {
  /** Layers of a block that is summed directly. */
  public static final int BLOCK = 64;

  private final SumOperands data;
  private final Primitives p;
  private final LowRankBlocks blocks;
  private final NearField near;
  private final CoefficientGradients slopes;
  private final Views rows;
  private final Views middle;
  private final Views weighted;

  /**
   * Approximates the kernel and binds the sum.
   *
   * @param operands the history
   * @param function the coefficients a_{l,k}
   * @param tolerance how far an approximated coefficient may be off
   * @param memory for blocks and sums
   * @throws IllegalArgumentException if the tolerance is not positive
   */
  public HierarchicalSum(
      SumOperands operands, PairFunction function, double tolerance, SumMemory memory) {
    this(
        operands, new CrossBlocks(operands.layers(), function, checked(tolerance), memory), memory);
  }

  HierarchicalSum(SumOperands operands, LowRankBlocks blocks, SumMemory memory) {
    this.data = operands.complete();
    this.p = operands.primitives();
    this.blocks = blocks;
    near = new NearField(operands, blocks.near(), memory, BLOCK);
    slopes = new CoefficientGradients(operands, blocks.near(), memory);
    rows = new Views(memory.matrix("rows", operands.layers() + 1, operands.columns()));
    int rank = Math.max(1, blocks.rank());
    middle = new Views(memory.matrix("middle", rank, operands.columns()));
    weighted =
        blocks.hasCores() ? new Views(memory.matrix("weighted", rank, operands.columns())) : null;
  }

  /** Layers on each side of the block that begins at layer i·B. */
  static int size(int i) {
    return BLOCK * Integer.lowestOneBit(i);
  }

  private static double checked(double tolerance) {
    if (!(tolerance > 0)) {
      throw new IllegalArgumentException("tolerance " + tolerance + ": must be positive");
    }
    return tolerance;
  }

  /**
   * The elements of memory that this sum takes beside the coefficients.
   *
   * @param layers L
   * @param columns n
   * @param rank an estimate of R
   * @return a count
   */
  public static long elements(int layers, long columns, int rank) {
    return (layers + 1L + NearField.INNER + rank) * columns;
  }

  /**
   * How far the coefficients of the blocks are off; where there are parameters, with those of the
   * last forward pass, computed in this call.
   *
   * @return the largest |a_{l,k} − ã_{l,k}| that was seen
   */
  public double errorBound() {
    return blocks.error();
  }

  /**
   * The largest rank of a block.
   *
   * @return R
   */
  public int rank() {
    return blocks.rank();
  }

  @Override
  public History.Layout layout() {
    return History.Layout.SLICE_MAJOR;
  }

  @Override
  public Matrix operand(Matrix state) {
    return state.flat();
  }

  @Override
  public boolean usesHost() {
    return blocks.usesHost();
  }

  @Override
  public void forward(int l, Matrix u) {
    if (l == 1) {
      blocks.begin();
    }
    if (l % BLOCK == 0) {
      far(l);
    }
    if (l >= BLOCK) {
      p.axpby(1, rows.rows(l, 1), 1, u);
    }
    near.forward(l, l - l % BLOCK, u);
  }

  private void far(int l) {
    int i = l / BLOCK;
    int size = size(i);
    Matrix sums = rows.rows(l, Math.min(size, data.layers() + 1 - l));
    double beta = l == size ? 0 : 1;
    Matrix left = blocks.left(i);
    if (left != null) {
      Matrix t = product(blocks.right(i), data.z(l - size, size), middle);
      Matrix core = blocks.core(i);
      if (core != null) {
        Matrix v = t;
        t = weighted.rows(0, core.rows());
        p.gemm(1, core, false, v, false, 0, t);
      }
      p.gemm(data.scale(), left, false, t, false, beta, sums);
    } else if (beta == 0) {
      p.fill(0, sums);
    }
  }

  /** factorᵀ x. */
  private Matrix product(Matrix factor, Matrix x, Views target) {
    Matrix t = target.rows(0, factor.columns());
    p.gemm(1, factor, true, x, false, 0, t);
    return t;
  }

  @Override
  public void adjoint(int l, Matrix delta) {
    boolean trained = blocks.near().hasGradient();
    if (trained && l == data.layers()) {
      blocks.beginGradient();
    }
    int first = l - l % BLOCK;
    p.axpby(1, delta, 0, rows.rows(l, 1));
    near.adjoint(l, first, rows, l);
    if (trained && l == Math.max(first, 1)) {
      slopes.add(l, rows.rows(l, Math.min(first + BLOCK, data.layers() + 1) - l), first);
    }
    if (l == first && blocks.left(l / BLOCK) != null) {
      farAdjoint(l);
    }
    if (trained && l == 1) {
      blocks.endGradient();
    }
  }

  private void farAdjoint(int l) {
    int i = l / BLOCK;
    int size = size(i);
    Matrix left = blocks.left(i);
    Matrix t = product(left, rows.rows(l, left.rows()), middle);
    Matrix core = blocks.core(i);
    if (core != null) {
      Matrix s = t;
      if (blocks.coreGradient(i) != null) {
        Matrix v = product(blocks.right(i), data.z(l - size, size), weighted);
        p.gemm(data.scale(), s, false, v, true, 1, blocks.coreGradient(i));
      }
      t = product(core, s, weighted);
    }
    p.gemm(data.scale(), blocks.right(i), false, t, false, 1, data.gradient(l - size, size));
  }
}
