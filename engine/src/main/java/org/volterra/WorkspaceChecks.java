package org.volterra;

import org.volterra.spi.Matrix;

/** The checks at the door of a workspace: the thread that made it, its end, shapes of batches. */
final class WorkspaceChecks {
  private final Thread owner = Thread.currentThread();

  /** Refuses other threads, and any use after the end. */
  void usable(boolean closed) {
    if (Thread.currentThread() != owner) {
      throw new WrongThreadException(
          "this workspace belongs to thread '"
              + owner.getName()
              + "' and was used by '"
              + Thread.currentThread().getName()
              + "': give each thread a workspace of its own");
    }
    if (closed) {
      throw new IllegalStateException("this workspace is closed");
    }
  }

  /** Refuses workspaces whose weights change from pass to pass. */
  static void inference(boolean training) {
    if (training) {
      throw new IllegalStateException(
          "this workspace was made for training, which changes weights: one made for inference may"
              + " keep a packed copy of them");
    }
  }

  static void batch(int batch) {
    if (batch < 1) {
      throw new IllegalArgumentException("batch " + batch + ": must be at least 1");
    }
  }

  /** The samples of a view of a workspace for {@code batch} samples. */
  static void smaller(int smaller, int batch) {
    if (smaller < 1 || smaller > batch) {
      throw new IllegalArgumentException(
          "batch " + smaller + ": this workspace holds 1.." + batch + " samples");
    }
  }

  static void data(Matrix data, int rows, int inputs) {
    if (data.rows() != rows || data.columns() != inputs) {
      throw new IllegalArgumentException(
          "data are "
              + data.rows()
              + " x "
              + data.columns()
              + ": this workspace takes "
              + rows
              + " x "
              + inputs);
    }
  }
}
