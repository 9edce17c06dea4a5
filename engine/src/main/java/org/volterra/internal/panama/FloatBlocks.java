package org.volterra.internal.panama;

import java.lang.foreign.MemorySegment;

/**
 * Arrays of one task for elementary functions: an argument, a result and intermediate values. And
 * the places in memory where arguments come from and results go to: some rows of a matrix, which
 * lie in the arrays without gaps.
 */
final class FloatBlocks {
  /** Elements of each array; a multiple of every vector length. */
  static final int SIZE = 512;

  final float[] x = new float[SIZE];
  final float[] y = new float[SIZE];
  final float[] a = new float[SIZE];
  final float[] b = new float[SIZE];
  final float[] c = new float[SIZE];
  final float[] d = new float[SIZE];
  final float[] e = new float[SIZE];
  private final float[] zero = new float[SIZE];

  /** Where arguments are read. */
  final Rows source = new Rows();

  /** What results are multiplied by. */
  final Rows factor = new Rows();

  /** Where results go. */
  final Rows target = new Rows();

  int rows;
  int width;

  /** What targets are multiplied by before results are added. */
  float beta;

  /** Where rows begin in memory, and how far apart, in bytes. */
  static final class Rows {
    MemorySegment segment = MemorySegment.NULL;
    long start;
    long stride;

    void set(MemorySegment s, long from, long step) {
      segment = s;
      start = from;
      stride = step;
    }

    /** Of a matrix, from a row and a column on. */
    void set(Operand x, long row, long byteColumn) {
      set(x.segment, x.start + row * x.stride + byteColumn, x.stride);
    }
  }

  /** The name of an array, for loops that work on several. */
  enum Name {
    X,
    Y,
    A,
    B,
    C,
    D,
    E,
    /** Nothing is ever written there. */
    ZERO
  }

  /** Elements of all rows, up to whole vectors. */
  int padded() {
    return (rows * width + FloatSpecies.LENGTH - 1) / FloatSpecies.LENGTH * FloatSpecies.LENGTH;
  }

  float[] get(Name name) {
    return switch (name) {
      case X -> x;
      case Y -> y;
      case A -> a;
      case B -> b;
      case C -> c;
      case D -> d;
      case E -> e;
      case ZERO -> zero;
    };
  }
}
