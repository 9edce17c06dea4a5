package org.volterra.feature;

import java.util.List;
import org.volterra.spi.ChannelNorm;
import org.volterra.spi.Matrix;

/**
 * Batch normalisation, a function, and a product with a matrix, in one pass over bands of rows: the
 * normalised values of a band stay in the caches and are never stored. The adjoint computes them
 * again. Channels that are seen alone are gathered by the way: their normalised values lie side by
 * side.
 */
final class NormalizedProductMap implements StageMap {
  /** Elements of a band. */
  private static final int BAND = 1 << 17;

  private final NormMap norm;
  private final ProductMap product;
  private final int rows;
  private final int height;
  private final Matrix normalized;
  private final Matrix gradient;

  NormalizedProductMap(
      NormMap norm, ProductMap product, FeatureBinding binding, Shape input, int batch) {
    this.norm = norm;
    this.product = product;
    rows = batch * input.positions();
    height = Math.clamp(BAND / input.channels(), 1, rows);
    normalized = binding.shared("band.values", height, input.channels());
    gradient = binding.shared("band.gradients", height, input.channels());
  }

  @Override
  public boolean isExpensive() {
    return true;
  }

  @Override
  public void forward(int k, Matrix x, Matrix y, boolean again) {
    List<ChannelNorm> with = norm.prepare(k, x, again);
    for (int first = 0; first < rows; first += height) {
      int count = Math.min(height, rows - first);
      Matrix band = normalized.rows(0, count);
      norm.normalize(with, x.rows(first, count), band);
      product.forward(k, band, y.rows(first, count), again);
    }
  }

  @Override
  public void adjoint(int k, Matrix x, Matrix y, Matrix dy, double beta, Matrix dx) {
    List<ChannelNorm> with = norm.begin(k, x);
    for (int first = 0; first < rows; first += height) {
      int count = Math.min(height, rows - first);
      Matrix band = normalized.rows(0, count);
      Matrix slopes = gradient.rows(0, count);
      Matrix from = dy.rows(first, count);
      Matrix at = x.rows(first, count);
      norm.normalize(with, at, band);
      product.gradient(k, band, from);
      product.transpose(k, from, 0, slopes);
      norm.transpose(with, at, slopes, beta, dx.rows(first, count));
    }
    norm.end(k, x, dx);
  }
}
