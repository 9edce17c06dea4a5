package org.volterra.cuda;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.volterra.spi.Matrix;

/**
 * Products with Toeplitz matrices by the kernels of {@code toeplitz.cu}: in one pass where the
 * transform fits shared memory, else in three over groups of columns whose spectra fit the scratch
 * memory. The factors of the transforms are computed in float64, once for each length.
 */
final class ToeplitzProducts {
  private static final long GROUP_BYTES = 32 << 20;
  private static final long ALIGNMENT = 256;
  private static final int FORWARD = 1;
  private static final int MULTIPLY = 2;
  private static final int CONJUGATE = 4;
  private static final int INVERSE = 8;

  private final Launcher launcher;
  private final BlockCopies copies;

  /** Bytes of a complex number. */
  private final int bytes;

  /** The binary logarithm of the elements of a tile. */
  private final int most;

  /** The address of the factors for each binary logarithm of a length, or 0. */
  private final long[] factors = new long[Integer.SIZE];

  ToeplitzProducts(Launcher launcher) {
    this.launcher = launcher;
    this.copies = new BlockCopies(launcher);
    this.bytes = 2 * launcher.type().bytes();
    this.most = bytes == 8 ? 12 : 11;
  }

  /** The binary logarithms of a transform's length and of what its first and second pass take. */
  private record Length(int log, int outer, int inner) {
    long elements() {
      return 1L << log;
    }
  }

  private Length length(int size) {
    int log = 1 + Integer.numberOfTrailingZeros(size);
    int inner = log <= most ? 0 : most - 2;
    if (log - inner > most) {
      throw new IllegalArgumentException(
          "Toeplitz matrix of size "
              + size
              + ": at most "
              + (1L << (2 * most - 3))
              + " on this device");
    }
    return new Length(log, log - inner, inner);
  }

  void prepare(Matrix lags, Matrix prepared, int size) {
    Length length = length(size);
    long spectrum = align(length.elements() * bytes);
    long scratch = launcher.context().scratch(2 * spectrum);
    long circulant = scratch + spectrum;
    launcher
        .arguments()
        .scalar(1.0 / length.elements())
        .vector(lags)
        .int32(lags.columns())
        .address(circulant)
        .int32(size);
    launcher.launch("toeplitz", "circulant", line(length.elements()));
    load(circulant, 1, length.elements(), 1, scratch, length);
    block(scratch, 0, FORWARD, 1, length);
    copy(scratch, launcher.context().address(prepared), prepared.columns());
  }

  void multiply(
      double alpha, Matrix prepared, boolean transpose, Matrix x, double beta, Matrix y, int size) {
    Length length = length(size);
    CudaContext context = launcher.context();
    // Complex numbers are loaded whole: a spectrum that lies askew is moved.
    boolean askew = context.address(prepared) % bytes != 0;
    long moved = askew ? align(length.elements() * bytes) : 0;
    long group = length.inner() == 0 ? x.columns() : group(length, x.columns(), 1);
    long strip = length.inner() == 0 ? 0 : length.elements() * Grid.ceil(group, 2) * bytes;
    long scratch = context.scratch(Math.max(1, moved + strip));
    long spectrum = askew ? scratch : context.address(prepared);
    if (askew) {
      copy(context.address(prepared), scratch, prepared.columns());
    }
    if (length.inner() == 0) {
      onePass(alpha, spectrum, transpose, x, beta, y, length);
      return;
    }
    int steps = FORWARD | MULTIPLY | INVERSE | (transpose ? CONJUGATE : 0);
    for (long column = 0; column < x.columns(); column += group) {
      long columns = Math.min(group, x.columns() - column);
      load(at(x, column), x.stride(), x.rows(), columns, scratch + moved, length);
      block(scratch + moved, spectrum, steps, columns, length);
      store(alpha, scratch + moved, beta, at(y, column), y.stride(), y.rows(), columns, length);
    }
  }

  private void onePass(
      double alpha,
      long spectrum,
      boolean transpose,
      Matrix x,
      double beta,
      Matrix y,
      Length length) {
    int side = side(length.log(), x.columns());
    launcher
        .arguments()
        .scalar(alpha)
        .matrix(x)
        .address(spectrum)
        .int32(transpose ? 1 : 0)
        .address(factors(length))
        .scalar(beta)
        .matrix(y)
        .int32(length.log())
        .int32(side)
        .int64(x.rows())
        .int64(y.rows())
        .int64(x.columns());
    launch("toeplitz", x.columns(), 1, length.log(), side);
  }

  /** Adds the gradients of the lags; groups of columns are gathered where they are offloaded. */
  void gradient(double alpha, Matrix x, Matrix dy, Matrix lags, int size) {
    Length length = length(size);
    long group = group(length, x.columns(), 2);
    long strip = align(length.elements() * Grid.ceil(group, 2) * bytes);
    long product = align(length.elements() * bytes);
    Source from = source(x, group);
    Source slopes = source(dy, group);
    long spare = Math.max(from.spareBytes(), slopes.spareBytes());
    long scratch = launcher.context().scratch(2 * strip + 2 * product + spare);
    long sums = scratch + 2 * strip;
    long gathered = sums + 2 * product;
    for (long column = 0; column < x.columns(); column += group) {
      long columns = Math.min(group, x.columns() - column);
      load(from, column, columns, gathered, scratch, length);
      block(scratch, 0, FORWARD, columns, length);
      load(slopes, column, columns, gathered, scratch + strip, length);
      block(scratch + strip, 0, FORWARD, columns, length);
      launcher
          .arguments()
          .address(sums)
          .address(scratch)
          .address(scratch + strip)
          .int64(Grid.ceil(columns, 2))
          .int32(column == 0 ? 0 : 1)
          .int64(length.elements());
      launcher.launch(
          "toeplitz", "correlate", Grid.ofWarps(Grid.ceil(length.elements(), Grid.WARPS), 1));
    }
    block(sums, 0, INVERSE, 1, length);
    store(1, sums, 0, sums + product, 1, length.elements(), 1, length);
    launcher
        .arguments()
        .scalar(alpha / length.elements())
        .address(sums + product)
        .vector(lags)
        .int32(lags.columns())
        .int32(size);
    launcher.launch("toeplitz", "add_lags", line(lags.columns()));
  }

  /** What columns are loaded from, and the scratch memory that gathers them, or 0. */
  private record Source(Matrix matrix, long spareBytes) {}

  private Source source(Matrix m, long group) {
    return Band.isLarge(m)
        ? new Source(m, align(m.rows() * group * launcher.type().bytes()))
        : new Source(launcher.in(m), 0);
  }

  private void load(
      Source source, long column, long columns, long gathered, long scratch, Length length) {
    Matrix m = source.matrix();
    if (source.spareBytes() == 0) {
      load(at(m, column), m.stride(), m.rows(), columns, scratch, length);
    } else {
      copies.gather(m, column, columns, gathered, columns);
      load(gathered, columns, m.rows(), columns, scratch, length);
    }
  }

  /** The first pass of the transforms of columns. */
  private void load(long x, long stride, long rows, long columns, long scratch, Length length) {
    int side = side(length.outer(), columns);
    launcher
        .arguments()
        .address(x)
        .int64(stride)
        .address(scratch)
        .address(factors(length))
        .int32(length.outer())
        .int32(length.inner())
        .int32(side)
        .int64(rows)
        .int64(columns);
    launch("fourier_load", columns, 1L << length.inner(), length.outer(), side);
  }

  /** The second pass, where there is one. */
  private void block(long scratch, long spectrum, int steps, long columns, Length length) {
    if (length.inner() == 0) {
      return;
    }
    int side = side(length.inner(), columns);
    launcher
        .arguments()
        .address(scratch)
        .address(spectrum)
        .address(factors(length))
        .int32(steps)
        .int32(length.outer())
        .int32(length.inner())
        .int32(side)
        .int64(Grid.ceil(columns, 2));
    launch("fourier_block", columns, 1L << length.outer(), length.inner(), side);
  }

  private void store(
      double alpha,
      long scratch,
      double beta,
      long y,
      long stride,
      long rows,
      long columns,
      Length length) {
    int side = side(length.outer(), columns);
    launcher
        .arguments()
        .scalar(alpha)
        .address(scratch)
        .address(factors(length))
        .scalar(beta)
        .address(y)
        .int64(stride)
        .int32(length.outer())
        .int32(length.inner())
        .int32(side)
        .int64(rows)
        .int64(columns);
    launch("fourier_store", columns, 1L << length.inner(), length.outer(), side);
  }

  private void launch(String kernel, long columns, long blocks, int log, int side) {
    long strips = Grid.ceil(Grid.ceil(columns, 2), 1L << side);
    launcher.launch("toeplitz", kernel, Grid.ofThreads(strips, blocks), bytes << (log + side));
  }

  private void copy(long from, long to, long count) {
    launcher.copy(from, count, to, count, 1, count);
  }

  private long at(Matrix m, long column) {
    return launcher.context().address(m) + column * launcher.type().bytes();
  }

  /** The binary logarithm of the pairs of columns that lie side by side. */
  private int side(int log, long columns) {
    long pairs = Grid.powerOfTwo(Grid.ceil(columns, 2));
    return Math.min(most - log, Long.numberOfTrailingZeros(pairs));
  }

  /** Columns whose spectra fit the scratch memory so many times; even, unless it is all. */
  private long group(Length length, long columns, int times) {
    long pairs = Math.max(1, GROUP_BYTES / (times * length.elements() * bytes));
    return Math.min(columns, 2 * pairs);
  }

  private Grid line(long count) {
    return Grid.ofThreads(Math.min(Grid.ceil(count, Grid.THREADS), launcher.mostBlocks()), 1);
  }

  private static long align(long n) {
    return Grid.ceil(n, ALIGNMENT) * ALIGNMENT;
  }

  /** The address of exp(−2πik / M) for k below M / 2. */
  private long factors(Length length) {
    if (factors[length.log()] == 0) {
      factors[length.log()] = compute(length.elements());
    }
    return factors[length.log()];
  }

  private long compute(long elements) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment table = arena.allocate(elements / 2 * bytes, bytes);
      for (long k = 0; k < elements / 2; k++) {
        double angle = -2 * Math.PI * k / elements;
        put(table, 2 * k, Math.cos(angle));
        put(table, 2 * k + 1, Math.sin(angle));
      }
      return launcher.context().constant(table);
    }
  }

  private void put(MemorySegment table, long index, double value) {
    if (bytes == 8) {
      table.setAtIndex(JAVA_FLOAT, index, (float) value);
    } else {
      table.setAtIndex(JAVA_DOUBLE, index, value);
    }
  }
}
