package org.volterra.spi;

import java.util.List;
import java.util.Objects;

/**
 * A strided row-major view of a {@link Buffer}: element (i, j) is element {@code offset + i *
 * stride + j} of the buffer.
 *
 * <p>A view owns nothing; it is an immutable value, made once when a network is laid out and used
 * in every step. Vectors are matrices of one row.
 */
public final class Matrix {
  private final Buffer buffer;
  private final long offset;
  private final int rows;
  private final int columns;
  private final long stride;
  private Object attachment;

  /** What {@link #rows} returned last: a view that is asked for in every pass is made once. */
  private Matrix latestRows;

  /**
   * Makes a view, and checks that it lies inside the buffer.
   *
   * @param buffer the memory
   * @param offset index of element (0, 0)
   * @param rows number of rows, at least 1
   * @param columns number of columns, at least 1
   * @param stride distance between the first elements of neighbouring rows, at least {@code
   *     columns}
   * @throws IllegalArgumentException if a dimension is not positive, the stride is smaller than a
   *     row, or the view exceeds the buffer
   */
  public Matrix(Buffer buffer, long offset, int rows, int columns, long stride) {
    this.buffer = Objects.requireNonNull(buffer, "buffer");
    this.offset = offset;
    this.rows = rows;
    this.columns = columns;
    this.stride = stride;
    if (rows < 1 || columns < 1) {
      throw new IllegalArgumentException(
          "matrix shape " + rows + " x " + columns + ": both must be at least 1");
    }
    if (stride < columns) {
      throw new IllegalArgumentException(
          "stride " + stride + ": must be at least the number of columns, " + columns);
    }
    if (offset < 0
        || offset > buffer.length() - columns
        || rows - 1 > (buffer.length() - columns - offset) / stride) {
      throw new IllegalArgumentException(
          "matrix of "
              + rows
              + " x "
              + columns
              + ", stride "
              + stride
              + ", at offset "
              + offset
              + " exceeds its buffer of "
              + buffer.length()
              + " elements");
    }
  }

  /**
   * The memory.
   *
   * @return the buffer that this is a view of
   */
  public Buffer buffer() {
    return buffer;
  }

  /**
   * Index of element (0, 0).
   *
   * @return an index in the buffer
   */
  public long offset() {
    return offset;
  }

  /**
   * Number of rows.
   *
   * @return at least 1
   */
  public int rows() {
    return rows;
  }

  /**
   * Number of columns.
   *
   * @return at least 1
   */
  public int columns() {
    return columns;
  }

  /**
   * Distance between the first elements of neighbouring rows.
   *
   * @return at least the number of columns
   */
  public long stride() {
    return stride;
  }

  /**
   * What the provider of the buffer keeps about this view, so that it need not be made in every
   * call; for providers only.
   *
   * @return what {@link #attach} was given last, or null; another thread's may be seen or not
   */
  public Object attachment() {
    return attachment;
  }

  /**
   * Keeps something about this view.
   *
   * @param object an object with final fields only: it is published without synchronisation
   */
  public void attach(Object object) {
    attachment = object;
  }

  /**
   * A matrix whose rows follow one another without gaps.
   *
   * @param buffer the memory
   * @param offset index of element (0, 0)
   * @param rows number of rows
   * @param columns number of columns, also the stride
   * @return the view
   */
  public static Matrix of(Buffer buffer, long offset, int rows, int columns) {
    return new Matrix(buffer, offset, rows, columns, columns);
  }

  /**
   * A vector: one row.
   *
   * @param buffer the memory
   * @param offset index of the first element
   * @param length number of elements
   * @return the view
   */
  public static Matrix vector(Buffer buffer, long offset, int length) {
    return new Matrix(buffer, offset, 1, length, length);
  }

  /**
   * Matrices without gaps that lie one behind the other, as one vector.
   *
   * @param parts at least one
   * @return their elements, or null if they do not lie so or are more than 2³¹ − 1
   */
  public static Matrix joined(List<Matrix> parts) {
    Matrix first = parts.getFirst();
    long length = 0;
    for (Matrix part : parts) {
      if (!part.buffer().equals(first.buffer())
          || part.offset() != first.offset() + length
          || !part.isContiguous()) {
        return null;
      }
      length += part.size();
    }
    return length > Integer.MAX_VALUE ? null : vector(first.buffer(), first.offset(), (int) length);
  }

  /**
   * A block of this matrix.
   *
   * @param row first row
   * @param column first column
   * @param height number of rows
   * @param width number of columns
   * @return the view of the block
   * @throws IllegalArgumentException if the block exceeds this matrix
   */
  public Matrix block(int row, int column, int height, int width) {
    if (row < 0 || column < 0 || height > rows - row || width > columns - column) {
      throw new IllegalArgumentException(
          "block "
              + height
              + " x "
              + width
              + " at ("
              + row
              + ", "
              + column
              + ") exceeds a matrix of "
              + rows
              + " x "
              + columns);
    }
    return new Matrix(buffer, offset + row * stride + column, height, width, stride);
  }

  /**
   * Some rows of this matrix.
   *
   * @param row first row
   * @param height number of rows
   * @return the view
   */
  public Matrix rows(int row, int height) {
    Matrix known = latestRows;
    if (known == null || known.rows != height || known.offset != offset + row * stride) {
      known = block(row, 0, height, columns);
      latestRows = known;
    }
    return known;
  }

  /**
   * The number of elements that the view shows.
   *
   * @return {@code rows * columns}
   */
  public long size() {
    return (long) rows * columns;
  }

  /**
   * Whether the rows follow one another without gaps, so that the view is also one long vector.
   *
   * @return true if {@code stride == columns} or there is a single row
   */
  public boolean isContiguous() {
    return stride == columns || rows == 1;
  }

  /**
   * All elements as one vector.
   *
   * @return 1 × (rows · columns)
   * @throws IllegalStateException if the rows do not follow one another without gaps
   */
  public Matrix flat() {
    if (!isContiguous()) {
      throw new IllegalStateException(
          "a matrix of " + columns + " columns with stride " + stride + " is no vector");
    }
    return vector(buffer, offset, Math.multiplyExact(rows, columns));
  }

  /**
   * All elements as one column, so that each is a row.
   *
   * @return (rows · columns) × 1
   * @throws IllegalStateException if the rows do not follow one another without gaps
   */
  public Matrix column() {
    return of(buffer, offset, flat().columns(), 1);
  }

  /**
   * Reads one element; see {@link Buffer#get} for its cost.
   *
   * @param row row index
   * @param column column index
   * @return the value
   */
  public double get(int row, int column) {
    return buffer.get(
        offset + Objects.checkIndex(row, rows) * stride + Objects.checkIndex(column, columns));
  }

  /**
   * Writes one element; see {@link Buffer#set} for its cost.
   *
   * @param row row index
   * @param column column index
   * @param value the value
   */
  public void set(int row, int column, double value) {
    buffer.set(
        offset + Objects.checkIndex(row, rows) * stride + Objects.checkIndex(column, columns),
        value);
  }

  /**
   * Copies the elements to a new array in row-major order, with one transfer for each row, or for
   * all where rows follow one another without gaps.
   *
   * @return {@code rows * columns} values
   */
  public double[] toArray() {
    double[] values = new double[Math.multiplyExact(rows, columns)];
    if (isContiguous()) {
      Elements.read(buffer, offset, values, 0, values.length);
    } else {
      for (int i = 0; i < rows; i++) {
        Elements.read(buffer, offset + i * stride, values, i * columns, columns);
      }
    }
    return values;
  }

  /**
   * Fills the matrix from an array in row-major order, with one transfer for each row, or for all
   * where rows follow one another without gaps.
   *
   * @param values {@code rows * columns} values
   * @throws IllegalArgumentException if the number of values differs
   */
  public void fill(double[] values) {
    if (values.length != size()) {
      throw new IllegalArgumentException(
          "values: got "
              + values.length
              + " for a matrix of "
              + rows
              + " x "
              + columns
              + " = "
              + size()
              + " elements");
    }
    if (isContiguous()) {
      Elements.write(values, 0, buffer, offset, values.length);
    } else {
      for (int i = 0; i < rows; i++) {
        Elements.write(values, i * columns, buffer, offset + i * stride, columns);
      }
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Matrix m
        && buffer.equals(m.buffer)
        && offset == m.offset
        && rows == m.rows
        && columns == m.columns
        && stride == m.stride;
  }

  @Override
  public int hashCode() {
    return Objects.hash(buffer, offset, rows, columns, stride);
  }

  @Override
  public String toString() {
    return rows + " x " + columns + " at " + offset + ", stride " + stride + ", of " + buffer;
  }
}
