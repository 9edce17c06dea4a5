package org.volterra.experiments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.volterra.train.Samples;

class DataFilesTest {
  @TempDir private Path folder;

  @Test
  void digitsAreWhole() throws IOException {
    Samples digits = DataFiles.digits();
    assertThat(digits.count()).isEqualTo(1797);
    assertThat(digits.width()).isEqualTo(64);
    assertThat(digits.classes()).isEqualTo(10);
  }

  @Test
  void labelsMayBeInAnyColumn() throws IOException {
    Path file = Files.writeString(folder.resolve("t.csv"), "a,kind,b\n1,0,2\n3,1,4\n");
    Samples samples = DataFiles.labelledTable(file, "kind", 0);
    assertThat(samples.inputs()).containsExactly(1, 2, 3, 4);
    assertThat(samples.labels()).containsExactly(0, 1);
    assertThat(DataFiles.labelledTable(file, "1", 0).labels()).containsExactly(0, 1);
    assertThatThrownBy(() -> DataFiles.labelledTable(file, "sort", 0))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no column 'sort': its columns are a, kind, b");
  }

  @Test
  void targetsMayBeSeveral() throws IOException {
    Path file = Files.writeString(folder.resolve("t.csv"), "a,y,b,z\n1,5,2,6\n3,7,4,8\n");
    Samples samples = DataFiles.targetTable(file, List.of("z", "y"));
    assertThat(samples.inputs()).containsExactly(1, 2, 3, 4);
    assertThat(samples.targets()).containsExactly(6, 5, 8, 7);
  }

  @Test
  void imagesMayBeZipped() throws IOException {
    byte[] pixels = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, (byte) 255, 7, 9};
    byte[] marks = {0, 0, 8, 1, 0, 0, 0, 2, 4, 1};
    Path images = folder.resolve("images.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(images))) {
      out.write(pixels);
    }
    Path labels = Files.write(folder.resolve("labels"), marks);
    Samples samples = DataFiles.idx(images, labels, 0);
    assertThat(samples.inputs()).containsExactly(0, 255, 7, 9);
    assertThat(samples.labels()).containsExactly(4, 1);
    assertThat(samples.classes()).isEqualTo(5);
  }

  @Test
  void damagedImagesAreRefused() throws IOException {
    Path labels = Files.write(folder.resolve("labels"), new byte[] {0, 0, 8, 1, 0, 0, 0, 1, 4});
    for (byte[] bad :
        List.of(
            new byte[0],
            new byte[] {1, 2, 3},
            header(0x803, 1, 1 << 20, 1 << 20),
            header(0x803, -1, 2, 2),
            header(0x801, 1, 2, 2),
            header(0x803, 5, 28, 28))) {
      Path images = Files.write(folder.resolve("images"), bad);
      assertThatThrownBy(() -> DataFiles.idx(images, labels, 0))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("images");
    }
  }

  private static byte[] header(int magic, int... sizes) {
    ByteBuffer buffer = ByteBuffer.allocate(4 + 4 * sizes.length).putInt(magic);
    for (int size : sizes) {
      buffer.putInt(size);
    }
    return buffer.array();
  }

  @Test
  void normalizationComesFromTheTrainingSamples() {
    Samples train = Samples.regression(new double[] {1, 4, 3, 4}, 2, new double[] {0, 0}, 1);
    Samples test = Samples.regression(new double[] {4, 5}, 2, new double[] {0}, 1);
    Samples.Split split = new Samples.Split(train, test);
    assertThat(Normalizer.standard(train).apply(split).test().inputs()).containsExactly(2, 1);
    assertThat(Normalizer.max(train).apply(split).train().inputs()).containsExactly(.25, 1, .75, 1);
  }

  @Test
  void bytesAreReadable() {
    assertThat(Bytes.text(0)).isEqualTo("0 bytes");
    assertThat(Bytes.text(1638400)).isEqualTo("1.56 MiB");
    assertThat(Bytes.text(Long.MAX_VALUE)).isEqualTo("8.00 EiB");
  }
}
