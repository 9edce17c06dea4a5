package org.volterra.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("provider-independent")
class AtomicFilesTest {
  @TempDir Path folder;

  @Test
  void createsAndReplaces() throws IOException {
    Path file = folder.resolve("a.txt");
    AtomicFiles.writeString(file, "old");
    AtomicFiles.writeString(file, "newer ψ");
    assertThat(file).hasContent("newer ψ");
    assertThat(filesInFolder()).isEqualTo(1);
  }

  @Test
  void anInterruptedWriteLeavesTheOldFileAndNothingElse() throws IOException {
    Path file = folder.resolve("a.bin");
    AtomicFiles.writeBytes(file, new byte[] {1, 2, 3});
    assertThatThrownBy(() ->
            AtomicFiles.write(
                file,
                channel -> {
                  AtomicFiles.writeFully(channel, MemorySegment.ofArray(new byte[5000]));
                  throw new IOException("disk full");
                }))
        .isInstanceOf(IOException.class)
        .hasMessage("disk full");
    assertThatThrownBy(() ->
            AtomicFiles.write(
                file,
                channel -> {
                  throw new IllegalStateException("bug");
                }))
        .isInstanceOf(IllegalStateException.class);
    assertThat(file).hasBinaryContent(new byte[] {1, 2, 3});
    assertThat(filesInFolder()).isEqualTo(1);
  }

  @Test
  void anInterruptedThreadLeavesTheOldFile() throws IOException {
    Path file = folder.resolve("a.txt");
    AtomicFiles.writeString(file, "old");
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> AtomicFiles.writeString(file, "new")).isInstanceOf(IOException.class);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(file).hasContent("old");
    assertThat(filesInFolder()).isEqualTo(1);
  }

  @Test
  void theOldFileIsSeenUntilTheRename() throws IOException {
    Path file = folder.resolve("a.txt");
    AtomicFiles.writeString(file, "old");
    AtomicFiles.write(
        file,
        channel -> {
          AtomicFiles.writeFully(channel, MemorySegment.ofArray(new byte[10]));
          assertThat(file).hasContent("old");
        });
    assertThat(Files.size(file)).isEqualTo(10);
  }

  @Test
  void aMissingFolderAndAFolderAsTargetAreRefused() {
    Path lost = folder.resolve("no/such/a.txt");
    assertThatThrownBy(() -> AtomicFiles.writeString(lost, ""))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("is not an existing folder");
    assertThatThrownBy(() -> AtomicFiles.writeString(folder, ""))
        .isInstanceOf(FileSystemException.class)
        .hasMessageContaining("is a folder");
  }

  @Test
  void aLongNameWorks() throws IOException {
    Path file = folder.resolve("n".repeat(250));
    AtomicFiles.writeString(file, "x");
    assertThat(file).hasContent("x");
  }

  @Test
  void aSymbolicLinkStaysOne() throws IOException {
    Path real = folder.resolve("real.txt");
    Path link = folder.resolve("link.txt");
    Files.writeString(real, "old");
    try {
      Files.createSymbolicLink(link, real);
    } catch (UnsupportedOperationException | FileSystemException e) {
      Assumptions.abort("no symbolic links here: " + e);
    }
    AtomicFiles.writeString(link, "new");
    assertThat(Files.isSymbolicLink(link)).isTrue();
    assertThat(real).hasContent("new");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7, 8, 9, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, (2 << 20) + 3})
  void segmentsOfEverySizeAndKindAreWrittenAndSummedEqually(int size) throws IOException {
    byte[] bytes = new byte[size];
    new SplittableRandom(size).nextBytes(bytes);
    CRC32C expected = new CRC32C();
    expected.update(bytes);
    MemorySegment onHeap = MemorySegment.ofArray(bytes);
    Path file = folder.resolve("segment.bin");
    try (Arena arena = Arena.ofShared()) {
      MemorySegment offHeap = arena.allocate(size).copyFrom(onHeap);
      for (MemorySegment segment : new MemorySegment[] {onHeap, offHeap, offHeap.asReadOnly()}) {
        AtomicFiles.write(file, channel -> AtomicFiles.writeFully(channel, segment));
        assertThat(file).hasBinaryContent(bytes);
        assertThat(Checksums.crc32c(segment)).isEqualTo(expected.getValue());
        assertThat(Checksums.crc32c(file)).isEqualTo(expected.getValue());
      }
    }
  }

  @Test
  void theChecksumIsTheKnownOne() {
    byte[] digits = "123456789".getBytes(StandardCharsets.US_ASCII);
    assertThat(Checksums.crc32c(MemorySegment.ofArray(digits))).isEqualTo(0xE3069283L);
  }

  private long filesInFolder() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.count();
    }
  }
}
