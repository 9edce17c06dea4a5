package org.volterra.cuda;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import jcuda.driver.CUevent;
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
 * copied from the host to the one that was not used for longest. What kernels wrote is copied back
 * when its slot or the host's memory is needed, and slices as soon as the next one of their buffer
 * is begun. Since the host queues work far ahead of the device, {@link RingCopies} run as far ahead
 * as there are slots.
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

  /** Slices of a block; with fewer, blocks save no copies. */
  private static final int LEAST_BLOCK_SLICES = 4;

  private static final int MOST_BLOCK_SLICES = 64;
  private static final long ALIGNMENT = 256;
  private static final long MOST_BAND_BYTES = 64 << 20;

  private final CudaContext context;
  private final long sliceBytes;
  private final long bandBytes;
  private final List<CUevent> events = new ArrayList<>();
  private final List<RingSlot> slices = new ArrayList<>();
  private final List<RingSlot> bands = new ArrayList<>();
  private final List<RingSlot> slots = new ArrayList<>();
  private final RingCopies copies;
  private long turn;
  private boolean closed;

  private BlockRing(CudaContext context, long sliceBytes, long bandBytes) {
    this.context = context;
    this.copies = new RingCopies(context);
    this.sliceBytes = sliceBytes;
    this.bandBytes = bandBytes;
  }

  private static long slot(long bytes) {
    return Grid.ceil(bytes + Region.PACK_BYTES, ALIGNMENT) * ALIGNMENT;
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
    context.take("allocates memory", ring::allocateSlots, ring::free);
    return ring;
  }

  private void allocateSlots() {
    copies.open();
    for (int i = 0; i < SLICES; i++) {
      slices.add(allocateSlot(sliceBytes));
    }
    for (int i = 0; i < BANDS; i++) {
      bands.add(allocateSlot(bandBytes));
    }
  }

  private RingSlot allocateSlot(long bytes) {
    CUevent filled = event();
    CUevent used = event();
    CUevent saved = event();
    DevicePointer block = context.memory().allocate(bytes, "a slot for offloaded histories");
    RingSlot slot = new RingSlot(block, bytes, filled, used, saved);
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
    return allocateInBlocks(type, length, 0);
  }

  @Override
  public Buffer allocate(ElementType type, long length, long sliceElements) {
    long most = Math.min(MOST_BLOCK_SLICES, bandElements(type) / sliceElements);
    return allocateInBlocks(
        type, length, most < LEAST_BLOCK_SLICES ? 0 : Long.highestOneBit(most) * sliceElements);
  }

  private Buffer allocateInBlocks(ElementType type, long length, long blockElements) {
    if (length < 1) {
      throw new IllegalArgumentException("length " + length + ": a buffer has at least 1 element");
    }
    long bytes = type.bytesFor(length);
    context.enter();
    try {
      refuseIfClosed();
      context.refuseWhileCapturing("allocates a buffer");
      PinnedMemory host = PinnedMemory.register(bytes);
      return new OffloadedBuffer(context, this, type, length, blockElements, host);
    } finally {
      context.leave();
    }
  }

  private void refuseIfClosed() {
    if (closed) {
      throw new IllegalStateException("the ring of offloaded buffers is closed");
    }
  }

  /** Whether a matrix is larger than a slice, and in no block. */
  boolean isLarge(Matrix m) {
    return m.size() * m.buffer().type().bytes() + Region.PACK_BYTES > sliceBytes
        && !Region.of(m).isInBlock();
  }

  /** The elements of a type in a band whose rows begin as those of some matrix do. */
  long bandElements(ElementType type) {
    return (bandBytes - Region.PACK_BYTES) / type.bytes();
  }

  /**
   * Shows a matrix of an offloaded buffer to kernels that are queued until it is released.
   *
   * @return its elements in device memory, aligned as they were in the buffer
   * @throws IllegalStateException if it is larger than a slot
   */
  Matrix stage(Matrix m, Access access) {
    refuseIfClosed();
    Region whole = Region.of(m);
    whole.buffer().refuseIfClosed();
    Region region = whole.block();
    RingSlot slot = find(region);
    boolean writes = access != Access.READ;
    if (slot == null) {
      saveOverlapping(region);
      slot = take(region, m);
      boolean isPart = !region.equals(whole);
      fill(slot, region, isPart && writes ? Access.UPDATE : access);
    }
    if (writes) {
      dropOthers(slot, region);
      if (slot.saving) {
        DriverCalls.await(slot.saved, context.stream());
        slot.saving = false;
      }
      slot.writing = true;
    }
    slot.locked = true;
    slot.turn = ++turn;
    return slot.view(m, whole.offset() - region.offset());
  }

  private RingSlot find(Region region) {
    for (RingSlot slot : slots) {
      if (region.equals(slot.region)) {
        return slot;
      }
    }
    return null;
  }

  private void saveOverlapping(Region region) {
    for (RingSlot slot : slots) {
      if (slot.shows(region)) {
        if (slot.writing) {
          throw new IllegalStateException("operands overlap: " + region + ", " + slot.region);
        }
        copies.save(slot);
      }
    }
  }

  private void dropOthers(RingSlot written, Region region) {
    for (RingSlot slot : slots) {
      if (slot != written && slot.shows(region)) {
        slot.region = null;
      }
    }
  }

  /** The slot that was not used for longest, of those that are large enough. */
  private RingSlot take(Region region, Matrix m) {
    long bytes = region.slotBytes();
    RingSlot best = null;
    for (RingSlot slot : bytes <= sliceBytes ? slices : bands) {
      if (!slot.locked && bytes <= slot.bytes && (best == null || age(slot) < age(best))) {
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
    copies.save(best);
    return best;
  }

  private static long age(RingSlot slot) {
    return slot.region == null ? Long.MIN_VALUE + slot.turn : slot.turn;
  }

  private void fill(RingSlot slot, Region region, Access access) {
    slot.region = null;
    slot.typed(context, region.buffer().type());
    if (access == Access.OVERWRITE) {
      saveOlder(region.buffer());
    } else {
      copies.fill(slot, region);
    }
    slot.region = region;
  }

  /** Writes back the slices of a buffer that the next one follows. */
  private void saveOlder(OffloadedBuffer buffer) {
    for (RingSlot slot : slices) {
      if (slot.isOf(buffer) && !slot.writing) {
        copies.save(slot);
      }
    }
  }

  /** Ends the use of a matrix that was staged; writes it back if it will not be needed soon. */
  void release(Matrix staged, boolean done) {
    for (RingSlot slot : slots) {
      if (slot.has(staged) && slot.locked) {
        release(slot);
        if (done) {
          copies.save(slot);
        }
      }
    }
  }

  /** Ends the use of all matrices that were staged. */
  void releaseAll() {
    for (RingSlot slot : slots) {
      if (slot.locked) {
        release(slot);
      }
    }
  }

  private void release(RingSlot slot) {
    slot.locked = false;
    slot.dirty |= slot.writing && slot.region != null;
    slot.writing = false;
    DriverCalls.record(slot.used, context.stream());
  }

  /** Waits until a buffer's memory is what kernels wrote; if it is to change, no slot shows it. */
  void settle(OffloadedBuffer buffer, boolean changes) {
    for (RingSlot slot : slots) {
      if (slot.isOf(buffer)) {
        copies.save(slot);
        if (changes) {
          slot.region = null;
        }
      }
    }
    context.synchronize();
    copies.finish();
  }

  /** Waits until nothing touches a buffer's memory; what was not written back is lost. */
  void forget(OffloadedBuffer buffer) {
    for (RingSlot slot : slots) {
      if (slot.isOf(buffer)) {
        slot.region = null;
        slot.dirty = false;
      }
    }
    copies.forget(buffer);
  }

  private void free() {
    CudaException failure = null;
    List<Runnable> steps = new ArrayList<>();
    steps.add(copies::close);
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

  @Override
  public void close() {
    if (closed) {
      return;
    }
    context.letGo(() -> {
      closed = true;
      free();
    });
  }
}
