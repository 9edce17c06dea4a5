package org.volterra.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.volterra.internal.scalar.ScalarProvider;
import org.volterra.testing.TestProvider;

/** Attention over slices of the provider under test against the reference. */
class DepthPrimitivesContractTest {
  private static final long SEED = 20261126;
  private static final double LEAST = 1e-6;

  private final Random random = new Random(SEED);

  /** Those of the CPU must be there. */
  private static DepthPrimitives tested(ElementType type) {
    ComputeProvider provider = TestProvider.get();
    Optional<DepthPrimitives> depth = provider.depth(type);
    assumeTrue(
        depth.isPresent() || provider.usesHostMemory(),
        () -> provider.name() + " has no primitives for attention over depth");
    return depth.orElseThrow();
  }

  private static DepthPrimitives reference(ElementType type) {
    return new ScalarProvider().depth(type).orElseThrow();
  }

  private static double epsilon(ElementType type) {
    return type == ElementType.FLOAT32 ? 0x1p-23 : 0x1p-52;
  }

  @EnumSource(
      value = ElementType.class,
      names = {"FLOAT32", "FLOAT64"})
  @ParameterizedTest
  void agreesWithTheReference(ElementType type) {
    int[] channels = {1, 2, 3, 5, 8, 16, 17, 33, 64, 100};
    int[] slices = {1, 2, 3, 7, 64, 254, 255, 256, 257, 300, 600};
    for (int round = 0; round < 60; round++) {
      int n = channels[random.nextInt(channels.length)];
      int count = slices[random.nextInt(slices.length)];
      int m = round % 15 == 0 ? 150 : 1 + random.nextInt(9);
      double size = Math.pow(10, random.nextInt(3) - 1);
      double beta = round % 3;
      String what = "attention over " + count + " slices of " + m + " x " + n + ", seed " + SEED;
      try (Guarded z = Guarded.random(type, count, m * n, random.nextInt(20), random);
          Guarded q = Guarded.of(type, 1, n, 0, (i, j) -> size * random.nextGaussian());
          Guarded y =
              Guarded.of(
                  type,
                  m,
                  n,
                  random.nextInt(20),
                  (i, j) -> beta == 0 ? Double.NaN : random.nextGaussian());
          Guarded dy = Guarded.random(type, m, n, random.nextInt(20), random);
          Guarded dz = Guarded.random(type, count, m * n, random.nextInt(20), random);
          Guarded dq = Guarded.random(type, 1, n, 0, random)) {
        tested(type).attend(0.7, LEAST, z.tested, q.tested, beta, y.tested);
        reference(type).attend(0.7, LEAST, z.reference, q.reference, beta, y.reference);
        double loss = 8 * (2 * n + 8) * epsilon(type) * (1 + size * Math.sqrt(n));
        y.check(what, 4 * loss, loss);
        tested(type)
            .attendBackward(0.7, LEAST, z.tested, q.tested, dy.tested, dz.tested, dq.tested);
        reference(type)
            .attendBackward(
                0.7, LEAST, z.reference, q.reference, dy.reference, dz.reference, dq.reference);
        dz.check(what + " dz", 20 * (1 + size) * loss, 4 * loss);
        dq.check(what + " dq", 20 * Math.sqrt(m) * loss, 4 * loss);
      }
    }
  }

  @EnumSource(
      value = ElementType.class,
      names = {"FLOAT32", "FLOAT64"})
  @ParameterizedTest
  void takesLargeScoresAndPassesOnNaN(ElementType type) {
    int n = 4;
    double[] sizes = {1e4, -1e4, 3e4, 0};
    try (Guarded z = Guarded.of(type, 4, n, 0, (k, j) -> 1 + k);
        Guarded q = Guarded.of(type, 1, n, 0, (i, j) -> 1e4);
        Guarded y = Guarded.of(type, 1, n, 0, (i, j) -> Double.NaN)) {
      for (int k = 0; k < sizes.length; k++) {
        for (int j = 0; j < n; j++) {
          z.tested.set(k, j, sizes[k]);
        }
      }
      tested(type).attend(1, LEAST, z.tested, q.tested, 0, y.tested);
      // Keys are normalised: the first and the third score 4e4, the others 0 and less.
      assertEquals(2e4, y.tested.get(0, 0), 1e-2);
      z.tested.set(2, 1, Double.NaN);
      tested(type).attend(1, LEAST, z.tested, q.tested, 0, y.tested);
      assertTrue(Double.isNaN(y.tested.get(0, 0)));
    }
  }

  @EnumSource(
      value = ElementType.class,
      names = {"FLOAT32", "FLOAT64"})
  @ParameterizedTest
  void refusesWhatDoesNotFit(ElementType type) {
    DepthPrimitives p = tested(type);
    try (Guarded z = Guarded.random(type, 3, 8, 0, random);
        Guarded q = Guarded.random(type, 1, 4, 0, random);
        Guarded y = Guarded.random(type, 2, 4, 0, random);
        Guarded other = Guarded.random(type, 2, 3, 0, random)) {
      assertThrows(
          IllegalArgumentException.class, () -> p.attend(1, -1, z.tested, q.tested, 0, y.tested));
      assertThrows(
          IllegalArgumentException.class,
          () -> p.attend(1, 0, z.tested, q.tested, 0, other.tested));
      assertThrows(
          IllegalArgumentException.class,
          () -> p.attend(1, 0, z.tested, q.tested, 0, y.tested.rows(0, 1)));
      assertThrows(
          IllegalArgumentException.class,
          () ->
              p.attendBackward(1, 0, z.tested, q.tested, y.tested, z.tested.rows(0, 2), q.tested));
    }
  }
}
