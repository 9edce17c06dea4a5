package org.volterra;

import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Locale;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.volterra.internal.platform.BuiltInProviders;
import org.volterra.spi.ComputeProvider;

/**
 * Chooses the device that networks run on.
 *
 * <p>System property {@value #PROVIDER} names a provider or is {@code auto} (the default): the
 * fastest that this machine and virtual machine can run. {@value #THREADS} sets the number of
 * threads of one primitive. What was chosen is logged in one line by the system logger {@code
 * org.volterra}; what had to be passed over is named there with its remedy. A provider that is
 * asked for by name and cannot run is an error. All methods are thread-safe.
 */
public final class Engine {
  /** System property that names the provider. */
  public static final String PROVIDER = "volterra.provider";

  /** System property with the number of threads; by default the number of processors. */
  public static final String THREADS = "volterra.threads";

  private static final System.Logger LOG = System.getLogger("org.volterra");

  private Engine() {}

  /**
   * A provider that could be chosen.
   *
   * @param name its name
   * @param available whether it can run here
   * @param reason what it would run on, or why it cannot run and what to do about it
   */
  public record Candidate(String name, boolean available, String reason) {}

  /**
   * Opens the provider that the system properties ask for.
   *
   * @return an open provider, owned by the caller
   * @throws IllegalArgumentException if {@value #PROVIDER} or {@value #THREADS} has no sense
   * @throws IllegalStateException if the provider asked for by name cannot run here
   */
  public static ComputeProvider select() {
    return open(System.getProperty(PROVIDER, "auto"), threads());
  }

  /**
   * Opens a provider by name.
   *
   * @param name {@code auto} or a name from {@link #candidates}
   * @param threads threads of one primitive, or 0 for the number of processors
   * @return an open provider, owned by the caller
   * @throws IllegalArgumentException if there is no such provider or {@code threads} is negative
   * @throws IllegalStateException if it cannot run here; the message says why and what to do
   */
  public static ComputeProvider open(String name, int threads) {
    if (threads < 0) {
      throw new IllegalArgumentException(
          "threads " + threads + ": must be positive, or 0 for all processors");
    }
    int count = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
    ComputeProvider provider =
        name.equals("auto") ? BuiltInProviders.best(count, LOG) : named(name, count);
    LOG.log(Level.INFO, () -> "provider " + provider.name() + ": " + provider.description());
    return provider;
  }

  private static ComputeProvider named(String name, int threads) {
    for (Candidate candidate : BuiltInProviders.candidates()) {
      if (candidate.name().equals(name)) {
        if (!candidate.available()) {
          throw new IllegalStateException(
              "provider '" + name + "' cannot run here: " + candidate.reason());
        }
        return BuiltInProviders.open(name, threads);
      }
    }
    ComputeProvider provider =
        found()
            .filter(p -> p.name().equals(name))
            .findFirst()
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "provider '"
                        + name
                        + "' is unknown: choose one of "
                        + Stream.concat(
                                Stream.of("auto"), candidates().stream().map(Candidate::name))
                            .collect(Collectors.joining(", "))));
    provider
        .refusal()
        .ifPresent(reason -> {
          throw new IllegalStateException("provider '" + name + "' cannot run here: " + reason);
        });
    return provider;
  }

  private static Stream<ComputeProvider> found() {
    return ServiceLoader.load(ComputeProvider.class).stream().map(ServiceLoader.Provider::get);
  }

  /**
   * The providers that this installation knows: those of the engine, the fastest first, then those
   * found through {@link ServiceLoader}, which {@code auto} never chooses.
   *
   * @return each with what it would run on, or with the reason why it cannot
   */
  public static List<Candidate> candidates() {
    Stream<Candidate> others =
        found()
            .map(p ->
                p.refusal()
                    .map(reason -> new Candidate(p.name(), false, reason))
                    .orElseGet(() -> new Candidate(p.name(), true, p.description())));
    return Stream.concat(BuiltInProviders.candidates().stream(), others).toList();
  }

  private static int threads() {
    String text = System.getProperty(THREADS);
    if (text == null) {
      return 0;
    }
    try {
      int count = Integer.parseInt(text);
      if (count >= 1) {
        return count;
      }
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(badThreads(text), e);
    }
    throw new IllegalArgumentException(badThreads(text));
  }

  private static String badThreads(String text) {
    return String.format(
        Locale.ROOT, "%s '%s': must be a whole number of at least 1", THREADS, text);
  }
}
