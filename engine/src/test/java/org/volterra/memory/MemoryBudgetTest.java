package org.volterra.memory;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.volterra.spi.ElementType;

@Tag("provider-independent")
class MemoryBudgetTest {
  @Test
  void whatDoesNotFitIsRefusedWithBothNumbersAndTheRemedyInAnyLocale() {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.GERMANY);
      List<MemoryPlan.Need> needs =
          List.of(new MemoryPlan.Need("z", ElementType.FLOAT32, 1001, 1001));
      assertThatThrownBy(() ->
              MemoryPlan.choose("a batch of 64 at depth 32", new MemoryBudget(1000), needs, false))
          .isInstanceOf(MemoryBudget.MemoryBudgetException.class)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage(
              "a batch of 64 at depth 32 needs 1,001 bytes of history, more than the memory budget"
                  + " of 1,000 bytes: lower the depth, the batch or the channels, raise the budget,"
                  + " or give a folder to spill to");
    } finally {
      Locale.setDefault(before);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, Long.MIN_VALUE})
  void aBudgetIsPositive(long bytes) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new MemoryBudget(bytes))
        .withMessage("memory budget " + bytes + " bytes: must be at least 1");
  }
}
