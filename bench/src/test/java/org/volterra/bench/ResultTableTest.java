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
    List<String> lines = ResultTable.of(Examples.depth()).toString().lines().toList();
    assertThat(lines).hasSize(4);
    assertThat(lines.get(0)).contains("kernel", "provider", "forward ms", "history bytes");
    assertThat(lines.get(1)).contains("dense", "scalar", "0.0640", "8,000,000", "1,234", " - ");
    assertThat(lines.get(1)).doesNotContain("2.00");
    assertThat(lines.get(3))
        .contains("1.024", "3.072")
        .containsPattern("2.00 ± 0.00 +2.00 ± 0.00$");
  }

  @Test
  void gemmTableShowsShapes() {
    GemmStudy.Result result =
        new GemmStudy.Result(
            Effort.SHORT,
            List.of(new GemmStudy.Point("forward:8", "scalar", new Timing(2, 0.1, 0, 4e6))),
            "OpenJDK 25",
            List.of());
    assertThat(ResultTable.of(result).toString())
        .contains("forward:8  64 x 64 x 512  scalar    2.000  0.1000   2.0");
  }

  @Test
  void millisecondsKeepFourDigits() {
    assertThat(ResultTable.milliseconds(0.01234)).isEqualTo("0.0123");
    assertThat(ResultTable.milliseconds(12.345)).isEqualTo("12.35");
    assertThat(ResultTable.milliseconds(12345)).isEqualTo("12345");
    assertThat(ResultTable.milliseconds(Double.NaN)).isEqualTo("-");
  }
}
