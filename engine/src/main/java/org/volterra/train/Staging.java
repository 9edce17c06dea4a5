package org.volterra.train;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import org.volterra.memory.HostBuffer;
import org.volterra.memory.Resources;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Feed;

/**
 * A buffer of the device and what fills it: the provider's feed, which copies while the device
 * works, or memory of the host that is copied at once.
 */
final class Staging implements AutoCloseable {
  private final Resources resources = new Resources();
  private final Buffer buffer;
  private final Feed feed;
  private final HostBuffer host;
  private MemorySegment memory;

  Staging(ComputeProvider provider, ElementType type, long length) {
    boolean complete = false;
    try {
      buffer = resources.own(provider.allocate(type, length));
      feed = provider.feed(buffer).orElse(null);
      if (feed != null) {
        resources.own(feed);
      }
      host = feed == null ? resources.own(HostBuffer.allocate(type, length)) : null;
      complete = true;
    } finally {
      if (!complete) {
        resources.close();
      }
    }
  }

  /** What is filled. */
  Buffer buffer() {
    return buffer;
  }

  /** Begins the next contents. */
  void begin() {
    memory = feed == null ? host.segment() : feed.begin();
  }

  /** Writes one element of them. */
  void set(long index, double value) {
    switch (buffer.type()) {
      case FLOAT32 -> memory.setAtIndex(JAVA_FLOAT, index, (float) value);
      case FLOAT64 -> memory.setAtIndex(JAVA_DOUBLE, index, value);
      case INT32 -> memory.setAtIndex(JAVA_INT, index, (int) value);
      case BFLOAT16 -> throw new IllegalArgumentException("samples are not stored as bfloat16");
    }
  }

  /** Brings the first elements to the device. */
  void send(long count) {
    if (feed == null) {
      buffer.upload(memory, 0, 0, count);
    } else {
      feed.send(count);
    }
  }

  @Override
  public void close() {
    resources.close();
  }
}
