package org.volterra.train;

/** Inputs in an array that nobody changes. */
final class StoredInputs implements InputSource {
  private final double[] values;
  private final int width;

  StoredInputs(double[] values, int width) {
    this.values = values;
    this.width = width;
  }

  @Override
  public int width() {
    return width;
  }

  @Override
  public int count() {
    return values.length / width;
  }

  @Override
  public void read(int sample, long draw, double[] target, int offset) {
    System.arraycopy(values, sample * width, target, offset, width);
  }

  @Override
  public boolean isPrefetched() {
    return false;
  }
}
