package org.volterra.cuda;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.volterra.cuda.DriverCalls.DevicePointer;

/**
 * The memory of a device: one pool, counted, within a budget, every block returned. Not
 * thread-safe; the context's lock protects it.
 *
 * <p>A block that is freed is kept for the next request of its size or somewhat less: the driver
 * waits for the whole device to free one. That is safe because all work that uses blocks is done in
 * the order of one stream. Kept blocks go back to the driver as soon as the budget or the device
 * needs their room, and when the device is closed.
 */
final class DeviceMemory {
  /** A block is used again for requests of at least 1 − 1/8 of its size. */
  private static final int WASTE = 8;

  private final long budget;
  private final boolean pooled;
  private final NavigableMap<Long, Deque<DevicePointer>> kept = new TreeMap<>();
  private final Map<DevicePointer, Long> sizes = new HashMap<>();
  private long live;
  private long held;
  private int blocks;

  /**
   * An empty pool.
   *
   * @param budget bytes that may be taken from the driver
   * @param pooled whether freed blocks are kept; else they go back at once
   */
  DeviceMemory(long budget, boolean pooled) {
    this.budget = budget;
    this.pooled = pooled;
  }

  /**
   * Takes a block; its contents are anything.
   *
   * @throws IllegalStateException if it exceeds the budget or the device has no room, with the
   *     numbers
   */
  DevicePointer allocate(long bytes, String what) {
    if (bytes > budget - live) {
      throw new IllegalStateException(
          numbers(what, bytes) + "; the budget (-D" + CudaComputeProvider.BUDGET + ") forbids it");
    }
    DevicePointer pointer = reuse(bytes);
    if (pointer == null) {
      pointer = take(bytes, what);
    }
    live += bytes;
    blocks++;
    return pointer;
  }

  private DevicePointer reuse(long bytes) {
    Map.Entry<Long, Deque<DevicePointer>> fitting = kept.ceilingEntry(bytes);
    if (fitting == null || fitting.getKey() - bytes > fitting.getKey() / WASTE) {
      return null;
    }
    DevicePointer pointer = fitting.getValue().pop();
    if (fitting.getValue().isEmpty()) {
      kept.remove(fitting.getKey());
    }
    return pointer;
  }

  private DevicePointer take(long bytes, String what) {
    while (bytes > budget - held && !kept.isEmpty()) {
      release(kept.lastEntry());
    }
    if (bytes > budget - held) {
      throw new IllegalStateException(
          numbers(what, bytes)
              + String.format(
                  Locale.ROOT,
                  ", and blocks that were used again are %,d bytes larger than what they hold",
                  held - live));
    }
    DevicePointer pointer = new DevicePointer();
    int status = DriverCalls.allocate(pointer, bytes);
    if (status == CudaException.OUT_OF_MEMORY && !kept.isEmpty()) {
      trim();
      status = DriverCalls.allocate(pointer, bytes);
    }
    if (status == CudaException.OUT_OF_MEMORY) {
      long[] memory = DriverCalls.memory();
      throw new CudaException(
          numbers(what, bytes)
              + String.format(
                  Locale.ROOT,
                  "; the device has %,d of %,d bytes free, in pieces that may be smaller",
                  memory[0],
                  memory[1]),
          status);
    }
    DriverCalls.check("cuMemAlloc", status, bytes + " bytes");
    sizes.put(pointer, bytes);
    held += bytes;
    return pointer;
  }

  private String numbers(String what, long bytes) {
    return String.format(
        Locale.ROOT,
        "not enough device memory for %s of %,d bytes: %,d of %,d bytes are in use, in %,d blocks",
        what,
        bytes,
        live,
        budget,
        blocks);
  }

  /**
   * Gives a block back. Work of the one stream that is queued may still use it; whoever used it on
   * another has waited for that.
   */
  void free(DevicePointer pointer, long bytes) {
    live -= bytes;
    blocks--;
    long size = sizes.getOrDefault(pointer, bytes);
    if (pooled) {
      kept.computeIfAbsent(size, key -> new ArrayDeque<>()).push(pointer);
    } else {
      giveBack(pointer, size);
    }
  }

  private void release(Map.Entry<Long, Deque<DevicePointer>> entry) {
    DevicePointer pointer = entry.getValue().pop();
    if (entry.getValue().isEmpty()) {
      kept.remove(entry.getKey());
    }
    giveBack(pointer, entry.getKey());
  }

  private void giveBack(DevicePointer pointer, long size) {
    sizes.remove(pointer);
    held -= size;
    DriverCalls.free(pointer, size);
  }

  /** Gives all kept blocks back to the driver, also where it complains about one. */
  void trim() {
    CudaException failure = null;
    while (!kept.isEmpty()) {
      try {
        release(kept.lastEntry());
      } catch (CudaException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** Bytes that the budget leaves. */
  long availableBytes() {
    return budget - live;
  }

  /** Bytes that are in use. */
  long liveBytes() {
    return live;
  }

  /** Bytes that are taken from the driver, in use or kept. */
  long heldBytes() {
    return held;
  }
}
