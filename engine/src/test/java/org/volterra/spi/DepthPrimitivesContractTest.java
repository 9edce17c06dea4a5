package org.volterra.spi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
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

  @Test
  void agreesOnHistoriesOfBfloat16() {
    int[] channels = {1, 3, 8, 17, 64, 100, 264};
    double epsilon = epsilon(ElementType.FLOAT32);
    for (int round = 0; round < 20; round++) {
      int n = channels[round % channels.length];
      int count = 1 + random.nextInt(12);
      int m = round % 9 == 0 ? 150 : 1 + random.nextInt(9);
      int offset = round % 2 * 3;
      double beta = round % 3;
      ElementType sums = round % 4 < 2 ? ElementType.BFLOAT16 : ElementType.FLOAT32;
      String what = count + " slices of bfloat16, " + m + " x " + n + ", to " + sums;
      try (Guarded z = Guarded.random(ElementType.BFLOAT16, count, m * n, 8 * offset, random);
          Guarded q = Guarded.random(ElementType.FLOAT32, 1, n, 0, random);
          Guarded y =
              Guarded.of(
                  sums, m, n, offset, (i, j) -> beta == 0 ? Double.NaN : random.nextGaussian());
          Guarded dy = Guarded.random(ElementType.FLOAT32, m, n, offset, random);
          Guarded dz = Guarded.random(ElementType.FLOAT32, count, m * n, offset, random);
          Guarded dq = Guarded.random(ElementType.FLOAT32, 1, n, 0, random)) {
        tested(ElementType.FLOAT32).attend(0.7, LEAST, z.tested, q.tested, beta, y.tested);
        reference(ElementType.FLOAT32)
            .attend(0.7, LEAST, z.reference, q.reference, beta, y.reference);
        double loss = 8 * (2 * n + 8) * epsilon * (1 + Math.sqrt(n));
        y.check(what, 4 * loss, sums == ElementType.BFLOAT16 ? 0x1p-7 : loss);
        tested(ElementType.FLOAT32)
            .attendBackward(0.7, LEAST, z.tested, q.tested, dy.tested, dz.tested, dq.tested);
        reference(ElementType.FLOAT32)
            .attendBackward(
                0.7, LEAST, z.reference, q.reference, dy.reference, dz.reference, dq.reference);
        dz.check(what + " dz", 40 * loss, 4 * loss);
        dq.check(what + " dq", 20 * Math.sqrt(m) * loss, 4 * loss);
      }
    }
  }

  /** Rows that begin at 16 bytes, of which a device may have its own kernels. */
  @EnumSource(
      value = ElementType.class,
      names = {"FLOAT32", "FLOAT64"})
  @ParameterizedTest
  void agreesOnAlignedRows(ElementType type) {
    int[][] sizes = {{1, 1, 4}, {9, 70, 64}, {5, 3, 132}, {33, 2, 260}, {4, 2, 1300}, {3, 2, 4200}};
    for (int[] size : sizes) {
      int count = size[0];
      int m = size[1];
      int n = size[2];
      double[] data = random.doubles((long) count * m * n, -1, 1).toArray();
      double[] query = random.doubles(n, -0.1, 0.1).toArray();
      double[] slope = random.doubles((long) m * n, -1, 1).toArray();
      List<double[]> results = new ArrayList<>();
      for (boolean isTested : new boolean[] {true, false}) {
        ComputeProvider provider = isTested ? TestProvider.get() : new ScalarProvider();
        DepthPrimitives p = isTested ? tested(type) : reference(type);
        try (Buffer z = provider.allocate(type, data.length);
            Buffer q = provider.allocate(type, n);
            Buffer y = provider.allocate(type, slope.length);
            Buffer dy = provider.allocate(type, slope.length);
            Buffer dz = provider.allocate(type, data.length);
            Buffer dq = provider.allocate(type, n)) {
          Matrix slices = Matrix.of(z, 0, count, m * n);
          slices.fill(data);
          Matrix.vector(q, 0, n).fill(query);
          Matrix.of(dy, 0, m, n).fill(slope);
          Matrix.of(dz, 0, count, m * n).fill(data);
          p.attend(0.7, LEAST, slices, Matrix.vector(q, 0, n), 0, Matrix.of(y, 0, m, n));
          p.attendBackward(
              0.7,
              LEAST,
              slices,
              Matrix.vector(q, 0, n),
              Matrix.of(dy, 0, m, n),
              Matrix.of(dz, 0, count, m * n),
              Matrix.vector(dq, 0, n));
          results.add(Matrix.of(y, 0, m, n).toArray());
          results.add(Matrix.of(dz, 0, count, m * n).toArray());
          results.add(Matrix.vector(dq, 0, n).toArray());
        }
      }
      for (int k = 0; k < 3; k++) {
        double bound = 400 * n * epsilon(type);
        assertArrayEquals(results.get(3 + k), results.get(k), bound, count + " x " + m + " x " + n);
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
