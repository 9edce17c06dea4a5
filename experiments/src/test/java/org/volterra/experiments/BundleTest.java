package org.volterra.experiments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The archive runs where there is no Java. */
@EnabledOnOs(OS.LINUX)
class BundleTest {
  private static final long MOST_BYTES = 40L << 20;
  private static final Path HOME = Path.of("..");

  /** What tests add to the class path of the command. */
  private static final List<String> TESTS =
      List.of(
          "test-classes",
          "junit",
          "assertj",
          "surefire",
          "opentest4j",
          "apiguardian",
          "byte-buddy",
          "jspecify",
          "open-test-reporting");

  @TempDir private Path folder;

  private static List<Path> classPath() {
    return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(entry -> TESTS.stream().noneMatch(entry::contains))
        .map(Path::of)
        .toList();
  }

  /** A link to the launcher finds what it starts; links are read by a program. */
  private void worksThroughALink() throws Exception {
    Path reader = Files.createDirectory(folder.resolve("empty")).resolve("readlink");
    Files.copy(Path.of("/usr/bin/readlink"), reader, StandardCopyOption.COPY_ATTRIBUTES);
    Path link = Files.createSymbolicLink(folder.resolve("there"), Path.of("volterra/volterra"));
    assertThat(run(link, "--version")).contains("volterra ");
  }

  /** Runs without any program on the path and with no hint where Java is. */
  private String run(Path program, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true);
    builder.environment().clear();
    builder.environment().put("PATH", folder.resolve("empty").toString());
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

  @Test
  void theArchiveIsSmallAndTrainsWithoutJava() throws Exception {
    Path archive = folder.resolve("made/volterra.tar.gz");
    new Bundle(HOME, classPath(), "abc123").write(archive);
    assertThat(Files.size(archive)).isBetween(MOST_BYTES / 2, MOST_BYTES);
    Process tar =
        new ProcessBuilder("tar", "-xzf", archive.toString(), "-C", folder.toString())
            .inheritIO()
            .start();
    assertThat(tar.waitFor()).isZero();
    Path program = folder.resolve("volterra/volterra");
    assertThat(run(program, "info")).contains("panama     yes", "cuda");
    assertThat(Files.readString(program)).contains("-Dvolterra.commit=abc123");
    String trained = run(program, "train", "digits", "--epochs", "1", "--out", "run");
    assertThat(trained).contains("accuracy");
    assertThat(folder.resolve("run/model.safetensors")).isNotEmptyFile();
    assertThat(folder.resolve("run/loss.svg")).content().contains("</svg>");
    assertThat(folder.resolve("volterra/bench/peers/torch_cpu.py")).isRegularFile();
    worksThroughALink();
    try (Stream<Path> left = Files.list(folder.resolve("made"))) {
      assertThat(left).containsExactly(archive);
    }
  }

  @Test
  void whatCannotBePackedLeavesNothing() throws IOException {
    Path archive = folder.resolve("bad.tar.gz");
    Path missing = folder.resolve("missing.jar");
    assertThatThrownBy(() -> new Bundle(HOME, List.of(missing), "x").write(archive))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("missing.jar");
    assertThat(archive).doesNotExist();
  }

  @Test
  void helpSaysWhatItIsFor() {
    assertThat(CommandLineRun.of("bundle", "--help").succeeded().out())
        .contains("without Java", "--out");
  }
}
