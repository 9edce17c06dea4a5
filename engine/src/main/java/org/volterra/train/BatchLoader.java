package org.volterra.train;

import org.volterra.Model;
import org.volterra.ModelSpec;
import org.volterra.memory.Resources;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;

/** Brings batches of samples to the device, through memory that is allocated once. */
final class BatchLoader implements AutoCloseable {
  private final Resources resources = new Resources();
  private final Prefetcher prefetcher;
  private final ModelSpec spec;
  private final Staging inputs;
  private final Staging targets;
  private final boolean labels;
  private final Matrix[] inputViews;
  private final Matrix[] targetViews;
  private double[] row = new double[1];

  BatchLoader(Model network, int batch, boolean labels) {
    this.spec = network.spec();
    this.labels = labels;
    ElementType type = network.type();
    int rows = batch * spec.positions();
    inputViews = new Matrix[batch + 1];
    targetViews = new Matrix[batch + 1];
    boolean complete = false;
    try {
      prefetcher = resources.own(new Prefetcher());
      inputs = resources.own(new Staging(network.provider(), type, (long) rows * spec.inputs()));
      targets =
          resources.own(
              new Staging(
                  network.provider(),
                  labels ? ElementType.INT32 : type,
                  (long) batch * spec.outputPositions() * (labels ? 1 : spec.outputs())));
      complete = true;
    } finally {
      if (!complete) {
        resources.close();
      }
    }
  }

  /** Checks that samples fit a network and a loss. */
  static void check(ModelSpec spec, Loss loss, Samples samples, String name) {
    int width = spec.positions() * spec.inputs();
    if (samples.width() != width) {
      throw new IllegalArgumentException(
          name + " have " + samples.width() + " inputs a sample: the network takes " + width);
    }
    if (loss.takesLabels() != samples.classes() > 0) {
      throw new IllegalArgumentException(
          "loss "
              + loss
              + " takes "
              + (loss.takesLabels() ? "class labels" : "real targets")
              + ": "
              + name
              + " have "
              + (samples.classes() > 0 ? "class labels" : "real targets"));
    }
    int targetWidth = spec.outputPositions() * (loss.takesLabels() ? 1 : spec.outputs());
    if (samples.targetWidth() != targetWidth) {
      throw new IllegalArgumentException(
          name
              + " have "
              + samples.targetWidth()
              + " targets a sample: the network needs "
              + targetWidth);
    }
    if (loss.takesLabels() && samples.classes() > spec.outputs()) {
      throw new IllegalArgumentException(
          name
              + " have "
              + samples.classes()
              + " classes: the network has "
              + spec.outputs()
              + " outputs");
    }
  }

  /** Begins to read a batch that will be loaded next, if that takes long. */
  void prefetch(Prefetcher.Request next) {
    if (next.samples().source().isPrefetched()) {
      prefetcher.begin(next);
    }
  }

  /** Loads a batch. */
  void load(Prefetcher.Request wanted) {
    Samples samples = wanted.samples();
    int count = wanted.count();
    boolean isSlow = samples.source().isPrefetched();
    double[] read = isSlow ? prefetcher.take(wanted) : row(samples.width());
    int width = samples.width();
    int targetWidth = samples.targetWidth();
    inputs.begin();
    targets.begin();
    for (int i = 0; i < count; i++) {
      int sample = wanted.sample(i);
      if (!isSlow) {
        wanted.read(i, read, 0);
      }
      int begin = isSlow ? i * width : 0;
      for (int j = 0; j < width; j++) {
        inputs.set((long) i * width + j, read[begin + j]);
      }
      for (int j = 0; j < targetWidth; j++) {
        targets.set((long) i * targetWidth + j, samples.target(sample, j));
      }
    }
    inputs.send((long) count * width);
    targets.send((long) count * targetWidth);
    if (inputViews[count] == null) {
      int rows = count * spec.positions();
      int results = count * spec.outputPositions();
      inputViews[count] = Matrix.of(inputs.buffer(), 0, rows, spec.inputs());
      targetViews[count] =
          labels
              ? Matrix.vector(targets.buffer(), 0, results)
              : Matrix.of(targets.buffer(), 0, results, spec.outputs());
    }
  }

  private double[] row(int width) {
    if (row.length < width) {
      row = new double[width];
    }
    return row;
  }

  /** The inputs of the batch that was loaded last, which had {@code count} samples. */
  Matrix inputs(int count) {
    return inputViews[count];
  }

  /** Its targets. */
  Matrix targets(int count) {
    return targetViews[count];
  }

  @Override
  public void close() {
    resources.close();
  }
}
