package org.volterra.internal.panama;

import java.util.ArrayList;
import java.util.List;

/**
 * Elementwise primitives that are not run but kept, one after the other, to be run over blocks by
 * the job that computes what they begin with. Where an operation reads what one before it wrote, it
 * reads the same elements, so that a block needs no other.
 */
final class FloatChain extends FloatElementwiseJobs {
  private final List<Step> steps = new ArrayList<>();
  private final List<BlockJob> jobs = new ArrayList<>();

  /** Forgets all operations. */
  void clear() {
    jobs.clear();
  }

  @Override
  Step step() {
    if (jobs.size() == steps.size()) {
      steps.add(new Step());
    }
    return steps.get(jobs.size());
  }

  @Override
  void take(BlockJob job) {
    jobs.add(job);
  }

  /** Has all loops compiled. */
  void warmUp() {
    for (int i = 0; i < jobs.size(); i++) {
      jobs.get(i).warmUp();
    }
  }

  /** Computes some rows and columns; several threads may do so at once. */
  void block(long firstRow, long endRow, long firstColumn, int width, Scratch scratch) {
    for (int i = 0; i < jobs.size(); i++) {
      jobs.get(i).rows(firstRow, endRow, firstColumn, width, scratch);
    }
  }
}
