package org.volterra.experiments;

import org.volterra.feature.Shape;

/** Images in memory. */
final class StoredPixels implements Pixels {
  private final Shape shape;
  private final int[] labels;
  private final byte[] bytes;

  /** Keeps the arrays, which nobody may change. */
  StoredPixels(Shape shape, int[] labels, byte[] bytes) {
    this.shape = shape;
    this.labels = labels;
    this.bytes = bytes;
  }

  @Override
  public Shape shape() {
    return shape;
  }

  @Override
  public int[] labels() {
    return labels.clone();
  }

  @Override
  public int count() {
    return labels.length;
  }

  @Override
  public void read(int image, byte[] target) {
    System.arraycopy(bytes, image * target.length, target, 0, target.length);
  }

  @Override
  public boolean isSlow() {
    return false;
  }
}
