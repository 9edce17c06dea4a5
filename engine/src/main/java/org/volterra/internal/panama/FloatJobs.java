package org.volterra.internal.panama;

import java.lang.foreign.MemorySegment;

/** The reusable jobs of one calling thread: primitives fill them anew in every call. */
final class FloatJobs {
  final FloatGemm gemm = new FloatGemm();
  final FloatPanels panels = new FloatPanels();
  final FloatPack.Transpose transpose = new FloatPack.Transpose();
  final FloatSpans spans = new FloatSpans();
  final FloatElementwiseJobs.Step step = new FloatElementwiseJobs.Step();
  final FloatProducts products = new FloatProducts();
  final FloatRowAxpby rowAxpby = new FloatRowAxpby();
  final FloatReductions reductions = new FloatReductions();
  final FloatColumns columns = new FloatColumns();
  final FloatSoftmax softmax = new FloatSoftmax();
  final FloatToeplitz toeplitz = new FloatToeplitz();
  final Gather gather = new Gather();
  final HalfConversion conversion = new HalfConversion();
  final FloatKernels.Sgd sgd = new FloatKernels.Sgd();
  final FloatKernels.Adam adam = new FloatKernels.Adam();
  private int[] indices = new int[1];

  /** Room for that many indices. */
  int[] indices(int count) {
    if (indices.length < count) {
      indices = new int[count];
    }
    return indices;
  }

  /** Copies rows. */
  static final class Gather extends Workshop.Reusable {
    private final Grid grid = new Grid();
    private Operand from;
    private Operand to;
    private int[] rows;
    private long bytes;

    void run(Workshop shop, Operand source, int[] indices, Operand target, int elementBytes) {
      from = source;
      rows = indices;
      to = target;
      bytes = (long) to.columns * elementBytes;
      grid.cut(to.rows, Math.min(to.columns, Grid.GRAIN));
      shop.run(grid.tasks(), (long) to.rows * to.columns, this);
    }

    @Override
    public void run(int task, Scratch scratch) {
      for (int r = (int) grid.firstRow(task); r < grid.endRow(task); r++) {
        long at = from.start + rows[r] * from.stride;
        MemorySegment.copy(from.segment, at, to.segment, to.start + r * to.stride, bytes);
      }
    }
  }
}
