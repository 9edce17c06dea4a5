package org.volterra.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("provider-independent")
class NpyFileTest {
  private static final String MAGIC = "934e554d5059";

  @TempDir Path folder;

  /** Made by NumPy 2.4.6: header start, dictionary, padding to 128 bytes, data. */
  static Stream<Arguments> golden() {
    return Stream.of(
        Arguments.of(
            MAGIC + "01007600",
            "{'descr': '>f8', 'fortran_order': False, 'shape': (2, 2), }",
            "3ff8000000000000c00000000000000040080000000000004010000000000000",
            DType.F64,
            new long[] {2, 2},
            new double[] {1.5, -2, 3, 4}),
        Arguments.of(
            MAGIC + "01007600",
            "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }",
            "0000803f00008040000000400000a040000040400000c040",
            DType.F32,
            new long[] {2, 3},
            new double[] {1, 2, 3, 4, 5, 6}),
        Arguments.of(
            MAGIC + "01007600",
            "{'descr': '>i2', 'fortran_order': False, 'shape': (3,), }",
            "0001fffe012c",
            DType.I16,
            new long[] {3},
            new double[] {1, -2, 300}),
        Arguments.of(
            MAGIC + "01007600",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (), }",
            "0000000000000440",
            DType.F64,
            new long[0],
            new double[] {2.5}),
        Arguments.of(
            MAGIC + "020074000000",
            "{'descr': '<i8', 'fortran_order': False, 'shape': (1, 2), }",
            "0100000000000000feffffffffffffff",
            DType.I64,
            new long[] {1, 2},
            new double[] {1, -2}));
  }

  @ParameterizedTest
  @MethodSource("golden")
  void readsWhatNumpyWrote(
      String start, String dictionary, String data, DType dtype, long[] shape, double[] values)
      throws IOException {
    Path file = folder.resolve("golden.npy");
    byte[] head = HexFormat.of().parseHex(start);
    String padded = dictionary + " ".repeat(128 - head.length - dictionary.length() - 1) + "\n";
    Files.write(file, join(head, padded, HexFormat.of().parseHex(data)));
    Tensor onHeap = NpyFile.read(file);
    assertThat(onHeap.dtype()).isEqualTo(dtype);
    assertThat(onHeap.shape()).isEqualTo(shape);
    assertThat(onHeap.toDoubleArray()).isEqualTo(values);
    try (Arena arena = Arena.ofShared()) {
      Tensor offHeap = NpyFile.read(file, arena);
      assertThat(offHeap).isEqualTo(onHeap);
      assertThat(offHeap.data().address() % 64).isZero();
    }
    // C order and little-endian already: writing gives NumPy's own bytes.
    if (start.endsWith("01007600") && dictionary.contains("'<") && dictionary.contains("False")) {
      Path again = folder.resolve("again.npy");
      NpyFile.write(again, onHeap);
      assertThat(again).hasSameBinaryContentAs(file);
    }
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = "BF16", mode = EnumSource.Mode.EXCLUDE)
  void everyTypeMakesTheRoundTrip(DType dtype) throws IOException {
    SplittableRandom random = new SplittableRandom(dtype.name().hashCode());
    Path file = folder.resolve("a.npy");
    for (long[] shape : new long[][] {{}, {0}, {1}, {7}, {2, 0, 3}, {3, 5}, {2, 3, 4}}) {
      byte[] bytes = new byte[(int) Shapes.checkedByteSize(dtype, shape)];
      random.nextBytes(bytes);
      Tensor written = new Tensor(dtype, shape, MemorySegment.ofArray(bytes));
      NpyFile.write(file, written);
      assertThat(NpyFile.read(file)).isEqualTo(written);
      assertThat((Files.size(file) - bytes.length) % 64).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({"<, i1", ">, u1", ">, u2", "<, f2", ">, f4", "<, f8", ">, i8"})
  void fortranOrderBecomesCOrder(String order, String type) throws IOException {
    DType dtype = DType.ofNumpy(type.charAt(0), type.charAt(1) - '0').orElseThrow();
    int size = dtype.byteSize();
    int[] shape = {3, 1, 4, 2};
    byte[] fortran = new byte[24 * size];
    new SplittableRandom(size).nextBytes(fortran);
    byte[] expected = new byte[fortran.length];
    int to = 0;
    for (int i = 0; i < shape[0]; i++) {
      for (int k = 0; k < shape[2]; k++) {
        for (int l = 0; l < shape[3]; l++) {
          int from = i + shape[0] * (k + shape[2] * l);
          for (int b = 0; b < size; b++) {
            int source = order.equals(">") ? size - 1 - b : b;
            expected[to++] = fortran[from * size + source];
          }
        }
      }
    }
    Tensor read = read(dictionary(order + type, "True", "(3, 1, 4, 2)"), fortran);
    assertThat(read.dtype()).isEqualTo(dtype);
    assertThat(read.data().mismatch(MemorySegment.ofArray(expected))).isEqualTo(-1);
  }

  @Test
  void otherSpellingsOfTheHeaderAreRead() throws IOException {
    byte[] two = {1, 2};
    assertThat(
            read("{\"shape\":(2,),\"fortran_order\":True,\"descr\":\"|u1\"}", two).toDoubleArray())
        .containsExactly(1, 2);
    assertThat(read(dictionary("|b1", "False", "(1,2,)") + " \n", two).toDoubleArray())
        .containsExactly(1, 1);
    assertThat(read(dictionary("<f8", "True", "(2,0,3)"), new byte[0]).shape())
        .containsExactly(2, 0, 3);
  }

  static Stream<Arguments> hostile() {
    String good = dictionary("<f4", "False", "(2,)");
    return Stream.of(
        refuse("", 0, "found the end of the header", "'{'"),
        refuse("[]", 0, "found '['"),
        refuse("{'descr'", 0, "found the end of the header", "':'"),
        refuse("{descr", 0, "found 'd'", "a key in quotes"),
        refuse("{'descr", 0, "plain ASCII"),
        refuse("{'de\\scr", 0, "found '\\'"),
        refuse("{'ψ", 0, "found byte 0xcf", "plain ASCII"),
        refuse("{'" + "x".repeat(33), 0, "at most 32 characters"),
        refuse("{}", 0, "an incomplete header"),
        refuse(good + "x", 8, "found 'x'", "only blanks"),
        refuse(good.replace("'shape'", "'descr'"), 8, "key \"descr\"", "each once"),
        refuse(good.replace("'shape'", "'extra'"), 8, "key \"extra\"", "each once"),
        refuse(good.replace(", 'shape'", " 'shape'"), 8, "',' or '}'"),
        refuse(good.replace("'<f4'", "[('a', '<f4')]"), 8, "found '['", "type in quotes"),
        refuse(good.replace("False", "0"), 8, "something else", "True or False"),
        refuse(good.replace("False", "Tru"), 8, "something else", "True or False"),
        refuse(good.replace("(2,)", "[2]"), 8, "found '['", "opens the shape"),
        refuse(good.replace("(2,)", "(2)"), 8, "found ')'", "',' after the only dimension"),
        refuse(good.replace("(2,)", "(2 1)"), 8, "found '1'", "',' or ')'"),
        refuse(good.replace("(2,)", "(,)"), 8, "found ','", "a dimension"),
        refuse(good.replace("(2,)", "(-2,)"), 8, "found '-'", "a dimension"),
        refuse(good.replace("(2,)", "(" + "1,".repeat(65) + ")"), 4, "at most 64 dimensions"),
        refuse(good.replace("(2,)", "(9223372036854775808,)"), 8, "a number of 2^63"),
        refuse(good.replace("(2,)", "(4611686018427387904,)"), 8, "fewer than 2^63 bytes"),
        refuse(good.replace("(2,)", "(1000000000000,)"), 8, "8 bytes of data", "4000000000000"),
        refuse(good, 7, "found 7 bytes of data", "8 bytes, the size of F32 of shape [2]"),
        refuse(good, 9, "found 9 bytes of data"));
  }

  @ParameterizedTest
  @MethodSource("hostile")
  void hostileHeadersAreRefused(String header, int dataBytes, String[] parts) throws IOException {
    assertThat(refusal(file(header, new byte[dataBytes]))).hasMessageContainingAll(parts);
  }

  @ParameterizedTest
  @CsvSource({"<f3", "<c8", "|O8", "<U4", "=f4", "|f4", "f4", "<f", "<f16", "<b2", "|V8", "''"})
  void otherTypesAreRefused(String descr) throws IOException {
    assertThat(refusal(file(dictionary(descr, "False", "(2,)"), new byte[8])))
        .hasMessageContainingAll("element type \"" + descr + "\"", "f2, f4, f8, i1");
  }

  @Test
  void theStartOfTheFileIsChecked() throws IOException {
    assertStart("", "at byte 0: found the end of the file; allowed: the magic");
    assertStart("934e55", "at byte 3: found the end of the file");
    assertStart("934e554e", "at byte 3: found another byte");
    assertStart(MAGIC, "at byte 6: found version -1.-1");
    assertStart(MAGIC + "0400", "at byte 6: found version 4.0; allowed: 1.0, 2.0 or 3.0");
    assertStart(MAGIC + "0101", "found version 1.1");
    assertStart(MAGIC + "010001", "at byte 9: found the end of the file; allowed: 2 bytes");
    assertStart(MAGIC + "0300010000", "at byte 11: found the end of the file; allowed: 4 bytes");
    assertStart(MAGIC + "0100ffff", "at byte 8: found a header length of 65535");
    assertStart(MAGIC + "0200ffffffff", "found a header length of 4294967295; allowed: at most 0");
  }

  @Test
  void mutationsAreReadOrRefusedAndNothingElse() throws IOException {
    byte[] c = file(dictionary(">f8", "False", "(2, 3)"), new byte[48]);
    byte[] fortran = file(dictionary("<i2", "True", "(4, 1, 3)"), new byte[24]);
    for (byte[] valid : new byte[][] {c, fortran}) {
      Fuzz.Outcome outcome =
          Fuzz.run(folder, valid, 3000, valid.length, file -> NpyFile.read(file).toDoubleArray());
      assertThat(outcome.accepted()).isPositive();
      assertThat(outcome.refused()).isGreaterThan(500);
    }
  }

  @Test
  void callersMistakesAreNamed() {
    Tensor half = new Tensor(DType.BF16, new long[] {1}, MemorySegment.ofArray(new byte[2]));
    assertThatThrownBy(() -> NpyFile.write(folder.resolve("a.npy"), half))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("tensor's type is BF16");
    assertThatThrownBy(() -> NpyFile.read(folder.resolve("lost.npy")))
        .isInstanceOf(NoSuchFileException.class);
  }

  private void assertStart(String hex, String message) throws IOException {
    assertThat(refusal(HexFormat.of().parseHex(hex))).hasMessageContaining(message);
  }

  private Tensor read(String header, byte[] data) throws IOException {
    Path path = folder.resolve("read.npy");
    Files.write(path, file(header, data));
    return NpyFile.read(path);
  }

  private MalformedFileException refusal(byte[] content) throws IOException {
    Path path = folder.resolve("hostile.npy");
    Files.write(path, content);
    MalformedFileException refusal =
        catchThrowableOfType(MalformedFileException.class, () -> NpyFile.read(path));
    assertThat(refusal).isNotNull().hasMessageStartingWith(path + ": at byte ");
    return refusal;
  }

  private static String dictionary(String descr, String fortranOrder, String shape) {
    return "{'descr': '"
        + descr
        + "', 'fortran_order': "
        + fortranOrder
        + ", 'shape': "
        + shape
        + "}";
  }

  private static byte[] file(String header, byte[] data) {
    byte[] start =
        ByteBuffer.allocate(10)
            .order(ByteOrder.LITTLE_ENDIAN)
            .put(HexFormat.of().parseHex(MAGIC + "0100"))
            .putShort((short) header.getBytes(StandardCharsets.UTF_8).length)
            .array();
    return join(start, header, data);
  }

  private static byte[] join(byte[] start, String header, byte[] data) {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    byte[] all = Arrays.copyOf(start, start.length + text.length + data.length);
    System.arraycopy(text, 0, all, start.length, text.length);
    System.arraycopy(data, 0, all, start.length + text.length, data.length);
    return all;
  }

  private static Arguments refuse(String header, int dataBytes, String... parts) {
    return Arguments.of(header, dataBytes, parts);
  }
}
