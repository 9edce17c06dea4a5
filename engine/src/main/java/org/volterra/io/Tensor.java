package org.volterra.io;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;

/**
 * A dense array of numbers as a file holds it: element type, shape and bytes.
 *
 * <p>The bytes are little-endian, without gaps, in C order (the last index runs fastest). A scalar
 * has the empty shape and one element. The segment's owner decides how long it lives: once that
 * owner is closed, every access throws {@link IllegalStateException}. In a mapped file an element
 * need not lie at a multiple of its size, so access {@link #data} with unaligned layouts, or use
 * the methods here.
 *
 * <p>Safe to use from every thread that may access the segment. Two tensors are equal if type,
 * shape and every byte are; this reads the data.
 *
 * @param dtype the element type
 * @param shape the dimensions, each at least 0, at most 64 of them; copied on the way in and out
 * @param data the elements, exactly as many bytes as shape and type ask for; kept as a read-only
 *     view, not copied
 */
@SuppressWarnings("ArrayRecordComponent") // copied at both doors, compared by content below
public record Tensor(DType dtype, long[] shape, MemorySegment data) {
  /** Bytes from which a copy is one call of the virtual machine; see ElementType.copy. */
  private static final int SMALL = 64;

  private static final ByteOrder LITTLE_ENDIAN = ByteOrder.LITTLE_ENDIAN;
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble DOUBLE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(LITTLE_ENDIAN);

  /**
   * Checks that the segment has the size that shape and type ask for.
   *
   * @throws IllegalArgumentException if a dimension is negative, there are more than 64, the size
   *     overflows, or the segment has another size
   */
  public Tensor {
    Objects.requireNonNull(dtype, "dtype");
    Objects.requireNonNull(data, "data");
    shape = shape.clone();
    long bytes = Shapes.checkedByteSize(dtype, shape);
    if (data.byteSize() != bytes) {
      throw new IllegalArgumentException(
          "data has "
              + data.byteSize()
              + " bytes; a "
              + dtype
              + " tensor of shape "
              + Arrays.toString(shape)
              + " has "
              + bytes);
    }
    data = data.asReadOnly();
  }

  /**
   * A float64 tensor on the heap.
   *
   * @param values the elements in C order; copied
   * @param shape the dimensions; their product is the number of values
   * @return the tensor
   * @throws IllegalArgumentException if the shape does not fit the values
   */
  public static Tensor ofDoubles(double[] values, long... shape) {
    MemorySegment data = MemorySegment.ofArray(new double[values.length]);
    MemorySegment.copy(values, 0, data, DOUBLE, 0, values.length);
    return new Tensor(DType.F64, shape, data);
  }

  /**
   * A float32 tensor on the heap.
   *
   * @param values the elements in C order; copied
   * @param shape the dimensions; their product is the number of values
   * @return the tensor
   * @throws IllegalArgumentException if the shape does not fit the values
   */
  public static Tensor ofFloats(float[] values, long... shape) {
    MemorySegment data = MemorySegment.ofArray(new float[values.length]);
    MemorySegment.copy(values, 0, data, FLOAT, 0, values.length);
    return new Tensor(DType.F32, shape, data);
  }

  /**
   * The dimensions, slowest first.
   *
   * @return a fresh copy
   */
  @Override
  public long[] shape() {
    return shape.clone();
  }

  /**
   * The number of elements.
   *
   * @return the product of the dimensions, 1 for a scalar
   */
  public long elementCount() {
    return data.byteSize() / dtype.byteSize();
  }

  /**
   * One element as float64; 64-bit integers are rounded to nearest, booleans are 0 or 1.
   *
   * @param index the element's place in C order
   * @return its value
   * @throws IndexOutOfBoundsException if there is no such element
   */
  public double doubleAt(long index) {
    Objects.checkIndex(index, elementCount());
    long at = index * dtype.byteSize();
    return switch (dtype) {
      case F64 -> data.get(DOUBLE, at);
      case F32 -> data.get(FLOAT, at);
      case F16 -> Float.float16ToFloat(data.get(SHORT, at));
      case BF16 -> Float.intBitsToFloat(data.get(SHORT, at) << 16);
      case U64 -> unsignedToDouble(data.get(LONG, at));
      default -> longAt(index);
    };
  }

  /**
   * One element of an integer or boolean tensor, exactly. Unsigned 64-bit values of 2^63 and more
   * come as the negative long with the same bits.
   *
   * @param index the element's place in C order
   * @return its value; booleans are 0 or 1
   * @throws IndexOutOfBoundsException if there is no such element
   * @throws IllegalStateException if the type is a floating-point type
   */
  public long longAt(long index) {
    Objects.checkIndex(index, elementCount());
    long at = index * dtype.byteSize();
    return switch (dtype) {
      case I64, U64 -> data.get(LONG, at);
      case I32 -> data.get(INT, at);
      case U32 -> Integer.toUnsignedLong(data.get(INT, at));
      case I16 -> data.get(SHORT, at);
      case U16 -> Short.toUnsignedLong(data.get(SHORT, at));
      case I8 -> data.get(ValueLayout.JAVA_BYTE, at);
      case U8 -> Byte.toUnsignedLong(data.get(ValueLayout.JAVA_BYTE, at));
      case BOOL -> data.get(ValueLayout.JAVA_BYTE, at) != 0 ? 1 : 0;
      default ->
          throw new IllegalStateException(
              "the tensor's type is " + dtype + "; longAt is for integer and boolean tensors");
    };
  }

  /**
   * Converts all elements to float64.
   *
   * @return a fresh array in C order
   * @throws IllegalArgumentException if there are more elements than an array can hold
   */
  public double[] toDoubleArray() {
    double[] values = new double[arrayLength()];
    copyToFloat64(MemorySegment.ofArray(values), 0);
    return values;
  }

  /**
   * Converts all elements to float32, rounding to nearest.
   *
   * @return a fresh array in C order
   * @throws IllegalArgumentException if there are more elements than an array can hold
   */
  public float[] toFloatArray() {
    float[] values = new float[arrayLength()];
    copyToFloat32(MemorySegment.ofArray(values), 0);
    return values;
  }

  /**
   * Writes all elements, converted to float64 in the platform's byte order, into a segment.
   *
   * @param target the segment to write to
   * @param byteOffset where the first element goes; {@code 8 * elementCount()} bytes are written
   * @throws IndexOutOfBoundsException if they do not fit
   * @throws IllegalArgumentException if the target is read-only
   */
  public void copyToFloat64(MemorySegment target, long byteOffset) {
    long count = elementCount();
    ValueLayout.OfDouble layout = ValueLayout.JAVA_DOUBLE_UNALIGNED;
    MemorySegment room = room(target, byteOffset, count, Double.BYTES);
    if (dtype == DType.F64 && room.byteSize() >= SMALL) {
      MemorySegment.copy(data, DOUBLE, 0, room, layout, 0, count);
      return;
    }
    for (long i = 0; i < count; i++) {
      room.set(layout, i * Double.BYTES, doubleAt(i));
    }
  }

  /**
   * Writes all elements, converted to float32 (through float64, rounding to nearest) in the
   * platform's byte order, into a segment.
   *
   * @param target the segment to write to
   * @param byteOffset where the first element goes; {@code 4 * elementCount()} bytes are written
   * @throws IndexOutOfBoundsException if they do not fit
   * @throws IllegalArgumentException if the target is read-only
   */
  public void copyToFloat32(MemorySegment target, long byteOffset) {
    long count = elementCount();
    ValueLayout.OfFloat layout = ValueLayout.JAVA_FLOAT_UNALIGNED;
    MemorySegment room = room(target, byteOffset, count, Float.BYTES);
    if (dtype == DType.F32 && room.byteSize() >= SMALL) {
      MemorySegment.copy(data, FLOAT, 0, room, layout, 0, count);
      return;
    }
    for (long i = 0; i < count; i++) {
      room.set(layout, i * Float.BYTES, (float) doubleAt(i));
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Tensor that
        && dtype == that.dtype
        && Arrays.equals(shape, that.shape)
        && data.mismatch(that.data) == -1;
  }

  @Override
  public int hashCode() {
    return 31 * dtype.hashCode() + Arrays.hashCode(shape);
  }

  @Override
  public String toString() {
    return "Tensor[" + dtype + " " + Arrays.toString(shape) + ", " + data.byteSize() + " bytes]";
  }

  private static MemorySegment room(
      MemorySegment target, long byteOffset, long count, long elementBytes) {
    if (target.isReadOnly()) {
      throw new IllegalArgumentException("target is read-only; it must be writable");
    }
    if (count > target.byteSize() / elementBytes) {
      throw new IndexOutOfBoundsException(
          "target has "
              + target.byteSize()
              + " bytes; "
              + count
              + " elements of "
              + elementBytes
              + " bytes do not fit");
    }
    return target.asSlice(byteOffset, count * elementBytes);
  }

  private int arrayLength() {
    long count = elementCount();
    if (count > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "the tensor has " + count + " elements; an array can hold " + (Integer.MAX_VALUE - 8));
    }
    return (int) count;
  }

  private static double unsignedToDouble(long bits) {
    if (bits >= 0) {
      return bits;
    }
    // Halve, keeping the lost bit sticky so that the rounding is the same, then double.
    return ((bits >>> 1) | (bits & 1)) * 2.0;
  }
}
