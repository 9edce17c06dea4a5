package org.volterra.io;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * The header of an npy file: parsed, and checked against the size of the file.
 *
 * @param dtype the element type
 * @param bigEndian whether elements need their bytes reversed
 * @param fortranOrder whether the first index runs fastest
 * @param shape the dimensions
 * @param dataStart the file offset of the elements, which reach to the end of the file
 */
@SuppressWarnings("ArrayRecordComponent") // never leaves this package, never compared
record NpyHeader(
    DType dtype, boolean bigEndian, boolean fortranOrder, long[] shape, long dataStart) {
  static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  static final long MAX_BYTES = 1 << 20;

  private static final int VERSION_AT = 6;
  private static final int LENGTH_AT = 8;
  private static final int LONGEST_WORD = 32;
  private static final String TYPES =
      "'<' or '>' (or '|' for one byte) and f2, f4, f8, i1, i2, i4, i8, u1, u2, u4, u8 or b1";
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Parses the header at the start of a mapped file. */
  static NpyHeader parse(Path file, MemorySegment bytes) throws MalformedFileException {
    long size = bytes.byteSize();
    for (int i = 0; i < MAGIC.length; i++) {
      if (i >= size || bytes.get(ValueLayout.JAVA_BYTE, i) != MAGIC[i]) {
        String found = i >= size ? "the end of the file" : "another byte";
        throw MalformedFileException.atByte(file, i, found, "the magic bytes \\x93NUMPY");
      }
    }
    int major = size > VERSION_AT ? bytes.get(ValueLayout.JAVA_BYTE, VERSION_AT) : -1;
    int minor = size > VERSION_AT + 1 ? bytes.get(ValueLayout.JAVA_BYTE, VERSION_AT + 1) : -1;
    if (major < 1 || major > 3 || minor != 0) {
      String found = "version " + major + "." + minor;
      throw MalformedFileException.atByte(file, VERSION_AT, found, "1.0, 2.0 or 3.0");
    }
    int lengthBytes = major == 1 ? Short.BYTES : Integer.BYTES;
    long start = (long) LENGTH_AT + lengthBytes;
    if (size < start) {
      throw MalformedFileException.atByte(
          file, size, "the end of the file", lengthBytes + " bytes of header length");
    }
    long length =
        major == 1
            ? Short.toUnsignedLong(bytes.get(SHORT, LENGTH_AT))
            : Integer.toUnsignedLong(bytes.get(INT, LENGTH_AT));
    long most = Math.min(MAX_BYTES, size - start);
    if (length > most) {
      String allowed = "at most " + most + " bytes (the file has " + size + ", the limit is 1 MiB)";
      throw MalformedFileException.atByte(file, LENGTH_AT, "a header length of " + length, allowed);
    }
    ByteCursor in = new ByteCursor(file, bytes, start, start + length);
    NpyHeader header = parse(in, start + length);
    header.checkSize(in, size);
    return header;
  }

  private static NpyHeader parse(ByteCursor in, long dataStart) throws MalformedFileException {
    String descr = null;
    Boolean fortranOrder = null;
    long[] shape = null;
    long descrAt = 0;
    in.expect('{', "'{' that opens the header");
    long opening = in.position() - 1;
    while (!in.accept('}')) {
      in.skipBlanks();
      long at = in.position();
      String key = string(in, "a key");
      in.expect(':', "':' after a key");
      in.skipBlanks();
      if (key.equals("descr") && descr == null) {
        descrAt = in.position();
        descr = string(in, "the element type");
      } else if (key.equals("fortran_order") && fortranOrder == null) {
        fortranOrder = bool(in);
      } else if (key.equals("shape") && shape == null) {
        shape = tuple(in);
      } else {
        String found = "key " + MalformedFileException.excerpt(key);
        throw in.error(at, found, "descr, fortran_order and shape, each once");
      }
      if (!in.accept(',')) {
        in.expect('}', "',' or '}'");
        break;
      }
    }
    in.skipBlanks();
    if (!in.atEnd()) {
      throw in.unexpected("only blanks after the header's closing '}'");
    }
    if (descr == null || fortranOrder == null || shape == null) {
      throw in.error(opening, "an incomplete header", "descr, fortran_order and shape");
    }
    boolean bigEndian = descr.startsWith(">");
    return new NpyHeader(dtype(in, descrAt, descr), bigEndian, fortranOrder, shape, dataStart);
  }

  private static DType dtype(ByteCursor in, long at, String descr) throws MalformedFileException {
    Optional<DType> dtype = Optional.empty();
    if (descr.length() == 3) {
      char order = descr.charAt(0);
      int size = descr.charAt(2) - '0';
      if (order == '<' || order == '>' || (order == '|' && size == 1)) {
        dtype = DType.ofNumpy(descr.charAt(1), size);
      }
    }
    return dtype.orElseThrow(
        () -> in.error(at, "element type " + MalformedFileException.excerpt(descr), TYPES));
  }

  private static String string(ByteCursor in, String what) throws MalformedFileException {
    in.skipBlanks();
    int quote = in.peek();
    if (quote != '\'' && quote != '"') {
      throw in.unexpected(what + " in quotes");
    }
    in.next();
    StringBuilder text = new StringBuilder();
    while (in.peek() != quote) {
      int next = in.peek();
      if (next < ' ' || next > '~' || next == '\\' || text.length() == LONGEST_WORD) {
        throw in.unexpected("plain ASCII, at most " + LONGEST_WORD + " characters, and a quote");
      }
      text.append((char) in.next());
    }
    in.next();
    return text.toString();
  }

  private static boolean bool(ByteCursor in) throws MalformedFileException {
    String word = in.peek() == 'T' ? "True" : "False";
    long at = in.position();
    for (int i = 0; i < word.length(); i++) {
      if (in.next() != word.charAt(i)) {
        throw in.error(at, "something else", "True or False");
      }
    }
    return word.equals("True");
  }

  private static long[] tuple(ByteCursor in) throws MalformedFileException {
    long[] values = new long[Shapes.MAX_RANK];
    int count = 0;
    boolean comma = true;
    in.expect('(', "'(' that opens the shape");
    while (!in.accept(')')) {
      if (!comma) {
        throw in.unexpected("',' or ')' after a dimension");
      }
      if (count == values.length) {
        throw in.unexpected("at most " + values.length + " dimensions");
      }
      values[count++] = in.nonNegativeLong("a dimension");
      comma = in.accept(',');
    }
    if (count == 1 && !comma) {
      throw in.error(in.position() - 1, "')'", "',' after the only dimension");
    }
    return Arrays.copyOf(values, count);
  }

  private void checkSize(ByteCursor in, long fileSize) throws MalformedFileException {
    long available = fileSize - dataStart;
    long bytes = Shapes.byteSize(dtype, shape).orElse(-1);
    String what = dtype + " of shape " + Arrays.toString(shape);
    if (bytes < 0) {
      throw in.error(LENGTH_AT, what, "arrays of fewer than 2^63 bytes");
    }
    if (bytes != available) {
      throw in.error(
          dataStart, available + " bytes of data", bytes + " bytes, the size of " + what);
    }
  }

  /** The bytes of a version 1.0 header, padded so that the data starts at a multiple of 64. */
  static byte[] encode(String descr, long[] shape) {
    StringBuilder tuple = new StringBuilder("(");
    for (long dimension : shape) {
      tuple.append(tuple.length() > 1 ? ", " : "").append(dimension);
    }
    tuple.append(shape.length == 1 ? ",)" : ")");
    String text = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + tuple + ", }";
    int start = LENGTH_AT + Short.BYTES;
    int total = (start + text.length() + 1 + 63) / 64 * 64;
    byte[] bytes = new byte[total];
    Arrays.fill(bytes, (byte) ' ');
    System.arraycopy(MAGIC, 0, bytes, 0, MAGIC.length);
    bytes[VERSION_AT] = 1;
    bytes[VERSION_AT + 1] = 0;
    MemorySegment.ofArray(bytes).set(SHORT, LENGTH_AT, (short) (total - start));
    byte[] ascii = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(ascii, 0, bytes, start, ascii.length);
    bytes[total - 1] = '\n';
    return bytes;
  }
}
