package org.volterra.internal.platform;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * A fixed set of daemon threads that share the tasks of one region at a time with the thread that
 * asks for it.
 *
 * <p>Tasks are claimed by a counter, so that nothing may depend on who runs which. The workers spin
 * briefly for the next region and then park. If the pool is busy with the region of another caller,
 * a caller runs its own tasks alone: several networks may compute in several threads, and a task
 * may itself call {@link #run}. A region leaves no garbage. Thread-safe.
 */
public final class WorkerPool implements AutoCloseable {
  /** The property that gives the number of threads. */
  public static final String THREADS_PROPERTY = "volterra.threads";

  private static final int SPINS = 2000;

  private final Worker[] workers;
  private final AtomicBoolean busy = new AtomicBoolean();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Region region = new Region();

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
    Throwable failure;
    try {
      region.open(tasks, body);
      int helpers = Math.min(tasks - 1, workers.length);
      for (int i = 0; i < helpers; i++) {
        workers[i].wake();
      }
      region.work();
      region.await();
    } finally {
      failure = region.close();
      busy.set(false);
    }
    rethrow(failure);
  }

  private static void rethrow(Throwable failure) {
    switch (failure) {
      case null -> {}
      case Error e -> throw e;
      case RuntimeException e -> throw e;
      default -> throw new IllegalStateException("a task threw a checked exception", failure);
    }
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

  /**
   * The tasks of one call of {@link #run} after the other; the caller that made the pool busy opens
   * and closes it.
   *
   * <p>The ticket holds the number of the region in its upper half and that of the next task in its
   * lower half. A thread claims a task by exchanging the ticket that it saw before it read the
   * other fields; they are written only while the ticket says {@link #CLOSED}, so whoever read
   * those of another region finds another ticket and claims nothing.
   */
  private static final class Region {
    /** More than the number of any task. */
    private static final int CLOSED = Integer.MAX_VALUE;

    private final AtomicLong ticket = new AtomicLong(CLOSED);
    private final AtomicInteger unfinished = new AtomicInteger();
    private int tasks;
    private Task body;
    private volatile Thread caller;
    private volatile boolean callerParked;
    private Throwable failure;
    private volatile boolean failed;

    /** The number of the region that is open, or of the last one. */
    private static int number(long ticket) {
      return (int) (ticket >>> 32);
    }

    private static long ticket(int number, int task) {
      return ((long) number << 32) | task;
    }

    void open(int count, Task work) {
      tasks = count;
      body = work;
      caller = Thread.currentThread();
      callerParked = false;
      unfinished.set(count);
      ticket.set(ticket(number(ticket.get()) + 1, 0));
    }

    /** Ends the region, whose tasks are all done; returns the first exception or null. */
    synchronized Throwable close() {
      ticket.set(ticket(number(ticket.get()), CLOSED));
      Throwable first = failure;
      failure = null;
      failed = false;
      body = null;
      caller = null;
      return first;
    }

    /** Claims and runs tasks until none is left. */
    void work() {
      while (true) {
        long seen = ticket.get();
        int index = (int) seen;
        Task work = body;
        if (index >= tasks || index == CLOSED) {
          return;
        }
        if (ticket.compareAndSet(seen, seen + 1)) {
          run(work, index);
        }
      }
    }

    private void run(Task work, int index) {
      Thread waiting = caller;
      try {
        if (!failed) {
          work.run(index);
        }
      } catch (Throwable t) {
        fail(t);
      } finally {
        if (unfinished.decrementAndGet() == 0 && callerParked) {
          LockSupport.unpark(waiting);
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
        Thread.currentThread().interrupt();
      }
    }

    /** Whether a region is open, other than the one of that number. */
    boolean isNew(int last) {
      long seen = ticket.get();
      return (int) seen != CLOSED && number(seen) != last;
    }

    /** The number of the region that is open, or of the last one. */
    int number() {
      return number(ticket.get());
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
      int last = 0; // the first region has number 1
      while (!closed.get()) {
        if (region.isNew(last)) {
          last = region.number();
          region.work();
        } else {
          rest(last);
        }
      }
    }

    /** Spins, then parks, until there is a region other than {@code last}. */
    private void rest(int last) {
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

    private boolean hasNews(int last) {
      return closed.get() || region.isNew(last);
    }
  }
}
