package org.volterra.io;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;

/**
 * Writes tables of numbers and text as CSV, row by row, so that {@link CsvReader} reads the same
 * numbers, bit for bit (but one not-a-number for all).
 *
 * <p>Lines end in LF. Text is quoted where it has to be. Whether rows have equal lengths is up to
 * the caller. Not safe for use by several threads at once.
 */
public final class CsvWriter implements Closeable {
  private final Writer out;
  private final char separator;
  private boolean rowStarted;

  /**
   * Writes to the given writer.
   *
   * @param out receives the text; closed with this writer
   * @param format gives the separator; its other components do not matter here
   */
  public CsvWriter(Writer out, CsvFormat format) {
    this.out = Objects.requireNonNull(out, "out");
    this.separator = format.separator();
  }

  /**
   * Writes a whole table with its names, comma-separated in UTF-8, atomically (see {@link
   * AtomicFiles#write}).
   *
   * @param file the file to create or replace
   * @param table the table
   * @throws IOException if the file cannot be written; a file that was there is then unchanged
   */
  public static void write(Path file, Table table) throws IOException {
    AtomicFiles.write(
        file,
        channel -> {
          // Not closed: the channel's owner still has to force it.
          Writer text =
              new OutputStreamWriter(Channels.newOutputStream(channel), StandardCharsets.UTF_8);
          CsvWriter csv = new CsvWriter(text, CsvFormat.DEFAULT);
          for (String name : table.names()) {
            csv.text(name);
          }
          csv.endRow();
          for (int row = 0; row < table.rows(); row++) {
            for (int column = 0; column < table.columns(); column++) {
              csv.number(table.get(row, column));
            }
            csv.endRow();
          }
          text.flush();
        });
  }

  /**
   * Adds a cell of text.
   *
   * @param text the text
   * @return this writer
   * @throws IOException if writing fails
   */
  public CsvWriter text(String text) throws IOException {
    boolean quote = text.isEmpty() || text.startsWith("#") || !text.equals(text.strip());
    for (int i = 0; i < text.length() && !quote; i++) {
      char c = text.charAt(i);
      quote = c == separator || c == '"' || c == '\n' || c == '\r' || c == '\ufeff';
    }
    return cell(quote ? "\"" + text.replace("\"", "\"\"") + "\"" : text);
  }

  /**
   * Adds a cell with a number, in the shortest form that reads back as the same float64.
   *
   * @param value the number; NaN and infinities are written as {@code NaN} and {@code Infinity}
   * @return this writer
   * @throws IOException if writing fails
   */
  public CsvWriter number(double value) throws IOException {
    return cell(Double.toString(value));
  }

  /**
   * Adds a cell with an integer.
   *
   * @param value the number
   * @return this writer
   * @throws IOException if writing fails
   */
  public CsvWriter integer(long value) throws IOException {
    return cell(Long.toString(value));
  }

  /**
   * Ends the row.
   *
   * @return this writer
   * @throws IOException if writing fails
   */
  public CsvWriter endRow() throws IOException {
    out.write('\n');
    rowStarted = false;
    return this;
  }

  /**
   * Closes the underlying writer.
   *
   * @throws IOException if that fails
   */
  @Override
  public void close() throws IOException {
    out.close();
  }

  private CsvWriter cell(String text) throws IOException {
    if (rowStarted) {
      out.write(separator);
    }
    rowStarted = true;
    out.write(text);
    return this;
  }
}
