package org.volterra.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Hostile safetensors files: each is refused with the place, what was found, what is allowed. */
@Tag("provider-independent")
class SafetensorsRefusalTest {
  private static final String W = "\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}";

  @TempDir Path folder;

  /** Header text, bytes of data, offset of the complaint, parts of the message. */
  static Stream<Arguments> hostileHeaders() {
    return Stream.of(
        refuse("", 0, 8, "found the end of the header", "'{' as the header's first byte"),
        refuse(" {}", 0, 8, "found byte 0x20", "'{'"),
        refuse("[]", 0, 8, "found '['"),
        refuse("{", 0, 9, "found the end of the header", "a tensor's name"),
        refuse("{}x", 0, 10, "found 'x'", "only blanks"),
        refuse("{" + W + ",}", 8, 8 + 2 + W.length(), "found '}'", "a tensor's name"),
        refuse("{" + W + " " + W + "}", 8, 8 + 2 + W.length(), "found '\"'", "',' or '}'"),
        refuse("{" + W + "," + W + "}", 8, 8 + 2 + W.length(), "\"w\" a second time"),
        refuse("{w:1}", 0, 9, "found 'w'", "a string"),
        refuse("{\"w\"}", 0, 12, "found '}'", "':'"),
        refuse("{\"w\":[[[[", 0, 13, "found '['", "'{' that opens"),
        refuse("{\"w\":null}", 0, 13, "found 'n'"),
        refuse("{\"w\":{}}", 0, 13, "incomplete description of \"w\"", "dtype, shape"),
        entry("\"dtype\":\"F99\"", 0, "dtype \"F99\"", "[F64, F32, F16, BF16"),
        entry("\"dtype\":7", 0, "found '7'", "a string"),
        entry("\"extra\":1", 0, "property \"extra\"", "each once"),
        entry("\"shape\":[1],\"shape\":[1]", 0, "property \"shape\"", "each once"),
        entry("\"shape\":[-1]", 0, "found '-'", "integer from 0"),
        entry("\"shape\":[1.5]", 0, "found '.'", "',' or ']'"),
        entry("\"shape\":[1e3]", 0, "found 'e'"),
        entry("\"shape\":[01]", 0, "a leading zero"),
        entry("\"shape\":[1,]", 0, "found ']'"),
        entry("\"shape\":[9223372036854775808]", 0, "a number of 2^63 or more"),
        entry("\"shape\":[[1]]", 0, "found '['"),
        entry("\"shape\":[" + "1,".repeat(64) + "1]", 0, "found '1'", "at most 64 integers"),
        entry("\"data_offsets\":[0,1,2]", 0, "found '2'", "at most 2 integers"),
        entry(spec("[2]", "[0]"), 8, "incomplete description"),
        entry(spec("[2]", "[8,0]"), 8, "data_offsets [8, 0]", "at most the end"),
        entry(spec("[2]", "[0,7]"), 7, "data_offsets [0, 7]", "8 bytes, the size of F32"),
        entry(spec("[3]", "[0,8]"), 8, "data_offsets [0, 8]", "12 bytes"),
        entry(spec("[4611686018427387904,2]", "[0,8]"), 8, "4611686018427387904", "2^63 bytes"),
        entry(spec("[4294967296,4294967296,0]", "[0,0]"), 0, "fewer than 2^63 bytes"),
        entry(spec("[2]", "[0,8]"), 7, "data_offsets [0, 8]", "up to 7", "truncated"),
        entry(spec("[2]", "[4,12]"), 12, "data_offsets [4, 12]", "a begin of 0", "hole"),
        refuse("{" + W + "}", 9, 8 + 2 + W.length() + 8, "1 bytes that belong to no tensor"),
        refuse("{}", 3, 10, "3 bytes that belong to no tensor", "the end of the file"),
        refuse(
            "{" + W + "," + W.replace("w", "v").replace("[0,8]", "[4,12]") + "}",
            12,
            -1,
            "data_offsets [4, 12] of \"v\"",
            "a begin of 8",
            "overlap"),
        refuse("{" + W + "," + W.replace("w", "v") + "}", 8, -1, "\"v\"", "overlap"),
        refuse(
            "{" + W + "," + W.replace("w", "v").replace("[0,8]", "[9,17]") + "}",
            17,
            -1,
            "data_offsets [9, 17] of \"v\"",
            "a begin of 8",
            "hole"),
        refuse("{\"__metadata__\":{\"a\":1}}", 0, -1, "found '1'", "a metadata value, a string"),
        refuse("{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}", 0, -1, "\"a\" a second time"),
        refuse("{\"__metadata__\":{},\"__metadata__\":{}}", 0, 27, "second time"),
        refuse("{\"a\\x\"", 0, 11, "an unknown escape"),
        refuse("{\"a\\u12g4\"", 0, 15, "found 'g'", "hexadecimal"),
        refuse("{\"\\ud800\"", 0, 10, "half of a surrogate pair"),
        refuse("{\"\\udc00\\ud800\"", 0, 10, "half of a surrogate pair"),
        refuse("{\"a\nb\"", 0, 11, "found byte 0x0a"),
        refuse("{\"abc", 0, 13, "the end of the header", "closing"));
  }

  @ParameterizedTest
  @MethodSource("hostileHeaders")
  void hostileHeadersAreRefused(String header, int dataBytes, long offset, String[] parts)
      throws IOException {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    MalformedFileException refusal = refusal(file(json.length, json, dataBytes));
    assertThat(refusal).hasMessageContainingAll(parts);
    if (offset >= 0) {
      assertThat(refusal.byteOffset()).isEqualTo(offset);
    }
  }

  @ParameterizedTest
  @MethodSource("notUtf8")
  void textThatIsNotUtf8IsRefused(String hex) throws IOException {
    byte[] bytes = HexFormat.of().parseHex(hex);
    byte[] json =
        ByteBuffer.allocate(bytes.length + 3)
            .put("{\"a".getBytes(StandardCharsets.UTF_8))
            .put(bytes)
            .array();
    MalformedFileException refusal = refusal(file(json.length, json, 0));
    assertThat(refusal)
        .hasMessageContainingAll("which is not UTF-8", "byte 0x" + hex.substring(0, 2));
    assertThat(refusal.byteOffset()).isEqualTo(11);
  }

  static Stream<String> notUtf8() {
    return Stream.of(
        "80",
        "c080",
        "c1bf",
        "c3",
        "c341",
        "e08080",
        "eda080",
        "f0808080",
        "f4908080",
        "f5808080",
        "ff",
        "e282");
  }

  @Test
  void lengthsAreCheckedBeforeAnythingElse() throws IOException {
    assertThat(refusal(new byte[0])).hasMessageContaining("at byte 0: found the end of the file");
    assertThat(refusal(new byte[7])).hasMessageContaining("at byte 7: found the end of the file");
    assertThat(refusal(file(3, "{}".getBytes(StandardCharsets.UTF_8), 0)))
        .hasMessageContaining("at byte 0: found a header length of 3; allowed: 2 to 2 bytes");
    assertThat(refusal(file(-1, "{}".getBytes(StandardCharsets.UTF_8), 0)))
        .hasMessageContaining("a header length of 18446744073709551615");
    Path big = folder.resolve("big");
    try (FileChannel channel =
        FileChannel.open(big, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(file(100_000_001, "{}".getBytes(StandardCharsets.UTF_8), 0)));
      channel.write(ByteBuffer.wrap(new byte[1]), 200_000_000);
    }
    assertThatThrownBy(() -> SafetensorsFile.open(big).close())
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("a header length of 100000001; allowed: 2 to 100000000 bytes");
  }

  @Test
  void everyTruncationIsRefused() throws IOException {
    byte[] golden = HexFormat.of().parseHex(SafetensorsFileTest.GOLDEN);
    for (int length = 0; length < golden.length; length++) {
      assertThat(refusal(Arrays.copyOf(golden, length))).isNotNull();
    }
  }

  @Test
  void mutationsAreReadOrRefusedAndNothingElse() throws IOException {
    byte[] golden = HexFormat.of().parseHex(SafetensorsFileTest.GOLDEN);
    Fuzz.Outcome outcome =
        Fuzz.run(
            folder,
            golden,
            4000,
            0x5afe,
            path -> {
              try (SafetensorsFile file = SafetensorsFile.open(path)) {
                for (String name : file.names()) {
                  file.tensor(name).toDoubleArray();
                }
              }
            });
    assertThat(outcome.accepted()).isPositive();
    assertThat(outcome.refused()).isGreaterThan(1000);
  }

  private MalformedFileException refusal(byte[] content) throws IOException {
    Path path = folder.resolve("hostile.safetensors");
    Files.write(path, content);
    MalformedFileException refusal =
        catchThrowableOfType(
            MalformedFileException.class, () -> SafetensorsFile.open(path).close());
    assertThat(refusal).isNotNull().hasMessageStartingWith(path + ": at byte ");
    assertThat(refusal.file()).isEqualTo(path.toString());
    assertThat(refusal.line()).isEqualTo(-1);
    assertThat(refusal.column()).isEqualTo(-1);
    return refusal;
  }

  private static byte[] file(long headerLength, byte[] json, int dataBytes) {
    return ByteBuffer.allocate(8 + json.length + dataBytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(headerLength)
        .put(json)
        .array();
  }

  private static String spec(String shape, String offsets) {
    return "\"dtype\":\"F32\",\"shape\":" + shape + ",\"data_offsets\":" + offsets;
  }

  private static Arguments entry(String properties, int dataBytes, String... parts) {
    return refuse("{\"w\":{" + properties + "}}", dataBytes, -1, parts);
  }

  private static Arguments refuse(String header, int dataBytes, int offset, String... parts) {
    return Arguments.of(header, dataBytes, (long) offset, parts);
  }
}
