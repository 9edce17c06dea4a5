package org.volterra.memory;

import java.util.Locale;

/**
 * An upper limit for the bytes of history that a workspace may hold.
 *
 * @param bytes the limit, at least 1
 */
public record MemoryBudget(long bytes) {
  /**
   * Checks the argument.
   *
   * @throws IllegalArgumentException if the limit is not positive
   */
  public MemoryBudget {
    if (bytes < 1) {
      throw new IllegalArgumentException("memory budget " + bytes + " bytes: must be at least 1");
    }
  }

  /**
   * No limit.
   *
   * @return a budget that everything fits
   */
  public static MemoryBudget unlimited() {
    return new MemoryBudget(Long.MAX_VALUE);
  }

  /**
   * Checks that something fits.
   *
   * @param what what needs the memory
   * @param needed the bytes that it needs
   * @throws MemoryBudgetException if they exceed the budget
   */
  public void require(String what, long needed) {
    if (needed > bytes) {
      throw new MemoryBudgetException(
          String.format(
              Locale.ROOT,
              "%s needs %,d bytes of history, more than the memory budget of %,d bytes: lower the"
                  + " depth, the batch or the channels, or raise the budget",
              what,
              needed,
              bytes));
    }
  }

  /** Says that a network's history does not fit the budget. */
  public static final class MemoryBudgetException extends IllegalStateException {
    private static final long serialVersionUID = 1;

    private MemoryBudgetException(String message) {
      super(message);
    }
  }
}
