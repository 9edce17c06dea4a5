package org.volterra.feature;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.DropMask;
import org.volterra.spi.ElementType;
import org.volterra.spi.Feed;
import org.volterra.spi.Matrix;

/**
 * What all maps of a workspace are told about the present pass: whether batch statistics and
 * dropout are those of training, and the step, on which masks depend. Not thread-safe.
 */
public final class PassMode {
  private final ComputeProvider provider;
  private final Consumer<AutoCloseable> owner;
  private boolean training;
  private long stemOfStep = DropMask.stem(0, 0);
  private Matrix stem;
  private Feed feed;

  /**
   * Not training.
   *
   * @param provider the device
   * @param owner takes ownership of what dropout needs there, to be closed the last first
   */
  public PassMode(ComputeProvider provider, Consumer<AutoCloseable> owner) {
    this.provider = provider;
    this.owner = owner;
  }

  /**
   * Whether the network is being trained.
   *
   * @return false for statistics that were kept, and no dropout
   */
  public boolean isTraining() {
    return training;
  }

  /**
   * Begins passes of this kind.
   *
   * @param value whether the network is being trained
   */
  public void training(boolean value) {
    training = value;
  }

  /**
   * Chooses the masks of dropout.
   *
   * @param seed seed of the training
   * @param step number of the step
   */
  public void step(long seed, long step) {
    stemOfStep = DropMask.stem(seed, step);
    if (stem != null) {
      write();
    }
  }

  /** Where the device finds the stem of the masks' keys; takes memory with the first call. */
  Matrix stem() {
    if (stem == null) {
      Buffer buffer = provider.allocate(ElementType.INT32, 2);
      owner.accept(buffer);
      feed = provider.feed(buffer).orElse(null);
      if (feed != null) {
        owner.accept(feed);
      }
      stem = Matrix.vector(buffer, 0, 2);
      write();
    }
    return stem;
  }

  private void write() {
    int low = (int) stemOfStep;
    int high = (int) (stemOfStep >>> Integer.SIZE);
    if (feed == null) {
      stem.set(0, 0, low);
      stem.set(0, 1, high);
    } else {
      MemorySegment next = feed.begin();
      next.setAtIndex(JAVA_INT, 0, low);
      next.setAtIndex(JAVA_INT, 1, high);
      feed.send(2);
    }
  }
}
