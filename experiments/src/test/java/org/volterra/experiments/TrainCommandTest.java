package org.volterra.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A short run fills its folder; every other test looks at that run. */
class TrainCommandTest {
  @TempDir private static Path folder;
  private static Path run;
  private static CommandLineRun first;

  @BeforeAll
  static void train() {
    run = folder.resolve("run");
    first =
        CommandLineRun.of(
                "train",
                "digits",
                "--depth",
                "4",
                "--channels",
                "16",
                "--epochs",
                "2",
                "--checkpoint-every",
                "1",
                "--out",
                run.toString())
            .succeeded();
  }

  private static List<JsonObject> metrics(Path of) throws IOException {
    try (Stream<String> lines = Files.lines(of.resolve("metrics.jsonl"))) {
      return lines.map(line -> JsonParser.parseString(line).getAsJsonObject()).toList();
    }
  }

  @Test
  void endsWithASummaryAndTheReport() {
    assertThat(first.out())
        .contains("x_l = x_0 + b_l + h Σ_{k<l} K_{l,k} φ(x_k)", "epoch 2/2", "after 2 epochs");
    assertThat(first.out().stripTrailing()).endsWith("report: " + run.resolve("report.html"));
    assertThat(first.err()).isEmpty();
  }

  @Test
  void folderIsComplete() {
    for (String name :
        List.of(
            "config.json",
            "metrics.jsonl",
            "model.safetensors",
            "loss.svg",
            "report.html",
            "checkpoints/epoch-000001.safetensors",
            "checkpoints/epoch-000002.safetensors")) {
      assertThat(run.resolve(name)).isNotEmptyFile();
    }
  }

  @Test
  void budgetsChangeWhereHistoriesAreAndNothingElse() throws IOException {
    long all = metrics(run).get(1).get("history_bytes").getAsLong();
    for (List<String> budget :
        List.of(
            List.of("--memory-budget", String.valueOf(all / 4), "--spill", folder.toString()),
            List.of("--history-budget", String.valueOf(all - 1), "--recompute"))) {
      Path out = folder.resolve("budget-" + budget.size());
      List<String> arguments =
          new ArrayList<>(
              List.of("train", "digits", "--depth", "4", "--channels", "16", "--epochs", "2"));
      arguments.addAll(List.of("--checkpoint-every", "1", "--out", out.toString()));
      arguments.addAll(budget);
      CommandLineRun other = CommandLineRun.of(arguments.toArray(String[]::new)).succeeded();
      assertThat(other.out()).contains(budget.size() == 4 ? "in a file in " : " recomputed, ");
      for (String file : List.of("model", "checkpoints/epoch-000002")) {
        assertThat(out.resolve(file + ".safetensors"))
            .hasSameBinaryContentAs(run.resolve(file + ".safetensors"));
      }
      long bytes = metrics(out).get(1).get("history_bytes").getAsLong();
      assertThat(bytes == all).isEqualTo(budget.size() == 4);
    }
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).noneMatch(f -> f.toString().endsWith(".history"));
    }
  }

  @Test
  void metricsHaveEveryQuantity() throws IOException {
    List<JsonObject> lines = metrics(run);
    assertThat(lines).hasSize(2);
    for (JsonObject line : lines) {
      assertThat(line.keySet())
          .contains(
              "epoch", "train_loss", "test_loss", "test_accuracy", "seconds", "history_bytes");
    }
    assertThat(lines.getLast().get("test_accuracy").getAsDouble()).isGreaterThan(0.5);
    assertThat(lines.getLast().get("history_bytes").getAsLong())
        .isGreaterThanOrEqualTo(5 * 64 * 16 * 4);
  }

  @Test
  void configurationRepeatsTheRun() throws IOException {
    JsonObject config =
        JsonParser.parseString(Files.readString(run.resolve("config.json"))).getAsJsonObject();
    assertThat(config.getAsJsonArray("arguments").get(0).getAsString()).isEqualTo("digits");
    assertThat(config.getAsJsonObject("options").get("depth").getAsString()).isEqualTo("4");
    assertThat(config.getAsJsonObject("network").get("kernel").getAsString()).isEqualTo("dense");
  }

  @Test
  void resumedRunEqualsTheWholeRun() throws IOException {
    Path cut = folder.resolve("cut");
    Files.createDirectories(cut.resolve("checkpoints"));
    for (String name :
        List.of("config.json", "metrics.jsonl", "checkpoints/epoch-000001.safetensors")) {
      Files.copy(run.resolve(name), cut.resolve(name));
    }
    CommandLineRun resumed = CommandLineRun.of("train", "--resume", cut.toString()).succeeded();
    assertThat(resumed.out()).contains("resumed after epoch 1");
    assertThat(withoutSeconds(cut)).isEqualTo(withoutSeconds(run));
    assertThat(cut.resolve("model.safetensors"))
        .hasSameBinaryContentAs(run.resolve("model.safetensors"));
  }

  private static List<JsonObject> withoutSeconds(Path of) throws IOException {
    List<JsonObject> lines = metrics(of);
    lines.forEach(line -> line.remove("seconds"));
    return lines;
  }

  @Test
  void everyLineOfJsonParses() {
    CommandLineRun machine =
        CommandLineRun.of(
                "train",
                "digits",
                "--json",
                "--depth",
                "2",
                "--channels",
                "8",
                "--epochs",
                "2",
                "--kernel",
                "field(2)",
                "--out",
                folder.resolve("json").toString())
            .succeeded();
    List<JsonObject> lines =
        machine.out().lines().map(s -> JsonParser.parseString(s).getAsJsonObject()).toList();
    assertThat(lines).hasSize(3);
    assertThat(lines.getLast().get("summary").getAsBoolean()).isTrue();
  }

  @Test
  void oldCheckpointsGo() throws IOException {
    Path few = folder.resolve("few");
    CommandLineRun.of(
            "train",
            "digits",
            "--quiet",
            "--depth",
            "1",
            "--channels",
            "4",
            "--epochs",
            "4",
            "--checkpoint-every",
            "1",
            "--keep",
            "2",
            "--out",
            few.toString())
        .succeeded();
    try (Stream<Path> files = Files.list(few.resolve("checkpoints"))) {
      assertThat(files.map(f -> f.getFileName().toString()))
          .containsExactlyInAnyOrder("epoch-000003.safetensors", "epoch-000004.safetensors");
    }
  }

  @Test
  void reportStandsAlone() throws IOException {
    String page = Files.readString(run.resolve("report.html"));
    assertThat(page)
        .contains("<svg", "Confusion matrix", "History memory", "Timing", "Configuration");
    assertThat(page).doesNotContain("{{", "<script", "<link", "<img", "@import", "<?xml");
    Matcher references = Pattern.compile("(?:src|href)=|url\\((?!#|'#)").matcher(page);
    assertThat(references.find()).isFalse();
    assertThat(Files.readString(run.resolve("loss.svg"))).contains("viewBox", "test accuracy");
  }

  @Test
  void tableWithRealTargets() throws IOException {
    StringBuilder table = new StringBuilder("a,b,sum\n");
    for (int i = 0; i < 60; i++) {
      double a = Math.sin(i);
      double b = Math.cos(3.0 * i);
      table.append(a).append(',').append(b).append(',').append(a + b).append('\n');
    }
    Path file = Files.writeString(folder.resolve("sum.csv"), table);
    Path out = folder.resolve("sum");
    CommandLineRun.of(
            "train",
            "--data",
            file.toString(),
            "--target-columns",
            "sum",
            "--depth",
            "4",
            "--channels",
            "8",
            "--epochs",
            "3",
            "--optimizer",
            "lbfgs",
            "--schedule",
            "constant",
            "--batch",
            "60",
            "--out",
            out.toString())
        .succeeded();
    assertThat(metrics(out).getLast().has("test_accuracy")).isFalse();
    assertThat(Files.readString(out.resolve("report.html"))).doesNotContain("Confusion matrix");
  }

  @Test
  void helpAndCompletion() {
    assertThat(CommandLineRun.of("--help").succeeded().out()).contains("train", "solve", "bench");
    assertThat(CommandLineRun.of("train", "--help").succeeded().out())
        .contains("--kernel", "--optimizer", "--resume");
    assertThat(CommandLineRun.of("generate-completion").succeeded().out())
        .contains("_complete_volterra");
    assertThat(CommandLineRun.of("--version").succeeded().out()).startsWith("volterra ");
    String info = CommandLineRun.of("info", "--json").succeeded().out();
    assertThat(JsonParser.parseString(info).getAsJsonObject().getAsJsonArray("providers"))
        .hasSize(3);
  }

  @Test
  void refinementTrainsCoarseNetworksFirst() throws IOException {
    Path out = folder.resolve("refined");
    CommandLineRun refined =
        CommandLineRun.of(
                "train",
                "digits",
                "--depth",
                "12",
                "--channels",
                "16",
                "--epochs",
                "1",
                "--refine",
                "3,6",
                "--refine-epochs",
                "3,2",
                "--metric",
                "1,0.1",
                "--out",
                out.toString())
            .succeeded();
    assertThat(refined.out())
        .contains("refinement: 3 epochs on 3 layers", "refinement: 2 epochs on 6 layers")
        .contains("after 1 epoch");
    assertThat(metrics(out)).hasSize(1);
    CommandLineRun.of("train", "digits", "--depth", "12", "--refine", "6,3")
        .refused("--refine 3: numbers of layers must increase and be below --depth 12");
    CommandLineRun.of("train", "digits", "--refine", "4", "--refine-epochs", "0")
        .refused("--refine-epochs 0: must be at least 1");
    CommandLineRun.of("train", "digits", "--refine", "4,8", "--refine-epochs", "3")
        .refused("--refine-epochs [3]: one number for each of --refine [4, 8]");
    CommandLineRun.of("train", "digits", "--refine", "4", "--scaling", "unit")
        .refused("--scaling step");
    CommandLineRun.of("train", "digits", "--metric", "1").refused("give two weights");
    CommandLineRun.of("train", "digits", "--metric", "0,1").refused("lambda0 must be positive");
  }

  @Test
  void solutionsOfAFractionalEquationAreLearnedFromCoarseToFine() throws IOException {
    Path out = folder.resolve("fractional");
    CommandLineRun refined =
        CommandLineRun.of(
                "train",
                "fractional",
                "--depth",
                "8",
                "--channels",
                "8",
                "--kernel",
                "fractional:0.5",
                "--features",
                "tanh,affine(8)",
                "--feature-depth",
                "per-layer",
                "--bias",
                "none",
                "--refine",
                "4",
                "--refine-epochs",
                "3",
                "--epochs",
                "1",
                "--out",
                out.toString())
            .succeeded();
    assertThat(refined.out()).contains("refinement: 3 epochs on 4 layers");
    JsonObject config =
        JsonParser.parseString(Files.readString(out.resolve("config.json"))).getAsJsonObject();
    assertThat(config.toString()).contains("fractional");
    Matcher loss = Pattern.compile("test loss ([0-9.e-]+) after").matcher(refined.out());
    assertThat(loss.find()).isTrue();
    assertThat(Double.parseDouble(loss.group(1))).isLessThan(2e-3);
  }
}
