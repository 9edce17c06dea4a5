package org.volterra.cuda;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUstream;
import org.volterra.cuda.DriverCalls.DevicePointer;
import org.volterra.spi.Buffer;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Offload;

/**
 * Slots of device memory in which kernels see what lies in {@link OffloadedBuffer}s. Some hold a
 * slice each, the others a band of something larger.
 *
 * <p>Whoever queues a kernel first {@link #stage}s its operands: those that are in no slot are
 * copied from the host on a stream of their own, which waits for the last work on the slot that
 * they replace; the stream of all work waits for the copy. What kernels wrote is copied back on a
 * third stream when its slot or the host's memory is needed, and slices as soon as the next one of
 * their buffer is begun. Since the host queues work far ahead of the device, copies run as far
 * ahead as there are slots.
 *
 * <p>A slot that was written to is the only one that shows its region. Between the context's enter
 * and leave, but for {@link #allocate} and {@link #close}.
 */
final class BlockRing implements Offload {
  /** What a kernel does with an operand. */
  enum Access {
    /** It reads. */
    READ,
    /** It reads and writes. */
    UPDATE,
    /** It writes all of it and reads nothing. */
    OVERWRITE
  }

  /** Slots of a slice: more than the operands of any primitive. */
  static final int SLICES = 8;

  /** Slots of a band: one is computed with, the others are filled ahead or written back. */
  static final int BANDS = 4;

  private static final int MOST_SAVES = 64;
  private static final long ALIGNMENT = 256;
  private static final long MOST_BAND_BYTES = 64 << 20;

  /** Loads of 16 bytes: what was aligned to them stays so, and what was not does too. */
  private static final int PACK_BYTES = 16;

  /** A part of the ring. */
  private static final class Slot {
    final DevicePointer memory;
    final long bytes;

    /** When it was filled, last used by kernels, and last written back. */
    final CUevent filled;

    final CUevent used;
    final CUevent saved;

    Region region;
    CudaBuffer window;
    boolean dirty;
    boolean saving;
    int locks;
    boolean writing;
    long turn;

    Slot(DevicePointer memory, long bytes, CUevent filled, CUevent used, CUevent saved) {
      this.memory = memory;
      this.bytes = bytes;
      this.filled = filled;
      this.used = used;
      this.saved = saved;
    }

    boolean shows(Region wanted) {
      return region != null && region.overlaps(wanted);
    }
  }

  private record Saved(Region region, Slot slot) {}

  private final CudaContext context;
  private final long sliceBytes;
  private final long bandBytes;
  private final List<CUevent> events = new ArrayList<>();
  private final List<Slot> slices = new ArrayList<>();
  private final List<Slot> bands = new ArrayList<>();
  private final List<Slot> slots = new ArrayList<>();

  /** What was written back, in order, and the stream to the device has not waited for. */
  private final List<Saved> saves = new ArrayList<>();

  private CUstream toDevice;
  private CUstream toHost;
  private long turn;
  private boolean closed;

  private BlockRing(CudaContext context, long sliceBytes, long bandBytes) {
    this.context = context;
    this.sliceBytes = sliceBytes;
    this.bandBytes = bandBytes;
  }

  private static long slot(long bytes) {
    return Grid.ceil(bytes + PACK_BYTES, ALIGNMENT) * ALIGNMENT;
  }

  /** The least device memory for slices of a size. */
  static long leastBytes(long sliceBytes) {
    return (SLICES + 2L * BANDS) * slot(sliceBytes);
  }

  /** Takes device memory, of which no more is used than makes copies fast; the context is held. */
  static BlockRing of(CudaContext context, long sliceBytes, long deviceBytes) {
    long slice = slot(sliceBytes);
    if (deviceBytes < leastBytes(sliceBytes)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "deviceBytes %,d: slices of %,d bytes need at least %,d",
              deviceBytes,
              sliceBytes,
              leastBytes(sliceBytes)));
    }
    long rest = (deviceBytes - SLICES * slice) / BANDS;
    long most = Math.max(MOST_BAND_BYTES, 2 * slice);
    BlockRing ring = new BlockRing(context, slice, Math.min(rest, most) / ALIGNMENT * ALIGNMENT);
    context.enter();
    try {
      context.refuseWhileCapturing("allocates memory");
      boolean complete = false;
      try {
        ring.allocateSlots();
        complete = true;
      } finally {
        if (!complete) {
          ring.free();
        }
      }
      context.hold();
      return ring;
    } finally {
      context.leave();
    }
  }

  private void allocateSlots() {
    toDevice = DriverCalls.createStream();
    toHost = DriverCalls.createStream();
    for (int i = 0; i < SLICES; i++) {
      slices.add(allocateSlot(sliceBytes));
    }
    for (int i = 0; i < BANDS; i++) {
      bands.add(allocateSlot(bandBytes));
    }
  }

  private Slot allocateSlot(long bytes) {
    CUevent filled = event();
    CUevent used = event();
    CUevent saved = event();
    DevicePointer block = context.memory().allocate(bytes, "a slot for offloaded histories");
    Slot slot = new Slot(block, bytes, filled, used, saved);
    slots.add(slot);
    // The block may have been used before, by work that the copies do not wait for.
    DriverCalls.record(used, context.stream());
    return slot;
  }

  private CUevent event() {
    CUevent event = DriverCalls.createEvent();
    events.add(event);
    return event;
  }

  @Override
  public Buffer allocate(ElementType type, long length) {
    if (length < 1) {
      throw new IllegalArgumentException("length " + length + ": a buffer has at least 1 element");
    }
    long bytes = type.bytesFor(length);
    context.enter();
    try {
      refuseIfClosed();
      context.refuseWhileCapturing("allocates a buffer");
      return new OffloadedBuffer(context, this, type, length, PinnedMemory.register(bytes));
    } finally {
      context.leave();
    }
  }

  private void refuseIfClosed() {
    if (closed) {
      throw new IllegalStateException("the ring of offloaded buffers is closed");
    }
  }

  /** Whether a matrix is larger than a slice. */
  boolean isLarge(Matrix m) {
    return m.size() * m.buffer().type().bytes() + PACK_BYTES > sliceBytes;
  }

  /** The elements of a type in a band whose rows begin as those of some matrix do. */
  long bandElements(ElementType type) {
    return (bandBytes - PACK_BYTES) / type.bytes();
  }

  /**
   * Shows a matrix of an offloaded buffer to kernels that are queued until it is released.
   *
   * @return its elements in device memory, aligned as they were in the buffer
   * @throws IllegalStateException if it is larger than a slot
   */
  Matrix stage(Matrix m, Access access) {
    refuseIfClosed();
    Region region = Region.of(m);
    region.buffer().refuseIfClosed();
    Slot slot = find(region);
    boolean writes = access != Access.READ;
    if (slot == null) {
      saveOverlapping(region);
      slot = take(region, m);
      fill(slot, region, access);
    }
    if (writes) {
      dropOthers(slot, region);
      if (slot.saving) {
        DriverCalls.await(slot.saved, context.stream());
        slot.saving = false;
      }
      slot.writing = true;
    }
    slot.locks++;
    slot.turn = ++turn;
    return view(slot, m);
  }

  private Slot find(Region region) {
    for (Slot slot : slots) {
      if (region.equals(slot.region)) {
        return slot;
      }
    }
    return null;
  }

  private void saveOverlapping(Region region) {
    for (Slot slot : slots) {
      if (slot.shows(region)) {
        if (slot.writing) {
          throw new IllegalStateException("operands overlap: " + region + ", " + slot.region);
        }
        save(slot);
      }
    }
  }

  private void dropOthers(Slot written, Region region) {
    for (Slot slot : slots) {
      if (slot != written && slot.shows(region)) {
        slot.region = null;
      }
    }
  }

  /** The slot that was not used for longest, of those that are large enough. */
  private Slot take(Region region, Matrix m) {
    long bytes = bytes(region);
    Slot best = null;
    for (Slot slot : bytes <= sliceBytes ? slices : bands) {
      if (slot.locks == 0 && bytes <= slot.bytes && (best == null || age(slot) < age(best))) {
        best = slot;
      }
    }
    if (best == null) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "an operand of %d x %d takes %,d bytes of device memory at once, more than the ring"
                  + " of offloaded histories has: %d slots of %,d bytes and %d of %,d; raise the"
                  + " memory budget",
              m.rows(),
              m.columns(),
              bytes,
              SLICES,
              sliceBytes,
              BANDS,
              bandBytes));
    }
    save(best);
    return best;
  }

  private static long age(Slot slot) {
    return slot.region == null ? Long.MIN_VALUE + slot.turn : slot.turn;
  }

  private static int unit(Region region) {
    return PACK_BYTES / region.buffer().type().bytes();
  }

  /** Elements from one row to the next in a slot. */
  private static long pitch(Region region) {
    long gap = region.stride() - region.columns();
    return region.rows() == 1 ? region.columns() : region.columns() + gap % unit(region);
  }

  private static long bytes(Region region) {
    long elements = (region.rows() - 1) * pitch(region) + region.columns();
    return region.buffer().type().bytes() * (elements + region.offset() % unit(region));
  }

  private void fill(Slot slot, Region region, Access access) {
    slot.region = null;
    if (slot.window == null || slot.window.type() != region.buffer().type()) {
      ElementType type = region.buffer().type();
      slot.window = CudaBuffer.window(context, type, slot.bytes / type.bytes(), slot.memory);
    }
    if (access == Access.OVERWRITE) {
      saveOlder(region.buffer());
    } else {
      DriverCalls.await(slot.used, toDevice);
      awaitSaves(slot, region);
      copy(slot, region, true);
      DriverCalls.record(slot.filled, toDevice);
      DriverCalls.await(slot.filled, context.stream());
      slot.saving = false;
    }
    slot.region = region;
  }

  /** Writes back the slices of a buffer that the next one follows. */
  private void saveOlder(OffloadedBuffer buffer) {
    for (Slot slot : slices) {
      if (slot.region != null && slot.region.buffer() == buffer && !slot.writing) {
        save(slot);
      }
    }
  }

  /** The stream to the device waits until a slot and a part of the host's memory are written. */
  private void awaitSaves(Slot slot, Region region) {
    int done = saves.size() > MOST_SAVES ? saves.size() : 0;
    for (int i = saves.size() - 1; i >= done; i--) {
      if (saves.get(i).slot == slot || saves.get(i).region.overlaps(region)) {
        done = i + 1;
      }
    }
    if (done > 0) {
      DriverCalls.await(saves.get(done - 1).slot.saved, toDevice);
      saves.subList(0, done).clear();
    }
  }

  /** Writes back what kernels wrote. */
  private void save(Slot slot) {
    if (slot.dirty) {
      DriverCalls.await(slot.used, toHost);
      copy(slot, slot.region, false);
      DriverCalls.record(slot.saved, toHost);
      saves.add(new Saved(slot.region, slot));
      slot.dirty = false;
      slot.saving = true;
    }
  }

  private void copy(Slot slot, Region region, boolean in) {
    long size = region.buffer().type().bytes();
    DriverCalls.HostPointer host = region.buffer().pointer(region.offset());
    CUdeviceptr device = slot.memory.withByteOffset(region.offset() % unit(region) * size);
    long width = region.columns() * size;
    context.countCopy(width * region.rows());
    if (region.rows() > 1) {
      long wide = region.stride() * size;
      long dense = pitch(region) * size;
      if (in) {
        DriverCalls.copyToDevice(device, dense, host, wide, width, region.rows(), toDevice);
      } else {
        DriverCalls.copyToHost(host, wide, device, dense, width, region.rows(), toHost);
      }
    } else if (in) {
      DriverCalls.copyToDevice(device, host, width, toDevice);
    } else {
      DriverCalls.copyToHost(host, device, width, toHost);
    }
  }

  private static Matrix view(Slot slot, Matrix m) {
    Region region = slot.region;
    long stride = m.isContiguous() ? m.columns() : pitch(region);
    long start = region.offset() % unit(region);
    return new Matrix(slot.window, start, m.rows(), m.columns(), stride);
  }

  /** Ends the use of a matrix that was staged; writes it back if it will not be needed soon. */
  void release(Matrix staged, boolean done) {
    for (Slot slot : slots) {
      if (slot.window == staged.buffer() && slot.locks > 0) {
        slot.locks = 1;
        release(slot);
        if (done) {
          save(slot);
        }
      }
    }
  }

  /** Ends the use of all matrices that were staged. */
  void releaseAll() {
    for (Slot slot : slots) {
      if (slot.locks > 0) {
        release(slot);
      }
    }
  }

  private void release(Slot slot) {
    slot.locks = 0;
    slot.dirty |= slot.writing && slot.region != null;
    slot.writing = false;
    DriverCalls.record(slot.used, context.stream());
  }

  /** Waits until a buffer's memory is what kernels wrote; if it is to change, no slot shows it. */
  void settle(OffloadedBuffer buffer, boolean changes) {
    for (Slot slot : slots) {
      if (slot.region != null && slot.region.buffer() == buffer) {
        save(slot);
        if (changes) {
          slot.region = null;
        }
      }
    }
    context.synchronize();
    DriverCalls.synchronize(toDevice, "copies to the device");
    DriverCalls.synchronize(toHost, "copies to the host");
    saves.clear();
  }

  /** Waits until nothing touches a buffer's memory; what was not written back is lost. */
  void forget(OffloadedBuffer buffer) {
    for (Slot slot : slots) {
      if (slot.region != null && slot.region.buffer() == buffer) {
        slot.region = null;
        slot.dirty = false;
      }
    }
    saves.removeIf(saved -> saved.region.buffer() == buffer);
    if (!closed) {
      DriverCalls.synchronize(toDevice, "copies to the device");
      DriverCalls.synchronize(toHost, "copies to the host");
    }
  }

  private void free() {
    CudaException failure = null;
    List<Runnable> steps = new ArrayList<>();
    steps.add(() -> endStream(toDevice));
    steps.add(() -> endStream(toHost));
    events.forEach(event -> steps.add(() -> DriverCalls.destroy(event)));
    slots.forEach(slot -> steps.add(() -> context.memory().free(slot.memory, slot.bytes)));
    for (Runnable step : steps) {
      try {
        step.run();
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

  private static void endStream(CUstream stream) {
    if (stream != null) {
      try {
        DriverCalls.synchronize(stream, "copies of offloaded histories");
      } finally {
        DriverCalls.destroyStream(stream);
      }
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    context.enter();
    try {
      closed = true;
      try {
        free();
      } finally {
        context.release();
      }
    } finally {
      context.leave();
    }
  }
}
