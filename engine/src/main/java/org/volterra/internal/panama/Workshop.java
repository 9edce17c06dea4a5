package org.volterra.internal.panama;

import org.volterra.internal.platform.WorkerPool;

/** The threads and the scratch memory that the primitives of a provider share. */
final class Workshop implements AutoCloseable {
  /**
   * Regions with less work than this, in elements read or written, stay on the calling thread:
   * waking costs more.
   */
  private static final long LEAST_WORK = 1 << 15;

  private final WorkerPool pool;
  private final Scratch.Store store;

  /** One piece of the work, with scratch memory that is its own while it runs. */
  @FunctionalInterface
  interface Job {
    void run(int index, Scratch scratch);
  }

  /**
   * A job that its caller keeps and fills anew in every call, so that primitives leave no garbage.
   * It belongs to one thread's call at a time.
   */
  abstract static class Reusable implements Job, WorkerPool.Task {
    private Workshop shop;

    @Override
    public final void run(int index) {
      shop.runOne(index, this);
    }
  }

  /** A job that is bound to its operands, to be run once or many times. */
  abstract static class Bound extends Reusable {
    /** Computes what is bound. */
    abstract void run(Workshop shop);
  }

  Workshop(int threads) {
    pool = new WorkerPool(threads);
    boolean complete = false;
    try {
      store = new Scratch.Store(threads);
      complete = true;
    } finally {
      if (!complete) {
        pool.close();
      }
    }
  }

  int threads() {
    return pool.threads();
  }

  /**
   * Runs {@code job} for each index in [0, tasks), on several threads if {@code work} is worth it.
   */
  void run(int tasks, long work, Job job) {
    if (tasks == 1 || work < LEAST_WORK || pool.threads() == 1) {
      runHere(tasks, job);
    } else {
      pool.run(tasks, i -> runOne(i, job));
    }
  }

  /** The same for a job that is used again. */
  void run(int tasks, long work, Reusable job) {
    if (tasks == 1 || work < LEAST_WORK || pool.threads() == 1) {
      runHere(tasks, job);
    } else {
      job.shop = this;
      pool.run(tasks, job);
    }
  }

  private void runHere(int tasks, Job job) {
    Scratch scratch = store.borrow();
    try {
      for (int i = 0; i < tasks; i++) {
        job.run(i, scratch);
      }
    } finally {
      store.giveBack(scratch);
    }
  }

  private void runOne(int index, Job job) {
    Scratch scratch = store.borrow();
    try {
      job.run(index, scratch);
    } finally {
      store.giveBack(scratch);
    }
  }

  @Override
  public void close() {
    pool.close();
    store.close();
  }
}
