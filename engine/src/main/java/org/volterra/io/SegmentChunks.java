package org.volterra.io;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** Walks a segment of any size and kind as a sequence of byte buffers of bounded size. */
final class SegmentChunks {
  private static final int CHUNK_BYTES = 1 << 20;

  private SegmentChunks() {}

  /** Receives one buffer after the other and consumes each completely. */
  interface Sink {
    void accept(ByteBuffer chunk) throws IOException;
  }

  /** Native memory is handed on as views; heap memory is staged through one small buffer. */
  static void forEach(MemorySegment segment, Sink sink) throws IOException {
    long size = segment.byteSize();
    ByteBuffer staging = null;
    for (long at = 0; at < size; at += CHUNK_BYTES) {
      int length = (int) Math.min(CHUNK_BYTES, size - at);
      MemorySegment chunk = segment.asSlice(at, length);
      if (segment.isNative()) {
        sink.accept(chunk.asByteBuffer());
        continue;
      }
      if (staging == null) {
        staging = ByteBuffer.allocateDirect(length);
      }
      staging.clear().limit(length);
      MemorySegment.ofBuffer(staging).copyFrom(chunk);
      sink.accept(staging);
    }
  }
}
