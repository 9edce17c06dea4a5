package org.volterra.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("provider-independent")
class CsvReaderTest {
  private static final CsvFormat COMMA = CsvFormat.DEFAULT;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a,b\n1,2\n3,4\n",
        "a,b\n1,2\n3,4",
        "a,b\r\n1,2\r\n3,4\r\n",
        "\ufeffa,b\n1,2\n3,4",
        "# comment, with \"quote\n\n  a , b \n#x\n1,2\n\r\n3,4\n# end",
        "\"a\",\"b\"\n\"1\",2\n 3.0e0,  +4. \n",
      })
  void oneTableInManySpellings(String text) throws IOException {
    Table expected = new Table(List.of("a", "b"), 2, 2, new double[] {1, 2, 3, 4});
    assertThat(read(text, COMMA)).isEqualTo(expected).hasSameHashCodeAs(expected);
    Path file = folder.resolve("a.csv.gz");
    Files.write(file, gzip(text.getBytes(StandardCharsets.UTF_8)));
    assertThat(CsvReader.read(file)).isEqualTo(expected);
    for (char separator : ";\t|".toCharArray()) {
      assertThat(read(text.replace(',', separator), COMMA.withSeparator(separator)))
          .isEqualTo(expected);
    }
  }

  @Test
  void theHeaderIsDetectedOrGiven() throws IOException {
    assertThat(read("1,2\n3,4", COMMA).names()).containsExactly("c0", "c1");
    assertThat(read("1,2\n3,4", COMMA).rows()).isEqualTo(2);
    assertThat(read("nan,-inf\n3,4", COMMA).rows()).isEqualTo(2);
    assertThat(read(",x\n3,4", COMMA).names()).containsExactly("", "x");
    assertThat(read("1,2\n3,4", COMMA.withHeader(CsvFormat.Header.PRESENT)).names())
        .containsExactly("1", "2");
    assertThat(refusal("a,2\n3,4", COMMA.withHeader(CsvFormat.Header.ABSENT)))
        .hasMessageContaining("line 1, column 1: found \"a\"; allowed: a number for \"c0\"");
    assertThat(read("\"a \"\"q\"\", \nψ😀\",b\n3,4", COMMA).names())
        .containsExactly("a \"q\", \nψ😀", "b");
  }

  @Test
  void numbersOfEveryFormAreRead() throws IOException {
    String text = "0,-0.0,.5,5.,1e3,1E-3,-1.5e+300,nan,NaN,inf,-Infinity,+INF,4.9e-324,1e999";
    double[] expected = {
      0,
      -0.0,
      .5,
      5,
      1e3,
      1e-3,
      -1.5e300,
      Double.NaN,
      Double.NaN,
      Double.POSITIVE_INFINITY,
      Double.NEGATIVE_INFINITY,
      Double.POSITIVE_INFINITY,
      Double.MIN_VALUE,
      Double.POSITIVE_INFINITY
    };
    assertThat(read(text, COMMA).values()).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", " ", "x", "1x", "1d", "1f", "0x1p3", "--1", "+", ".", "e5", "1e", "1e+", "1.2.3", "1 2",
        "NA", "infinit", "1_000", "١", "-.e1"
      })
  void whatIsNoNumberIsRefused(String cell) throws IOException {
    MalformedFileException refusal = refusal("a,b\n1,2\n3," + cell + "\n", COMMA);
    assertThat(refusal)
        .hasMessageContaining(
            "line 3, column 2: found \"" + cell.strip() + "\"; allowed: a number for \"b\"");
    assertThat(refusal.line()).isEqualTo(3);
    assertThat(refusal.column()).isEqualTo(2);
    assertThat(refusal.byteOffset()).isEqualTo(-1);
  }

  static Stream<Arguments> malformed() {
    return Stream.of(
        Arguments.of("", "line 1, column 1: found an empty file"),
        Arguments.of("\n# x\n\r\n", "line 4, column 1: found an empty file"),
        Arguments.of("\ufeff", "found an empty file"),
        Arguments.of("a,b\n", "found a header without data"),
        Arguments.of("a,b\n1,2\n3\n", "line 3, column 1: found a row of 1 cells; allowed: 2 cells"),
        Arguments.of("a,b\n1,2,3\n", "line 2, column 3: found a row of 3 cells; allowed: 2 cells"),
        Arguments.of("1,2\n1,2,", "found a row of 3 cells; allowed: 2 cells, as many as line 1"),
        Arguments.of("#\n1\n\n2,3", "line 4, column 2: found a row of 2 cells; allowed: 1 cells"),
        Arguments.of("1,\n", "line 1, column 2: found \"\""),
        Arguments.of("1\n\"2\n", "line 2, column 1: found the end of the file inside a quoted"),
        Arguments.of("1\n\"2\" \n", "line 2, column 1: found text after a closing quote"),
        Arguments.of("1\n2\"\"\n", "line 2, column 1: found a quote inside a cell"),
        Arguments.of("1\n2\r3\n", "line 2, column 1: found a carriage return without"),
        Arguments.of("\r1\n", "found a carriage return without"),
        Arguments.of("1\n" + "2".repeat(4097), "line 2, column 1: found a longer cell"),
        Arguments.of("1\n\"\n\nx\"\ny", "line 2, column 1: found \"x\""),
        Arguments.of("1\n" + "y".repeat(100), "y\"... (100 characters)"),
        Arguments.of("1\n\u0007", "found \"\\u0007\""));
  }

  @ParameterizedTest
  @MethodSource("malformed")
  void whatIsMalformedIsRefused(String text, String message) throws IOException {
    assertThat(refusal(text, COMMA)).hasMessageContaining(message);
  }

  @Test
  void damagedBytesAreRefused() throws IOException {
    assertThat(refusal(new byte[] {'a', ',', (byte) 0xe9, '\n', '1', ',', '2'}, COMMA))
        .hasMessageContaining("line 1, column 2: found \"é\", which is not UTF-8");
    assertThat(refusal(new byte[] {(byte) 0xef, (byte) 0xbb, '1'}, COMMA))
        .hasMessageContaining("a damaged byte order mark");
    assertThat(refusal(new byte[] {0x1f, (byte) 0x8b}, COMMA))
        .hasMessageContaining("at byte 0: found a damaged gzip header");
    byte[] zipped = gzip("1,2\n3,4\n".repeat(50).getBytes(StandardCharsets.UTF_8));
    assertThat(refusal(Arrays.copyOf(zipped, zipped.length - 9), COMMA))
        .hasMessageContaining("damaged gzip data");
    zipped[zipped.length - 6] ^= 1;
    assertThat(refusal(zipped, COMMA)).hasMessageContaining("damaged gzip data");
  }

  @Test
  void tooMuchDataIsRefusedAndTheLimitIsNot() throws IOException {
    CsvFormat four = COMMA.withMaxCells(4);
    assertThat(read("1,2\n3,4", four).rows()).isEqualTo(2);
    assertThat(refusal("1,2\n3,4\n5,6", four))
        .hasMessageContaining("line 3, column 1: found more data (too large); allowed: at most 4");
    assertThat(refusal("x" + ",x".repeat(1 << 20) + "\n", COMMA))
        .hasMessageContaining("line 1, column 1048577: found a longer first row (too large)");
  }

  @Test
  void aSmallCompressedFileCannotExhaustTheHeap() throws IOException {
    Path file = folder.resolve("bomb.csv.gz");
    byte[] row = "1,1,1,1,1,1,1,1\n".repeat(4096).getBytes(StandardCharsets.US_ASCII);
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      for (int i = 0; i < 40; i++) {
        out.write(row);
      }
    }
    assertThatThrownBy(() -> CsvReader.read(file, COMMA.withMaxCells(1 << 20)))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("too large");
    assertThat(CsvReader.read(file, COMMA.withMaxCells(40L << 15)).rows()).isEqualTo(40 * 4096);
  }

  @Test
  void randomTablesMakeTheRoundTrip() throws IOException {
    Path file = folder.resolve("table.csv");
    for (long seed = 0; seed < 60; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      int rows = random.nextInt(1, 40);
      int columns = random.nextInt(1, 9);
      List<String> names =
          random.ints(columns, 0, 9).mapToObj(i -> "ab,\"\n#ψ\r;x".substring(i)).toList();
      double[] values =
          random.longs((long) rows * columns).mapToDouble(Double::longBitsToDouble).toArray();
      Table table = new Table(names.stream().map(String::strip).toList(), rows, columns, values);
      CsvWriter.write(file, table);
      assertThat(CsvReader.read(file, COMMA.withHeader(CsvFormat.Header.PRESENT)))
          .as("seed %d", seed)
          .isEqualTo(table);
    }
  }

  @Test
  void theWriterQuotesWhatNeedsIt() throws IOException {
    StringWriter text = new StringWriter();
    try (CsvWriter csv = new CsvWriter(text, COMMA.withSeparator(';'))) {
      csv.text("a").text("b;").text("q\"").text("").text(" x").text("#").text("c,d").endRow();
      csv.number(0.1).number(Double.NaN).integer(-7).endRow();
    }
    assertThat(text).hasToString("a;\"b;\";\"q\"\"\";\"\";\" x\";\"#\";c,d\n0.1;NaN;-7\n");
  }

  @Test
  void mutationsAreReadOrRefusedAndNothingElse() throws IOException {
    String text = "\ufeffa,\"b \"\"x\"\"\",ψ\r\n# c\r\n1,2.5e-3,\"3\"\r\n-4,nan,6\n7,8,9";
    byte[] plain = text.getBytes(StandardCharsets.UTF_8);
    for (byte[] valid : new byte[][] {plain, gzip(plain)}) {
      Fuzz.Outcome outcome = Fuzz.run(folder, valid, 4000, 7, CsvReader::read);
      assertThat(outcome.accepted()).isPositive();
      assertThat(outcome.refused()).isGreaterThan(1000);
    }
  }

  @Test
  void cellsAndColumnsAreFound() {
    Table table = new Table(List.of("a", "b", "a"), 2, 3, new double[] {1, 2, 3, 4, 5, 6});
    assertThat(table.get(1, 0)).isEqualTo(4);
    assertThat(table.column(1)).containsExactly(2, 5);
    assertThat(table.columnIndex("b")).isEqualTo(1);
    assertThat(table).hasToString("Table[2 rows x 3 columns]").isNotEqualTo(null);
    assertThatThrownBy(() -> table.columnIndex("z")).hasMessageContaining("no column has");
    assertThatThrownBy(() -> table.columnIndex("a")).hasMessageContaining("several columns have");
    assertThatThrownBy(() -> table.get(2, 0)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> table.get(0, 3)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> table.column(-1)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void callersMistakesAreNamed() {
    assertIllegal(() -> COMMA.withSeparator('"'), "separator is U+0022");
    assertIllegal(() -> COMMA.withSeparator('5'), "separator is U+0035");
    assertIllegal(() -> COMMA.withSeparator('\n'), "separator is U+000A");
    assertIllegal(() -> COMMA.withMaxCells(0), "maxCells is 0");
    assertIllegal(() -> COMMA.withMaxCells(1L << 31), "maxCells is 2147483648");
    assertIllegal(() -> new Table(List.of(), 0, 0, new double[0]), "columns is 0");
    assertIllegal(() -> new Table(List.of("a"), 2, 1, new double[1]), "values has 1 numbers");
    assertThatThrownBy(() -> CsvReader.read(folder.resolve("lost.csv")))
        .isInstanceOf(NoSuchFileException.class);
  }

  private static void assertIllegal(Runnable call, String message) {
    assertThatThrownBy(call::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  private Table read(String text, CsvFormat format) throws IOException {
    Path file = folder.resolve("read.csv");
    Files.writeString(file, text);
    return CsvReader.read(file, format);
  }

  private MalformedFileException refusal(String text, CsvFormat format) throws IOException {
    return refusal(text.getBytes(StandardCharsets.UTF_8), format);
  }

  private MalformedFileException refusal(byte[] content, CsvFormat format) throws IOException {
    Path file = folder.resolve("refused.csv");
    Files.write(file, content);
    MalformedFileException refusal =
        catchThrowableOfType(MalformedFileException.class, () -> CsvReader.read(file, format));
    assertThat(refusal).isNotNull().hasMessageStartingWith(file + ": ");
    return refusal;
  }

  private static byte[] gzip(byte[] content) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(bytes)) {
      out.write(content);
    }
    return bytes.toByteArray();
  }
}
