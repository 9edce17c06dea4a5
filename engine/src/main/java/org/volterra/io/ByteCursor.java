package org.volterra.io;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/**
 * Reads a stretch of a mapped file byte by byte and knows, for every complaint, where it is. The
 * two text headers of this package (JSON, Python literal) are parsed with it.
 */
final class ByteCursor {
  private static final int END = -1;

  private final Path file;
  private final MemorySegment bytes;
  private final long end;
  private long position;

  /** Covers the bytes from start (inclusive) to end (exclusive) of the file's segment. */
  ByteCursor(Path file, MemorySegment bytes, long start, long end) {
    this.file = file;
    this.bytes = bytes;
    this.position = start;
    this.end = end;
  }

  /** The file offset of the next byte. */
  long position() {
    return position;
  }

  boolean atEnd() {
    return position >= end;
  }

  /** The next byte, 0 to 255, without consuming it; -1 at the end. */
  int peek() {
    return atEnd() ? END : Byte.toUnsignedInt(bytes.get(ValueLayout.JAVA_BYTE, position));
  }

  /** Consumes the next byte; -1 at the end. */
  int next() {
    int value = peek();
    if (value != END) {
      position++;
    }
    return value;
  }

  /** Consumes spaces, tabs, line feeds and carriage returns. */
  void skipBlanks() {
    while (peek() == ' ' || peek() == '\n' || peek() == '\t' || peek() == '\r') {
      position++;
    }
  }

  /** Skips blanks, then consumes the byte if it is the wanted one. */
  boolean accept(char wanted) {
    skipBlanks();
    if (peek() != wanted) {
      return false;
    }
    position++;
    return true;
  }

  /** Skips blanks and consumes the wanted byte, or complains. */
  void expect(char wanted, String allowed) throws MalformedFileException {
    if (!accept(wanted)) {
      throw unexpected(allowed);
    }
  }

  /** Skips blanks and reads a decimal integer from 0 to 2^63 - 1 without leading zeros. */
  long nonNegativeLong(String what) throws MalformedFileException {
    skipBlanks();
    String allowed = what + ", an integer from 0 to 2^63 - 1";
    long start = position;
    if (!isDigit(peek())) {
      throw unexpected(allowed);
    }
    long value = 0;
    while (isDigit(peek())) {
      int digit = next() - '0';
      if (position - start > 1 && value == 0) {
        throw error(start, "a leading zero", allowed);
      }
      if (value > (Long.MAX_VALUE - digit) / 10) {
        throw error(start, "a number of 2^63 or more", allowed);
      }
      value = 10 * value + digit;
    }
    return value;
  }

  /** The complaint that the next byte is not what is allowed here. */
  MalformedFileException unexpected(String allowed) {
    return error(position, describe(peek()), allowed);
  }

  MalformedFileException error(long at, String found, String allowed) {
    return MalformedFileException.atByte(file, at, found, allowed);
  }

  private static String describe(int value) {
    if (value == END) {
      return "the end of the header";
    }
    if (value > ' ' && value < 0x7f) {
      return "'" + (char) value + "'";
    }
    return String.format("byte 0x%02x", value);
  }

  private static boolean isDigit(int value) {
    return value >= '0' && value <= '9';
  }
}
