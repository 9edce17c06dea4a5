package org.volterra.io;

import java.io.IOException;
import java.io.Serial;
import java.nio.file.Path;

/**
 * Says that a file's content breaks its format: where, what was found, and what is allowed there.
 *
 * <p>Binary formats give a byte offset from the start of the file, text formats a line and a
 * column, both counted from 1, where the column counts cells. Failures of the file system itself
 * (missing file, no permission, full disk) stay plain {@link IOException}s.
 */
public final class MalformedFileException extends IOException {
  @Serial private static final long serialVersionUID = 1L;

  /** The longest excerpt of a file that a message repeats, in characters. */
  private static final int MAX_EXCERPT = 60;

  /** The path as given to the reader. */
  private final String file;

  /** Bytes from the start of the file, or -1. */
  private final long byteOffset;

  /** The line from 1, or -1. */
  private final long line;

  /** The cell in its row from 1, or -1. */
  private final long column;

  private MalformedFileException(
      String message, String file, long byteOffset, long line, long column) {
    super(message);
    this.file = file;
    this.byteOffset = byteOffset;
    this.line = line;
    this.column = column;
  }

  /**
   * A defect at a byte of a binary file.
   *
   * @param file the file
   * @param byteOffset bytes from the start of the file to the defect
   * @param found what stands there
   * @param allowed what may stand there
   * @return the exception, ready to be thrown
   */
  public static MalformedFileException atByte(
      Path file, long byteOffset, String found, String allowed) {
    String message =
        file + ": at byte " + byteOffset + ": found " + found + "; allowed: " + allowed;
    return new MalformedFileException(message, file.toString(), byteOffset, -1, -1);
  }

  /**
   * A defect in a cell of a text table.
   *
   * @param file the file
   * @param line the physical line, from 1
   * @param column the cell within its row, from 1
   * @param found what stands there
   * @param allowed what may stand there
   * @return the exception, ready to be thrown
   */
  public static MalformedFileException atCell(
      Path file, long line, long column, String found, String allowed) {
    String message =
        file
            + ": line "
            + line
            + ", column "
            + column
            + ": found "
            + found
            + "; allowed: "
            + allowed;
    return new MalformedFileException(message, file.toString(), -1, line, column);
  }

  /**
   * Quotes text from a file for a message: control and unassigned characters are escaped, and long
   * text is cut.
   */
  static String excerpt(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    int shown = Math.min(text.length(), MAX_EXCERPT);
    for (int i = 0; i < shown; i++) {
      char c = text.charAt(i);
      if (c < ' ' || Character.isISOControl(c) || !Character.isDefined(c)) {
        quoted.append(String.format("\\u%04x", (int) c));
      } else {
        quoted.append(c);
      }
    }
    quoted.append('"');
    if (shown < text.length()) {
      quoted.append("... (").append(text.length()).append(" characters)");
    }
    return quoted.toString();
  }

  /**
   * The file that is malformed.
   *
   * @return its path as it was given to the reader
   */
  public String file() {
    return file;
  }

  /**
   * Where a binary file is malformed.
   *
   * @return bytes from the start of the file, or -1 for text formats
   */
  public long byteOffset() {
    return byteOffset;
  }

  /**
   * The line at which a text file is malformed.
   *
   * @return the line from 1, or -1 for binary formats
   */
  public long line() {
    return line;
  }

  /**
   * The cell at which a text file is malformed.
   *
   * @return the cell within its row from 1, or -1 for binary formats
   */
  public long column() {
    return column;
  }
}
