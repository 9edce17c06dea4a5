package org.volterra.internal.panama;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;
import org.volterra.spi.Bfloat16;

/**
 * Conversions between float32 and the 16 bits of bfloat16, bit for bit those of {@link Bfloat16}.
 * Whole vectors by integer operations on the bits, the rest of a row one by one.
 */
final class HalfConversion extends Workshop.Reusable {
  private static final VectorSpecies<Integer> INTS = VectorWidth.species(int.class);
  private static final VectorSpecies<Short> SHORTS =
      VectorSpecies.of(short.class, VectorShape.forBitSize(INTS.vectorBitSize() / 2));
  private static final int LENGTH = INTS.length();
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();
  private static final int INFINITY = 0x7f800000;

  private final Grid grid = new Grid();
  private Operand x;
  private Operand y;
  private boolean widens;

  /** y = x, from float32 to bfloat16. */
  void narrow(Workshop shop, Operand from, Operand to) {
    widens = false;
    run(shop, from, to);
  }

  /** y = x, from bfloat16 to float32. */
  void widen(Workshop shop, Operand from, Operand to) {
    widens = true;
    run(shop, from, to);
  }

  private void run(Workshop shop, Operand from, Operand to) {
    x = from;
    y = to;
    long size = (long) x.rows * x.columns;
    if (x.contiguous && y.contiguous) {
      grid.cut(1, size);
    } else {
      grid.cut(x.rows, x.columns);
    }
    shop.run(grid.tasks(), size, this);
  }

  @Override
  public void run(int task, Scratch scratch) {
    long column = grid.firstColumn(task);
    int width = grid.width(task);
    for (long r = grid.firstRow(task); r < grid.endRow(task); r++) {
      long i = x.start + r * x.stride;
      long j = y.start + r * y.stride;
      if (widens) {
        widen(x.segment, i + column * Short.BYTES, y.segment, j + column * Float.BYTES, width);
      } else {
        narrow(x.segment, i + column * Float.BYTES, y.segment, j + column * Short.BYTES, width);
      }
    }
  }

  private static void widen(MemorySegment x, long i, MemorySegment y, long j, int count) {
    int whole = count - count % LENGTH;
    for (int c = 0; c < whole; c += LENGTH) {
      ShortVector.fromMemorySegment(SHORTS, x, i + (long) c * Short.BYTES, ORDER)
          .convertShape(VectorOperators.S2I, INTS, 0)
          .reinterpretAsInts()
          .lanewise(VectorOperators.LSHL, Short.SIZE)
          .intoMemorySegment(y, j + (long) c * Float.BYTES, ORDER);
    }
    for (int c = whole; c < count; c++) {
      short bits = x.get(JAVA_SHORT_UNALIGNED, i + (long) c * Short.BYTES);
      y.set(JAVA_FLOAT_UNALIGNED, j + (long) c * Float.BYTES, Bfloat16.widen(bits));
    }
  }

  private static void narrow(MemorySegment x, long i, MemorySegment y, long j, int count) {
    int whole = count - count % LENGTH;
    for (int c = 0; c < whole; c += LENGTH) {
      rounded(IntVector.fromMemorySegment(INTS, x, i + (long) c * Float.BYTES, ORDER))
          .convertShape(VectorOperators.I2S, SHORTS, 0)
          .reinterpretAsShorts()
          .intoMemorySegment(y, j + (long) c * Short.BYTES, ORDER);
    }
    for (int c = whole; c < count; c++) {
      float value = x.get(JAVA_FLOAT_UNALIGNED, i + (long) c * Float.BYTES);
      y.set(JAVA_SHORT_UNALIGNED, j + (long) c * Short.BYTES, Bfloat16.narrow(value));
    }
  }

  /** The bits of bfloat16 in the lower halves of the lanes. */
  private static IntVector rounded(IntVector bits) {
    IntVector upper = bits.lanewise(VectorOperators.LSHR, Short.SIZE);
    VectorMask<Integer> isNan = bits.and(Integer.MAX_VALUE).compare(VectorOperators.GT, INFINITY);
    return upper
        .and(1)
        .add(0x7fff)
        .add(bits)
        .lanewise(VectorOperators.LSHR, Short.SIZE)
        .blend(upper.or(0x40), isNan);
  }
}
