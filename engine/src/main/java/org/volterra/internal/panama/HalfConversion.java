package org.volterra.internal.panama;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;
import org.volterra.spi.Bfloat16;

/**
 * Conversions between float32 and the 16 bits of bfloat16, bit for bit those of {@link Bfloat16}.
 * Whole vectors of two numbers in each 32 bits by shifts and masks, which are zipped to one number
 * each, or unzipped; that is several times as fast as the conversions of lanes between short and
 * int, in JDK 25. The rest of a row goes one by one.
 */
final class HalfConversion extends Workshop.Reusable {
  private static final VectorSpecies<Integer> INTS = VectorWidth.species(int.class);
  private static final VectorShuffle<Integer> ZIP = VectorShuffle.makeZip(INTS, 0);
  private static final VectorShuffle<Integer> ZIP_REST = VectorShuffle.makeZip(INTS, 1);
  private static final VectorShuffle<Integer> EVEN = VectorShuffle.makeUnzip(INTS, 0);
  private static final VectorShuffle<Integer> ODD = VectorShuffle.makeUnzip(INTS, 1);
  private static final int WIDTH = INTS.vectorByteSize();

  /** Numbers of bfloat16 in a vector. */
  private static final int LENGTH = 2 * INTS.length();

  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  /** Whether the first of two numbers is the lower half of 32 bits. */
  private static final boolean LITTLE = ORDER == ByteOrder.LITTLE_ENDIAN;

  private static final int UPPER = 0xffff0000;
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

  private static IntVector splat(int value) {
    return IntVector.broadcast(INTS, value);
  }

  private static int whole(int count) {
    return LITTLE ? count - count % LENGTH : 0;
  }

  private static void widen(MemorySegment x, long i, MemorySegment y, long j, int count) {
    int whole = whole(count);
    IntVector upper = splat(UPPER);
    for (int c = 0; c < whole; c += LENGTH) {
      IntVector pairs = IntVector.fromMemorySegment(INTS, x, i + (long) c * Short.BYTES, ORDER);
      IntVector first = pairs.lanewise(VectorOperators.LSHL, Short.SIZE);
      IntVector second = pairs.and(upper);
      long to = j + (long) c * Float.BYTES;
      first.rearrange(ZIP, second).intoMemorySegment(y, to, ORDER);
      first.rearrange(ZIP_REST, second).intoMemorySegment(y, to + WIDTH, ORDER);
    }
    for (int c = whole; c < count; c++) {
      short bits = x.get(JAVA_SHORT_UNALIGNED, i + (long) c * Short.BYTES);
      y.set(JAVA_FLOAT_UNALIGNED, j + (long) c * Float.BYTES, Bfloat16.widen(bits));
    }
  }

  private static void narrow(MemorySegment x, long i, MemorySegment y, long j, int count) {
    int whole = whole(count);
    IntVector upper = splat(UPPER);
    for (int c = 0; c < whole; c += LENGTH) {
      long from = i + (long) c * Float.BYTES;
      IntVector a = rounded(IntVector.fromMemorySegment(INTS, x, from, ORDER));
      IntVector b = rounded(IntVector.fromMemorySegment(INTS, x, from + WIDTH, ORDER));
      IntVector first = a.rearrange(EVEN, b).lanewise(VectorOperators.LSHR, Short.SIZE);
      IntVector second = a.rearrange(ODD, b).and(upper);
      first.or(second).intoMemorySegment(y, j + (long) c * Short.BYTES, ORDER);
    }
    for (int c = whole; c < count; c++) {
      float value = x.get(JAVA_FLOAT_UNALIGNED, i + (long) c * Float.BYTES);
      y.set(JAVA_SHORT_UNALIGNED, j + (long) c * Short.BYTES, Bfloat16.narrow(value));
    }
  }

  /** The bits of bfloat16 in the upper halves of the lanes; the lower halves are of no use. */
  private static IntVector rounded(IntVector bits) {
    VectorMask<Integer> isNan =
        bits.and(splat(Integer.MAX_VALUE)).compare(VectorOperators.GT, splat(INFINITY));
    return bits.lanewise(VectorOperators.LSHR, Short.SIZE)
        .and(splat(1))
        .add(splat(0x7fff))
        .add(bits)
        .blend(bits.or(splat(0x400000)), isNan);
  }
}
