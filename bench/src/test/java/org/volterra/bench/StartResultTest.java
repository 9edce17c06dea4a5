package org.volterra.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StartResultTest {
  /** Windows of 100 ms from 400 ms on: slow until a time, then steady. */
  private static StartTrace trace(double slowUntil, double steady) {
    double[] ends = IntStream.range(0, 40).mapToDouble(i -> 400 + 100.0 * i).toArray();
    double[] medians = Arrays.stream(ends).map(t -> t < slowUntil ? 50 : steady).toArray();
    return trace(300, ends, medians);
  }

  private static StartTrace trace(double first, double[] ends, double[] medians) {
    return new StartTrace(
        first,
        IntStream.range(0, ends.length)
            .mapToObj(i -> new StartTrace.Window(ends[i], medians[i], 0))
            .toList());
  }

  /** The same with processors that are moved, and steps that take longer, in some windows. */
  private static StartTrace moved(StartTrace trace, double roundTrip, double from, double to) {
    return new StartTrace(
        trace.first(),
        trace.windows().stream()
            .map(w ->
                w.end() >= from && w.end() <= to
                    ? new StartTrace.Window(w.end(), 1.5 * w.median(), roundTrip)
                    : new StartTrace.Window(w.end(), w.median(), 66))
            .toList());
  }

  private static StartResult result(StartTrace... traces) {
    return result(List.of(new StartResult.Group("dense", List.of(traces), List.of())));
  }

  private static StartResult result(List<StartResult.Group> groups) {
    StartStudy.Settings settings =
        new StartStudy.Settings(
            "cliffs", List.of("dense"), NetworkSize.parse("4x8x2"), "scalar", 1, 1, 1);
    return new StartResult(settings, groups, new Origin(Effort.SHORT, "JVM", List.of()));
  }

  @Test
  void evenStartsHaveNoCliff() {
    StartResult result = result(trace(1000, 1), trace(1500, 1.1), trace(1900, 1.25));
    assertThat(result.cliffs()).isEmpty();
    assertThat(result.table().toString())
        .containsPattern("dense +to the first step +300")
        .containsPattern("dense +to steady speed +1500")
        .containsPattern("a step at steady speed +1.100 .* 1.14");
    assertThat(result.measurements()).hasSize(3);
  }

  @Test
  void slowMachineIsACliff() {
    assertThat(result(trace(1000, 1), trace(1000, 1), trace(1000, 1.4)).cliffs())
        .singleElement()
        .asString()
        .contains("virtual machine 3", "1.40 times the median", "allowed: 1.3");
  }

  @Test
  void lateMachineIsACliff() {
    StartResult result = result(trace(1000, 1), trace(2600, 1));
    assertThat(result.cliffs())
        .singleElement()
        .asString()
        .contains("virtual machine 2", "only after 2600 ms");
  }

  @Test
  void machineThatNeverGetsFastIsShown() {
    StartResult result = result(trace(1000, 1), trace(1000, 1), trace(1e9, 1));
    assertThat(result.cliffs()).hasSize(1);
    assertThat(result.table().toString()).contains("never");
    assertThat(result.content().toString()).contains("null");
  }

  @Test
  void timeOfMovedProcessorsIsNotCounted() {
    StartTrace usual = moved(trace(1000, 8), 90, 1e9, 1e9);
    StartTrace apart = moved(trace(1000, 8), 303, 1500, 1800);
    StartTrace oneCore = moved(trace(1000, 8), 30, 3000, 4200);
    StartResult.Group group =
        new StartResult.Group("dense", List.of(usual, apart, oneCore), List.of());
    assertThat(group.unjudged()).isEmpty();
    StartResult result = result(List.of(group));
    assertThat(result.cliffs()).isEmpty();
    assertThat(result.movements())
        .singleElement()
        .asString()
        .contains("in 14 % of the time", "30 ns", "66 usually", "12.00 ms", "left: 0");
    assertThat(result.content().toString())
        .contains("movedWindows=[0, 4, 13]", "steadyMilliseconds=[8, 8, 8]");
    assertThat(result(usual).movements()).isEmpty();
    assertThat(result(trace(1, 1), trace(1, 2)).movements()).as("not measured").isEmpty();
  }

  @Test
  void whatCannotBeJudgedIsRepeated() {
    StartTrace usual = moved(trace(1000, 8), 66, 1e9, 1e9);
    StartTrace lateAndMoved = moved(trace(2200, 8), 303, 1500, 2100);
    StartTrace late = moved(trace(2200, 8), 66, 1e9, 1e9);
    StartTrace lateAndMovedThen = moved(trace(2200, 8), 303, 2300, 2500);
    StartTrace elsewhere = moved(trace(1000, 8), 303, 2300, 1e9);
    StartTrace slow = moved(trace(1000, 12), 303, 1000, 2000);
    List<StartTrace> traces =
        List.of(usual, usual, usual, lateAndMoved, late, lateAndMovedThen, elsewhere, slow);
    StartResult.Group group = new StartResult.Group("dense", traces, List.of());
    assertThat(group.unjudged()).containsExactly(lateAndMoved, elsewhere);
    assertThat(group.cliffs())
        .satisfiesExactly(
            line -> assertThat(line).contains("machine 4", "only after 2200 ms"),
            line -> assertThat(line).contains("machine 5", "only after 2200 ms"),
            line -> assertThat(line).contains("machine 6", "only after 2200 ms"),
            line -> assertThat(line).contains("machine 7", "1.50 times"),
            line -> assertThat(line).contains("machine 8", "1.50 times"));
  }

  @Test
  void cacheLineTravels() {
    assertThat(CacheLine.roundTrip()).isBetween(1.0, 1e6);
  }

  @Test
  void oneFastWindowIsNotSteady() {
    double[] ends = {100, 200, 300, 400, 500, 600, 700};
    StartTrace trace = trace(50, ends, new double[] {1, 9, 1, 1, 9, 1, 1});
    assertThat(trace.reached(2, 0)).as("all that are left").isEqualTo(600);
    assertThat(trace(50, ends, new double[] {1, 9, 1, 1, 1, 9, 9}).reached(2, 0)).isEqualTo(300);
    assertThat(trace(50, ends, new double[] {9, 9, 9, 9, 9, 9, 9}).reached(2, 0)).isInfinite();
  }

  @Test
  void argumentsAreChecked() {
    assertThatThrownBy(() -> new StartTrace(1, List.of()))
        .isInstanceOf(IllegalArgumentException.class);
    for (int machines : new int[] {0, -1}) {
      assertThatThrownBy(() ->
              new StartStudy.Settings(
                  "start", List.of("dense"), NetworkSize.parse("4x8x2"), "x", 1, machines, 1))
          .hasMessageContaining("jvms " + machines);
    }
  }

  @Test
  void freshVirtualMachineIsMeasured() {
    StartStudy study =
        new StartStudy(
            new StartStudy.Settings(
                "start", List.of("scalar"), NetworkSize.parse("2x4x2"), "scalar", 1, 1, 1));
    List<String> progress = new ArrayList<>();
    StartResult result = study.run(false, progress::add);
    assertThat(progress).singleElement().asString().contains("[1/1] scalar: first step after");
    assertThat(result.groups().getFirst().traces().getFirst().first()).isBetween(10.0, 60_000.0);
    assertThat(result.origin().flags()).containsExactly("--add-modules", "jdk.incubator.vector");
  }

  @Test
  void virtualMachineThatFailsSaysWhy() {
    StartStudy study =
        new StartStudy(
            new StartStudy.Settings(
                "start", List.of("scalar"), NetworkSize.parse("2x4x2"), "abacus", 1, 1, 1));
    assertThatThrownBy(() -> study.run(false, line -> {}))
        .isInstanceOf(BenchmarkFailedException.class)
        .hasMessageContaining("abacus");
  }
}
