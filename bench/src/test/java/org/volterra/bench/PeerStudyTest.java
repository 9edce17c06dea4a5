package org.volterra.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PeerStudyTest {
  @TempDir private Path folder;

  /** A peer written in shell: gives these values to check and takes 8 ms for each call. */
  private Path peer(String check) throws IOException {
    return Files.writeString(
        folder.resolve("peer.sh"),
        """
        echo some warning
        case $4 in compiled) echo '{"error": "no compiler"}'; exit 1 ;; esac
        echo '{"name": "Peer 1.0", "check": %s}'
        while read -r command seconds; do
          case $command in
            time) echo '{"milliseconds": 8, "calls": 5}' ;;
            *) echo '{"peakBytes": 1000000}' ;;
          esac
        done
        """
            .formatted(check));
  }

  private PeerStudy study(Path script, String variant) {
    return new PeerStudy(
        new PeerStudy.Settings(
            "sh",
            script,
            List.of(PeerCase.parse("dense:2x3x4")),
            List.of("concat", variant),
            List.of("forward"),
            List.of(1),
            "scalar",
            1,
            6,
            0.01,
            0.01));
  }

  /** What is measured is what users get. */
  @Test
  void startsVolterraAsItsLaunchersDo() throws IOException {
    String resources = "experiments/src/main/resources/org/volterra/experiments/";
    for (String launcher : List.of("volterra", resources + "bundle.sh")) {
      assertThat(Files.readString(Path.of("..", launcher)))
          .as(launcher)
          .contains("java\" " + String.join(" ", JavaProcess.LAUNCHER_FLAGS) + " ");
    }
  }

  /** What Volterra's side prints for a case. */
  private static String served(String... arguments) throws IOException {
    InputStream in = System.in;
    PrintStream out = System.out;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    System.setIn(new ByteArrayInputStream("time 0.01\nmemory\n".getBytes(StandardCharsets.UTF_8)));
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try {
      PeerServer.main(arguments);
    } finally {
      System.setIn(in);
      System.setOut(out);
    }
    return printed.toString(StandardCharsets.UTF_8);
  }

  @Test
  void serverChecksItselfAndAnswers() throws IOException {
    String step = served("dense:2x3x4", "1", "scalar", "step");
    assertThat(step.lines()).hasSize(3);
    assertThat(step).contains("\"check\":[", "\"milliseconds\":", "\"peakBytes\":");
    assertThat(served("fractional:2x3x4", "1", "scalar", "forward").lines()).hasSize(3);
    assertThat(served("fractional:2x3x4", "1", "scalar", "gradient").lines()).hasSize(3);
    assertThat(served("densenet:1x1x10", "1", "panama", "step")).contains("\"check\":[");
  }

  /** Computed by torch_networks.uniform(101, 0, 3, 1). */
  @Test
  void parametersAreThoseOfThePeer() {
    assertThat(PeerModel.uniform(101, 0, 1)).isEqualTo(0.38445353507995605);
    assertThat(PeerModel.uniform(101, 1, 1)).isEqualTo(-0.3297865390777588);
    assertThat(PeerModel.uniform(101, 2, 1)).isEqualTo(0.16595566272735596);
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void samplesAlternateAndMissingVariantsAreLeftOut() throws IOException {
    String check = served("dense:2x3x4", "1", "scalar", "forward");
    Path script = peer(check.substring(check.indexOf('['), check.indexOf(']') + 1));
    List<String> progress = new ArrayList<>();
    PeerResult result = study(script, "compiled").run(false, progress::add);
    assertThat(result.peer()).isEqualTo("Peer 1.0");
    PeerResult.Point point = result.points().getFirst();
    assertThat(point.ratio().count()).isEqualTo(6);
    assertThat(point.torchMillis().median()).isEqualTo(8);
    assertThat(point.torchPeak()).isEqualTo(1e6);
    assertThat(result.table().toString()).containsPattern("dense:2x3x4 +forward +concat +1 +8.000");
    assertThat(result.measurements()).hasSize(2);
    assertThat(progress)
        .anyMatch(line -> line.startsWith("left out: ") && line.endsWith("no compiler"));
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void sidesThatDisagreeAreNotTimed() throws IOException {
    Path script = peer("[1, 2, 3]");
    assertThatThrownBy(() -> study(script, "concat").run(false, line -> {}))
        .isInstanceOf(WrongResultException.class)
        .hasMessageContaining("gave 16 values, PyTorch 3");
  }

  @Test
  void pythonThatCannotRunSaysWhy() throws IOException {
    Path script = peer("[]");
    PeerStudy.Settings settings =
        new PeerStudy.Settings(
            folder.resolve("python").toString(),
            script,
            List.of(PeerCase.parse("dense:2x3x4")),
            List.of("concat"),
            List.of("forward"),
            List.of(1),
            "scalar",
            1,
            1,
            0.01,
            0.01);
    assertThatThrownBy(() -> new PeerStudy(settings).run(false, line -> {}))
        .isInstanceOf(BenchmarkFailedException.class)
        .hasMessageContaining("cannot start " + folder.resolve("python"));
  }

  @Test
  void closeValuesAgree() {
    PeerStudy.agree("x", new double[] {1, 1e-9}, new double[] {1.0005, 0}, 1e-3);
    assertThatThrownBy(() -> PeerStudy.agree("x", new double[] {1}, new double[] {1.01}, 1e-3))
        .isInstanceOf(WrongResultException.class);
    assertThatThrownBy(
            () -> PeerStudy.agree("x", new double[] {Double.NaN}, new double[] {1}, 1e-3))
        .isInstanceOf(WrongResultException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "dense", "sparse:1x1x1", "dense:1x1", "dense:0x1x1", "dense:1x1x1:1"})
  void unknownCasesAreRefused(String text) {
    assertThatThrownBy(() -> PeerCase.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void unknownVariantsAreRefused() throws IOException {
    Path script = peer("[]");
    assertThatThrownBy(() -> study(script, "loop"))
        .hasMessageContaining("variant 'loop': these cases have concat, buffer, blocked, compiled");
  }
}
