package org.volterra.train;

import java.util.ArrayList;
import java.util.List;
import org.volterra.memory.Resources;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.Recording;

/**
 * Parts of a training step for batches of one size, one after the other: those that stay on the
 * device are recorded, neighbours as one, and those that use the host are called.
 */
final class RecordedPass implements AutoCloseable {
  private final Resources resources = new Resources();
  private final List<Recording> parts = new ArrayList<>();

  /** Collects the parts; owned by the caller, also if adding one fails. */
  RecordedPass() {}

  RecordedPass recorded(ComputeProvider provider, Runnable work) {
    parts.add(resources.own(provider.record(work)));
    return this;
  }

  RecordedPass called(Runnable work) {
    parts.add(resources.own(Recording.direct(work)));
    return this;
  }

  void run() {
    for (int i = 0; i < parts.size(); i++) {
      parts.get(i).run();
    }
  }

  @Override
  public void close() {
    resources.close();
  }
}
