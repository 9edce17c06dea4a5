package org.volterra.internal.panama;

/** Arrays of one task for elementary functions: an argument, a result and intermediate values. */
final class FloatBlocks {
  /** Elements of each array; a multiple of every vector length. */
  static final int SIZE = 256;

  final float[] x = new float[SIZE];
  final float[] y = new float[SIZE];
  final float[] a = new float[SIZE];
  final float[] b = new float[SIZE];
  final float[] c = new float[SIZE];
  final float[] d = new float[SIZE];
  final float[] e = new float[SIZE];
}
