package org.volterra.memory;

import java.util.ArrayList;
import java.util.List;

/** Several owned resources that are closed together, the last one first. Not thread-safe. */
public final class Resources implements AutoCloseable {

  private final List<AutoCloseable> owned = new ArrayList<>();

  /** No resources yet. */
  public Resources() {}

  /**
   * Takes ownership.
   *
   * @param <T> the resource's type
   * @param resource a buffer, a history or another resource
   * @return the resource
   */
  public <T extends AutoCloseable> T own(T resource) {
    owned.add(resource);
    return resource;
  }

  /**
   * Closes all resources, the last one first, each once.
   *
   * @throws IllegalStateException if one of them failed to close; the others are closed all the
   *     same
   */
  @Override
  public void close() {
    IllegalStateException failure = null;
    for (AutoCloseable resource : owned.reversed()) {
      try {
        resource.close();
      } catch (Exception e) {
        if (failure == null) {
          failure = new IllegalStateException("could not close " + resource, e);
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    owned.clear();
    if (failure != null) {
      throw failure;
    }
  }
}
