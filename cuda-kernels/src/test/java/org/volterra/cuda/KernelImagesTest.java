package org.volterra.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.Test;

/** The compiled kernels under version control: complete, undamaged, and those of the sources. */
final class KernelImagesTest {
  private static final Path SOURCES = Path.of("src/main/cuda");
  private static final Path IMAGES = Path.of("src/main/resources/org/volterra/cuda/kernels");

  private final KernelImages images = KernelImages.bundled();

  @Test
  void imagesWereCompiledFromTheSourcesAsTheyAre() throws IOException {
    assertThat(images.manifest().sources())
        .as(
            "a kernel has changed since its images were compiled: run ./mvnw -Pnvcc -pl"
                + " engine,cuda-kernels process-classes where nvcc is, and commit")
        .isEqualTo(sums(SOURCES, ".cu", ".cuh"));
  }

  @Test
  void imagesAreThoseOfTheManifest() throws IOException {
    assertThat(images.manifest().images()).isEqualTo(sums(IMAGES, ".cubin", ".ptx"));
  }

  @Test
  void everySourceIsAnOperationWithAllImages() throws IOException {
    for (String source : sums(SOURCES, ".cu").keySet()) {
      String operation = source.replace(".cu", "");
      assertThat(images.operations()).contains(operation);
      for (String architecture : new String[] {"sm_80", "sm_86", "sm_89", "sm_90a", "sm_100"}) {
        String name = operation + "." + architecture + ".cubin";
        byte[] cubin = images.load(images.manifest().twins().getOrDefault(name, name));
        assertThat(cubin).startsWith(0x7f, 'E', 'L', 'F');
      }
    }
  }

  @Test
  void exactArchitectureComesBeforePtx() {
    assertThat(images.imageFor("axpby", 8, 0)).isEqualTo("axpby.sm_80.cubin");
    assertThat(images.imageFor("axpby", 8, 6)).isEqualTo("axpby.sm_86.cubin");
    assertThat(images.imageFor("axpby", 8, 9)).isEqualTo("axpby.sm_86.cubin"); // its twin
    assertThat(images.imageFor("axpby", 9, 0)).isEqualTo("axpby.sm_90a.cubin");
    assertThat(images.imageFor("axpby", 10, 0)).isEqualTo("axpby.sm_100.cubin");
    assertThat(images.imageFor("axpby", 8, 7)).isEqualTo("axpby.ptx");
    assertThat(images.imageFor("axpby", 12, 0)).isEqualTo("axpby.ptx");
  }

  @Test
  void ptxEndsWithAZeroAndHoldsBothKernels() {
    byte[] ptx = images.load("axpby.ptx");
    assertThat(ptx).endsWith(0);
    assertThat(new String(ptx, StandardCharsets.UTF_8))
        .contains(".target sm_80", ".entry axpby_f32", ".entry axpby_f64");
  }

  /** All kernels of the images, each behind the name of its operation. */
  static Set<String> kernels() {
    KernelImages images = KernelImages.bundled();
    Set<String> named = new TreeSet<>();
    for (String operation : images.operations()) {
      String ptx = new String(images.load(operation + ".ptx"), StandardCharsets.UTF_8);
      Matcher entry = Pattern.compile("\\.entry (\\w+)\\(").matcher(ptx);
      while (entry.find()) {
        named.add(operation + ' ' + entry.group(1));
      }
    }
    return named;
  }

  @Test
  void everyKernelIsInTheTableOfResources() throws IOException {
    Set<String> measured = new TreeSet<>();
    for (String line : Files.readAllLines(IMAGES.resolve("resources.txt"))) {
      if (!line.startsWith("#")) {
        assertThat(line).matches("\\w+ \\w+ \\d+( \\d+/\\d+){5}");
        measured.add(line.substring(0, line.indexOf(' ', line.indexOf(' ') + 1)));
      }
    }
    assertThat(kernels()).hasSizeGreaterThan(80).isEqualTo(measured);
  }

  @Test
  void imagesAreSmall() throws IOException {
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    try (DeflaterOutputStream jar = new DeflaterOutputStream(compressed)) {
      for (String image : images.manifest().images().keySet()) {
        Files.copy(IMAGES.resolve(image), jar);
      }
    }
    assertThat(compressed.size()).as("as in a jar; a bundle is at most 40 MiB").isLessThan(8 << 20);
  }

  @Test
  void unknownNamesAndOldDevicesAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> images.imageFor("fft", 9, 0))
        .withMessageContaining("\"fft\"")
        .withMessageContaining("axpby");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> images.imageFor("axpby", 7, 5))
        .withMessageContaining("7.5")
        .withMessageContaining("8.0 or newer");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> images.load("axpby.sm_70.cubin"))
        .withMessageContaining("axpby.sm_70.cubin");
  }

  @Test
  void damagedManifestIsRefusedWithTheLine() {
    String sum = "0".repeat(64);
    assertThat(KernelManifest.parse("# x\n\nsource " + sum + " a.cu\n").sources())
        .containsOnlyKeys("a.cu");
    for (String line :
        new String[] {
          "image " + sum,
          "picture " + sum + " a",
          "image " + sum.substring(1) + " a",
          "source " + sum + " a.cu",
          "twin a.sm_86.cubin a.sm_89.cubin"
        }) {
      assertThatIllegalArgumentException()
          .as(line)
          .isThrownBy(() -> KernelManifest.parse("source " + sum + " a.cu\n" + line))
          .withMessageContaining("line 2")
          .withMessageContaining(line);
    }
  }

  private static SortedMap<String, String> sums(Path folder, String... endings) throws IOException {
    SortedMap<String, String> sums = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        if (Stream.of(endings).anyMatch(file.toString()::endsWith)) {
          sums.put(file.getFileName().toString(), KernelImages.sha256(Files.readAllBytes(file)));
        }
      }
    }
    return sums;
  }
}
