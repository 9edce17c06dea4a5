package org.volterra.cuda;

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
  private final List<Shape> forward;
  private final List<Shape> backward;

  DepthKernels(Launcher launcher) {
    this.launcher = launcher;
    this.vectors = new VectorProducts(launcher);
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
      return grid.blocks() * grid.blockY() / warps;
    }
  }

  private boolean isPacked(Matrix m) {
    int bytes = m.buffer().type().bytes();
    return launcher.context().address(m) % PACK_BYTES == 0
        && (m.rows() == 1 || m.stride() * bytes % PACK_BYTES == 0);
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

  private KernelArguments begin(double alpha, double epsilon, Matrix z, Matrix query) {
    return launcher.arguments().scalar(alpha).scalar(epsilon).matrix(z).vector(query);
  }

  private void launch(Plan plan, KernelArguments arguments, Matrix z, Matrix y) {
    arguments.int32(plan.warps()).int32(z.rows()).int64(y.rows()).int64(y.columns());
    launcher.launch(OPERATION, plan.kernel(), plan.grid(), plan.sharedBytes());
  }

  private long recordBytes(Plan plan, Matrix z) {
    return plan.groups() * z.rows() * RECORD * launcher.type().bytes();
  }

  void attend(double alpha, double epsilon, Matrix z, Matrix query, double beta, Matrix y) {
    boolean packed = isPacked(z) && isPacked(query) && isPacked(y);
    Plan plan = plan(forward, "attend_any", z, y, packed);
    boolean any = plan.sharedBytes() == 0;
    long records = any ? launcher.context().scratch(recordBytes(plan, z)) : 0;
    KernelArguments arguments = begin(alpha, epsilon, z, query).scalar(beta);
    if (y.buffer().type() == ElementType.BFLOAT16) {
      arguments.address(0).matrix(y);
    } else {
      arguments.vector(y).address(0).int64(y.stride());
    }
    if (any) {
      arguments.address(records);
    }
    launch(plan, arguments, z, y);
  }

  void attendBackward(
      double alpha, double epsilon, Matrix z, Matrix query, Matrix dy, Matrix dz, Matrix dquery) {
    boolean packed = isPacked(z) && isPacked(query) && isPacked(dy) && isPacked(dz);
    Plan plan = plan(backward, "attend_backward_any", z, dy, packed);
    long partialBytes = plan.groups() * dy.columns() * launcher.type().bytes();
    long records = launcher.context().scratch(recordBytes(plan, z) + partialBytes);
    long partial = records + recordBytes(plan, z);
    KernelArguments arguments =
        begin(alpha, epsilon, z, query).matrix(dy).matrix(dz).address(partial).address(records);
    launch(plan, arguments, z, dy);
    long groups = plan.groups() / plan.grid().blocks();
    vectors.addRows(partial, plan.grid().blocks(), groups * dy.columns(), dquery);
  }
}
