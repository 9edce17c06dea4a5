package org.volterra.cuda;

import jcuda.driver.CUevent;
import org.volterra.cuda.DriverCalls.DevicePointer;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;

/** Device memory in which a {@link BlockRing} shows a region of an offloaded buffer. */
final class RingSlot {
  final DevicePointer memory;
  final long bytes;

  /** When it was filled, last used by kernels, and last written back. */
  final CUevent filled;

  final CUevent used;
  final CUevent saved;

  /** What it shows, or null. */
  Region region;

  /** Whether kernels that are queued wrote to it since it was written back. */
  boolean dirty;

  /** Whether it may be being written back. */
  boolean saving;

  /** Whether kernels are being queued that use it, and that write to it. */
  boolean locked;

  boolean writing;

  /** When it was staged last. */
  long turn;

  private CudaBuffer window;

  RingSlot(DevicePointer memory, long bytes, CUevent filled, CUevent used, CUevent saved) {
    this.memory = memory;
    this.bytes = bytes;
    this.filled = filled;
    this.used = used;
    this.saved = saved;
  }

  /** Whether it shows something of a region. */
  boolean shows(Region wanted) {
    return region != null && region.overlaps(wanted);
  }

  /** Whether it shows something of a buffer. */
  boolean isOf(OffloadedBuffer buffer) {
    return region != null && region.buffer() == buffer;
  }

  /** Whether a matrix is a view of it. */
  boolean has(Matrix staged) {
    return window == staged.buffer();
  }

  /** Its memory as elements of a type. */
  void typed(CudaContext context, ElementType type) {
    if (window == null || window.type() != type) {
      window = CudaBuffer.window(context, type, bytes / type.bytes(), memory);
    }
  }

  /** A matrix that begins so many elements behind the region. */
  Matrix view(Matrix m, long from) {
    long stride = m.isContiguous() ? m.columns() : region.pitch();
    return new Matrix(window, region.lead() + from, m.rows(), m.columns(), stride);
  }
}
