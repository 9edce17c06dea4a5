package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.LAYOUT;
import static org.volterra.internal.panama.FloatSpecies.LENGTH;
import static org.volterra.internal.panama.FloatSpecies.ORDER;
import static org.volterra.internal.panama.FloatSpecies.SPECIES;
import static org.volterra.internal.panama.FloatSpecies.merge;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import org.volterra.internal.panama.FloatBlocks.Name;

/**
 * Passes between the arrays of a block and the rows in memory that it names. They go over {@code
 * rows} rows of {@code width} elements, whatever the number of elements that they are called with.
 */
@SuppressWarnings("cast")
final class FloatTransfer {
  /** Copies rows from memory to array x. */
  static final FloatPass READ_X =
      new FloatPass() {
        @Override
        void run(FloatBlocks w, int n) {
          int rows = w.rows;
          if (rows == 0) {
            return;
          }
          float[] x = w.x;
          MemorySegment s = w.source.segment;
          long from = w.source.start;
          long stride = w.source.stride;
          int width = w.width;
          int to = 0;
          for (int r = 0; r < rows; r++) {
            int whole = width - width % LENGTH;
            for (int i = 0; i < whole; i += LENGTH) {
              FloatVector.fromMemorySegment(SPECIES, s, from + (long) i * BYTES, ORDER)
                  .intoArray(x, to + i);
            }
            for (int i = whole; i < width; i++) {
              x[to + i] = s.get(LAYOUT, from + (long) i * BYTES);
            }
            from += stride;
            to += width;
          }
        }
      };

  static final FloatPass WRITE_Y = new Write(Name.Y);
  static final FloatPass WRITE_A = new Write(Name.A);

  /** Target = y factor + beta target. */
  static final FloatPass WRITE_PRODUCT =
      new FloatPass() {
        @Override
        void run(FloatBlocks w, int n) {
          int rows = w.rows;
          if (rows == 0) {
            return;
          }
          MemorySegment s = w.factor.segment;
          MemorySegment t = w.target.segment;
          long i = w.factor.start;
          long j = w.target.start;
          long step = w.factor.stride;
          long next = w.target.stride;
          float[] y = w.y;
          float beta = w.beta;
          FloatVector keep = FloatVector.broadcast(SPECIES, beta);
          int width = w.width;
          int from = 0;
          for (int r = 0; r < rows; r++) {
            int whole = width - width % LENGTH;
            for (int p = 0; p < whole; p += LENGTH) {
              long o = (long) p * BYTES;
              FloatVector u = FloatVector.fromArray(SPECIES, y, from + p);
              FloatVector v = FloatVector.fromMemorySegment(SPECIES, s, i + o, ORDER).mul(u);
              if (beta == 0) {
                v.intoMemorySegment(t, j + o, ORDER);
              } else {
                FloatVector old = FloatVector.fromMemorySegment(SPECIES, t, j + o, ORDER);
                old.fma(keep, v).intoMemorySegment(t, j + o, ORDER);
              }
            }
            for (int p = whole; p < width; p++) {
              long o = (long) p * BYTES;
              merge(s.get(LAYOUT, i + o) * y[from + p], beta, t, j + o);
            }
            from += width;
            i += step;
            j += next;
          }
        }
      };

  private FloatTransfer() {}

  /** Reads one row to array x. */
  static void readX(FloatBlocks w, MemorySegment s, long from, int width) {
    w.source.set(s, from, 0);
    transfer(READ_X, w, width);
  }

  /** Writes one row from array y. */
  static void writeY(FloatBlocks w, MemorySegment s, long to, int width) {
    w.target.set(s, to, 0);
    transfer(WRITE_Y, w, width);
  }

  /** Writes one row from array a. */
  static void writeA(FloatBlocks w, MemorySegment s, long to, int width) {
    w.target.set(s, to, 0);
    transfer(WRITE_A, w, width);
  }

  private static void transfer(FloatPass pass, FloatBlocks w, int width) {
    w.rows = 1;
    w.width = width;
    pass.run(w, width);
  }

  /** Copies rows from an array to memory. */
  private static final class Write extends FloatPass {
    private final Name name;

    Write(Name from) {
      name = from;
    }

    @Override
    void run(FloatBlocks w, int n) {
      int rows = w.rows;
      if (rows == 0) {
        return;
      }
      float[] x = w.get(name);
      MemorySegment s = w.target.segment;
      long to = w.target.start;
      long stride = w.target.stride;
      int width = w.width;
      int from = 0;
      for (int r = 0; r < rows; r++) {
        int whole = width - width % LENGTH;
        for (int i = 0; i < whole; i += LENGTH) {
          FloatVector.fromArray(SPECIES, x, from + i)
              .intoMemorySegment(s, to + (long) i * BYTES, ORDER);
        }
        for (int i = whole; i < width; i++) {
          s.set(LAYOUT, to + (long) i * BYTES, x[from + i]);
        }
        from += width;
        to += stride;
      }
    }
  }
}
