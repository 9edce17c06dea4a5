package org.volterra.fit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.volterra.control.Objective;

/**
 * A file that keeps what a fit evaluates, so that one that was interrupted goes on: the minimiser,
 * which is deterministic, takes the same way again, and what is in the file is read and not
 * computed. The result has the same bits as without an interruption.
 *
 * <p>A record is the arguments, the value and the gradient as big-endian doubles, and a check sum;
 * a last record that was cut short is dropped. Before anything is taken from a file, its first and
 * last record are computed again: if either is different, it is of another fit and starts empty.
 * Confined to one thread.
 */
public final class EvaluationLog implements AutoCloseable {
  private final Path file;
  private FileChannel channel;
  private int present;
  private int next;
  private int recalled;

  private EvaluationLog(Path file) {
    this.file = file;
  }

  /**
   * The log in a file, which is opened, or made with the folders above it, when a fit begins: data
   * that are refused leave nothing behind.
   *
   * @param file where
   * @return the log, owned by the caller, for one fit
   */
  public static EvaluationLog at(Path file) {
    return new EvaluationLog(file.toAbsolutePath());
  }

  /**
   * Evaluations that were not computed because the file had them.
   *
   * @return a count
   */
  public int recalled() {
    return recalled;
  }

  /** The same function, whose evaluations are taken from the file and put there. */
  Objective remembered(Objective objective) {
    int size = objective.size();
    try {
      Files.createDirectories(file.getParent());
      channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      while (read(present, size) != null) {
        present++;
      }
      if (present > 0 && !(isOf(objective, 0) && isOf(objective, present - 1))) {
        present = 0;
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot open " + file + ": " + e.getMessage(), e);
    }
    return new Objective() {
      @Override
      public int size() {
        return size;
      }

      @Override
      public double evaluate(double[] theta, double[] gradient) {
        try {
          return recall(objective, theta, gradient);
        } catch (IOException e) {
          throw new UncheckedIOException("cannot keep an evaluation: " + e.getMessage(), e);
        }
      }
    };
  }

  private double recall(Objective objective, double[] theta, double[] gradient) throws IOException {
    double[] there = next < present ? read(next, theta.length) : null;
    if (there != null && Arrays.equals(there, 0, theta.length, theta, 0, theta.length)) {
      System.arraycopy(there, theta.length + 1, gradient, 0, theta.length);
      recalled++;
    } else {
      present = 0; // whatever follows belongs to another way
      there = record(theta, objective.evaluate(theta, gradient), gradient);
      write(next, there);
    }
    next++;
    return there[theta.length];
  }

  private boolean isOf(Objective objective, int index) throws IOException {
    double[] there = read(index, objective.size());
    double[] theta = Arrays.copyOf(there, objective.size());
    double[] gradient = new double[theta.length];
    return Arrays.equals(there, record(theta, objective.evaluate(theta, gradient), gradient));
  }

  private static double[] record(double[] theta, double value, double[] gradient) {
    double[] record = Arrays.copyOf(theta, 2 * theta.length + 1);
    record[theta.length] = value;
    System.arraycopy(gradient, 0, record, theta.length + 1, theta.length);
    return record;
  }

  private static long bytes(int size) {
    return (2L * size + 2) * Double.BYTES;
  }

  /** A record without its check sum; null if it is not there as a whole. */
  private double[] read(int index, int size) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(Math.toIntExact(bytes(size)));
    long at = index * bytes(size);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, at + buffer.position()) < 0) {
        return null;
      }
    }
    double[] record = new double[2 * size + 1];
    buffer.flip().asDoubleBuffer().get(record);
    return buffer.getLong(record.length * Double.BYTES) == check(record) ? record : null;
  }

  private void write(int index, double[] record) throws IOException {
    long at = index * bytes(record.length / 2);
    ByteBuffer buffer = ByteBuffer.allocate((record.length + 1) * Double.BYTES);
    buffer.asDoubleBuffer().put(record);
    buffer.putLong(record.length * Double.BYTES, check(record));
    channel.truncate(at);
    while (buffer.hasRemaining()) {
      channel.write(buffer, at + buffer.position());
    }
  }

  private static long check(double[] record) {
    return 0x564f4c54L << 32 | Integer.toUnsignedLong(Arrays.hashCode(record));
  }

  @Override
  public void close() throws IOException {
    if (channel != null) {
      channel.close();
    }
  }
}
