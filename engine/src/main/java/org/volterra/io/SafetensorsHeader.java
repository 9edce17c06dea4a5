package org.volterra.io;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The header of a safetensors file: parsed, and checked against the size of the file, so that every
 * entry it holds can be sliced from the data without further checks.
 *
 * @param entries the tensors in header order
 * @param metadata the {@code __metadata__} strings in header order, perhaps none
 * @param dataStart the file offset of the data
 */
record SafetensorsHeader(Map<String, Entry> entries, Map<String, String> metadata, long dataStart) {
  static final String METADATA = "__metadata__";
  static final int LENGTH_BYTES = Long.BYTES;
  static final long MAX_BYTES = 100_000_000;

  /** The most tensors, and the most metadata strings: bounds the heap that a header can claim. */
  static final int MAX_ENTRIES = 1 << 18;

  private static final ValueLayout.OfLong LENGTH =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /**
   * One tensor.
   *
   * @param begin the first byte, relative to the start of the data
   * @param end the byte after the last
   * @param position the file offset of the offsets, for complaints
   */
  @SuppressWarnings("ArrayRecordComponent") // never leaves this package, never compared
  record Entry(String name, DType dtype, long[] shape, long begin, long end, long position) {}

  /** Parses the header at the start of a mapped file. */
  static SafetensorsHeader parse(Path file, MemorySegment bytes) throws MalformedFileException {
    long size = bytes.byteSize();
    if (size < LENGTH_BYTES) {
      throw MalformedFileException.atByte(
          file, size, "the end of the file", "8 bytes that give the header's length");
    }
    long length = bytes.get(LENGTH, 0);
    long most = Math.min(MAX_BYTES, size - LENGTH_BYTES);
    if (length < 0 || length > most) {
      String allowed = "2 to " + most + " bytes (the file has " + size + ", the limit is 100 MB)";
      String found = "a header length of " + Long.toUnsignedString(length);
      throw MalformedFileException.atByte(file, 0, found, allowed);
    }
    long dataStart = LENGTH_BYTES + length;
    ByteCursor in = new ByteCursor(file, bytes, LENGTH_BYTES, dataStart);
    SafetensorsHeader header = parse(in, dataStart);
    header.checkCoverage(in, size - dataStart);
    return header;
  }

  private static SafetensorsHeader parse(ByteCursor in, long dataStart)
      throws MalformedFileException {
    Map<String, Entry> entries = new LinkedHashMap<>();
    Map<String, String> metadata = new LinkedHashMap<>();
    boolean metadataSeen = false;
    if (in.peek() != '{') {
      throw in.unexpected("'{' as the header's first byte");
    }
    in.next();
    for (boolean more = !in.accept('}'); more; more = hasMore(in)) {
      in.skipBlanks();
      long at = in.position();
      String name = JsonText.read(in, "a tensor's name");
      in.expect(':', "':' after a tensor's name");
      if (entries.containsKey(name) || (metadataSeen && name.equals(METADATA))) {
        throw duplicate(in, at, name);
      }
      checkCount(in, at, entries.size());
      if (name.equals(METADATA)) {
        metadataSeen = true;
        parseMetadata(in, metadata);
      } else {
        entries.put(name, parseEntry(in, name));
      }
    }
    in.skipBlanks();
    if (!in.atEnd()) {
      throw in.unexpected("only blanks after the header's closing '}'");
    }
    return new SafetensorsHeader(entries, Collections.unmodifiableMap(metadata), dataStart);
  }

  private static void parseMetadata(ByteCursor in, Map<String, String> metadata)
      throws MalformedFileException {
    in.expect('{', "'{' that opens the metadata");
    for (boolean more = !in.accept('}'); more; more = hasMore(in)) {
      in.skipBlanks();
      long at = in.position();
      String key = JsonText.read(in, "a metadata key");
      in.expect(':', "':' after a metadata key");
      checkCount(in, at, metadata.size());
      if (metadata.put(key, JsonText.read(in, "a metadata value")) != null) {
        throw duplicate(in, at, key);
      }
    }
  }

  private static Entry parseEntry(ByteCursor in, String name) throws MalformedFileException {
    DType dtype = null;
    long[] shape = null;
    long[] offsets = null;
    in.expect('{', "'{' that opens a tensor's description");
    long opening = in.position() - 1;
    long offsetsAt = opening;
    for (boolean more = !in.accept('}'); more; more = hasMore(in)) {
      in.skipBlanks();
      long at = in.position();
      String key = JsonText.read(in, "a tensor's property");
      in.expect(':', "':' after a tensor's property");
      in.skipBlanks();
      if (key.equals("dtype") && dtype == null) {
        dtype = parseDtype(in);
      } else if (key.equals("shape") && shape == null) {
        shape = parseLongs(in, Shapes.MAX_RANK, "a dimension");
      } else if (key.equals("data_offsets") && offsets == null) {
        offsetsAt = in.position();
        offsets = parseLongs(in, 2, "a data offset");
      } else {
        String found = "property " + MalformedFileException.excerpt(key);
        throw in.error(at, found, "dtype, shape and data_offsets, each once");
      }
    }
    if (dtype == null || shape == null || offsets == null || offsets.length != 2) {
      String found = "an incomplete description of " + MalformedFileException.excerpt(name);
      throw in.error(opening, found, "dtype, shape and two data_offsets");
    }
    Entry entry = new Entry(name, dtype, shape, offsets[0], offsets[1], offsetsAt);
    checkSize(in, entry);
    return entry;
  }

  private static DType parseDtype(ByteCursor in) throws MalformedFileException {
    long at = in.position();
    String name = JsonText.read(in, "a dtype");
    return DType.ofSafetensors(name)
        .orElseThrow(() -> {
          String found = "dtype " + MalformedFileException.excerpt(name);
          return in.error(at, found, "one of " + Arrays.toString(DType.values()));
        });
  }

  private static long[] parseLongs(ByteCursor in, int most, String what)
      throws MalformedFileException {
    long[] values = new long[most];
    int count = 0;
    in.expect('[', "'[' that opens a list of integers");
    if (in.accept(']')) {
      return new long[0];
    }
    do {
      if (count == most) {
        throw in.unexpected("at most " + most + " integers in this list");
      }
      values[count++] = in.nonNegativeLong(what);
    } while (in.accept(','));
    in.expect(']', "',' or ']' after " + what);
    return Arrays.copyOf(values, count);
  }

  private static void checkSize(ByteCursor in, Entry entry) throws MalformedFileException {
    String offsets = describe(entry);
    if (entry.begin > entry.end) {
      throw in.error(entry.position, offsets, "a begin that is at most the end");
    }
    long bytes = Shapes.byteSize(entry.dtype, entry.shape).orElse(-1);
    String what = entry.dtype + " of shape " + Arrays.toString(entry.shape);
    if (bytes < 0) {
      throw in.error(entry.position, what, "tensors of fewer than 2^63 bytes");
    }
    if (entry.end - entry.begin != bytes) {
      throw in.error(entry.position, offsets, bytes + " bytes, the size of " + what);
    }
  }

  /** Checks that the tensors tile the data: no hole, no overlap, nothing missing, nothing left. */
  private void checkCoverage(ByteCursor in, long dataBytes) throws MalformedFileException {
    List<Entry> ordered = new ArrayList<>(entries.values());
    ordered.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    long covered = 0;
    for (Entry entry : ordered) {
      if (entry.end > dataBytes) {
        String allowed = "offsets up to " + dataBytes + ", the bytes of data in the file";
        throw in.error(entry.position, describe(entry), allowed + " (truncated file?)");
      }
      if (entry.begin != covered) {
        String defect = entry.begin < covered ? " (overlap)" : " (hole)";
        String allowed = "a begin of " + covered + ", where the tensor before ends" + defect;
        throw in.error(entry.position, describe(entry), allowed);
      }
      covered = entry.end;
    }
    if (covered != dataBytes) {
      String found = (dataBytes - covered) + " bytes that belong to no tensor";
      throw in.error(dataStart + covered, found, "the end of the file");
    }
  }

  private static String describe(Entry entry) {
    return "data_offsets ["
        + entry.begin
        + ", "
        + entry.end
        + "] of "
        + MalformedFileException.excerpt(entry.name);
  }

  private static boolean hasMore(ByteCursor in) throws MalformedFileException {
    if (in.accept(',')) {
      return true;
    }
    in.expect('}', "',' or '}'");
    return false;
  }

  private static void checkCount(ByteCursor in, long at, int count) throws MalformedFileException {
    if (count == MAX_ENTRIES) {
      throw in.error(at, "one more entry", "at most " + MAX_ENTRIES + " entries");
    }
  }

  private static MalformedFileException duplicate(ByteCursor in, long at, String name) {
    String found = MalformedFileException.excerpt(name) + " a second time";
    return in.error(at, found, "every key once");
  }
}
