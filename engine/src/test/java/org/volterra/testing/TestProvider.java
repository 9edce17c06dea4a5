package org.volterra.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.volterra.Engine;
import org.volterra.internal.panama.PanamaProvider;
import org.volterra.internal.panama.VectorWidth;
import org.volterra.internal.platform.VectorProbe;
import org.volterra.internal.scalar.ScalarProvider;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;

/**
 * The provider under test: system property {@code volterra.test.provider} is scalar, panama (the
 * default) or the name of one found through ServiceLoader, {@code volterra.vector.bits} the vector
 * width. A provider that was asked for and cannot be had fails the test.
 */
public final class TestProvider {
  private static final String NAME = System.getProperty("volterra.test.provider", "panama");
  private static final ComputeProvider SHARED = create(2);

  private TestProvider() {}

  /** The provider, shared by all tests and never closed. */
  public static ComputeProvider get() {
    return SHARED;
  }

  /** A buffer of that provider; the caller closes it. */
  public static Buffer allocate(ElementType type, long length) {
    return SHARED.allocate(type, length);
  }

  /** A provider of the same kind with its own threads; the caller closes it. */
  public static ComputeProvider create(int threads) {
    ComputeProvider provider =
        switch (NAME) {
          case "scalar" -> new ScalarProvider();
          case "panama" -> panama(threads);
          default -> Engine.open(NAME, threads);
        };
    assertEquals(NAME, provider.name());
    return provider;
  }

  /** Whether the provider under test is the reference itself. */
  public static boolean isReference() {
    return NAME.equals("scalar");
  }

  private static ComputeProvider panama(int threads) {
    VectorProbe probe = VectorProbe.probe();
    if (!probe.usable()) {
      throw new IllegalStateException(probe.reason());
    }
    String asked = System.getProperty(VectorWidth.PROPERTY, "preferred");
    int bits = asked.equals("preferred") ? VectorWidth.preferredBits() : Integer.parseInt(asked);
    assertEquals(bits, VectorWidth.bits());
    return new PanamaProvider(threads);
  }
}
