package org.volterra.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.volterra.memory.MemoryPlan.Need;
import org.volterra.memory.MemoryPlan.Part;
import org.volterra.memory.MemoryPlan.Place;
import org.volterra.spi.ElementType;

@Tag("provider-independent")
class MemoryPlanTest {
  private static final Path FOLDER = Path.of("spill");
  private static final List<Need> NEEDS =
      List.of(need("x", 100, 10), need("u", 80, 20), need("dz", 100, 100), need("z", 100, 100));

  private static Need need(String name, long bytes, long recomputed) {
    return new Need(name, ElementType.FLOAT32, bytes, recomputed);
  }

  private static MemoryPlan plan(MemoryBudget budget) {
    return MemoryPlan.choose("a network", budget, NEEDS, false);
  }

  private static List<Place> places(MemoryBudget budget) {
    return plan(budget).parts().stream().map(Part::place).toList();
  }

  @Test
  void everythingInMemoryWhenItFitsToTheByte() {
    MemoryPlan plan = plan(new MemoryBudget(380).recomputing().spillingTo(FOLDER));
    assertThat(plan.isPlain()).isTrue();
    assertThat(plan.historyBytes()).isEqualTo(380);
    assertThat(plan.spilledBytes()).isZero();
  }

  @Test
  void recomputesNoMoreThanItMust() {
    MemoryBudget budget = new MemoryBudget(379).recomputing().spillingTo(FOLDER);
    assertThat(places(budget))
        .containsExactly(Place.RECOMPUTED, Place.MEMORY, Place.MEMORY, Place.MEMORY);
    assertThat(plan(budget).historyBytes()).isEqualTo(290);
    assertThat(places(new MemoryBudget(289).recomputing()))
        .containsExactly(Place.RECOMPUTED, Place.RECOMPUTED, Place.MEMORY, Place.MEMORY);
    assertThat(plan(new MemoryBudget(230).recomputing()).historyBytes()).isEqualTo(230);
  }

  @Test
  void recomputesAllTogetherWhereNothingElseIsPossible() {
    List<Need> needs = List.of(need("x", 100, 10), need("u", 1, 1), need("z", 100, 30));
    MemoryPlan plan = MemoryPlan.choose("it", new MemoryBudget(200).recomputing(), needs, true);
    assertThat(plan.parts())
        .extracting(Part::place)
        .containsExactly(Place.RECOMPUTED, Place.MEMORY, Place.RECOMPUTED);
    assertThat(plan.historyBytes()).isEqualTo(41);
    assertThatThrownBy(
            () -> MemoryPlan.choose("it", new MemoryBudget(40).recomputing(), needs, true))
        .hasMessageContaining("(41 with recomputation)");
    List<Need> worse = List.of(need("x", 100, 10), need("z", 100, 101));
    assertThatThrownBy(
            () -> MemoryPlan.choose("it", new MemoryBudget(199).recomputing(), worse, true))
        .hasMessageContaining("it needs 200 bytes of history, more than the memory budget");
  }

  @Test
  void spillsWhenRecomputationIsNotEnoughOrNotAllowed() {
    assertThat(places(new MemoryBudget(229).recomputing().spillingTo(FOLDER)))
        .containsExactly(Place.FILE, Place.FILE, Place.MEMORY, Place.MEMORY);
    MemoryPlan plan = plan(new MemoryBudget(379).spillingTo(FOLDER));
    assertThat(plan.place("x")).isEqualTo(Place.FILE);
    assertThat(plan.place("u")).isEqualTo(Place.MEMORY);
    assertThat(plan.spilledBytes()).isEqualTo(100);
    assertThat(plan.historyBytes()).isEqualTo(380);
  }

  @Test
  void whatFitsAfterAllStaysInMemory() {
    assertThat(places(new MemoryBudget(190).spillingTo(FOLDER)))
        .containsExactly(Place.FILE, Place.MEMORY, Place.FILE, Place.MEMORY);
    assertThat(places(new MemoryBudget(1).spillingTo(FOLDER))).containsOnly(Place.FILE);
  }

  @Test
  void refusesWithTheNumbers() {
    assertThatThrownBy(() -> plan(new MemoryBudget(379)))
        .isInstanceOf(MemoryBudget.MemoryBudgetException.class)
        .hasMessageContaining("a network needs 380 bytes of history (230 if recomputation is")
        .hasMessageContaining("more than the memory budget of 379 bytes");
    assertThatThrownBy(() -> plan(new MemoryBudget(229).recomputing()))
        .isInstanceOf(MemoryBudget.MemoryBudgetException.class)
        .hasMessageContaining("(230 with recomputation)");
    assertThatThrownBy(
            () -> MemoryPlan.choose("it", new MemoryBudget(9), List.of(need("z", 10, 10)), false))
        .hasMessageStartingWith("it needs 10 bytes of history, more than");
    assertThatThrownBy(() -> new MemoryBudget(0)).hasMessageContaining("must be at least 1");
  }

  @Test
  void printsOneLine() {
    assertThat(plan(new MemoryBudget(290).recomputing()))
        .hasToString(
            "memory budget 290 bytes: x 100 bytes recomputed, 10 kept; u 80 bytes in memory; dz 100"
                + " bytes in memory; z 100 bytes in memory");
    assertThat(plan(new MemoryBudget(1).spillingTo(FOLDER)).toString())
        .contains("z 100 bytes in a file in spill");
    assertThat(plan(MemoryBudget.unlimited()).toString()).startsWith("no memory budget: x 100");
    Need narrow = new Need("z", ElementType.BFLOAT16, 50, 50);
    assertThat(MemoryPlan.choose("it", MemoryBudget.unlimited(), List.of(narrow), false))
        .hasToString("no memory budget: z 50 bytes of bfloat16 in memory");
  }

  /** A device gives what is left of the budget to what lies in memory of the host. */
  @Test
  void aDeviceKeepsTheRestInMemoryOfTheHost() {
    MemoryPlan plan = onDevice(379, 30);
    assertThat(plan.parts())
        .extracting(Part::place)
        .containsExactly(Place.HOST, Place.MEMORY, Place.MEMORY, Place.MEMORY);
    assertThat(plan.isPlain()).isFalse();
    assertThat(plan.offloadedBytes()).isEqualTo(100);
    assertThat(plan.ringBytes()).isEqualTo(99);
    assertThat(plan.spilledBytes()).isZero();
    assertThat(plan.historyBytes()).isEqualTo(380);
    assertThat(plan.toString())
        .startsWith(
            "memory budget 379 bytes: x 100 bytes in memory of the host; u 80 bytes in mem");
    assertThat(onDevice(380, 30).isPlain()).isTrue();
    assertThat(onDevice(380, 30).ringBytes()).isZero();
    assertThat(onDevice(130, 30).parts())
        .extracting(Part::place)
        .containsExactly(Place.HOST, Place.HOST, Place.HOST, Place.MEMORY);
    assertThat(onDevice(129, 30).parts())
        .extracting(Part::place)
        .containsExactly(Place.HOST, Place.MEMORY, Place.HOST, Place.HOST);
    assertThat(onDevice(30, 30).parts()).extracting(Part::place).containsOnly(Place.HOST);
    assertThatThrownBy(() -> onDevice(29, 30))
        .isInstanceOf(MemoryBudget.MemoryBudgetException.class)
        .hasMessageContaining("a network needs 380 bytes of history")
        .hasMessageContaining("the memory budget of 29 bytes")
        .hasMessageContaining("raise the budget to at least 30 bytes");
  }

  private static MemoryPlan onDevice(long budget, long ring) {
    return MemoryPlan.choose(
        "a network", new MemoryBudget(budget), NEEDS, false, OptionalLong.of(ring));
  }
}
