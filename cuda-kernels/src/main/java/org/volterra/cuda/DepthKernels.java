package org.volterra.cuda;

import java.util.ArrayList;
import java.util.List;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;

/**
 * How the kernels of {@code depth_attention.cu} are launched: a warp or a block for each row, as
 * many blocks as a device holds at a time, each with a ring of slices in shared memory. Rows that
 * do not begin at 16 bytes or do not fit go through kernels for any row.
 */
final class DepthKernels {
  private static final String OPERATION = "depth_attention";
  private static final int PACK_BYTES = 16;
  private static final long ALIGNMENT = 256;

  /** Threads of a multiprocessor that are kept busy. */
  private static final int THREADS_EACH = 1024;

  /** Blocks of a multiprocessor where a row is not read through a ring. */
  private static final int BLOCKS_EACH = 8;

  /** The most bytes of partial sums of the gradient of the query, and of what is kept of scores. */
  private static final long MOST_SCRATCH = 256L << 20;

  /** The numbers that the adjoint keeps of each slice of a row. */
  private static final int RECORD = 3;

  /** Sums of the warps of a block that lie in static shared memory. */
  private static final int STATIC_SUMS = 512;

  private final Launcher launcher;
  private final VectorProducts vectors;
  private final BlockCopies copies;
  private final List<Shape> forward;
  private final List<Shape> backward;

  DepthKernels(Launcher launcher) {
    this.launcher = launcher;
    this.vectors = new VectorProducts(launcher);
    this.copies = new BlockCopies(launcher);
    boolean single = launcher.type() == ElementType.FLOAT32;
    this.forward =
        single
            ? List.of(
                new Shape("attend", false, 1, 4, 8, 64, 512),
                new Shape("attend_wide", false, 2, 4, 7, 896, 896),
                new Shape("attend_bf16", true, 4, 8, 7, 224, 224))
            : List.of(new Shape("attend", false, 1, 2, 7, 768, 768));
    this.backward =
        single
            ? List.of(
                new Shape("attend_backward", false, 1, 4, 2 * 4, 768, 768),
                new Shape("attend_backward_wide", false, 2, 4, 2 * 4, 896, 896),
                new Shape("attend_backward_bf16", true, 3, 4, 2 * 3, 608, 608))
            : List.of(new Shape("attend_backward", false, 2, 2, 2 * 5, 512, 512));
  }

  /**
   * A kernel whose threads keep a row.
   *
   * @param name its name
   * @param half whether the history is of bfloat16
   * @param parts parts of a slice that a thread takes
   * @param width elements of a part
   * @param slots parts of 16 bytes in the ring and of the query where it is kept there, for each
   *     part that a thread takes
   * @param threads the most threads of a row
   * @param block the most threads of a block, as its launch bounds say
   */
  private record Shape(
      String name, boolean half, int parts, int width, int slots, int threads, int block) {
    int warps(int columns) {
      return (int) Grid.ceil(columns, (long) width * parts * Grid.LANES);
    }

    boolean fits(Matrix z, int columns) {
      return half == (z.buffer().type() == ElementType.BFLOAT16)
          && columns % width == 0
          && warps(columns) * Grid.LANES <= threads;
    }

    int sharedBytes(int blockWarps) {
      return PACK_BYTES * slots * parts * Grid.LANES * blockWarps;
    }
  }

  /** A kernel, its blocks, the warps of a row, and what the grid keeps beside the operands. */
  private record Plan(String kernel, Grid grid, int warps, int sharedBytes) {
    long groups() {
      return grid.blocks() * groupsOfBlock();
    }

    long groupsOfBlock() {
      return grid.blockY() / warps;
    }

    /** The same kernel with so many blocks. */
    Plan of(long blocks) {
      Grid some = new Grid(Math.toIntExact(blocks), 1, 1, grid.blockX(), grid.blockY());
      return new Plan(kernel, some, warps, sharedBytes);
    }
  }

  /** What lies in memory of the host is shown to kernels as it is aligned there. */
  private boolean isPacked(Matrix m) {
    int bytes = m.buffer().type().bytes();
    boolean offloaded = m.buffer() instanceof OffloadedBuffer;
    long begin = offloaded ? m.offset() * bytes : launcher.context().address(m);
    return begin % PACK_BYTES == 0 && (m.rows() == 1 || m.stride() * bytes % PACK_BYTES == 0);
  }

  /** A kernel of the list that the operands fit, or one for any row. */
  private Plan plan(List<Shape> shapes, String any, Matrix z, Matrix y, boolean packed) {
    for (Shape shape : packed ? shapes : List.<Shape>of()) {
      int warps = shape.warps(y.columns());
      int blockWarps = warps == 1 ? Math.min(Grid.WARPS, shape.block() / Grid.LANES) : warps;
      int shared = shape.sharedBytes(blockWarps);
      if (shape.fits(z, y.columns())
          && shared + STATIC_SUMS * launcher.type().bytes()
              <= launcher.context().mostSharedBytes()) {
        int each = Math.max(1, THREADS_EACH / (Grid.LANES * blockWarps));
        return plan(shape.name(), y, warps, blockWarps, each, shared);
      }
    }
    int warps = VectorProducts.warps(y.columns());
    long kept = (long) (y.columns() + RECORD * z.rows()) * launcher.type().bytes();
    long most = MOST_SCRATCH / (kept * (Grid.WARPS / warps) * launcher.multiprocessors());
    boolean half = z.buffer().type() == ElementType.BFLOAT16;
    String name = half ? any + "_bf16" : any;
    return plan(name, y, warps, Grid.WARPS, Math.clamp(most, 1, BLOCKS_EACH), 0);
  }

  private Plan plan(String kernel, Matrix y, int warps, int blockWarps, int each, int shared) {
    long blocks = Grid.ceil(y.rows(), blockWarps / warps);
    blocks = Math.min(blocks, (long) each * launcher.multiprocessors());
    Grid grid = new Grid(Math.toIntExact(blocks), 1, 1, Grid.LANES, blockWarps);
    return new Plan(kernel, grid, warps, shared);
  }

  private void launch(Plan plan, KernelArguments arguments, int slices, long rows, long columns) {
    arguments.int32(plan.warps()).int32(slices).int64(rows).int64(columns);
    launcher.launch(OPERATION, plan.kernel(), plan.grid(), plan.sharedBytes());
  }

  private long recordBytes(Plan plan, int slices) {
    return plan.groups() * slices * RECORD * launcher.type().bytes();
  }

  void attend(double alpha, double epsilon, Matrix z, Matrix query, double beta, Matrix y) {
    boolean packed = isPacked(z) && isPacked(query) && isPacked(y);
    Matrix all = launcher.out(beta, y);
    if (!Band.isLarge(z)) {
      attend(alpha, epsilon, launcher.in(z), query, beta, all, packed);
      return;
    }
    Band slices = Band.of(z, false);
    int n = y.columns();
    int most = (int) Math.min(slices.most() / n, y.rows());
    if (most == 0) {
      throw Band.tooSmall(slices);
    }
    for (int from = 0; from < y.rows(); from += most) {
      int count = Math.min(most, y.rows() - from);
      Matrix part = slices.show(launcher, z, from * n, count * n, BlockRing.Access.READ);
      attend(alpha, epsilon, part, query, beta, all.rows(from, count), packed);
      slices.end(part, false);
    }
  }

  /** Of rows that are on the device; packed is said of all rows. */
  private void attend(
      double alpha, double epsilon, Matrix z, Matrix query, double beta, Matrix y, boolean packed) {
    Plan plan = plan(forward, "attend_any", z, y, packed);
    boolean any = plan.sharedBytes() == 0;
    long records = any ? launcher.context().scratch(recordBytes(plan, z.rows())) : 0;
    KernelArguments arguments =
        launcher.arguments().scalar(alpha).scalar(epsilon).matrix(z).vector(query).scalar(beta);
    if (y.buffer().type() == ElementType.BFLOAT16) {
      arguments.address(0).matrix(y);
    } else {
      arguments.vector(y).address(0).int64(y.stride());
    }
    if (any) {
      arguments.address(records);
    }
    launch(plan, arguments, z.rows(), y.rows(), y.columns());
  }

  void attendBackward(
      double alpha, double epsilon, Matrix z, Matrix query, Matrix dy, Matrix dz, Matrix dquery) {
    boolean packed = isPacked(z) && isPacked(query) && isPacked(dy) && isPacked(dz);
    Plan plan = plan(backward, "attend_backward_any", z, dy, packed);
    Adjoint adjoint = new Adjoint(alpha, epsilon, query, plan, z.rows(), dy.columns());
    Matrix slope = launcher.in(dy);
    long partial;
    if (z.buffer().type() == launcher.type() && Band.isLarge(z, dz)) {
      partial = inParts(adjoint, z, slope, dz);
    } else {
      long records = launcher.context().scratch(recordBytes(plan, z.rows()) + sumBytes(adjoint));
      partial = records + recordBytes(plan, z.rows());
      Rows from = rows(launcher.in(z));
      Rows to = rows(launcher.out(1, dz));
      launch(adjoint, plan, from, rows(slope), to, dy.rows(), partial, records);
    }
    long groups = plan.groupsOfBlock();
    vectors.addRows(partial, plan.grid().blocks(), groups * dy.columns(), dquery);
  }

  /** What all launches of an adjoint share; the plan is that of all rows. */
  private record Adjoint(
      double alpha, double epsilon, Matrix query, Plan plan, int slices, int columns) {}

  /** Rows on the device, so many elements apart. */
  private record Rows(long address, long stride) {}

  private Rows rows(Matrix m) {
    return new Rows(launcher.context().address(m), m.stride());
  }

  /** The bytes of the partial sums of all groups. */
  private long sumBytes(Adjoint adjoint) {
    return adjoint.plan().groups() * adjoint.columns() * launcher.type().bytes();
  }

  private void launch(
      Adjoint adjoint, Plan plan, Rows z, Rows dy, Rows dz, long rows, long partial, long records) {
    KernelArguments arguments =
        launcher.arguments().scalar(adjoint.alpha()).scalar(adjoint.epsilon());
    arguments.address(z.address()).int64(z.stride()).vector(adjoint.query());
    arguments.address(dy.address()).int64(dy.stride());
    arguments.address(dz.address()).int64(dz.stride()).address(partial).address(records);
    launch(plan, arguments, adjoint.slices(), rows, adjoint.columns());
  }

  /**
   * The adjoint of what is offloaded, some blocks of the grid after the other. A block takes its
   * rows of every turn, which are gathered in scratch memory, so that each group adds up the same
   * rows in the same order as in one launch.
   *
   * @return the address of the partial sums of all groups
   */
  private long inParts(Adjoint adjoint, Matrix z, Matrix dy, Matrix dz) {
    Plan whole = adjoint.plan();
    int n = adjoint.columns();
    int bytes = launcher.type().bytes();
    long turns = Grid.ceil(dy.rows(), whole.groups());
    long rowsOfBlock = turns * whole.groupsOfBlock();
    long room = Band.of(Band.isLarge(z) ? z : dz, false).elements();
    long most = Math.clamp(room / (rowsOfBlock * n * z.rows()), 1, whole.grid().blocks());
    long copyBytes = aligned(z.rows() * most * rowsOfBlock * n * bytes);
    long dyBytes = aligned(most * rowsOfBlock * n * bytes);
    long recordBytes = aligned(recordBytes(whole.of(most), z.rows()));
    long zCopy =
        launcher.context().scratch(2 * copyBytes + dyBytes + recordBytes + sumBytes(adjoint));
    long dzCopy = zCopy + copyBytes;
    long dyCopy = dzCopy + copyBytes;
    long records = dyCopy + dyBytes;
    long partial = records + recordBytes;
    for (long block = 0; block < whole.grid().blocks(); block += most) {
      Plan plan = whole.of(Math.min(most, whole.grid().blocks() - block));
      List<Run> runs = runs(whole, block, plan, dy.rows());
      long stride = runs.stream().mapToLong(Run::rows).sum() * n;
      long done = 0;
      for (Run run : runs) {
        long at = done * n * bytes;
        copies.gather(z, run.first() * n, run.rows() * n, zCopy + at, stride);
        copies.gather(dz, run.first() * n, run.rows() * n, dzCopy + at, stride);
        Matrix slopes = dy.rows((int) run.first(), (int) run.rows());
        launcher.copy(
            launcher.context().address(slopes), slopes.stride(), dyCopy + at, n, run.rows(), n);
        done += run.rows();
      }
      Rows from = new Rows(zCopy, stride);
      Rows to = new Rows(dzCopy, stride);
      long sums = partial + block * whole.groupsOfBlock() * n * bytes;
      launch(adjoint, plan, from, new Rows(dyCopy, n), to, done, sums, records);
      done = 0;
      for (Run run : runs) {
        copies.scatter(dzCopy + done * n * bytes, stride, dz, run.first() * n, run.rows() * n);
        done += run.rows();
      }
    }
    return partial;
  }

  /** Neighbouring rows. */
  private record Run(long first, long rows) {}

  /** The rows of some blocks in each turn of the whole grid. */
  private static List<Run> runs(Plan whole, long block, Plan part, long rows) {
    List<Run> runs = new ArrayList<>();
    long first = block * whole.groupsOfBlock();
    while (first < rows) {
      runs.add(new Run(first, Math.min(part.groups(), rows - first)));
      first += whole.groups();
    }
    return runs;
  }

  private static long aligned(long bytes) {
    return Grid.ceil(bytes, ALIGNMENT) * ALIGNMENT;
  }
}
