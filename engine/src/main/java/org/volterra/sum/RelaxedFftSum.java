package org.volterra.sum;

import org.volterra.memory.History;
import org.volterra.memory.Views;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * The sum with a convolution kernel on a uniform grid by products with Toeplitz matrices, online:
 * whenever layer l = i·B begins, the last s = B·(largest power of 2 that divides i) layers are
 * finished and are added to the next s sums by one fast product of size s (J. van der Hoeven,
 * Relax, but don't be too lazy, J. Symb. Comput. 34, 2002, for a kernel that is known in advance;
 * for sequence models arXiv:2410.12982). Pairs within a block of B layers are summed directly. The
 * adjoint goes through the same products transposed, downwards; the gradients of the lags are
 * correlations, summed over the columns in the frequency domain.
 *
 * <p>Exact up to rounding, which grows with log L relative to the largest term. Costs O(n L log² L)
 * flops, n = rows · channels, and L + 1 slices of memory: the sums that are not finished, in the
 * adjoint the δ of all layers.
 */
public final class RelaxedFftSum implements CumulativeSum {
  /** Layers of a block that is summed directly, by default. */
  public static final int BLOCK = 64;

  private final SumOperands data;
  private final Primitives p;
  private final LagCoefficients lags;
  private final int block;
  private final NearField near;
  private final CoefficientGradients slopes;
  private final Views rows;
  private final Matrix[] spectra;
  private final Matrix[] lagsOfLevel;
  private final Matrix[] gradientOfLevel;
  private boolean isPrepared;

  /**
   * Binds the sum.
   *
   * @param operands the history, on a uniform grid
   * @param lags the coefficients
   * @param memory for the sums that are not finished
   * @param block layers of a block B, 8, 16, 32, 64 or 128
   * @throws IllegalArgumentException if {@code block} is none of these
   */
  public RelaxedFftSum(SumOperands operands, LagCoefficients lags, SumMemory memory, int block) {
    if (Integer.bitCount(BlockedSum.checked(block)) != 1) {
      throw new IllegalArgumentException("block " + block + ": must be a power of 2");
    }
    this.data = operands.complete();
    this.p = operands.primitives();
    this.lags = lags;
    this.block = block;
    near = new NearField(operands, lags, memory, block);
    int layers = operands.layers();
    slopes = new CoefficientGradients(operands, lags, memory);
    rows = new Views(memory.matrix("rows", layers + 1, operands.columns()));
    int levels = 0;
    while ((long) block << levels <= layers) {
      levels++;
    }
    spectra = new Matrix[levels];
    lagsOfLevel = new Matrix[levels];
    gradientOfLevel = new Matrix[levels];
    for (int i = 0; i < levels; i++) {
      int size = block << i;
      spectra[i] = memory.matrix("spectrum." + i, 1, Math.multiplyExact(4, size));
      lagsOfLevel[i] = lagsOf(lags.lags(), size);
      gradientOfLevel[i] = lags.hasGradient() ? lagsOf(lags.lagGradient(), size) : null;
    }
  }

  /**
   * The elements of memory that this sum takes beside the coefficients.
   *
   * @param layers L
   * @param columns n
   * @return a count
   */
  public static long elements(int layers, long columns) {
    return (layers + 1L + NearField.INNER) * columns + 8L * layers;
  }

  @Override
  public History.Layout layout() {
    return History.Layout.SLICE_MAJOR;
  }

  @Override
  public Matrix operand(Matrix state) {
    return state.flat();
  }

  private int level(int l) {
    return Integer.numberOfTrailingZeros(l / block);
  }

  private int remaining(int l, int size) {
    return Math.min(size, data.layers() + 1 - l);
  }

  @Override
  public void forward(int l, Matrix u) {
    if (l == 1) {
      begin();
    }
    if (l % block == 0) {
      int level = level(l);
      int size = block << level;
      double beta = l == size ? 0 : 1;
      p.toeplitz(
          data.scale(),
          spectra[level],
          false,
          data.z(l - size, size),
          beta,
          rows.rows(l, remaining(l, size)));
    }
    if (l >= block) {
      p.axpby(1, rows.rows(l, 1), 1, u);
    }
    near.forward(l, l - l % block, u);
  }

  private void begin() {
    lags.begin();
    if (!isPrepared || lags.isTrainable()) {
      for (int i = 0; i < spectra.length; i++) {
        p.toeplitzPrepare(lagsOfLevel[i], spectra[i]);
      }
      isPrepared = true;
    }
  }

  /** The lags that a product of this size needs. */
  private static Matrix lagsOf(Matrix all, int size) {
    return all.block(0, 0, 1, Math.min(all.columns(), 2 * size - 1));
  }

  @Override
  public void adjoint(int l, Matrix delta) {
    if (l == data.layers() && lags.hasGradient()) {
      lags.beginGradient();
    }
    int first = l - l % block;
    p.axpby(1, delta, 0, rows.rows(l, 1));
    near.adjoint(l, first, rows, l);
    if (l == first) {
      int level = level(l);
      int size = block << level;
      Matrix finished = rows.rows(l, remaining(l, size));
      p.toeplitz(data.scale(), spectra[level], true, finished, 1, data.gradient(l - size, size));
      if (lags.hasGradient()) {
        Matrix z = data.z(l - size, size);
        p.toeplitzGradient(data.scale(), size, z, finished, gradientOfLevel[level]);
      }
    }
    if (lags.hasGradient() && l == Math.max(first, 1)) {
      slopes.add(l, rows.rows(l, remaining(l, first + block - l)), first);
      if (l == 1) {
        lags.endGradient();
      }
    }
  }
}
