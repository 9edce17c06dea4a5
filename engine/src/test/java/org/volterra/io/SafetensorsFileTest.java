package org.volterra.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("provider-independent")
class SafetensorsFileTest {
  /** Made by safetensors 0.8.0: metadata who=gold, w F32 [2,3], b F64 [2], n I64 [2]. */
  static final String GOLDEN =
      "c8000000000000007b225f5f6d657461646174615f5f223a7b2277686f223a22676f6c64227d2c226e223a7b22"
          + "6474797065223a22493634222c227368617065223a5b325d2c22646174615f6f666673657473223a5b302c"
          + "31365d7d2c2262223a7b226474797065223a22463634222c227368617065223a5b325d2c22646174615f6f"
          + "666673657473223a5b31362c33325d7d2c2277223a7b226474797065223a22463332222c22736861706522"
          + "3a5b322c335d2c22646174615f6f666673657473223a5b33322c35365d7d7d2020200700000000000000f8"
          + "ffffffffffffff000000000000f8bf00000000000002400000803f0000004000004040000080400000a040"
          + "0000c040";

  @TempDir Path folder;

  @Test
  void readsWhatTheReferenceImplementationWrote() throws IOException {
    Path file = folder.resolve("golden.safetensors");
    Files.write(file, HexFormat.of().parseHex(GOLDEN));
    try (SafetensorsFile golden = SafetensorsFile.open(file)) {
      assertThat(golden.names()).containsExactly("n", "b", "w");
      assertThat(golden.metadata()).isEqualTo(Map.of("who", "gold"));
      assertThat(golden.tensor("w").dtype()).isEqualTo(DType.F32);
      assertThat(golden.tensor("w").shape()).containsExactly(2, 3);
      assertThat(golden.tensor("w").toFloatArray()).containsExactly(1, 2, 3, 4, 5, 6);
      assertThat(golden.tensor("b").toDoubleArray()).containsExactly(-1.5, 2.25);
      assertThat(golden.tensor("n").longAt(1)).isEqualTo(-8);
    }
  }

  @Test
  void writesWhatTheReferenceImplementationReads() throws IOException {
    // A file with these bytes was opened by safetensors 0.8.0.
    Path file = folder.resolve("a.safetensors");
    new SafetensorsWriter()
        .metadata("who", "vol\"t")
        .tensor("k", DType.U8, new long[] {3}, MemorySegment.ofArray(new byte[] {1, 2, 3}))
        .tensor("w", Tensor.ofFloats(new float[] {1, -2}, 1, 2))
        .write(file);
    byte[] bytes = Files.readAllBytes(file);
    String header =
        "{\"__metadata__\":{\"who\":\"vol\\\"t\"},"
            + "\"k\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[8,11]},"
            + "\"w\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]}}";
    assertThat(new String(bytes, 8, bytes.length - 8 - 11, StandardCharsets.UTF_8))
        .startsWith(header)
        .isEqualToIgnoringWhitespace(header);
    assertThat((bytes.length - 11) % 64).isZero();
    assertThat(HexFormat.of().formatHex(bytes, bytes.length - 11, bytes.length))
        .isEqualTo("0000803f000000c0010203");
  }

  @Test
  void everyTypeMakesTheRoundTripAligned() throws IOException {
    Path file = folder.resolve("all.safetensors");
    SplittableRandom random = new SplittableRandom(20);
    SafetensorsWriter writer =
        new SafetensorsWriter().metadata("ψ\n\u0001😀", "\\\"/\t").metadata("", "");
    Map<String, Tensor> written = new LinkedHashMap<>();
    try (Arena arena = Arena.ofShared()) {
      for (DType dtype : DType.values()) {
        for (long[] shape : new long[][] {{}, {0}, {3, 0, 2}, {7}, {3, 5}}) {
          byte[] bytes = new byte[(int) Shapes.checkedByteSize(dtype, shape)];
          random.nextBytes(bytes);
          MemorySegment data = arena.allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes));
          Tensor tensor = new Tensor(dtype, shape, data);
          String name = "φ/" + dtype + Arrays.toString(shape);
          written.put(name, tensor);
          writer.tensor(name, tensor);
        }
      }
      writer.write(file);
      byte[] first = Files.readAllBytes(file);
      writer.write(file);
      assertThat(file).hasBinaryContent(first);
      try (SafetensorsFile read = SafetensorsFile.open(file)) {
        assertThat(read.names()).containsExactlyElementsOf(written.keySet());
        assertThat(read.metadata()).isEqualTo(Map.of("ψ\n\u0001😀", "\\\"/\t", "", ""));
        written.forEach((name, tensor) -> {
          assertThat(read.tensor(name)).isEqualTo(tensor);
          assertThat(read.tensor(name).data().address() % tensor.dtype().byteSize()).isZero();
        });
      }
    }
  }

  @Test
  void anEmptyFileOfTensorsMakesTheRoundTrip() throws IOException {
    Path file = folder.resolve("none.safetensors");
    new SafetensorsWriter().write(file);
    try (SafetensorsFile read = SafetensorsFile.open(file)) {
      assertThat(read.names()).isEmpty();
      assertThat(read.metadata()).isEmpty();
    }
  }

  @Test
  void useAfterCloseIsAnExceptionAndClosingTwiceIsHarmless() throws IOException {
    Path file = folder.resolve("golden.safetensors");
    Files.write(file, HexFormat.of().parseHex(GOLDEN));
    SafetensorsFile golden = SafetensorsFile.open(file);
    Tensor tensor = golden.tensor("w");
    assertThatThrownBy(() -> tensor.data().set(ValueLayout.JAVA_BYTE, 0, (byte) 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> golden.tensor("x"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("name is \"x\"")
        .hasMessageContaining("[n, b, w]");
    golden.close();
    golden.close();
    assertThatThrownBy(() -> golden.tensor("w"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("is closed");
    assertThatThrownBy(() -> tensor.doubleAt(0)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aMissingFileIsNamed() {
    assertThatThrownBy(() -> SafetensorsFile.open(folder.resolve("lost")))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("lost");
  }

  @Test
  void aFailedWriteLeavesTheOldFile() throws IOException {
    Path file = folder.resolve("a.safetensors");
    new SafetensorsWriter().tensor("old", Tensor.ofFloats(new float[] {1}, 1)).write(file);
    byte[] old = Files.readAllBytes(file);
    SafetensorsWriter writer = new SafetensorsWriter();
    try (Arena arena = Arena.ofShared()) {
      writer.tensor("gone", DType.F32, new long[] {4}, arena.allocate(16));
    }
    assertThatThrownBy(() -> writer.write(file)).isInstanceOf(IllegalStateException.class);
    assertThat(file).hasBinaryContent(old);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void theWriterChecksItsArguments() {
    Tensor one = Tensor.ofFloats(new float[] {1}, 1);
    SafetensorsWriter writer = new SafetensorsWriter().tensor("a", one).metadata("k", "v");
    assertIllegal(() -> writer.tensor("a", one), "\"a\", which was added already");
    assertIllegal(() -> writer.tensor("__metadata__", one), "reserves");
    assertIllegal(() -> writer.metadata("k", "w"), "\"k\", which was added already");
    assertIllegal(() -> writer.metadata("x", "\ud800"), "value holds half of a surrogate pair");
    assertIllegal(
        () -> writer.tensor("b", DType.F64, new long[] {2}, MemorySegment.ofArray(new byte[8])),
        "data has 8 bytes");
  }

  private static void assertIllegal(ThrowingCallable call, String message) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }
}
