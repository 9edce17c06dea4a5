package org.volterra.internal.platform;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * A fixed set of daemon threads that share the tasks of one region at a time with the thread that
 * asks for it.
 *
 * <p>Tasks are claimed by a counter, so that nothing may depend on who runs which. The workers spin
 * briefly for the next region and then park. If the pool is busy with the region of another caller,
 * a caller runs its own tasks alone: several networks may compute in several threads, and a task
 * may itself call {@link #run}. Thread-safe.
 */
public final class WorkerPool implements AutoCloseable {
  /** The property that gives the number of threads. */
  public static final String THREADS_PROPERTY = "volterra.threads";

  private static final int SPINS = 2000;

  private final Worker[] workers;
  private final AtomicBoolean busy = new AtomicBoolean();
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile Region current;

  /** One piece of a region. */
  @FunctionalInterface
  public interface Task {
    /**
     * Does one piece of the work.
     *
     * @param index number of the piece, from 0
     */
    void run(int index);
  }

  /**
   * Starts the threads.
   *
   * @param threads the number of threads that work on a region, the caller included; at least 1
   * @throws IllegalArgumentException if {@code threads} is less than 1
   */
  public WorkerPool(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads " + threads + ": must be at least 1");
    }
    workers = new Worker[threads - 1];
    for (int i = 0; i < workers.length; i++) {
      workers[i] = new Worker(i + 1);
    }
    for (Worker worker : workers) {
      worker.start();
    }
  }

  /**
   * The number of threads that a user asks for: system property {@value #THREADS_PROPERTY}, or the
   * available processors.
   *
   * @return at least 1
   * @throws IllegalArgumentException if the property is not a whole number of at least 1
   */
  public static int defaultThreads() {
    String text = System.getProperty(THREADS_PROPERTY);
    if (text == null) {
      return Runtime.getRuntime().availableProcessors();
    }
    int threads;
    try {
      threads = Integer.parseInt(text.strip());
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(message(text), e);
    }
    if (threads < 1) {
      throw new IllegalArgumentException(message(text));
    }
    return threads;
  }

  private static String message(String text) {
    return THREADS_PROPERTY + " is '" + text + "': must be a whole number of at least 1";
  }

  /**
   * The number of threads that work on a region, the caller included.
   *
   * @return at least 1
   */
  public int threads() {
    return workers.length + 1;
  }

  /**
   * Runs {@code body} for every index in [0, tasks) and returns when all are done. What the tasks
   * wrote is visible afterwards.
   *
   * @param tasks number of pieces
   * @param body what to do for each; the first exception that one of them throws is thrown to the
   *     caller, and pieces not yet begun are left out
   * @throws IllegalStateException if the pool is closed
   */
  public void run(int tasks, Task body) {
    if (closed.get()) {
      throw new IllegalStateException("this pool of " + threads() + " threads is closed");
    }
    if (tasks <= 1 || workers.length == 0 || !busy.compareAndSet(false, true)) {
      for (int i = 0; i < tasks; i++) {
        body.run(i);
      }
      return;
    }
    Region region = new Region(tasks, body);
    try {
      current = region;
      int helpers = Math.min(tasks - 1, workers.length);
      for (int i = 0; i < helpers; i++) {
        workers[i].wake();
      }
      region.work();
      region.await();
    } finally {
      current = null;
      busy.set(false);
    }
    region.rethrow();
  }

  /**
   * Ends the threads; regions under way are finished by their callers. Closing twice is harmless.
   */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    boolean interrupted = false;
    for (Worker worker : workers) {
      LockSupport.unpark(worker);
    }
    for (Worker worker : workers) {
      while (worker.isAlive() && worker != Thread.currentThread()) {
        try {
          worker.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** The tasks of one call of {@link #run}. */
  private static final class Region {
    private final int tasks;
    private final Task body;
    private final Thread caller = Thread.currentThread();
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger unfinished;
    private volatile boolean callerParked;
    private Throwable failure;
    private volatile boolean failed;

    Region(int tasks, Task body) {
      this.tasks = tasks;
      this.body = body;
      unfinished = new AtomicInteger(tasks);
    }

    /** Claims and runs tasks until none is left. */
    void work() {
      while (next.get() < tasks) {
        int index = next.getAndIncrement();
        if (index >= tasks) {
          return;
        }
        try {
          if (!failed) {
            body.run(index);
          }
        } catch (Throwable t) {
          fail(t);
        } finally {
          if (unfinished.decrementAndGet() == 0 && callerParked) {
            LockSupport.unpark(caller);
          }
        }
      }
    }

    @SuppressWarnings("ReferenceEquality") // the same throwable cannot suppress itself
    private synchronized void fail(Throwable t) {
      if (failure == null) {
        failure = t;
        failed = true;
      } else if (failure != t) {
        failure.addSuppressed(t);
      }
    }

    /** Waits for the tasks that others claimed. */
    void await() {
      for (int i = 0; i < SPINS && unfinished.get() > 0; i++) {
        Thread.onSpinWait();
      }
      boolean interrupted = false;
      while (unfinished.get() > 0) {
        callerParked = true;
        if (unfinished.get() > 0) {
          LockSupport.park(this);
          interrupted |= Thread.interrupted();
        }
      }
      if (interrupted) {
        caller.interrupt();
      }
    }

    synchronized void rethrow() {
      switch (failure) {
        case null -> {}
        case Error e -> throw e;
        case RuntimeException e -> throw e;
        default -> throw new IllegalStateException("a task threw a checked exception", failure);
      }
    }
  }

  /** A thread that helps with regions. */
  private final class Worker extends Thread {
    private volatile boolean parked;

    Worker(int number) {
      super("volterra-worker-" + number);
      setDaemon(true);
    }

    void wake() {
      if (parked) {
        LockSupport.unpark(this);
      }
    }

    @Override
    public void run() {
      Region last = null;
      while (!closed.get()) {
        Region region = current;
        if (region != null && region != last) {
          region.work();
          last = region;
        } else {
          rest(last);
        }
      }
    }

    /** Spins, then parks, until there is a region other than {@code last}. */
    private void rest(Region last) {
      for (int i = 0; i < SPINS; i++) {
        if (hasNews(last)) {
          return;
        }
        Thread.onSpinWait();
      }
      parked = true;
      while (!hasNews(last)) {
        LockSupport.park(WorkerPool.this);
      }
      parked = false;
    }

    private boolean hasNews(Region last) {
      Region region = current;
      return closed.get() || (region != null && region != last);
    }
  }
}
