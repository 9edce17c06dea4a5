package org.volterra.memory;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Objects;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Offload;

/**
 * The dense-connection history: {@code slices} feature maps of shape batch × positions × channels
 * in one off-heap buffer.
 *
 * <p>Layer l writes its features in place into slice l, and all later layers read the first l
 * slices as <em>one</em> matrix: nothing is ever copied to concatenate. With rows = batch ·
 * positions there are two layouts, chosen by the kernel that reads:
 *
 * <ul>
 *   <li>{@link Layout#INTERLEAVED}: row-major rows × (slices · channels); slice k is the columns
 *       k·channels … (k+1)·channels. The first l slices are a rows × (l · channels) matrix, so the
 *       sum with matrix-valued kernels is one GEMM with growing inner dimension.
 *   <li>{@link Layout#SLICE_MAJOR}: slices × (rows · channels). The first l slices are an l × (rows
 *       · channels) matrix, so the sum with scalar kernels is one GEMV.
 * </ul>
 *
 * <p>The memory is allocated once and reused in every step. A history may be read by many threads;
 * writes need the caller's ordering. After {@link #close} every use of its matrices throws {@link
 * IllegalStateException}.
 */
public final class History implements AutoCloseable {
  /** How slices lie in memory. */
  public enum Layout {
    /** Rows × (slices · channels). */
    INTERLEAVED,
    /** Slices × (rows · channels). */
    SLICE_MAJOR
  }

  private final Buffer buffer;
  private final boolean owner;
  private final Layout layout;
  private final int batch;
  private final int positions;
  private final int channels;
  private final Matrix[] slice;
  private final Matrix[] first;
  private final Views rows;

  private History(
      Buffer buffer,
      boolean owner,
      Layout layout,
      int capacity,
      int slices,
      int batch,
      int positions,
      int channels) {
    this.buffer = buffer;
    this.owner = owner;
    this.layout = layout;
    this.batch = batch;
    this.positions = positions;
    this.channels = channels;
    int rows = batch * positions;
    long sliceStride =
        layout == Layout.INTERLEAVED ? channels : (long) capacity * positions * channels;
    long rowStride = layout == Layout.INTERLEAVED ? (long) slices * channels : channels;
    slice = new Matrix[slices];
    first = new Matrix[slices + 1];
    for (int k = 0; k < slices; k++) {
      slice[k] = new Matrix(buffer, k * sliceStride, rows, channels, rowStride);
      first[k + 1] =
          layout == Layout.INTERLEAVED
              ? new Matrix(buffer, 0, rows, (k + 1) * channels, rowStride)
              : new Matrix(buffer, 0, k + 1, rows * channels, sliceStride);
    }
    this.rows = new Views(first[slices]);
  }

  /**
   * The bytes that a history of these dimensions takes.
   *
   * @param type element type
   * @param slices number of slices, at least 1
   * @param batch samples, at least 1
   * @param positions positions of each sample, at least 1
   * @param channels channels of each position, at least 1
   * @return slices · batch · positions · channels · bytes of an element
   * @throws IllegalArgumentException if a dimension is not positive, or if one of the matrices has
   *     2³¹ or more rows or columns
   */
  public static long bytes(ElementType type, int slices, int batch, int positions, int channels) {
    positive("slices", slices);
    positive("batch", batch);
    positive("positions", positions);
    positive("channels", channels);
    long rows = (long) batch * positions;
    if (rows > Integer.MAX_VALUE / channels || (long) slices * channels > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "history of "
              + slices
              + " slices x "
              + batch
              + " batch x "
              + positions
              + " positions x "
              + channels
              + " channels: batch * positions * channels and slices * channels must each be below"
              + " 2^31");
    }
    return type.bytesFor(slices * rows * channels);
  }

  private static void positive(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " " + value + ": must be at least 1");
    }
  }

  /**
   * Allocates a history filled with zeros.
   *
   * @param provider the device
   * @param type element type
   * @param layout how slices lie in memory
   * @param slices number of slices, at least 1
   * @param batch samples, at least 1
   * @param positions positions of each sample, at least 1
   * @param channels channels of each position, at least 1
   * @return the history, owned by the caller
   * @throws IllegalArgumentException as {@link #bytes}
   * @throws IllegalStateException if the device has not enough memory
   */
  public static History allocate(
      ComputeProvider provider,
      ElementType type,
      Layout layout,
      int slices,
      int batch,
      int positions,
      int channels) {
    long bytes = bytes(type, slices, batch, positions, channels);
    Buffer buffer = provider.allocate(type, bytes / type.bytes());
    return new History(buffer, true, layout, batch, slices, batch, positions, channels);
  }

  /**
   * Allocates a history filled with zeros in memory of the host, for a device that sees it in
   * blocks.
   *
   * @param offload the device
   * @param inBlocks whether neighbouring slices are touched again and again
   * @param type element type
   * @param layout how slices lie in memory
   * @param slices number of slices, at least 1
   * @param batch samples, at least 1
   * @param positions positions of each sample, at least 1
   * @param channels channels of each position, at least 1
   * @return the history, owned by the caller
   * @throws IllegalArgumentException as {@link #bytes}
   * @throws IllegalStateException if the host has not enough memory
   */
  public static History offload(
      Offload offload,
      boolean inBlocks,
      ElementType type,
      Layout layout,
      int slices,
      int batch,
      int positions,
      int channels) {
    long bytes = bytes(type, slices, batch, positions, channels);
    long length = bytes / type.bytes();
    Buffer buffer =
        inBlocks ? offload.allocate(type, length, length / slices) : offload.allocate(type, length);
    return new History(buffer, true, layout, batch, slices, batch, positions, channels);
  }

  /**
   * Makes a history filled with zeros in a file, for a device that computes in the host's memory.
   *
   * @param folder an existing folder
   * @param type element type
   * @param layout how slices lie in memory
   * @param slices number of slices, at least 1
   * @param batch samples, at least 1
   * @param positions positions of each sample, at least 1
   * @param channels channels of each position, at least 1
   * @return the history, owned by the caller; its file goes when it is closed
   * @throws IllegalArgumentException as {@link #bytes}
   * @throws UncheckedIOException as {@link MappedMemory#create}
   */
  public static History map(
      Path folder,
      ElementType type,
      Layout layout,
      int slices,
      int batch,
      int positions,
      int channels) {
    long bytes = bytes(type, slices, batch, positions, channels);
    MappedMemory file = MappedMemory.create(folder, bytes);
    return new History(
        HostBuffer.over(type, file), true, layout, batch, slices, batch, positions, channels);
  }

  /**
   * The same memory seen with fewer samples, for the last batch of an epoch.
   *
   * @param smaller samples, from 1 to {@link #batch}
   * @return a view that owns nothing; it ends with this history
   * @throws IllegalArgumentException if {@code smaller} is out of range
   */
  public History forBatch(int smaller) {
    if (smaller < 1 || smaller > batch) {
      throw new IllegalArgumentException(
          "batch " + smaller + ": this history holds 1.." + batch + " samples");
    }
    int capacity =
        layout == Layout.INTERLEAVED
            ? batch
            : (int) (first[1].stride() / ((long) positions * channels));
    return new History(buffer, false, layout, capacity, slices(), smaller, positions, channels);
  }

  /**
   * Slice k as a (batch · positions) × channels matrix.
   *
   * @param k index in [0, slices)
   * @return the view, the same object in every call
   */
  public Matrix slice(int k) {
    return slice[Objects.checkIndex(k, slice.length)];
  }

  /**
   * The first {@code count} slices as one matrix, without copying: rows × (count · channels) if
   * interleaved, count × (rows · channels) if slice-major.
   *
   * @param count from 1 to slices
   * @return the view, the same object in every call
   */
  public Matrix first(int count) {
    if (count < 1 || count >= first.length) {
      throw new IllegalArgumentException(
          "count " + count + ": must be in 1.." + (first.length - 1));
    }
    return first[count];
  }

  /**
   * Neighbouring slices of a slice-major history as one matrix, without copying.
   *
   * @param from first slice
   * @param count how many, at least 1
   * @return count × (rows · channels), the same object in every call
   * @throws IllegalStateException if the history is interleaved
   */
  public Matrix slices(int from, int count) {
    if (layout != Layout.SLICE_MAJOR) {
      throw new IllegalStateException(
          "slices are rows of one matrix only in a slice-major history");
    }
    return rows.rows(from, count);
  }

  /**
   * Number of slices.
   *
   * @return at least 1
   */
  public int slices() {
    return slice.length;
  }

  /**
   * Number of samples.
   *
   * @return at least 1
   */
  public int batch() {
    return batch;
  }

  /**
   * Number of positions of each sample.
   *
   * @return at least 1
   */
  public int positions() {
    return positions;
  }

  /**
   * Number of channels of each position.
   *
   * @return at least 1
   */
  public int channels() {
    return channels;
  }

  /**
   * How slices lie in memory.
   *
   * @return the layout
   */
  public Layout layout() {
    return layout;
  }

  /**
   * The bytes of the whole buffer.
   *
   * @return a count in bytes
   */
  public long bytes() {
    return buffer.bytes();
  }

  @Override
  public void close() {
    if (owner) {
      buffer.close();
    }
  }
}
