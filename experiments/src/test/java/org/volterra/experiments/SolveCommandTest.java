package org.volterra.experiments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** The solve command: its output, its choice of methods, its refusals. */
class SolveCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... arguments) {
    return new CommandLine(new SolveCommand())
        .setOut(new PrintWriter(out))
        .setErr(new PrintWriter(err))
        .execute(arguments);
  }

  private List<JsonObject> json(String... arguments) {
    assertThat(run(arguments)).as("%s", err).isZero();
    return out.toString().lines().map(l -> JsonParser.parseString(l).getAsJsonObject()).toList();
  }

  @Test
  void allProblemsWithTheMethodsMadeForThem() {
    List<JsonObject> rows = json("--problem", "all", "--layers", "20,40", "--json");
    assertThat(rows).hasSize(12 * 2 * 2);
    Map<String, List<JsonObject>> byProblem =
        rows.stream().collect(Collectors.groupingBy(row -> row.get("problem").getAsString()));
    assertThat(byProblem).hasSize(12).containsKeys("1-exponential", "8-mittag-leffler-0.3");
    for (JsonObject row : rows) {
      assertThat(row.keySet())
          .contains("problem", "method", "layers", "max_error", "observed_order");
      // The largest: the start of problem 8 with exponent 0.3 by the product rectangle rule.
      assertThat(row.get("max_error").getAsDouble()).isBetween(0.0, 0.15);
      if (row.get("layers").getAsInt() == 20) {
        assertThat(row.get("observed_order").isJsonNull()).isTrue();
      }
    }
  }

  @Test
  void ordersOfTheMittagLefflerProblem() {
    List<JsonObject> uniform =
        json("--problem", "8", "--method", "product-trapezoid", "--layers", "160,320", "--json");
    double[] expected = {1.3, 1.5, 1.7};
    for (int i = 0; i < 3; i++) {
      JsonObject row = uniform.get(2 * i + 1);
      assertThat(row.get("order_of").getAsString()).isEqualTo("end_error");
      assertThat(row.get("observed_order").getAsDouble()).isCloseTo(expected[i], within(0.1));
    }
    out.getBuffer().setLength(0);
    List<JsonObject> graded =
        json(
            "--problem=mittag-leffler-0.5",
            "--method=product-trapezoid",
            "--layers=160,320",
            "--grading=2",
            "--json");
    assertThat(graded.get(1).get("order_of").getAsString()).isEqualTo("max_error");
    assertThat(graded.get(1).get("observed_order").getAsDouble()).isCloseTo(2, within(0.1));
  }

  @Test
  void anExactMethodHasNoOrder() {
    List<JsonObject> rows =
        json("--problem", "9", "--method", "product-trapezoid", "--layers", "10,20", "--json");
    assertThat(rows.get(1).get("observed_order").isJsonNull()).isTrue();
    assertThat(rows.get(1).get("max_error").getAsDouble()).isLessThan(2e-15);
  }

  @Test
  void aTableForPeople() {
    assertThat(run("--problem", "sine,3", "--method", "trapezoid", "--layers", "10,20")).isZero();
    List<String> lines = out.toString().lines().toList();
    assertThat(lines).hasSize(5);
    assertThat(lines.getFirst()).startsWith("problem").endsWith("order");
    assertThat(lines).allSatisfy(line -> assertThat(line).hasSameSizeAs(lines.getFirst()));
    assertThat(lines.get(1)).startsWith("2-sine").endsWith(" -");
  }

  @Test
  void aToleranceChoosesTheDepth() {
    List<JsonObject> rows = json("--problem", "1,9", "--tolerance", "1e-3", "--json");
    assertThat(rows).hasSize(4);
    for (JsonObject row : rows) {
      assertThat(row.get("reached").getAsBoolean()).isTrue();
      assertThat(row.get("estimated_error").getAsDouble()).isLessThanOrEqualTo(1e-3);
      assertThat(row.get("max_error").getAsDouble()).isLessThan(1.2e-3);
    }
    // e/2 h is the error of the left rectangle rule, e/12 h² that of the trapezoid.
    assertThat(rows.get(0).get("layers").getAsInt()).isEqualTo(2560);
    assertThat(rows.get(1).get("layers").getAsInt()).isEqualTo(40);
    out.getBuffer().setLength(0);
    assertThat(run("--problem", "1", "--tolerance", "1e-6", "--most-layers", "100")).isEqualTo(1);
    List<String> lines = out.toString().lines().toList();
    assertThat(lines).hasSize(3);
    assertThat(lines).allSatisfy(line -> assertThat(line).hasSameSizeAs(lines.getFirst()));
    assertThat(lines.getFirst()).contains("estimate");
    assertThat(err.toString())
        .contains("not reached on 100 layers: 1-exponential by left-rectangle, 1-exponential by");
  }

  @Test
  void aNamedMethodRunsOnAllProblemsThatItCanSolve() {
    assertThat(json("--method", "left-rectangle", "--layers", "5", "--json")).hasSize(7);
    out.getBuffer().setLength(0);
    assertThat(json("--method", "product-rectangle", "--layers", "5", "--json")).hasSize(12);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--problem 11 | '11' | exponential",
        "--problem heat | 'heat' | abel-linear",
        "--method simpson | 'simpson' | product-trapezoid",
        "--layers 0 | --layers 0 | at least 1",
        "--layers 40,20 | --layers 20 | increase",
        "--layers ten | 'ten' | not an int",
        "--tolerance 0 | --tolerance 0.0 | positive",
        "--tolerance 1e-3 --layers 10 | --tolerance | leave --layers out",
        "--tolerance 1e-3 --most-layers 20 | --most-layers 20 | at least 40",
        "--grading 0.5 | --grading 0.5 | [1, 20]",
        "--grading NaN | --grading NaN | [1, 20]",
        "--problem 9 --method trapezoid | trapezoid | product-rectangle",
      })
  void wrongUsage(String arguments, String value, String allowed) {
    assertThat(run(arguments.strip().split(" "))).isEqualTo(2);
    assertThat(err.toString()).contains(value).contains(allowed).doesNotContain("\tat ");
    assertThat(out.toString()).isEmpty();
  }
}
