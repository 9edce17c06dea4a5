package org.volterra.internal.platform;

import java.lang.System.Logger.Level;
import java.util.List;
import org.volterra.Engine.Candidate;
import org.volterra.internal.panama.PanamaProvider;
import org.volterra.internal.scalar.ScalarProvider;
import org.volterra.spi.ComputeProvider;

/**
 * The providers of the engine itself. No class of the vector provider is loaded unless the probe
 * found that it can run.
 */
public final class BuiltInProviders {
  private static final String PANAMA = "panama";
  private static final String SCALAR = "scalar";

  private BuiltInProviders() {}

  /**
   * All of them, the fastest first.
   *
   * @return each with what it would run on, or why it cannot
   */
  public static List<Candidate> candidates() {
    VectorProbe vectors = VectorProbe.probe();
    return List.of(
        new Candidate(PANAMA, vectors.usable(), vectors.reason()),
        new Candidate(SCALAR, true, "plain loops, slow: the reference for tests"));
  }

  /**
   * Opens one that can run.
   *
   * @param name its name
   * @param threads threads of one primitive
   * @return an open provider
   */
  public static ComputeProvider open(String name, int threads) {
    return name.equals(PANAMA) ? new PanamaProvider(threads) : new ScalarProvider();
  }

  /**
   * Opens the fastest that can run, and logs why faster ones cannot.
   *
   * @param threads threads of one primitive
   * @param log where to tell
   * @return an open provider
   */
  public static ComputeProvider best(int threads, System.Logger log) {
    for (Candidate candidate : candidates()) {
      if (candidate.available()) {
        return open(candidate.name(), threads);
      }
      log.log(Level.WARNING, "provider {0} is not used: {1}", candidate.name(), candidate.reason());
    }
    throw new AssertionError("the scalar provider always runs");
  }
}
