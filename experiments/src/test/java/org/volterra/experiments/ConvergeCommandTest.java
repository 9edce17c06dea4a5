package org.volterra.experiments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.volterra.study.ConvergenceStudy;
import org.volterra.study.StudyPoint;

/** The converge command: its files, how it continues, users' own studies, refusals. */
class ConvergeCommandTest {
  @TempDir private Path folder;

  private CommandLineRun converge(String... arguments) {
    String[] all = new String[arguments.length + 3];
    all[0] = "converge";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    all[arguments.length + 1] = "--out";
    all[arguments.length + 2] = folder.resolve("out").toString();
    return CommandLineRun.of(all);
  }

  private String text(String name) throws IOException {
    return Files.readString(folder.resolve("out").resolve(name));
  }

  @Test
  void aToleranceStopsAtTheDepthThatReachesIt() {
    CommandLineRun run =
        converge("closed-form", "--depths", "10,20,40,80,160,320", "--tolerance", "1e-3");
    run.succeeded();
    // The gap of 7.5e-4 at L = 80 is the first below.
    assertThat(run.out().lines().filter(l -> l.startsWith("L "))).hasSize(4);
    assertThat(run.out()).contains("estimated distance to the limit at L = 80: 0.0007");
    assertThat(converge("closed-form", "--depths", "10,20,40", "--tolerance", "1e-9").out())
        .contains("at L = 40")
        .contains("not reached: give more --depths");
    assertThat(converge("closed-form", "--depths", "10,20", "--tolerance", "1e-9").out())
        .contains("needs three depths");
    converge("closed-form", "--tolerance", "-1").refused("--tolerance -1.0");
  }

  @Test
  void closedFormWritesTableResultsPlotsAndReport() throws IOException {
    CommandLineRun run =
        converge(
            "closed-form",
            "--lambda0",
            "0.3",
            "--lambda1",
            "0.05",
            "--T",
            "1",
            "--depths",
            "10,20,40,80");
    run.succeeded();
    assertThat(run.out().lines().filter(l -> l.startsWith("L "))).hasSize(4);
    JsonObject results = JsonParser.parseString(text("results.json")).getAsJsonObject();
    assertThat(results.get("known_limit").getAsDouble()).isCloseTo(0.0396167015, within(1e-10));
    assertThat(results.get("extrapolated_limit").getAsDouble()).isCloseTo(.0396167, within(5e-5));
    double[] table = {.04584815, .04265813, .04111846, .04036280};
    for (int i = 0; i < table.length; i++) {
      JsonObject point = results.getAsJsonArray("points").get(i).getAsJsonObject();
      assertThat(point.get("optimal value").getAsDouble())
          .isCloseTo(table[i], within(1e-6 * table[i]));
    }
    assertThat(text("table.csv")).startsWith("L,seed,optimal value,gap,").hasLineCount(5);
    String report = text("report.html");
    assertThat(report)
        .contains("Γ-converge", "known limit", "H¹", "Distance of minimisers to the finest one")
        .contains("volterra converge closed-form --lambda0 0.3")
        .doesNotContain("<script", "<link", "src=", "href=\"http")
        .contains("prefers-color-scheme: dark", "@media print");
    assertThat(text("value.svg")).contains("number of layers L", "optimal value");
  }

  @Test
  void scalarControlCountsIterationsAndMeetsTheMaximumPrinciple() throws IOException {
    converge("scalar-control", "--depths", "6,12,24", "--set", "plain-limit=400").succeeded();
    JsonObject results = JsonParser.parseString(text("results.json")).getAsJsonObject();
    for (JsonElement element : results.getAsJsonArray("points")) {
      JsonObject point = element.getAsJsonObject();
      assertThat(point.get("gradient descent in the metric of H¹").getAsInt()).isBetween(1, 60);
      assertThat(point.get("residual of the maximum principle at the minimum").getAsDouble())
          .isLessThan(1e-7);
      assertThat(point.get("minimum of extended MSA less that of L-BFGS, relative").getAsDouble())
          .isCloseTo(0, within(1e-9));
    }
    assertThat(text("report.html"))
        .contains("Iterations to a fixed loss", "Gradients of the layers");
    assertThat(text("loss.svg")).contains("iteration");
  }

  @Test
  void stabilityComparesConnectivitiesAndCountsWhatDiverged() throws IOException {
    converge(
            "stability",
            "--depths",
            "3,24",
            "--seeds",
            "1,2",
            "--set",
            "samples=96",
            "--set",
            "epochs=1",
            "--set",
            "rates=0.01,1e30")
        .succeeded();
    JsonObject results = JsonParser.parseString(text("results.json")).getAsJsonObject();
    assertThat(results.getAsJsonArray("points")).hasSize(4);
    for (JsonElement element : results.getAsJsonArray("points")) {
      JsonObject point = element.getAsJsonObject();
      for (Connectivity connectivity : Connectivity.values()) {
        String label = connectivity.label();
        assertThat(point.get(label + ": diverged").getAsDouble()).isGreaterThanOrEqualTo(0.5);
        assertThat(point.get(label + ": rate").getAsDouble()).isEqualTo(0.01);
      }
      assertThat(point.get("dense, × h: state growth").getAsDouble()).isBetween(0.6, 1.6);
      assertThat(point.get("residual, × h: gradient at input").getAsDouble()).isBetween(0.6, 1.6);
      if (point.get("L").getAsInt() == 24) {
        assertThat(point.get("residual: state growth").getAsDouble()).isGreaterThan(4);
      }
    }
    assertThat(text("report.html"))
        .contains("Dense connectivity is said", "Runs that diverged", "Sensitivity to parameters")
        .contains("Norms of the states: plain");
    assertThat(text("measure-0.svg")).contains("States at initialisation", "number of layers L");
    assertThat(text("measure-0.svg")).contains("medians and ranges of 2 seeds<");
    assertThat(text("report.html"))
        .contains("<h2>Training loss</h2>\n<div class=\"wide\"><table class=\"numbers\">")
        .contains("<th scope=\"col\">dense, × h</th><th scope=\"col\">dense</th>")
        .doesNotContain("<th scope=\"col\">dense: training loss");
    Files.delete(folder.resolve("out/points/L24-seed2.json"));
    converge(
            "stability",
            "--depths",
            "3,24",
            "--seeds",
            "1,2",
            "--set",
            "samples=96",
            "--set",
            "epochs=1",
            "--set",
            "rates=0.01,1e30",
            "--report-only")
        .succeeded();
    assertThat(text("measure-0.svg")).contains("medians and ranges of 2 seeds, 1 at L = 24<");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"dense | 4,8,16,32", "field:2 | 24,48,96"})
  void digitsConvergeAtTheRateOfTheRectangleRule(String kernel, String depths) throws IOException {
    converge(
            "digits",
            "--depths",
            depths,
            "--seeds",
            "1",
            "--set",
            "kernel=" + kernel,
            "--set",
            "channels=3",
            "--set",
            "samples=100",
            "--lambda0",
            "0.2",
            "--set",
            "lambda-maps=0.02")
        .succeeded();
    JsonObject results = JsonParser.parseString(text("results.json")).getAsJsonObject();
    assertThat(results.get("fitted_order").getAsDouble()).isBetween(0.7, 1.3);
    for (JsonElement element : results.getAsJsonArray("points")) {
      JsonObject point = element.getAsJsonObject();
      assertThat(point.get("norm of the gradient, relative to θ = 0").getAsDouble())
          .isLessThanOrEqualTo(1e-5);
      assertThat(point.get("test accuracy").getAsDouble()).isGreaterThan(0.6);
    }
    assertThat(text("report.html")).contains("Gradients of the layers: kernel", "channel 1");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "fractional | 8,16,32 | samples=40 | channels=2 | 0.5 | 1.6",
        "dnl-regression | 8,16,32 | samples=20 | channels=3 | 0.5 | 1.6"
      })
  void regressionsConverge(
      String study, String depths, String first, String second, double least, double most)
      throws IOException {
    converge(study, "--depths", depths, "--seeds", "1", "--set", first, "--set", second)
        .succeeded();
    JsonObject results = JsonParser.parseString(text("results.json")).getAsJsonObject();
    assertThat(results.get("fitted_order").getAsDouble()).isBetween(least, most);
    for (JsonElement element : results.getAsJsonArray("points")) {
      assertThat(
              element
                  .getAsJsonObject()
                  .get("norm of the gradient, relative to θ = 0")
                  .getAsDouble())
          .isLessThanOrEqualTo(1e-5);
    }
    assertThat(text("report.html")).contains("Trajectories", "Gradients of the layers");
  }

  @Test
  void aFileDescribesADigitsStudy() throws IOException {
    Path file = folder.resolve("digits.json");
    Files.writeString(
        file,
        "{\"study\": \"digits\", \"kernel\": \"field:1\", \"channels\": 2, \"samples\": 20,"
            + " \"iterations\": 3, \"depths\": [2, 4], \"seeds\": [5]}");
    converge(file.toString()).succeeded();
    assertThat(text("study.json")).contains("\"kernel\": \"field:1\"", "\"iterations\": \"3\"");
    assertThat(text("table.csv")).contains("2,5,").hasLineCount(3);
  }

  @Test
  void aReportIsWrittenOfThePointsThatAreThere() throws IOException {
    converge("closed-form", "--depths", "5,10").succeeded();
    converge("closed-form", "--depths", "5,10,20", "--report-only").succeeded();
    assertThat(text("table.csv")).hasLineCount(3);
    converge("closed-form", "--depths", "7", "--report-only")
        .failed("has no point of these depths");
  }

  @Test
  void aStudyGoesOnWhereItStopped() throws IOException {
    converge("closed-form", "--depths", "5,10").succeeded();
    String before = text("points/L10-seed1.json");
    CommandLineRun again = converge("closed-form", "--depths", "5,10,20");
    again.succeeded();
    assertThat(again.out().lines().filter(l -> l.endsWith("done before"))).hasSize(2);
    assertThat(text("points/L10-seed1.json")).isEqualTo(before);
    assertThat(text("table.csv")).hasLineCount(4);
    converge("closed-form", "--lambda0", "2").failed("holds another study");
  }

  @Test
  void aFileDescribesAStudy() throws IOException {
    Path file = folder.resolve("study.json");
    Files.writeString(
        file, "{\"study\": \"closed-form\", \"lambda0\": 2, \"depths\": [4, 8], \"T\": 2}");
    CommandLineRun run = converge(file.toString(), "--json");
    run.succeeded();
    assertThat(run.out().lines().filter(l -> l.startsWith("{"))).hasSize(2);
    assertThat(text("study.json")).contains("\"lambda0\": \"2.0\"", "\"T\": \"2.0\"");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "fractional | \"channels\": 2, \"order\": 0.7 | order 0.7 ",
        "dnl-regression | \"channels\": 2, \"intervals\": 1, \"lambda0\": 0.1 | attention",
        "stability | \"channels\": 2, \"epochs\": 1, \"rates\": [0.01, 0.001] | [0.01, 0.001]",
        "scalar-control | \"share\": 0.01, \"plain-limit\": 20, \"msa-depth\": 2 | Three states"
      })
  void filesDescribeEveryStudy(String study, String settings, String claim) throws IOException {
    Path file = folder.resolve("study.json");
    String small =
        study.equals("scalar-control")
            ? ""
            : ", \"samples\": 12" + (study.equals("stability") ? "" : ", \"iterations\": 2");
    Files.writeString(
        file,
        "{\"study\": \"%s\", %s%s, \"depths\": [2, 4], \"seeds\": [7]}"
            .formatted(study, settings, small));
    converge(file.toString()).succeeded();
    JsonObject results = JsonParser.parseString(text("results.json")).getAsJsonObject();
    assertThat(results.get("study").getAsString()).isEqualTo(study);
    assertThat(results.getAsJsonArray("points")).hasSize(2);
    assertThat(results.getAsJsonArray("points").get(1).getAsJsonObject().get("seed").getAsInt())
        .isEqualTo(7);
    assertThat(text("report.html").replace("α = ", "order ")).contains(claim.strip());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[1] | it must be an object",
        "{\"study\": \"digits\" | no description of a study",
        "{\"depths\": [4]} | \"study\", the name of one, is missing",
        "{\"study\": [\"digits\"]} | \"study\" is [\"digits\"]: must be the name of a study",
        "{\"study\": null} | \"study\" is null: must be the name of a study",
        "{\"study\": \"digits\", \"depths\": \"4,8\"} | \"depths\" is \"4,8\": must be a list of"
            + " whole",
        "{\"study\": \"digits\", \"depths\": []} | \"depths\" is []: must be a list of whole",
        "{\"study\": \"digits\", \"depths\": [4.5]} | \"depths\" is [4.5]: must be a list of whole",
        "{\"study\": \"digits\", \"seeds\": [[1]]} | \"seeds\" is [1]: must be a list of whole",
        "{\"study\": \"digits\", \"kernel\": {\"field\": 4}} | \"kernel\" is {\"field\":4}: must be"
            + " a number",
      })
  void wrongFilesAreFailures(String content, String message) throws IOException {
    Path file = folder.resolve("study.json");
    Files.writeString(file, content);
    converge(file.toString()).failed(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"study\": \"heat\"} | study 'heat' is unknown: choose closed-form",
        "{\"study\": \"digits\", \"layers\": 4} | setting 'layers' is unknown: this study has"
            + " lambda0",
        "{\"study\": \"digits\", \"channels\": \"many\"} | channels 'many': must be a whole number",
        "{\"study\": \"fractional\", \"order\": 2} | order 2.0: must be in (0, 1]",
        "{\"study\": \"closed-form\", \"depths\": [8, 4]} | --depths 4: numbers of layers must be",
      })
  void wrongSettingsOfFilesAreRefused(String content, String message) throws IOException {
    Path file = folder.resolve("study.json");
    Files.writeString(file, content);
    converge(file.toString()).refused(message);
  }

  /** A user's study. */
  public static final class Doubling implements ConvergenceStudy {
    /** Made by name. */
    public Doubling(Map<String, String> settings) {
      if (!settings.isEmpty()) {
        throw new IllegalArgumentException("doubling has no settings");
      }
    }

    @Override
    public String title() {
      return "The exponential";
    }

    @Override
    public String claim() {
      return "Order 1.";
    }

    @Override
    public OptionalDouble limit() {
      return OptionalDouble.of(Math.E);
    }

    @Override
    public boolean isRandom() {
      return true;
    }

    @Override
    public StudyPoint run(int depth, long seed, Optional<StudyPoint> coarser) {
      assertThat(coarser.map(StudyPoint::depth))
          .isEqualTo(depth == 4 ? Optional.empty() : Optional.of(depth / 2));
      return StudyPoint.of(depth, seed, Math.pow(1 + 1.0 / depth, depth));
    }
  }

  @Test
  void aClassOfAUserIsAStudyAndRunsItsSeeds() throws IOException {
    String name = Doubling.class.getName();
    converge(name, "--seeds", "1,2,3").succeeded();
    assertThat(text("table.csv")).hasLineCount(1 + 5 * 3);
    JsonObject results = JsonParser.parseString(text("results.json")).getAsJsonObject();
    assertThat(results.get("fitted_order").getAsDouble()).isCloseTo(1, within(0.15));
    assertThat(text("report.html")).contains("median of 3 seeds");
    converge(name, "--set", "x=1").refused("doubling has no settings");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "heat | study 'heat' is unknown: choose closed-form",
        "java.lang.String | does not implement org.volterra.study.ConvergenceStudy",
        "no.such.Study | no such class",
        "closed-form --depths 20,10 | --depths 10: numbers of layers must be at least 1 and"
            + " increase",
        "closed-form --lambda0 -1 | lambda0 -1.0: must be positive",
        "closed-form --lambda0 much | lambda0 'much': must be a number",
        "stability --set rates=0.1,x | rates 'x': must be a number",
        "stability --set rates=0 | rates '0': must be positive numbers",
        "digits --set kernel=scalar | kernel 'scalar': must be dense, or field:INTERVALS",
        "closed-form --set speed=1 | setting 'speed' is unknown: this study has lambda0, lambda1,"
            + " T",
      })
  void wrongUsage(String arguments, String message) {
    converge(arguments.split(" ")).refused(message);
  }

  @Test
  void aMissingFileIsAFailure() {
    converge("nothing.json").failed("no such file: nothing.json");
  }
}
