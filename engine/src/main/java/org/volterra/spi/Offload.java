package org.volterra.spi;

/**
 * Buffers of a device whose contents lie in memory of the host, and the device memory through which
 * primitives see them: what a primitive touches is copied there when it is called, and what it
 * wrote is copied back, while the device computes. Results are the same bits as with buffers of the
 * device.
 *
 * <p>Primitives take any matrices in these buffers that are no larger than was said when this was
 * made. Larger ones are taken in bands by {@code gemm}, {@code gemv}, {@code ger}, {@code fill},
 * {@code columnSums}, {@code narrow}, {@code widen}, {@code toeplitz}, {@code toeplitzGradient},
 * and as slices of the type of the primitives by attention over depth. What uses such buffers
 * cannot be recorded. Thread-safe as the provider.
 */
public interface Offload extends AutoCloseable {
  /**
   * Allocates a buffer filled with zeros in memory of the host; the caller owns it, and closes it
   * before this.
   *
   * @param type element type
   * @param length number of elements, at least 1
   * @return a new open buffer
   * @throws IllegalArgumentException if {@code length} is not positive or its bytes overflow
   * @throws IllegalStateException if the host has not enough memory that the device can reach
   */
  Buffer allocate(ElementType type, long length);

  /**
   * The same for a buffer of slices, one after the other, neighbours of which are touched again and
   * again. Where there is device memory for it, primitives see blocks of them, which stay there
   * while they are used.
   *
   * @param type element type
   * @param length number of elements, at least 1
   * @param sliceElements elements of a slice, at least 1
   * @return a new open buffer
   * @throws IllegalArgumentException as {@link #allocate(ElementType, long)}
   * @throws IllegalStateException as {@link #allocate(ElementType, long)}
   */
  Buffer allocate(ElementType type, long length, long sliceElements);

  /** Waits for all copies and returns the device memory. Closing twice is harmless. */
  @Override
  void close();
}
