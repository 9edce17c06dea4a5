package org.volterra.cuda;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.BooleanSupplier;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import org.volterra.cuda.DriverCalls.DevicePointer;
import org.volterra.spi.Recording;

/**
 * Work as a CUDA graph. The first run calls it, which loads kernels, makes tables and shows how
 * much scratch memory it takes; the second captures it, with scratch memory of its own; from then
 * on it is launched as a whole.
 */
final class CudaRecording implements Recording {
  private final CudaContext context;
  private final Runnable work;
  private final BooleanSupplier providerClosed;
  private final Set<CudaBuffer> buffers = new LinkedHashSet<>();
  private boolean known;
  private long scratchBytes;
  private int indexCheckCount;
  private CUgraphExec graph;
  private DevicePointer scratch;
  private IndexChecks indexChecks;
  private boolean closed;

  private CudaRecording(CudaContext context, Runnable work, BooleanSupplier providerClosed) {
    this.context = context;
    this.work = work;
    this.providerClosed = providerClosed;
  }

  static CudaRecording of(CudaContext context, Runnable work, BooleanSupplier providerClosed) {
    context.enter();
    try {
      context.refuseWhileCapturing("makes another recording");
      context.hold();
      return new CudaRecording(context, work, providerClosed);
    } finally {
      context.leave();
    }
  }

  @Override
  public void run() {
    context.enter();
    try {
      if (closed) {
        throw new IllegalStateException("the recording is closed");
      }
      if (providerClosed.getAsBoolean()) {
        throw new IllegalStateException("the provider is closed");
      }
      if (!known) {
        runDirectly();
        return;
      }
      if (graph == null) {
        capture();
      }
      buffers.forEach(CudaBuffer::refuseIfClosed);
      DriverCalls.launch(graph, context.stream());
      if (!indexChecks.isEmpty()) {
        context.await(indexChecks);
      }
    } finally {
      context.leave();
    }
  }

  private void runDirectly() {
    context.refuseWhileCapturing("runs another recording");
    context.watch();
    work.run();
    scratchBytes = context.largestScratch();
    indexCheckCount = context.indexChecksSeen();
    known = true;
  }

  private void capture() {
    boolean complete = false;
    try {
      context.freeScratch(); // what the call took goes to the recording
      scratch = scratchBytes == 0 ? null : context.memory().allocate(scratchBytes, "scratch");
      indexChecks = new IndexChecks(context, Math.max(1, indexCheckCount));
      graph = instantiate();
      complete = true;
    } finally {
      if (!complete) {
        freeMemory();
      }
    }
  }

  private CUgraphExec instantiate() {
    CUgraph captured = captured();
    try {
      return DriverCalls.instantiate(captured);
    } finally {
      DriverCalls.destroy(captured);
    }
  }

  private CUgraph captured() {
    context.capture(this);
    boolean complete = false;
    try {
      DriverCalls.beginCapture(context.stream());
      work.run();
      CUgraph captured = DriverCalls.endCapture(context.stream());
      complete = true;
      return captured;
    } finally {
      context.capture(null);
      if (!complete) {
        DriverCalls.abandonCapture(context.stream());
      }
    }
  }

  /** The address of the scratch memory, which is that of this recording alone. */
  long scratch(long bytes) {
    if (bytes > scratchBytes) {
      context.refuseWhileCapturing("takes more scratch memory than it did before");
    }
    return scratch == null ? 0 : scratch.address();
  }

  /** Notes a buffer that the graph uses. */
  void uses(CudaBuffer buffer) {
    buffers.add(buffer);
  }

  IndexChecks indexChecks() {
    return indexChecks;
  }

  private void freeMemory() {
    try {
      if (indexChecks != null) {
        indexChecks.free();
        indexChecks = null;
      }
    } finally {
      if (scratch != null) {
        DevicePointer old = scratch;
        scratch = null;
        context.memory().free(old, scratchBytes);
      }
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    context.letGo(() -> {
      closed = true;
      try {
        if (graph != null) {
          DriverCalls.destroy(graph);
        }
      } finally {
        freeMemory();
      }
    });
  }
}
