package org.volterra.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUstream;
import org.volterra.cuda.DriverCalls.DevicePointer;
import org.volterra.cuda.DriverCalls.HostPointer;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;

/**
 * A device's primary context with one stream, on which everything happens in order, its kernels and
 * its memory. Thread-safe: whoever calls {@link #enter} has it to himself until {@link #leave}.
 *
 * <p>The provider and each buffer hold it; the last to let it go returns everything to the driver.
 */
final class CudaContext {
  /** What small transfers go through, and the arguments of launches. */
  private static final long STAGING_BYTES = 1 << 16;

  private final ReentrantLock lock = new ReentrantLock();
  private final Arena arena = Arena.ofShared();
  private final CUdevice device;
  private final CUcontext context;
  private final CUstream stream;
  private final KernelLibrary library;
  private final DeviceMemory memory;
  private final KernelArguments arguments;
  private final MemorySegment staging;
  private final int multiprocessors;
  private final TensorMaps maps;
  private final int mostSharedBytes;
  private final Map<DevicePointer, Long> constants = new LinkedHashMap<>();
  private DevicePointer scratch;
  private long scratchBytes;
  private long largestScratch;
  private int indexChecksSeen;
  private IndexCheck check;
  private CudaRecording capturing;
  private final List<IndexChecks> pending = new ArrayList<>();
  private final List<IndexChecks> queued = new ArrayList<>();
  private final Set<BlockRing> rings = new HashSet<>();
  private CUstream copies;
  private long copied;
  private String last = "";
  private int holders = 1;

  private CudaContext(
      CudaProbe.Device found,
      CUdevice device,
      CUcontext context,
      CUstream stream,
      long budget,
      boolean pooled) {
    this.device = device;
    this.context = context;
    this.stream = stream;
    this.multiprocessors = DriverCalls.multiprocessors(device);
    this.maps = found.major() == 9 && found.minor() == 0 ? new TensorMaps(arena) : null;
    this.mostSharedBytes = DriverCalls.mostSharedBytes(device);
    this.library = new KernelLibrary(found);
    this.memory =
        new DeviceMemory(budget > 0 ? budget : DriverCalls.memory()[0] / 100 * 95, pooled);
    this.arguments =
        new KernelArguments(this, arena.allocate(KernelArguments.BYTES, TensorMaps.ALIGNMENT));
    this.staging = arena.allocate(STAGING_BYTES, Long.BYTES);
  }

  /**
   * Opens a device; the caller holds it.
   *
   * @param budget bytes of device memory, or 0 for nearly all that is free
   * @param pooled whether freed blocks are kept to be used again
   */
  static CudaContext open(CudaProbe.Device found, long budget, boolean pooled) {
    CUdevice device = DriverCalls.device(found.ordinal());
    CUcontext context = DriverCalls.retainContext(device);
    CUstream stream = null;
    try {
      DriverCalls.setCurrent(context);
      stream = DriverCalls.createStream();
      return new CudaContext(found, device, context, stream, budget, pooled);
    } catch (RuntimeException | Error e) {
      try {
        if (stream != null) {
          DriverCalls.destroyStream(stream);
        }
        DriverCalls.releaseContext(device);
      } catch (CudaException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
  }

  /** Takes the context for the calling thread. */
  void enter() {
    lock.lock();
    try {
      if (holders == 0) {
        throw new IllegalStateException("the CUDA context is closed");
      }
      DriverCalls.setCurrent(context);
    } catch (RuntimeException | Error e) {
      lock.unlock();
      throw e;
    }
  }

  void leave() {
    lock.unlock();
  }

  /** One more holds it; between {@link #enter} and {@link #leave}. */
  void hold() {
    holders++;
  }

  /** One less holds it; the last closes it. Between {@link #enter} and {@link #leave}. */
  void release() {
    holders--;
    if (holders == 0) {
      close();
    }
  }

  /** Takes the context and allocates what then holds it; where that fails, frees the parts. */
  void take(String does, Runnable allocate, Runnable free) {
    enter();
    try {
      refuseWhileCapturing(does);
      boolean complete = false;
      try {
        allocate.run();
        complete = true;
      } finally {
        if (!complete) {
          free.run();
        }
      }
      hold();
    } finally {
      leave();
    }
  }

  /** Takes the context, frees what held it, and lets go, also where that fails. */
  void letGo(Runnable free) {
    enter();
    try {
      try {
        free.run();
      } finally {
        release();
      }
    } finally {
      leave();
    }
  }

  private void close() {
    CudaException failure = null;
    for (Runnable step :
        new Runnable[] {
          this::freeScratch,
          this::freeConstants,
          memory::trim,
          library::close,
          this::destroyCopyStream,
          this::freeCheck,
          () -> DriverCalls.destroyStream(stream),
          () -> DriverCalls.releaseContext(device),
          arena::close
        }) {
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

  private void freeCheck() {
    if (check != null) {
      check.free();
    }
  }

  private void destroyCopyStream() {
    if (copies != null) {
      DriverCalls.destroyStream(copies);
    }
  }

  /** Gives scratch memory back until the next launch that takes some. */
  void freeScratch() {
    if (scratch != null) {
      DevicePointer old = scratch;
      scratch = null;
      memory.free(old, scratchBytes);
      scratchBytes = 0;
    }
  }

  private void freeConstants() {
    constants.forEach(memory::free);
    constants.clear();
  }

  /** The address of a copy in device memory that stays as long as the context. */
  long constant(MemorySegment contents) {
    refuseWhileCapturing("asks for another table");
    DevicePointer pointer = memory.allocate(contents.byteSize(), "a table");
    constants.put(pointer, contents.byteSize());
    upload(contents, pointer, 0, contents.byteSize());
    return pointer.address();
  }

  DeviceMemory memory() {
    return memory;
  }

  int multiprocessors() {
    return multiprocessors;
  }

  /** The maker of tensor maps of a device of compute capability 9.0, or null. */
  TensorMaps maps() {
    return maps;
  }

  /** The most dynamic shared memory of a block, in bytes. */
  int mostSharedBytes() {
    return mostSharedBytes;
  }

  /** The address of the first element of a matrix in a buffer of this context. */
  long address(Matrix m) {
    if (!(m.buffer() instanceof CudaBuffer buffer) || buffer.context() != this) {
      throw new IllegalArgumentException(
          "the buffer " + m.buffer() + " is not in the memory of this CUDA device");
    }
    if (capturing != null) {
      capturing.uses(buffer);
    }
    return buffer.address() + m.offset() * buffer.type().bytes();
  }

  /**
   * A matrix as kernels can take it until {@link #releaseStaged}: itself, or a copy of what lies in
   * memory of the host.
   */
  Matrix resident(Matrix m, BlockRing.Access access) {
    if (!(m.buffer() instanceof OffloadedBuffer buffer)) {
      return m;
    }
    refuseWhileCapturing("uses a history that is offloaded to the host");
    rings.add(buffer.ring());
    return buffer.ring().stage(m, access);
  }

  /** Counts what rings copy. */
  void countCopy(long bytes) {
    copied += bytes;
  }

  /** The bytes that rings copied. */
  long bytesCopied() {
    lock.lock();
    try {
      return copied;
    } finally {
      lock.unlock();
    }
  }

  /** Ends the use of all matrices that were copied. */
  void releaseStaged() {
    if (!rings.isEmpty()) {
      rings.forEach(BlockRing::releaseAll);
      rings.clear();
    }
  }

  /**
   * Device memory for the next launches, of at least so many bytes and aligned to 256; the next
   * call may give the same.
   */
  long scratch(long bytes) {
    largestScratch = Math.max(largestScratch, bytes);
    if (capturing != null) {
      return capturing.scratch(bytes);
    }
    if (bytes > scratchBytes) {
      freeScratch();
      scratch = memory.allocate(bytes, "scratch");
      scratchBytes = bytes;
    }
    return scratch == null ? 0 : scratch.address();
  }

  /** The arguments of the next launch. */
  KernelArguments arguments(ElementType type) {
    return arguments.begin(type);
  }

  /** Launches a kernel with the arguments that were put together. */
  void launch(String operation, String kernel, Grid grid, int sharedBytes) {
    last = kernel;
    DriverCalls.launch(
        library.kernel(operation, kernel, sharedBytes), grid, sharedBytes, stream, arguments);
  }

  void zero(DevicePointer pointer, long bytes) {
    DriverCalls.fill(pointer, (byte) 0, bytes, stream);
  }

  /**
   * Waits for all work; an error of a kernel comes out here.
   *
   * @throws IndexOutOfBoundsException if a recording met an index that is outside
   */
  void synchronize() {
    queueIndexChecks();
    DriverCalls.synchronize(stream, afterLast());
    examineIndexChecks();
  }

  /** What errors that come late are said after. */
  String afterLast() {
    return last.isEmpty() ? "" : "the last kernel was " + last;
  }

  /** Copies from native memory of the host and waits. */
  void upload(MemorySegment from, DevicePointer to, long offset, long bytes) {
    refuseWhileCapturing("writes a buffer from the host");
    DriverCalls.copyToDevice(
        to.withByteOffset(offset), new HostPointer(from.address()), bytes, stream);
    synchronize();
  }

  /** Copies to native memory of the host and waits. */
  void download(DevicePointer from, long offset, MemorySegment to, long bytes) {
    refuseWhileCapturing("reads a buffer from the host");
    DriverCalls.copyToHost(
        new HostPointer(to.address()), from.withByteOffset(offset), bytes, stream);
    synchronize();
  }

  // ---- Recordings
  // --------------------------------------------------------------------------------

  CUstream stream() {
    return stream;
  }

  /** The recording that what is launched goes into, or null if it is done at once. */
  CudaRecording capturing() {
    return capturing;
  }

  /**
   * Between this and null, launches go into the recording.
   *
   * @throws IllegalStateException if another is being recorded
   */
  void capture(CudaRecording recording) {
    if (recording != null) {
      refuseWhileCapturing("makes another recording");
    }
    capturing = recording;
  }

  /** Begins to note what launches need. */
  void watch() {
    largestScratch = 0;
    indexChecksSeen = 0;
  }

  /** The most scratch memory that was asked for since. */
  long largestScratch() {
    return largestScratch;
  }

  /** Notes that indices are checked. */
  void indexCheckSeen() {
    indexChecksSeen++;
  }

  /** The checks of indices since. */
  int indexChecksSeen() {
    return indexChecksSeen;
  }

  /**
   * Refuses what a graph cannot repeat.
   *
   * @throws IllegalStateException while something is recorded
   */
  void refuseWhileCapturing(String what) {
    if (capturing != null) {
      throw new IllegalStateException(
          "the work that is recorded "
              + what
              + ": it may only call primitives, the same ones each time");
    }
  }

  /** Notes checks of indices whose results have not been copied to the host. */
  void await(IndexChecks checks) {
    if (!pending.contains(checks)) {
      pending.add(checks);
    }
  }

  /** Checks that will not be looked at any more. */
  void forget(IndexChecks checks) {
    pending.remove(checks);
    queued.remove(checks);
  }

  /** Queues the copies of what the pending checks found. */
  void queueIndexChecks() {
    for (IndexChecks checks : pending) {
      checks.queueDownload(stream);
      if (!queued.contains(checks)) {
        queued.add(checks);
      }
    }
    pending.clear();
  }

  /**
   * Looks at what the copies brought, when they are there.
   *
   * @throws IndexOutOfBoundsException if an index was outside
   */
  void examineIndexChecks() {
    while (!queued.isEmpty()) {
      queued.removeFirst().examine(stream);
    }
  }

  /** The stream of copies from the host that work does not wait for in order. */
  CUstream copyStream() {
    if (copies == null) {
      copies = DriverCalls.createStream();
    }
    return copies;
  }

  /** Queues a copy of what a check of indices left at the beginning of the scratch memory. */
  IndexCheck downloadCheck() {
    if (check == null) {
      check = new IndexCheck();
    }
    check.queueDownload(scratch, stream);
    return check;
  }

  /** Native memory for transfers of single elements and from the heap. */
  MemorySegment staging() {
    return staging;
  }
}
