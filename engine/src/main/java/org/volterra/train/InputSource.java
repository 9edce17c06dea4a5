package org.volterra.train;

import java.io.UncheckedIOException;

/**
 * Where the inputs of {@link Samples} come from: memory, files, a generator. They are read batch by
 * batch, so that a set of samples may be larger than memory and each epoch may see other variants
 * of it. Implementations are thread-safe.
 */
public interface InputSource {
  /** What {@link #read} gets where samples are to be as they are, as in evaluation. */
  long PLAIN = 0;

  /**
   * Number of samples.
   *
   * @return at least 1
   */
  int count();

  /**
   * Inputs of a sample.
   *
   * @return at least 1
   */
  int width();

  /**
   * Reads the inputs of a sample.
   *
   * @param sample its number
   * @param draw seed of what is random in it, such as augmentation, other for each sample and
   *     epoch; {@link #PLAIN} for the sample as it is
   * @param target receives {@link #width} finite numbers
   * @param offset where they begin
   * @throws UncheckedIOException if they cannot be read
   */
  void read(int sample, long draw, double[] target, int offset);

  /**
   * Whether reading takes long enough to be done on another thread while the batch before is
   * computed.
   *
   * @return true, unless a source says otherwise
   */
  default boolean isPrefetched() {
    return true;
  }
}
