package org.volterra.cuda;

import org.volterra.spi.Matrix;

/**
 * Copies between columns of a matrix, on the device or in an {@link OffloadedBuffer}, and memory of
 * the device, for kernels that must find together what lies apart. Through the ring go as many
 * columns at a time as a slot has room for.
 */
final class BlockCopies {
  private final Launcher launcher;

  BlockCopies(Launcher launcher) {
    this.launcher = launcher;
  }

  /** Copies columns to rows that begin so many elements apart. */
  void gather(Matrix m, long column, long columns, long to, long stride) {
    Matrix block = block(m, column, columns);
    Band band = Band.ofColumns(block);
    Band.each(
        block.columns(),
        (from, count) -> {
          Matrix part = band.show(launcher, block, from, count, BlockRing.Access.READ);
          launcher.copy(address(part), part.stride(), at(to, from), stride, m.rows(), count);
          band.end(part, false);
        },
        band);
  }

  /** Overwrites columns by rows that begin so many elements apart. */
  void scatter(long from, long stride, Matrix m, long column, long columns) {
    Matrix block = block(m, column, columns);
    Band band = Band.ofColumns(block);
    Band.each(
        block.columns(),
        (first, count) -> {
          Matrix part = band.show(launcher, block, first, count, BlockRing.Access.OVERWRITE);
          launcher.copy(at(from, first), stride, address(part), part.stride(), m.rows(), count);
          band.end(part, true);
        },
        band);
  }

  private static Matrix block(Matrix m, long column, long columns) {
    return m.block(0, Math.toIntExact(column), m.rows(), Math.toIntExact(columns));
  }

  private long address(Matrix m) {
    return launcher.context().address(m);
  }

  private long at(long address, long element) {
    return address + element * launcher.type().bytes();
  }
}
