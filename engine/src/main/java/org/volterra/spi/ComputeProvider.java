package org.volterra.spi;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * A device and the primitives that it offers.
 *
 * <p>A provider is thread-safe and lives long; one serves many networks. Its results do not depend
 * on how many threads it uses, and repeat bit for bit from run to run on the same machine.
 */
public interface ComputeProvider extends AutoCloseable {
  /**
   * The name by which a user selects this provider, such as {@code scalar} or {@code panama}.
   *
   * @return a lower-case word
   */
  String name();

  /**
   * What was chosen and why, for one log line: vector width, threads, device.
   *
   * @return a line for people
   */
  String description();

  /**
   * Why this provider cannot run here. One that is found through {@link java.util.ServiceLoader}
   * costs nothing to make and looks for its device when it is asked this.
   *
   * @return a sentence for a user, with what to do about it; empty if it can run
   */
  default Optional<String> refusal() {
    return Optional.empty();
  }

  /**
   * The number of threads that work on one primitive.
   *
   * @return at least 1
   */
  int threads();

  /**
   * Allocates a buffer filled with zeros; the caller owns it.
   *
   * @param type element type
   * @param length number of elements, at least 1
   * @return a new open buffer, aligned to at least 64 bytes
   * @throws IllegalArgumentException if {@code length} is not positive or its bytes overflow
   * @throws IllegalStateException if the device has not enough memory; the message gives the
   *     numbers
   */
  Buffer allocate(ElementType type, long length);

  /**
   * Whether primitives work on {@link org.volterra.memory.HostBuffer}s, so that a history may lie
   * in a mapped file.
   *
   * @return false, unless a provider says otherwise
   */
  default boolean usesHostMemory() {
    return false;
  }

  /**
   * Whether products with a {@link BlockRow} and with transposed factors run at the rate of others.
   * The gradient of a feature of a dense kernel is then gathered from all later layers in one
   * product; elsewhere each layer adds its share to those of all earlier ones, with features and
   * gradients that are kept transposed.
   *
   * @return false, unless a provider says otherwise
   */
  default boolean gathersAdjoints() {
    return false;
  }

  /**
   * The bytes of the device's own memory that buffers and scratch take now.
   *
   * @return a count, or empty where the provider works in the memory of the host
   */
  default OptionalLong bytesInUse() {
    return OptionalLong.empty();
  }

  /**
   * The bytes of the device's own memory that can still be allocated.
   *
   * @return a count, or empty where the provider works in the memory of the host
   */
  default OptionalLong bytesAvailable() {
    return OptionalLong.empty();
  }

  /**
   * The bytes that were copied so far between buffers that lie in memory of the host and the device
   * memory through which it computes with them ({@link #offload}).
   *
   * @return a count of both directions together
   */
  default long bytesCopied() {
    return 0;
  }

  /**
   * The least device memory through which this provider can compute with buffers that lie in memory
   * of the host.
   *
   * @param wholeBytes the largest matrix that any primitive must take whole
   * @return a count in bytes, or empty if it cannot
   */
  default OptionalLong offloadBytes(long wholeBytes) {
    return OptionalLong.empty();
  }

  /**
   * Makes buffers possible whose contents lie in memory of the host.
   *
   * @param wholeBytes the largest matrix that any primitive must take whole
   * @param deviceBytes device memory to be used for that, at least {@link #offloadBytes}
   * @return where to allocate them, owned by the caller
   * @throws UnsupportedOperationException if this provider cannot
   * @throws IllegalArgumentException if {@code deviceBytes} is too small
   * @throws IllegalStateException if the device has not enough memory
   */
  default Offload offload(long wholeBytes, long deviceBytes) {
    throw new UnsupportedOperationException(
        "provider " + name() + " cannot keep buffers outside its memory");
  }

  /**
   * Learns a sequence of primitives, so that it can be run as a whole. {@code work} may be called
   * any number of times, now and later, and computes nothing until the recording is run. It must
   * call the same primitives with the same operands and scalars each time, and must neither
   * allocate nor read or write buffers from the host.
   *
   * @param work calls primitives of this provider
   * @return the recording, owned by the caller; by default one that calls {@code work} each time
   * @throws IllegalStateException if {@code work} does what it must not, where a provider notices
   */
  default Recording record(Runnable work) {
    return Recording.direct(work);
  }

  /**
   * A way to fill a buffer while the device works.
   *
   * @param target a buffer of this provider
   * @return the feed, owned by the caller; empty where {@link Buffer#upload} waits for nothing
   */
  default Optional<Feed> feed(Buffer target) {
    return Optional.empty();
  }

  /**
   * A way to read a few numbers while the device works on.
   *
   * @param source a vector of {@link ElementType#FLOAT64} in a buffer of this provider
   * @return the readout, owned by the caller; empty where reading waits for nothing
   */
  default Optional<Readout> readout(Matrix source) {
    return Optional.empty();
  }

  /**
   * The primitives for one floating-point type.
   *
   * @param type {@link ElementType#FLOAT32} or {@link ElementType#FLOAT64}
   * @return a stateless, thread-safe object
   * @throws IllegalArgumentException for any other type
   */
  Primitives primitives(ElementType type);

  /**
   * The primitives of non-local transforms for one floating-point type.
   *
   * @param type {@link ElementType#FLOAT32} or {@link ElementType#FLOAT64}
   * @return a stateless, thread-safe object; empty where this device does not have them, unless a
   *     provider says otherwise
   * @throws IllegalArgumentException for any other type
   */
  default Optional<TransformPrimitives> transforms(ElementType type) {
    return Optional.empty();
  }

  /**
   * Whole passes through layers as primitives, for one floating-point type.
   *
   * @param type {@link ElementType#FLOAT32} or {@link ElementType#FLOAT64}
   * @return a stateless, thread-safe object; empty where layers are always taken one by one, unless
   *     a provider says otherwise
   * @throws IllegalArgumentException for any other type
   */
  default Optional<PassPrimitives> passes(ElementType type) {
    return Optional.empty();
  }

  /**
   * The primitives of attention over depth for one floating-point type.
   *
   * @param type {@link ElementType#FLOAT32} or {@link ElementType#FLOAT64}
   * @return a stateless, thread-safe object; empty where this device does not have them, unless a
   *     provider says otherwise
   * @throws IllegalArgumentException for any other type
   */
  default Optional<DepthPrimitives> depth(ElementType type) {
    return Optional.empty();
  }

  /**
   * Stops the provider's threads. Buffers stay the property of those who allocated them. Closing
   * twice is harmless.
   */
  @Override
  void close();
}
