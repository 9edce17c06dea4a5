package org.volterra.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Shapes;

/** Launches the kernels of one element type; what the primitives of all families share. */
final class Launcher {
  /** Blocks for each multiprocessor, enough to hide the latency of memory. */
  private static final int BLOCKS_EACH = 16;

  private final CudaContext context;
  private final ElementType type;
  private final BooleanSupplier closed;
  private final String suffix;
  private final Map<String, String> names = new HashMap<>();

  Launcher(ElementType type, CudaContext context, BooleanSupplier closed) {
    this.type = type;
    this.context = context;
    this.closed = closed;
    this.suffix = type == ElementType.FLOAT32 ? "_f32" : "_f64";
  }

  /** Some launches, one after the other. */
  interface Work {
    void queue();
  }

  /**
   * Queues work with the context to itself.
   *
   * @throws IllegalStateException if the provider is closed
   */
  void run(Work work) {
    if (closed.getAsBoolean()) {
      throw new IllegalStateException("the provider is closed");
    }
    context.enter();
    try {
      queue(work);
    } finally {
      context.leave();
    }
  }

  private void queue(Work work) {
    try {
      work.queue();
    } catch (RuntimeException | Error e) {
      try {
        context.releaseStaged();
      } catch (CudaException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
    context.releaseStaged();
  }

  /** An operand that is only read, as kernels can take it. */
  Matrix in(Matrix m) {
    return context.resident(m, BlockRing.Access.READ);
  }

  /** A result, as kernels can take it; where beta is 0 its old contents are not read. */
  Matrix out(double beta, Matrix m) {
    return context.resident(m, access(beta));
  }

  /** What a kernel does with a result. */
  static BlockRing.Access access(double beta) {
    return beta == 0 ? BlockRing.Access.OVERWRITE : BlockRing.Access.UPDATE;
  }

  ElementType type() {
    return type;
  }

  /** The elements of 16 bytes. */
  int width() {
    return 16 / type.bytes();
  }

  int multiprocessors() {
    return context.multiprocessors();
  }

  /** Blocks that keep the device busy. */
  int mostBlocks() {
    return BLOCKS_EACH * context.multiprocessors();
  }

  CudaContext context() {
    return context;
  }

  KernelArguments arguments() {
    return context.arguments(type);
  }

  /** Launches the kernel of this element type. */
  void launch(String operation, String kernel, Grid grid) {
    launch(operation, kernel, grid, 0);
  }

  void launch(String operation, String kernel, Grid grid, int sharedBytes) {
    String name = names.computeIfAbsent(kernel, base -> base + suffix);
    context.launch(operation, name, grid, sharedBytes);
  }

  /** Launches an elementwise kernel, whose last arguments are rows and columns. */
  void elementwise(
      String operation, String kernel, KernelArguments arguments, boolean flat, Matrix shape) {
    elementwise(operation, kernel, arguments, flat, shape, width());
  }

  /** Launches an elementwise kernel whose threads take so many elements at a time. */
  void elementwise(
      String operation,
      String kernel,
      KernelArguments arguments,
      boolean flat,
      Matrix shape,
      int width) {
    long rows = flat ? 1 : shape.rows();
    long columns = flat ? shape.size() : shape.columns();
    arguments.int64(rows).int64(columns);
    launch(operation, kernel, Grid.elementwise(rows, columns, width, mostBlocks()));
  }

  /** Copies rows between addresses of the device; strides are elements from one to the next. */
  void copy(long from, long fromStride, long to, long toStride, long rows, long columns) {
    boolean flat = fromStride == columns && toStride == columns;
    long down = flat ? 1 : rows;
    long across = flat ? rows * columns : columns;
    KernelArguments arguments = arguments().scalar(1).address(from).int64(fromStride).scalar(0);
    arguments.address(to).int64(toStride).int64(down).int64(across);
    launch("axpby", "axpby", Grid.elementwise(down, across, width(), mostBlocks()));
  }

  /** Whether matrices of one shape are also vectors, so that they can be one long row. */
  static boolean flat(Matrix... matrices) {
    for (Matrix m : matrices) {
      if (!m.isContiguous()) {
        return false;
      }
    }
    return true;
  }

  /** As below, before anything is written. */
  void checkIndices(String name, Matrix indices, int bound) {
    checkIndices(name, indices, bound, () -> {});
  }

  /**
   * Throws if an index is outside; in a recording, when the device is waited for.
   *
   * @param beside what is queued while the host waits for the check; it takes no scratch memory
   * @throws IndexOutOfBoundsException that names the first such index
   */
  void checkIndices(String name, Matrix indices, int bound, Work beside) {
    CudaRecording recording = context.capturing();
    if (recording != null) {
      queueCheck(indices, bound, 1, recording.indexChecks().next(name, bound));
      beside.queue();
      return;
    }
    context.indexCheckSeen();
    queueCheck(indices, bound, 0, context.scratch(IndexChecks.SLOT_BYTES));
    IndexCheck check = context.downloadCheck();
    beside.queue();
    MemorySegment bad = check.await("check_indices");
    int position = bad.getAtIndex(JAVA_INT, 0);
    if (position >= 0) {
      Shapes.index(name, position, bad.getAtIndex(JAVA_INT, 1), bound);
    }
  }

  private void queueCheck(Matrix indices, int bound, int keep, long result) {
    arguments().vector(indices).int32(indices.columns()).int32(bound).int32(keep).address(result);
    context.launch("gather", "check_indices", Grid.ofWarps(1, 1), 0);
  }

  /** result = alpha * the sum of float64 numbers in scratch + beta * result. */
  void finish(double alpha, long partial, long count, double beta, Matrix result) {
    arguments()
        .float64(alpha)
        .address(partial)
        .int32(Math.toIntExact(count))
        .float64(beta)
        .vector(result);
    context.launch("reduction", "finish", Grid.ofWarps(1, 1), 0);
  }
}
