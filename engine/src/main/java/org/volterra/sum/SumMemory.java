package org.volterra.sum;

import java.util.HashMap;
import java.util.Map;
import org.volterra.memory.HostBuffer;
import org.volterra.memory.Resources;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;

/**
 * The memory of the cumulative sums of one workspace, by name. Sums for smaller batches ask for the
 * same names with fewer columns and get the same buffers. Not thread-safe.
 */
public final class SumMemory {
  private final ComputeProvider provider;
  private final ElementType type;
  private final Resources owner;
  private final Map<String, Buffer> buffers;
  private final String prefix;

  /**
   * No memory yet.
   *
   * @param provider the device
   * @param type element type
   * @param owner closes the buffers
   */
  public SumMemory(ComputeProvider provider, ElementType type, Resources owner) {
    this(provider, type, owner, new HashMap<>(), "");
  }

  private SumMemory(
      ComputeProvider provider,
      ElementType type,
      Resources owner,
      Map<String, Buffer> buffers,
      String prefix) {
    this.provider = provider;
    this.type = type;
    this.owner = owner;
    this.buffers = buffers;
    this.prefix = prefix;
  }

  /**
   * The same memory with names of its own, for one term of a sum.
   *
   * @param name a prefix of names
   * @return a view
   */
  public SumMemory part(String name) {
    return new SumMemory(provider, type, owner, buffers, prefix + name + ".");
  }

  /**
   * A matrix without gaps, zero when the name is asked for the first time.
   *
   * @param name its name
   * @param rows number of rows
   * @param columns number of columns, at most that of the first call with this name
   * @return the view
   */
  public Matrix matrix(String name, int rows, int columns) {
    return Matrix.of(buffer(name, type, (long) rows * columns), 0, rows, columns);
  }

  /** Whether the device works in memory of the host. */
  boolean isOnHost() {
    return provider.usesHostMemory();
  }

  /** A matrix of a name that has not been asked for, which the host fills or reads. */
  StagedMatrix staged(String name, int rows, int columns) {
    Matrix device = matrix(name, rows, columns);
    return new StagedMatrix(
        device,
        device.buffer() instanceof HostBuffer host
            ? host
            : owner.own(HostBuffer.allocate(type, device.size())));
  }

  /** A vector of FLOAT64 that holds these numbers, always the same for a name. */
  Matrix numbers(String name, double[] values) {
    boolean isNew = !buffers.containsKey(prefix + name);
    Matrix vector =
        Matrix.of(buffer(name, ElementType.FLOAT64, values.length), 0, 1, values.length);
    if (isNew) {
      vector.fill(values);
    }
    return vector;
  }

  /** The indices n − 1 … 0. */
  Matrix reversal(int n) {
    String name = "reversal." + n;
    boolean isNew = !buffers.containsKey(prefix + name);
    Matrix indices = Matrix.of(buffer(name, ElementType.INT32, n), 0, 1, n);
    for (int i = 0; isNew && i < n; i++) {
      indices.set(0, i, n - 1 - i);
    }
    return indices;
  }

  private Buffer buffer(String name, ElementType elements, long length) {
    return buffers.computeIfAbsent(
        prefix + name, key -> owner.own(provider.allocate(elements, length)));
  }
}
