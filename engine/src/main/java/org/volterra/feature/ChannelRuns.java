package org.volterra.feature;

import java.util.ArrayList;
import java.util.List;
import org.volterra.spi.Matrix;

/**
 * Some columns of a matrix, which are seen side by side: runs of neighbours, from left to right.
 *
 * @param runs the runs, at least one
 */
record ChannelRuns(List<Run> runs) {
  /**
   * Neighbouring columns.
   *
   * @param first the first of them in the matrix
   * @param count how many
   * @param place the first of them among those that are seen
   */
  record Run(int first, int count, int place) {
    /** These columns of the matrix. */
    Matrix of(Matrix matrix) {
      return matrix.block(0, first, matrix.rows(), count);
    }

    /** These columns of a matrix of those that are seen. */
    Matrix among(Matrix seen) {
      return seen.block(0, place, seen.rows(), count);
    }
  }

  ChannelRuns {
    runs = List.copyOf(runs);
  }

  /** All columns. */
  static ChannelRuns all(int channels) {
    return new ChannelRuns(List.of(new Run(0, channels, 0)));
  }

  /** These and some columns on their right. */
  ChannelRuns plus(int first, int count) {
    List<Run> all = new ArrayList<>(runs);
    int place = channels();
    if (!runs.isEmpty() && end() == first) {
      Run last = all.removeLast();
      all.add(new Run(last.first, last.count + count, last.place));
    } else {
      all.add(new Run(first, count, place));
    }
    return new ChannelRuns(all);
  }

  /** Of the matrix that begins with the first column that is seen. */
  ChannelRuns fromFirst() {
    return new ChannelRuns(
        runs.stream().map(run -> new Run(run.first - first(), run.count, run.place)).toList());
  }

  /** How many columns are seen. */
  int channels() {
    return runs.stream().mapToInt(Run::count).sum();
  }

  int first() {
    return runs.getFirst().first;
  }

  int end() {
    return runs.getLast().first + runs.getLast().count;
  }

  boolean hasGaps() {
    return runs.size() > 1;
  }
}
