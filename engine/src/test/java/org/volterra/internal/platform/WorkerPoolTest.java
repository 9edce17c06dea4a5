package org.volterra.internal.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WorkerPoolTest {
  @Test
  void runsEveryTaskOnceRegionAfterRegion() {
    for (int threads = 1; threads <= 4; threads++) {
      try (WorkerPool pool = new WorkerPool(threads)) {
        assertEquals(threads, pool.threads());
        for (int region = 0; region < 300; region++) {
          int tasks = region % 17;
          AtomicIntegerArray runs = new AtomicIntegerArray(tasks + 1);
          pool.run(tasks, runs::incrementAndGet);
          for (int i = 0; i < tasks; i++) {
            assertEquals(1, runs.get(i), "task " + i + " of " + tasks);
          }
        }
      }
    }
  }

  @Test
  void sharesTasksWithItsThreads() {
    try (WorkerPool pool = new WorkerPool(2)) {
      CountDownLatch together = new CountDownLatch(2);
      pool.run(2, i -> meet(together));
      assertEquals(0, together.getCount());
    }
  }

  private static void meet(CountDownLatch latch) {
    latch.countDown();
    try {
      assertTrue(latch.await(30, TimeUnit.SECONDS), "the tasks did not run at the same time");
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void wakesWorkersThatParked() throws InterruptedException {
    try (WorkerPool pool = new WorkerPool(2)) {
      for (int i = 0; i < 5; i++) {
        Thread.sleep(20);
        CountDownLatch together = new CountDownLatch(2);
        pool.run(2, task -> meet(together));
      }
    }
  }

  @Test
  void throwsWhatATaskThrowsAndGoesOn() {
    try (WorkerPool pool = new WorkerPool(3)) {
      for (int round = 0; round < 100; round++) {
        int bad = round % 10;
        IllegalArgumentException failure = new IllegalArgumentException("task " + bad);
        IllegalArgumentException thrown =
            assertThrows(
                IllegalArgumentException.class,
                () ->
                    pool.run(
                        10,
                        i -> {
                          if (i == bad) {
                            throw failure;
                          }
                        }));
        assertSame(failure, thrown);
        AtomicInteger count = new AtomicInteger();
        pool.run(10, i -> count.incrementAndGet());
        assertEquals(10, count.get());
      }
    }
  }

  @Test
  void servesSeveralCallersAndNestedRegions() throws InterruptedException {
    try (WorkerPool pool = new WorkerPool(2)) {
      AtomicInteger count = new AtomicInteger();
      AtomicReference<Throwable> failure = new AtomicReference<>();
      List<Thread> callers = new ArrayList<>();
      for (int c = 0; c < 4; c++) {
        Thread caller =
            new Thread(() -> {
              for (int r = 0; r < 200; r++) {
                pool.run(5, i -> pool.run(3, j -> count.incrementAndGet()));
              }
            });
        caller.setUncaughtExceptionHandler((t, e) -> failure.set(e));
        caller.start();
        callers.add(caller);
      }
      for (Thread caller : callers) {
        caller.join();
      }
      assertSame(null, failure.get());
      assertEquals(4 * 200 * 5 * 3, count.get());
    }
  }

  /** Regions of all lengths right after each other: no task of one is run in the next. */
  @Test
  void lateThreadsNeverRunTasksOfAnotherRegion() {
    try (WorkerPool pool = new WorkerPool(4)) {
      for (int region = 0; region < 4_000; region++) {
        int tasks = 2 + region % 7;
        AtomicIntegerArray runs = new AtomicIntegerArray(9);
        pool.run(tasks, runs::incrementAndGet);
        for (int i = 0; i < 9; i++) {
          if (runs.get(i) != (i < tasks ? 1 : 0)) {
            assertEquals(i < tasks ? 1 : 0, runs.get(i), "task " + i + " of region " + region);
          }
        }
      }
    }
  }

  @Test
  void allExceptionsOfARegionAreKeptAndNoneIsLeftToTheNext() {
    try (WorkerPool pool = new WorkerPool(2)) {
      CountDownLatch together = new CountDownLatch(2);
      IllegalStateException thrown =
          assertThrows(
              IllegalStateException.class,
              () ->
                  pool.run(
                      2,
                      i -> {
                        meet(together);
                        throw new IllegalStateException("task " + i);
                      }));
      assertEquals(1, thrown.getSuppressed().length);
      pool.run(2, i -> {});
    }
  }

  /** Even interpreted code allocates nothing: one byte a region is the noise of the measurement. */
  @Test
  void regionsLeaveNoGarbage() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    int regions = 20_000;
    int workers = 2;
    try (WorkerPool pool = new WorkerPool(workers + 1)) {
      AtomicInteger count = new AtomicInteger();
      WorkerPool.Task task = i -> count.incrementAndGet();
      long[] ids =
          Stream.concat(
                  Stream.of(Thread.currentThread()),
                  Thread.getAllStackTraces().keySet().stream()
                      .filter(t -> t.getName().startsWith("volterra-worker-")))
              .mapToLong(Thread::threadId)
              .toArray();
      assertTrue(ids.length > workers, "the threads of the pool");
      long least = Long.MAX_VALUE;
      for (int round = 0; round < 5; round++) { // the first also loads classes
        long before = LongStream.of(threads.getThreadAllocatedBytes(ids)).sum();
        for (int i = 0; i < regions; i++) {
          pool.run(3, task);
        }
        long after = LongStream.of(threads.getThreadAllocatedBytes(ids)).sum();
        least = Math.min(least, after - before);
      }
      assertEquals(5 * 3 * regions, count.get());
      assertTrue(least < regions, least + " bytes in " + regions + " regions");
    }
  }

  @Test
  void closesTwiceAndThenRefuses() {
    WorkerPool pool = new WorkerPool(3);
    pool.run(3, i -> {});
    pool.close();
    pool.close();
    assertThrows(IllegalStateException.class, () -> pool.run(1, i -> {}));
  }

  @Test
  void refusesNonsense() {
    assertThrows(IllegalArgumentException.class, () -> new WorkerPool(0));
    String before = System.getProperty(WorkerPool.THREADS_PROPERTY);
    try {
      System.setProperty(WorkerPool.THREADS_PROPERTY, "3");
      assertEquals(3, WorkerPool.defaultThreads());
      for (String bad : new String[] {"0", "-1", "many", ""}) {
        System.setProperty(WorkerPool.THREADS_PROPERTY, bad);
        assertThrows(IllegalArgumentException.class, WorkerPool::defaultThreads);
      }
    } finally {
      if (before == null) {
        System.clearProperty(WorkerPool.THREADS_PROPERTY);
      } else {
        System.setProperty(WorkerPool.THREADS_PROPERTY, before);
      }
    }
  }
}
