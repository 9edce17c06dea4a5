package org.volterra.train;

import org.volterra.memory.Resources;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.spi.Readout;

/** A few float64 numbers on the device that the host asks for without waiting for later work. */
final class Scalars implements AutoCloseable {
  private final Resources resources = new Resources();
  private final Primitives p;
  private final Matrix all;
  private final Readout readout;
  private final double[] values;

  Scalars(ComputeProvider provider, int count) {
    p = provider.primitives(ElementType.FLOAT64);
    values = new double[count];
    boolean complete = false;
    try {
      all = Matrix.vector(resources.own(provider.allocate(ElementType.FLOAT64, count)), 0, count);
      readout = provider.readout(all).orElse(null);
      if (readout != null) {
        resources.own(readout);
      }
      complete = true;
    } finally {
      if (!complete) {
        resources.close();
      }
    }
  }

  /** The first numbers as a vector. */
  Matrix first(int count) {
    return all.block(0, 0, 1, count);
  }

  /** One of them. */
  Matrix at(int index) {
    return all.block(0, index, 1, 1);
  }

  /** Queues that all become 0. */
  void clear() {
    p.fill(0, all);
  }

  /** Asks for the numbers as what is queued until now leaves them. */
  void request() {
    if (readout == null) {
      for (int i = 0; i < values.length; i++) {
        values[i] = all.get(0, i);
      }
    } else {
      readout.request();
    }
  }

  /** Waits for what was asked for; the array is used again. */
  double[] await() {
    if (readout != null) {
      readout.await(values);
    }
    return values;
  }

  @Override
  public void close() {
    resources.close();
  }
}
