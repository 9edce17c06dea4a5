package org.volterra.memory;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.volterra.memory.History.Layout;
import org.volterra.spi.ElementType;

@Tag("provider-independent")
class MappedMemoryTest {
  private static final long BYTES = 3 << 20;

  @TempDir private Path folder;

  @AfterEach
  void nothingIsLeft() throws IOException {
    assertThat(MappedMemory.liveBytes()).isZero();
    assertThat(names()).isEmpty();
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(p -> p.getFileName().toString()).toList();
    }
  }

  @Test
  void isZeroedAndCountedApart() {
    long before = NativeMemory.liveBytes();
    try (MappedMemory memory = MappedMemory.create(folder, BYTES)) {
      assertThat(memory.bytes()).isEqualTo(BYTES);
      assertThat(memory.segment().byteSize()).isEqualTo(BYTES);
      for (long i = 0; i < BYTES; i += 4096) {
        assertThat(memory.segment().get(ValueLayout.JAVA_BYTE, i)).isZero();
      }
      assertThat(MappedMemory.liveBytes()).isEqualTo(BYTES);
      assertThat(NativeMemory.liveBytes()).isEqualTo(before);
    }
  }

  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void hasNoNameWhileItIsOpen() throws IOException {
    try (MappedMemory memory = MappedMemory.create(folder, BYTES)) {
      assertThat(memory.isClosed()).isFalse();
      assertThat(names()).isEmpty();
    }
  }

  @Test
  void useAfterCloseIsRefusedAndClosingTwiceHarmless() {
    MappedMemory memory = MappedMemory.create(folder, BYTES);
    memory.close();
    memory.close();
    assertThat(memory.isClosed()).isTrue();
    assertThatThrownBy(memory::segment)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("3145728 bytes is closed");
  }

  @Test
  void historiesLieInFiles() {
    for (Layout layout : Layout.values()) {
      try (History history = History.map(folder, ElementType.FLOAT64, layout, 5, 4, 3, 2)) {
        assertThat(history.bytes())
            .isEqualTo(5 * 4 * 3 * 2 * 8)
            .isEqualTo(MappedMemory.liveBytes());
        history.slice(4).set(11, 1, 2.5);
        assertThat(history.slice(4).get(11, 1)).isEqualTo(2.5);
      }
    }
  }

  @Test
  void missingFolder() {
    assertThatThrownBy(() -> MappedMemory.create(folder.resolve("missing"), 5000))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessage(
            "cannot keep 5,000 bytes of history in "
                + folder.resolve("missing")
                + ": no such folder")
        .cause()
        .hasMessageContaining("no such folder");
  }

  @Test
  void fileInsteadOfAFolder() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");
    assertThatThrownBy(() -> MappedMemory.create(file, 5000))
        .hasMessageEndingWith("it is not a folder");
    Files.delete(file);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void folderThatCannotBeWrittenTo() {
    assertThatThrownBy(() -> MappedMemory.create(Path.of("/proc/self"), 1))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageStartingWith("cannot keep 1 bytes of history in /proc/self: ");
  }

  @Test
  void diskWithoutRoom() {
    assertThatThrownBy(() -> MappedMemory.create(folder, 1L << 60))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("1,152,921,504,606,846,976 bytes")
        .hasMessageContaining("its disk has ");
    assertThatThrownBy(() -> MappedMemory.create(folder, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void diskThatFillsUpMeanwhile() throws Exception {
    List<String> command =
        new ArrayList<>(List.of("sh", "-c", "ulimit -f 2000; exec \"$@\"", "sh"));
    command.addAll(child(10 << 20));
    Process process = new ProcessBuilder(command).start();
    assertThat(firstLine(process))
        .startsWith("cannot keep 10,485,760 bytes of history in " + folder + ": ");
    assertThat(process.waitFor()).isZero();
  }

  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void nothingIsLeftOfAKilledProcess() throws Exception {
    Process process = new ProcessBuilder(child(BYTES)).start();
    assertThat(firstLine(process)).isEqualTo("mapped " + process.pid());
    process.destroyForcibly().waitFor();
    assertThat(names()).isEmpty();
  }

  @Test
  void filesOfDeadProcessesAreRemoved() throws Exception {
    Process process = new ProcessBuilder("true").start();
    process.waitFor();
    Files.writeString(folder.resolve("volterra-" + process.pid() + "-1.history"), "stale");
    Path own = folder.resolve("volterra-" + ProcessHandle.current().pid() + "-1.history");
    Path other = folder.resolve("volterra-notes.history");
    Files.writeString(own, "in use");
    Files.writeString(other, "not ours");
    MappedMemory.create(folder, BYTES).close();
    assertThat(names())
        .containsExactlyInAnyOrder(own.getFileName().toString(), other.getFileName().toString());
    Files.delete(own);
    Files.delete(other);
  }

  private List<String> child(long bytes) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Xshare:auto",
        "-XX:TieredStopAtLevel=1",
        "--enable-native-access=ALL-UNNAMED",
        "-cp",
        System.getProperty("java.class.path"),
        SpillingProcess.class.getName(),
        folder.toString(),
        String.valueOf(bytes));
  }

  private static String firstLine(Process process) throws IOException {
    try (BufferedReader reader = process.inputReader(UTF_8)) {
      return reader.readLine();
    }
  }
}
