package org.volterra.io;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Reads numeric tables from CSV files: quoting by RFC 4180, lines ended by LF or CR LF, UTF-8 with
 * or without a byte order mark, and gzip, which is recognised by its first bytes.
 *
 * <p>Empty lines and lines that start with {@code #} are skipped. Blanks around a cell are dropped.
 * A cell of data is a decimal number such as {@code -1.5e3}, or {@code nan}, {@code inf} or {@code
 * infinity} in any case and with any sign; an empty cell is refused. All rows have the same number
 * of cells. Whether not-a-number and infinities are welcome is for the caller to decide.
 */
public final class CsvReader {
  private static final int GZIP_MAGIC_0 = 0x1f;
  private static final int GZIP_MAGIC_1 = 0x8b;
  private static final int MAX_COLUMNS = 1 << 20;

  /** The most text that the names of all columns may have, in characters. */
  private static final int MAX_NAMES = 1 << 24;

  private final CsvScanner in;
  private final CsvFormat format;
  private List<String> names = List.of();
  private double[] values = new double[0];
  private int count;

  private CsvReader(CsvScanner in, CsvFormat format) {
    this.in = in;
    this.format = format;
  }

  /**
   * Reads a table in the {@linkplain CsvFormat#DEFAULT default format}.
   *
   * @param file the file, plain or gzip-compressed
   * @return the table; its columns are called c0, c1, … if the file has no header
   * @throws MalformedFileException if the content is not such a table, or too large
   * @throws IOException if the file cannot be read
   */
  public static Table read(Path file) throws IOException {
    return read(file, CsvFormat.DEFAULT);
  }

  /**
   * Reads a table.
   *
   * @param file the file, plain or gzip-compressed
   * @param format separator, header and size limit
   * @return the table; its columns are called c0, c1, … if the file has no header
   * @throws MalformedFileException if the content is not such a table, or too large
   * @throws IOException if the file cannot be read
   */
  public static Table read(Path file, CsvFormat format) throws IOException {
    Objects.requireNonNull(format, "format");
    try (InputStream raw = new BufferedInputStream(Files.newInputStream(file));
        InputStream content = decompressed(file, raw)) {
      return new CsvReader(new CsvScanner(file, content, format.separator()), format).table();
    }
  }

  private static InputStream decompressed(Path file, InputStream raw) throws IOException {
    raw.mark(2);
    boolean gzip = raw.read() == GZIP_MAGIC_0 && raw.read() == GZIP_MAGIC_1;
    raw.reset();
    if (!gzip) {
      return raw;
    }
    try {
      return new GZIPInputStream(raw);
    } catch (ZipException | EOFException e) {
      MalformedFileException refusal =
          MalformedFileException.atByte(file, 0, "a damaged gzip header", "a complete gzip file");
      refusal.initCause(e);
      throw refusal;
    }
  }

  private Table table() throws IOException {
    if (!in.nextRow()) {
      throw in.error("an empty file", "at least one row of numbers");
    }
    long firstLine = in.line();
    firstRow();
    int columns = names.size();
    while (in.nextRow()) {
      dataRow(columns, firstLine);
    }
    if (count == 0) {
      throw in.error("a header without data", "at least one row of numbers");
    }
    return new Table(names, count / columns, columns, Arrays.copyOf(values, count));
  }

  private void firstRow() throws IOException {
    List<String> cells = new ArrayList<>();
    int characters = 0;
    while (in.nextCell()) {
      String text = in.text();
      characters += text.length();
      if (cells.size() == MAX_COLUMNS || characters > MAX_NAMES) {
        String allowed = "at most " + MAX_COLUMNS + " columns and " + MAX_NAMES + " characters";
        throw in.error("a longer first row (too large)", allowed);
      }
      cells.add(text);
    }
    boolean header =
        switch (format.header()) {
          case PRESENT -> true;
          case ABSENT -> false;
          case DETECT -> cells.stream().anyMatch(c -> !c.isEmpty() && !Decimals.isNumber(c));
        };
    if (header) {
      names = List.copyOf(cells);
      return;
    }
    names = IntStream.range(0, cells.size()).mapToObj(i -> "c" + i).toList();
    for (int i = 0; i < cells.size(); i++) {
      add(cells.get(i), i + 1);
    }
  }

  private void dataRow(int columns, long firstLine) throws IOException {
    int cells = 0;
    while (in.nextCell()) {
      cells++;
      if (cells <= columns) {
        add(in.asciiOrText(), cells);
      }
    }
    if (cells != columns) {
      String allowed = columns + " cells, as many as line " + firstLine + " has";
      throw in.error("a row of " + cells + " cells", allowed);
    }
  }

  private void add(String text, int column) throws MalformedFileException {
    if (!Decimals.isNumber(text)) {
      String name = MalformedFileException.excerpt(names.get(column - 1));
      throw in.errorAt(column, MalformedFileException.excerpt(text), "a number for " + name);
    }
    if (count == format.maxCells()) {
      throw in.errorAt(column, "more data (too large)", "at most " + count + " numbers");
    }
    if (count == values.length) {
      long doubled = Math.max(1024L, 2L * count);
      values = Arrays.copyOf(values, (int) Math.min(format.maxCells(), doubled));
    }
    values[count++] = Decimals.parse(text);
  }
}
