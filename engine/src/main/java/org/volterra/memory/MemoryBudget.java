package org.volterra.memory;

import java.nio.file.Path;

/**
 * An upper limit for the bytes of history that a workspace may hold in memory, and what may be done
 * about a history that exceeds it. {@link MemoryPlan#choose} says in which order.
 *
 * @param bytes the limit, at least 1
 * @param recompute whether states and sums may be dropped in the forward pass and computed again in
 *     the adjoint; gradients are the same bits
 * @param spill an existing folder for files that take what does not fit, or null if there is none
 */
public record MemoryBudget(long bytes, boolean recompute, Path spill) {
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
   * A limit past which networks are refused.
   *
   * @param bytes the limit, at least 1
   * @throws IllegalArgumentException if the limit is not positive
   */
  public MemoryBudget(long bytes) {
    this(bytes, false, null);
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
   * The same limit; past it, states and sums are computed again instead of kept.
   *
   * @return a new budget
   */
  public MemoryBudget recomputing() {
    return new MemoryBudget(bytes, true, spill);
  }

  /**
   * The same limit; past it, histories go to files in a folder.
   *
   * @param folder an existing folder on a disk with room for all histories
   * @return a new budget
   */
  public MemoryBudget spillingTo(Path folder) {
    return new MemoryBudget(bytes, recompute, folder);
  }

  /** Says that a network's history does not fit the budget. */
  public static final class MemoryBudgetException extends IllegalStateException {
    private static final long serialVersionUID = 1;

    MemoryBudgetException(String message) {
      super(message);
    }
  }
}
