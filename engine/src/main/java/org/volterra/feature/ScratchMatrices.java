package org.volterra.feature;

import java.util.HashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;

/**
 * Matrices for intermediate values, allocated when they are first asked for and shared by all who
 * ask by the same name: by maps for batches of different sizes, and by layers that need them one
 * after the other. Not thread-safe.
 */
public final class ScratchMatrices {
  private final ComputeProvider provider;
  private final ElementType type;
  private final UnaryOperator<Buffer> owner;
  private final Map<String, Buffer> buffers = new HashMap<>();
  private long elements;

  /**
   * No matrices yet.
   *
   * @param provider the device
   * @param type element type of all matrices
   * @param owner takes ownership of a buffer and returns it
   */
  public ScratchMatrices(ComputeProvider provider, ElementType type, UnaryOperator<Buffer> owner) {
    this.provider = provider;
    this.type = type;
    this.owner = owner;
  }

  /**
   * The matrix of that name.
   *
   * @param name its name
   * @param rows number of rows
   * @param columns number of columns
   * @return a matrix of that shape; its contents are whatever was left there
   */
  public Matrix get(String name, int rows, int columns) {
    long size = (long) rows * columns;
    Buffer buffer = buffers.get(name);
    if (buffer == null || buffer.length() < size) {
      buffer = owner.apply(provider.allocate(type, size));
      buffers.put(name, buffer);
      elements += size;
    }
    return Matrix.of(buffer, 0, rows, columns);
  }

  /**
   * The bytes of all matrices.
   *
   * @return a count
   */
  public long bytes() {
    return elements * type.bytes();
  }
}
