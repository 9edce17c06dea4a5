package org.volterra.io;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.zip.ZipException;

/**
 * Splits a stream of bytes into rows and cells by RFC 4180 and knows, for every complaint, line and
 * column. Works on bytes, because everything that matters to the syntax is ASCII; a cell is decoded
 * when it is asked for. Use: {@code while (nextRow()) while (nextCell()) text()}.
 */
final class CsvScanner {
  /** The longest cell, in bytes. */
  static final int MAX_CELL = 4096;

  private static final int END = -1;
  private static final int[] BYTE_ORDER_MARK = {0xef, 0xbb, 0xbf};

  private final Path file;
  private final InputStream in;
  private final int separator;
  private final byte[] buffer = new byte[1 << 16];
  private final byte[] cell = new byte[MAX_CELL];
  private int next;
  private int filled;
  private int cellLength;
  private long line = 1;
  private long cellLine = 1;
  private int column;
  private boolean rowEnded = true;
  private boolean started;

  CsvScanner(Path file, InputStream in, char separator) {
    this.file = file;
    this.in = in;
    this.separator = separator;
  }

  /** Goes to the next row that is neither empty nor a comment; false at the end of the file. */
  boolean nextRow() throws IOException {
    if (!started) {
      started = true;
      skipByteOrderMark();
    }
    while (true) {
      int first = peek();
      if (first == '#') {
        while (peek() != END && peek() != '\n') {
          next++;
        }
      } else if (first != '\n' && first != '\r') {
        break;
      }
      endLine(read());
    }
    column = 0;
    cellLine = line;
    rowEnded = false;
    return peek() != END;
  }

  /** Reads the next cell of the row; false if the row has no more. */
  boolean nextCell() throws IOException {
    if (rowEnded) {
      return false;
    }
    column++;
    cellLength = 0;
    cellLine = line;
    int terminator = peek() == '"' ? quoted() : plain();
    rowEnded = terminator != separator;
    if (rowEnded) {
      endLine(terminator);
    }
    return true;
  }

  /** The line, from 1, on which the current cell starts. */
  long line() {
    return cellLine;
  }

  /** The current cell within its row, from 1. */
  int column() {
    return column;
  }

  /** The current cell without blanks around it. */
  String text() throws MalformedFileException {
    try {
      ByteBuffer bytes = ByteBuffer.wrap(cell, 0, cellLength);
      return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString().strip();
    } catch (CharacterCodingException e) {
      String latin = new String(cell, 0, cellLength, StandardCharsets.ISO_8859_1);
      MalformedFileException refusal =
          error(MalformedFileException.excerpt(latin) + ", which is not UTF-8", "UTF-8 text");
      refusal.initCause(e);
      throw refusal;
    }
  }

  /** The current cell without blanks around it, if it is plain ASCII, as any number is. */
  String asciiOrText() throws MalformedFileException {
    for (int i = 0; i < cellLength; i++) {
      if (cell[i] < 0) {
        return text();
      }
    }
    return new String(cell, 0, cellLength, StandardCharsets.ISO_8859_1).strip();
  }

  /** A complaint about the current cell. */
  MalformedFileException error(String found, String allowed) {
    return errorAt(column, found, allowed);
  }

  /** A complaint about another cell of the current row. */
  MalformedFileException errorAt(int otherColumn, String found, String allowed) {
    return MalformedFileException.atCell(file, cellLine, Math.max(1, otherColumn), found, allowed);
  }

  private int plain() throws IOException {
    while (true) {
      int value = read();
      if (value == separator || value == '\n' || value == '\r' || value == END) {
        return value;
      }
      if (value == '"') {
        throw error("a quote inside a cell without quotes", "quotes around the whole cell");
      }
      append(value);
    }
  }

  private int quoted() throws IOException {
    read();
    while (true) {
      int value = read();
      if (value == END) {
        throw error("the end of the file inside a quoted cell", "a closing quote");
      }
      if (value == '"') {
        if (peek() != '"') {
          break;
        }
        read();
      } else if (value == '\n') {
        line++;
      }
      append(value);
    }
    int terminator = read();
    if (terminator != separator && terminator != '\n' && terminator != '\r' && terminator != END) {
      throw error("text after a closing quote", "a separator or the end of the line");
    }
    return terminator;
  }

  private void append(int value) throws MalformedFileException {
    if (cellLength == MAX_CELL) {
      throw error("a longer cell", "at most " + MAX_CELL + " bytes in a cell");
    }
    cell[cellLength++] = (byte) value;
  }

  private void endLine(int terminator) throws IOException {
    if (terminator == '\r' && read() != '\n') {
      throw error("a carriage return without a line feed", "lines that end in LF or CR LF");
    }
    if (terminator != END) {
      line++;
    }
  }

  private void skipByteOrderMark() throws IOException {
    if (peek() != BYTE_ORDER_MARK[0]) {
      return;
    }
    for (int expected : BYTE_ORDER_MARK) {
      column = 1;
      if (read() != expected) {
        throw error("a damaged byte order mark", "UTF-8 text");
      }
    }
  }

  private int peek() throws IOException {
    return next < filled || fill() ? Byte.toUnsignedInt(buffer[next]) : END;
  }

  private int read() throws IOException {
    return next < filled || fill() ? Byte.toUnsignedInt(buffer[next++]) : END;
  }

  private boolean fill() throws IOException {
    try {
      filled = in.read(buffer, 0, buffer.length);
    } catch (ZipException | EOFException e) {
      MalformedFileException refusal =
          error("damaged gzip data (" + e.getMessage() + ")", "a complete gzip file");
      refusal.initCause(e);
      throw refusal;
    }
    next = 0;
    return filled > 0;
  }
}
