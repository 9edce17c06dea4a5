package org.volterra.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ComparisonTest {
  private static final Instant TIME = Instant.parse("2026-03-04T05:06:07Z");

  @TempDir private Path folder;

  private static ResultHistory.Entry entry(
      String commit, String layers, double value, double error, int forks) {
    return new ResultHistory.Entry(
        commit,
        TIME,
        "CPU, 2 processors, JVM",
        "depth",
        new Measurement(
            new TreeMap<>(Map.of("layers", layers)),
            "forward ms",
            value,
            value - error,
            value + error,
            forks));
  }

  private static boolean changed(double before, double after, double error, int forks) {
    return Comparison.of(
            List.of(entry("a", "8", before, error, forks), entry("b", "8", after, error, forks)),
            "a",
            "b")
        .all()
        .getFirst()
        .changed();
  }

  @Test
  void changesAreLargerThanNoise() {
    assertThat(changed(10, 11, 0.1, 3)).isTrue();
    assertThat(changed(10, 9, 0.1, 3)).isTrue();
    assertThat(changed(10, 11, 0.6, 3)).as("intervals meet").isFalse();
    assertThat(changed(10, 10.4, 0.01, 3)).as("within what compilations differ by").isFalse();
    assertThat(changed(10, 11.5, 0.01, 1)).as("one virtual machine shows less").isFalse();
    assertThat(changed(10, 12.5, 0.01, 1)).isTrue();
    assertThat(changed(10, 12.5, Double.NaN, 1)).as("no interval").isTrue();
  }

  @Test
  void runsOfOneCommitAreTakenTogether() {
    List<ResultHistory.Entry> entries =
        List.of(
            entry("a", "8", 10, 0.1, 1),
            entry("a", "8", 12, 0.1, 1),
            entry("a", "8", 14, 0.1, 1),
            entry("b", "8", 13, 0.1, 3));
    Comparison.Change change = Comparison.of(entries, "a", "b").all().getFirst();
    assertThat(change.before().value()).isEqualTo(12);
    assertThat(change.before().forks()).isEqualTo(3);
    assertThat(change.changed()).isFalse();
  }

  @Test
  void onlyTheSamePointsAreCompared() {
    List<ResultHistory.Entry> entries =
        List.of(entry("abc1", "8", 10, 0.1, 3), entry("abd2", "16", 99, 0.1, 3));
    assertThatThrownBy(() -> Comparison.of(entries, "abc", "abd"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no measurement in common");
  }

  @Test
  void commitsAreFoundByTheirBeginning() {
    List<ResultHistory.Entry> entries =
        List.of(
            entry("abc1", "8", 10, 0.1, 3),
            entry("abc1-dirty", "8", 10, 0.1, 3),
            entry("abd2", "8", 20, 0.1, 3));
    assertThat(Comparison.of(entries, "abc", "abd").toString())
        .contains("abc1 to abd2: 1 of 1 measurements changed", "layers=8 forward ms", "worse");
    assertThat(Comparison.of(entries, "abc", "abc1-d").toString()).contains("0 of 1");
    assertThatThrownBy(() -> Comparison.of(entries, "ab", "abd")).hasMessageContaining("several");
    assertThatThrownBy(() -> Comparison.of(entries, "x", "abd"))
        .hasMessageContaining("'x' fits none of those with results: abc1, abc1-dirty, abd2");
  }

  @Test
  void historyIsReadAsItWasWritten() throws IOException {
    Machine machine = new Machine("CPU", 4, "Linux", "abc");
    ResultFile file = new ResultFile(folder, machine, TIME);
    file.write(Examples.depth());
    file.write(Examples.depth());
    List<ResultHistory.Entry> entries = ResultHistory.in(folder).read();
    assertThat(entries).hasSize(12);
    ResultHistory.Entry last = entries.getLast();
    assertThat(last.commit()).isEqualTo("abc");
    assertThat(last.benchmark()).isEqualTo("depth");
    assertThat(last.setting()).isEqualTo("CPU, 4 processors, OpenJDK 25");
    assertThat(last.measurement().quantity()).isEqualTo("gradient ms");
    assertThat(last.measurement().parameters()).containsEntry("layers", "32");
    assertThat(last.measurement().value()).isEqualTo(3.072);
    assertThat(last.measurement().low()).isNaN();
  }

  @Test
  void damagedHistoryNamesTheLine() throws IOException {
    ResultHistory history = ResultHistory.in(folder);
    assertThatThrownBy(history::read)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("history.jsonl does not exist");
    Path file = folder.resolve(ResultHistory.NAME);
    for (String line : List.of("{", "[]", "{\"commit\":1}", "nonsense")) {
      Files.writeString(file, "\n" + line + "\n");
      assertThatThrownBy(history::read)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("history.jsonl, line 2: no result");
    }
  }
}
