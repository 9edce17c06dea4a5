package org.volterra.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Tables of a report: one for each measure of several networks, none wider than a page. */
class StudyTablesTest {
  @Test
  void measuresOfNetworksBecomeTablesAndTheRestFitsThePage() {
    List<String> columns =
        Stream.concat(
                Stream.of("L", "seed", "wide: loss", "deep: loss", "wide: rate"),
                IntStream.range(0, 7).mapToObj(i -> "m" + i))
            .toList();
    List<List<Double>> rows =
        List.of(IntStream.range(0, columns.size()).mapToObj(i -> i + 0.5).toList());
    List<StudyTables.Table> tables = StudyTables.of(columns, rows);
    assertThat(tables)
        .extracting(StudyTables.Table::title)
        .containsExactly("All points", "All points, continued", "Loss");
    assertThat(tables.get(0).columns())
        .containsExactly("L", "seed", "wide: rate", "m0", "m1", "m2", "m3", "m4");
    assertThat(tables.get(1).columns()).containsExactly("L", "seed", "m5", "m6");
    assertThat(tables.get(2).columns()).containsExactly("L", "seed", "wide", "deep");
    assertThat(tables.get(2).rows().getFirst().cells())
        .containsExactly("0.500000", "1.50000", "2.50000", "3.50000");
    assertThat(tables.get(1).rows().getFirst().cells().getLast()).isEqualTo("11.5000");
  }
}
