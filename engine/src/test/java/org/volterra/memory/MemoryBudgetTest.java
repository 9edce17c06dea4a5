package org.volterra.memory;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Locale;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("provider-independent")
class MemoryBudgetTest {
  @Test
  void whatFitsToTheByteIsAllowed() {
    MemoryBudget budget = new MemoryBudget(1000);
    assertThatCode(() -> budget.require("a history", 1000)).doesNotThrowAnyException();
    assertThatCode(() -> MemoryBudget.unlimited().require("a history", Long.MAX_VALUE))
        .doesNotThrowAnyException();
  }

  @Test
  void whatDoesNotFitIsRefusedWithBothNumbersAndTheRemedy() {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.GERMANY);
      assertThatThrownBy(() -> new MemoryBudget(1000).require("a batch of 64 at depth 32", 1001))
          .isInstanceOf(MemoryBudget.MemoryBudgetException.class)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage(
              "a batch of 64 at depth 32 needs 1,001 bytes of history, more than the memory budget"
                  + " of 1,000 bytes: lower the depth, the batch or the channels, or raise the"
                  + " budget");
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
