package org.volterra;

import org.volterra.memory.History;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * The slices of a history as passes use them. If the history has the type that the network computes
 * in, that is in place. Else it is in scratch memory: what was written there is rounded and stored
 * by {@link #store}, and {@link #get} brings back what was stored, so that everyone works with the
 * rounded numbers. Not thread-safe.
 */
final class Slices {
  private final Primitives p;
  private final History history;
  private final Matrix first;
  private final Matrix other;
  private int current = -1;

  private Slices(Primitives p, History history, Matrix first, Matrix other) {
    this.p = p;
    this.history = history;
    this.first = first;
    this.other = other;
  }

  /** Slices that are used in place. */
  static Slices inPlace(History history) {
    return new Slices(null, history, null, null);
  }

  /**
   * Slices that are stored in another type.
   *
   * @param first scratch for slice 0, which then stays there; or null
   * @param other scratch for one slice at a time
   */
  static Slices stored(Primitives p, History history, Matrix first, Matrix other) {
    return new Slices(p, history, first, other);
  }

  /** Where slice k is seen; the same object in every call. */
  Matrix view(int k) {
    return other == null ? history.slice(k) : stays(k) ? first : other;
  }

  private boolean stays(int k) {
    return k == 0 && first != null;
  }

  /** Slice k, to be read. */
  Matrix get(int k) {
    if (other != null && k != current && !stays(k)) {
      p.widen(history.slice(k), other);
      current = k;
    }
    return view(k);
  }

  /** Slice k, to be overwritten and then stored. */
  Matrix begin(int k) {
    if (!stays(k)) {
      current = k;
    }
    return view(k);
  }

  /** Stores slice k, which was just written. */
  void store(int k) {
    if (other != null) {
      p.narrow(view(k), history.slice(k));
      p.widen(history.slice(k), view(k));
    }
  }

  /** Whether nothing is rounded between what is written and what is read. */
  boolean isInPlace() {
    return other == null;
  }

  /** The history. */
  History history() {
    return history;
  }
}
