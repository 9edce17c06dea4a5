package org.volterra.train;

/** Some samples of a source, in an order of their own. */
final class SelectedInputs implements InputSource {
  private final InputSource source;
  private final int[] indices;

  SelectedInputs(InputSource source, int[] indices) {
    this.source = source;
    this.indices = indices;
  }

  @Override
  public int count() {
    return indices.length;
  }

  @Override
  public int width() {
    return source.width();
  }

  @Override
  public void read(int sample, long draw, double[] target, int offset) {
    source.read(indices[sample], draw, target, offset);
  }

  @Override
  public boolean isPrefetched() {
    return source.isPrefetched();
  }
}
