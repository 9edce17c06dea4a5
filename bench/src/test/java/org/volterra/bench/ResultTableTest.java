package org.volterra.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class ResultTableTest {
  @Test
  void wordsAlignLeftAndNumbersRight() {
    ResultTable table = new ResultTable(1, "name", "value");
    table.row("a", "1.5");
    table.row("longer", "123456");
    assertThat(table)
        .hasToString(
            """
            name     value
            a          1.5
            longer  123456
            """);
  }

  @Test
  void rowsOfAnotherLengthAreRefused() {
    ResultTable table = new ResultTable(1, "name", "value");
    assertThatThrownBy(() -> table.row("a")).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void depthTableShowsTheExponentOnceForEachCurve() {
    List<String> lines = Examples.depth().table().toString().lines().toList();
    assertThat(lines).hasSize(4);
    assertThat(lines.get(0)).contains("kernel", "provider", "forward ms", "history bytes");
    assertThat(lines.get(1)).contains("dense", "scalar", "0.0640", "8,000,000", "1,234", " - ");
    assertThat(lines.get(1)).doesNotContain("2.00");
    assertThat(lines.get(3))
        .contains("1.024", "3.072")
        .containsPattern("2.00 ± 0.00 +2.00 ± 0.00$");
  }

  @Test
  void preparedProductsAndThePeakAreCasesOfTheirOwn() {
    List<CaseStudy.Case> cases =
        CaseStudies.gemm(
                List.of("forward:8", "weights:8"),
                List.of("scalar", "panama"),
                true,
                true,
                null,
                2,
                Effort.SHORT)
            .cases();
    assertThat(cases)
        .extracting(c -> c.parameters().get("shape") + " " + c.parameters().get("engine"))
        .containsExactly(
            "forward:8 scalar",
            "forward:8 panama",
            "forward:8 scalar:prepared",
            "forward:8 panama:prepared",
            "weights:8 scalar",
            "weights:8 panama",
            "registers peak");
    assertThat(cases)
        .extracting(c -> c.notes().get("packing"))
        .containsExactly(
            "none",
            "A if transposed; B unless one panel",
            "B before the calls",
            "B before the calls",
            "none",
            "A if transposed; B unless one panel",
            "no matrices");
    assertThat(cases.getLast().parameters()).containsEntry("threads", "2");
  }

  @Test
  void gemmTableShowsShapes() {
    CaseStudy study =
        CaseStudies.gemm(
            List.of("forward:8"), List.of("scalar"), false, false, null, 1, Effort.SHORT);
    assertThat(study.expectedSeconds()).isPositive();
    CaseStudy.Point point =
        new CaseStudy.Point(study.cases().getFirst(), "product", new Timing(2, 0.1, 0, 4e6));
    CaseStudy.Result result =
        new CaseStudy.Result(
            "gemm", "GF/s", List.of(point), new Origin(Effort.SHORT, "OpenJDK 25", List.of()));
    assertThat(result.table().toString())
        .containsPattern("forward:8 +scalar +1 +64 x 64 x 512 +none +product +2.000 +0.1000 +2.0");
    assertThat(result.measurements())
        .singleElement()
        .satisfies(m -> {
          assertThat(m.quantity()).isEqualTo("product ms");
          assertThat(m.parameters()).containsOnlyKeys("shape", "engine", "threads");
          assertThat(m.high()).isEqualTo(2.1);
        });
  }

  @Test
  void millisecondsKeepFourDigits() {
    assertThat(ResultTable.milliseconds(0.01234)).isEqualTo("0.0123");
    assertThat(ResultTable.milliseconds(12.345)).isEqualTo("12.35");
    assertThat(ResultTable.milliseconds(12345)).isEqualTo("12345");
    assertThat(ResultTable.milliseconds(Double.NaN)).isEqualTo("-");
  }
}
