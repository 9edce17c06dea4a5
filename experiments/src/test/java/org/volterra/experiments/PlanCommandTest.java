package org.volterra.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The planner at the command line, and that a resumed run sums as it did before. */
class PlanCommandTest {
  @TempDir private static Path folder;

  @Test
  void explains() {
    CommandLineRun plan =
        CommandLineRun.of(
                "plan",
                "--depth",
                "128",
                "--channels",
                "2",
                "--batch",
                "2",
                "--kernel",
                "fractional:0.5 + matrix*exponentials:2",
                "--provider",
                "scalar")
            .succeeded();
    assertThat(plan.out())
        .contains("sum of fractional(0.5), L = 128, n = 4", "sum of exponentials(2)", "<- chosen")
        .contains("a whole forward pass takes");
  }

  @Test
  void showsTheBytesOfTheHistories() {
    for (String type : new String[] {"native", "bfloat16"}) {
      CommandLineRun plan =
          CommandLineRun.of(
                  "plan",
                  "--depth",
                  "7",
                  "--channels",
                  "16",
                  "--batch",
                  "4",
                  "--history-type",
                  type,
                  "--provider",
                  "scalar")
              .succeeded();
      assertThat(plan.out())
          .contains(
              type.equals("native")
                  ? "features z 2,048 bytes in memory"
                  : "features z 1,024 bytes of bfloat16 in memory");
    }
    CommandLineRun.of("plan", "--history-type", "bfloat16", "--kernel", "field")
        .refused("historyType bfloat16: the sum of the kernel field(8) does not read it");
    CommandLineRun.of("plan", "--history-type", "bfloat16", "--precision", "float64")
        .refused("historyType bfloat16: needs a network of FLOAT32, not FLOAT64");
    CommandLineRun.of("plan", "--history-type", "half").refused("historyType 'half': must be");
  }

  @Test
  void aRunKeepsTheTypeOfItsHistory() throws IOException {
    Path run = folder.resolve("narrow");
    CommandLineRun.of(
            "train",
            "digits",
            "--depth",
            "4",
            "--channels",
            "16",
            "--epochs",
            "2",
            "--history-type",
            "bfloat16",
            "--checkpoint-every",
            "1",
            "--out",
            run.toString())
        .succeeded();
    String model = "model.safetensors";
    byte[] uninterrupted = Files.readAllBytes(run.resolve(model));
    assertThat(
            JsonParser.parseString(Files.readString(run.resolve("config.json")))
                .getAsJsonObject()
                .getAsJsonObject("network")
                .get("history")
                .getAsString())
        .isEqualTo("bfloat16");
    String first = run.resolve("checkpoints/epoch-000001.safetensors").toString();
    CommandLineRun.of("train", "--resume", first, "--quiet").succeeded();
    assertThat(Files.readAllBytes(run.resolve(model))).isEqualTo(uninterrupted);
    JsonObject last =
        JsonParser.parseString(Files.readAllLines(run.resolve("metrics.jsonl")).getLast())
            .getAsJsonObject();
    assertThat(last.get("test_accuracy").getAsDouble()).isGreaterThan(0.5);
  }

  @Test
  void refusesWhatDoesNotFit() {
    CommandLineRun.of("plan", "--kernel", "scalar", "--sum", "fft", "--provider", "scalar")
        .refused("sum fft: cannot be used for the kernel scalar: the kernel is no convolution");
    CommandLineRun.of("train", "digits", "--kernel", "scalar", "--sum", "fast")
        .refused("sum 'fast': must be");
    CommandLineRun.of("train", "digits", "--depth", "2", "--sum", "fft", "--kernel", "scalar")
        .refused("sum fft");
  }

  @Test
  void aRunKeepsTheAlgorithmsThatWereChosen() throws IOException {
    Path run = folder.resolve("run");
    CommandLineRun.of(
            "train",
            "digits",
            "--quiet",
            "--depth",
            "3",
            "--channels",
            "8",
            "--epochs",
            "1",
            "--kernel",
            "convolution + matrix*separable:2",
            "--out",
            run.toString())
        .succeeded();
    String sum =
        JsonParser.parseString(Files.readString(run.resolve("config.json")))
            .getAsJsonObject()
            .getAsJsonObject("network")
            .get("sum")
            .getAsString();
    assertThat(sum).isEqualTo("direct+separable");
    CommandLineRun.of("train", "--resume", run.toString(), "--quiet").succeeded();
  }
}
