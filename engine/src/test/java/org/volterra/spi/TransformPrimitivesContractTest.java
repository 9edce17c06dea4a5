package org.volterra.spi;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.volterra.internal.scalar.ScalarProvider;
import org.volterra.testing.TestProvider;

/**
 * Every primitive of transforms of the provider under test against the reference, over sizes around
 * each tail.
 */
class TransformPrimitivesContractTest {
  private static final long SEED = 20261125;
  private static final int[] SIZES = {1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 24, 31, 33, 48, 65};

  private final ScalarProvider scalar = new ScalarProvider();
  private final Random random = new Random(SEED);

  @EnumSource(
      value = ElementType.class,
      names = {"FLOAT32", "FLOAT64"})
  @ParameterizedTest
  @Retention(RetentionPolicy.RUNTIME)
  @interface EachType {}

  /** Those of the CPU must be there; networks of stages on other devices wait for theirs. */
  private static TransformPrimitives tested(ElementType type) {
    ComputeProvider provider = TestProvider.get();
    Optional<TransformPrimitives> transforms = provider.transforms(type);
    assumeTrue(
        transforms.isPresent() || provider.usesHostMemory(),
        () -> provider.name() + " has no primitives for transforms");
    return transforms.orElseThrow();
  }

  private TransformPrimitives reference(ElementType type) {
    return scalar.transforms(type).orElseThrow();
  }

  private static double epsilon(ElementType type) {
    return type == ElementType.FLOAT32 ? 0x1p-23 : 0x1p-52;
  }

  private int size() {
    return SIZES[random.nextInt(SIZES.length)];
  }

  private int upTo(int most) {
    return 1 + random.nextInt(most);
  }

  private Guarded matrix(ElementType type, int rows, int columns) {
    return Guarded.random(type, rows, columns, random.nextInt(3) * random.nextInt(20), random);
  }

  private Guarded old(ElementType type, int rows, int columns, double beta) {
    return Guarded.of(
        type,
        rows,
        columns,
        random.nextInt(20),
        (i, j) -> beta == 0 ? Double.NaN : random.nextGaussian());
  }

  private Guarded positive(ElementType type, int columns) {
    return Guarded.of(type, 1, columns, 0, (i, j) -> 0.5 + random.nextDouble());
  }

  private static String name(String what, Object... facts) {
    return what + " " + Arrays.toString(facts) + ", seed " + SEED;
  }

  /** A random window that fits its grid. */
  private Window window(boolean forMaxima) {
    while (true) {
      int kernelY = upTo(4);
      int kernelX = upTo(4);
      int padY = random.nextInt(forMaxima ? kernelY / 2 + 1 : 4);
      int padX = random.nextInt(forMaxima ? kernelX / 2 + 1 : 4);
      int dilationY = forMaxima ? 1 : upTo(2);
      int dilationX = forMaxima ? 1 : upTo(2);
      int height = upTo(7);
      int width = upTo(11);
      boolean fits =
          (kernelY - 1) * dilationY < height + 2 * padY
              && (kernelX - 1) * dilationX < width + 2 * padX;
      if (fits) {
        return new Window(
            height, width, kernelY, kernelX, upTo(3), upTo(3), padY, padX, dilationY, dilationX);
      }
    }
  }

  @EachType
  void convolution(ElementType type) {
    for (int round = 0; round < 120; round++) {
      Window w = window(false);
      int groups = round % 3 == 0 ? upTo(3) : 1;
      boolean depthwise = round % 5 == 0;
      int inputs = groups * size();
      convolution(
          type,
          w,
          depthwise ? inputs : groups,
          inputs,
          depthwise ? inputs : groups * size(),
          upTo(3),
          round % 3);
    }
    Window same = new Window(6, 9, 3, 3, 1, 1, 1, 1, 1, 1);
    convolution(type, same, 1, 12, 100, 9, 0);
    convolution(type, new Window(33, 40, 3, 3, 1, 1, 1, 1, 1, 1), 1, 10, 12, 2, 1);
  }

  private void convolution(
      ElementType type, Window w, int groups, int inputs, int outputs, int samples, double beta) {
    String what = name("convolution", type, w, groups, inputs, outputs, samples, beta);
    int each = inputs / groups;
    try (Guarded x = matrix(type, samples * w.positions(), inputs);
        Guarded k = matrix(type, w.taps() * each, outputs);
        Guarded y = old(type, samples * w.outputPositions(), outputs, beta);
        Guarded dx = old(type, samples * w.positions(), inputs, beta);
        Guarded dk = matrix(type, w.taps() * each, outputs);
        Guarded dy = matrix(type, samples * w.outputPositions(), outputs)) {
      double forward = epsilon(type) * (8 * w.taps() * each + 8);
      double back = epsilon(type) * (8 * w.taps() * outputs / groups + 8);
      double sums = epsilon(type) * (8 * samples * w.outputPositions() + 8);
      tested(type).convolve(w, groups, x.tested, k.tested, beta, y.tested);
      reference(type).convolve(w, groups, x.reference, k.reference, beta, y.reference);
      y.check(what, forward, 4 * epsilon(type));
      tested(type).convolveTransposed(w, groups, dy.tested, k.tested, beta, dx.tested);
      reference(type).convolveTransposed(w, groups, dy.reference, k.reference, beta, dx.reference);
      dx.check(what + " transposed", back, 4 * epsilon(type));
      tested(type).convolveGradient(w, groups, x.tested, dy.tested, dk.tested);
      reference(type).convolveGradient(w, groups, x.reference, dy.reference, dk.reference);
      dk.check(what + " gradient", sums, 4 * epsilon(type));
    }
  }

  @EachType
  void pooling(ElementType type) {
    for (int round = 0; round < 80; round++) {
      boolean max = round % 2 == 0;
      Window w = window(max);
      int channels = size();
      int samples = upTo(3);
      double beta = round % 3;
      String what = name("pooling", type, w, channels, samples, beta, max);
      Guarded.Cell ties = (i, j) -> Math.rint(2 * random.nextGaussian());
      try (Guarded x = Guarded.of(type, samples * w.positions(), channels, 3, ties);
          Guarded y = old(type, samples * w.outputPositions(), channels, 0);
          Guarded dy = matrix(type, samples * w.outputPositions(), channels);
          Guarded dx = old(type, samples * w.positions(), channels, beta)) {
        if (max) {
          tested(type).maxPool(w, x.tested, y.tested);
          reference(type).maxPool(w, x.reference, y.reference);
          tested(type).maxPoolBackward(w, x.tested, dy.tested, beta, dx.tested);
          reference(type).maxPoolBackward(w, x.reference, dy.reference, beta, dx.reference);
        } else {
          tested(type).averagePool(w, x.tested, y.tested);
          reference(type).averagePool(w, x.reference, y.reference);
          tested(type).averagePoolBackward(w, dy.tested, beta, dx.tested);
          reference(type).averagePoolBackward(w, dy.reference, beta, dx.reference);
        }
        y.check(what, 40 * epsilon(type), 4 * epsilon(type));
        dx.check(what + " backward", 100 * epsilon(type), 4 * epsilon(type));
      }
    }
  }

  @EachType
  void statistics(ElementType type) {
    for (int round = 0; round < 80; round++) {
      int n = size();
      int m = round % 10 == 0 ? 40000 / n : size();
      double shift = round % 4 == 1 ? 100 : 0;
      String what = name("statistics", type, m, n, shift);
      Guarded.Cell cell = (i, j) -> shift + random.nextGaussian();
      try (Guarded x = Guarded.of(type, m, n, random.nextInt(9), cell);
          Guarded mean = old(type, 1, n, 0);
          Guarded variance = old(type, 1, n, 0);
          Guarded rate = old(type, 1, n, 0);
          Guarded sum = matrix(type, 1, n);
          Guarded product = matrix(type, 1, n);
          Guarded dx = matrix(type, m, n)) {
        tested(type).moments(x.tested, mean.tested, variance.tested);
        reference(type).moments(x.reference, mean.reference, variance.reference);
        mean.check(what + " mean", 20 * epsilon(type), 20 * epsilon(type));
        double tolerance = (100 + 10 * shift) * epsilon(type);
        variance.check(what + " variance", tolerance, tolerance);
        mean.tested.fill(mean.reference.toArray());
        variance.tested.fill(variance.reference.toArray());
        tested(type).reciprocalRoot(1e-5, variance.tested, rate.tested);
        reference(type).reciprocalRoot(1e-5, variance.reference, rate.reference);
        rate.check(what + " rate", 0, 4 * epsilon(type));
        rate.tested.fill(rate.reference.toArray());
        tested(type)
            .momentsBackward(
                x.tested, mean.tested, rate.tested, sum.tested, product.tested, dx.tested);
        reference(type)
            .momentsBackward(
                x.reference,
                mean.reference,
                rate.reference,
                sum.reference,
                product.reference,
                dx.reference);
        double largest = Arrays.stream(rate.reference.toArray()).max().orElseThrow();
        dx.check(
            what + " backward",
            20 * (1 + shift) * epsilon(type) * Math.max(1, largest * largest),
            8 * epsilon(type));
      }
    }
  }

  @EachType
  void normalization(ElementType type) {
    for (int round = 0; round < 120; round++) {
      int n = size();
      int m = round % 20 == 0 ? 40000 / n : size();
      double beta = round % 3;
      List<Activation> all = List.of(Activation.values());
      Activation f = all.get(round % all.size());
      String what = name("normalization", type, m, n, f, beta);
      try (Guarded x = matrix(type, m, n);
          Guarded mean = matrix(type, 1, n);
          Guarded rate = positive(type, n);
          Guarded weight = matrix(type, 1, n);
          Guarded bias = matrix(type, 1, n);
          Guarded y = old(type, m, n, 0);
          Guarded dy = matrix(type, m, n);
          Guarded dx = old(type, m, n, beta);
          Guarded dweight = matrix(type, 1, n);
          Guarded dbias = matrix(type, 1, n)) {
        boolean plain = round % 7 == 0;
        ChannelNorm norm =
            new ChannelNorm(
                plain ? null : mean.tested, plain ? null : rate.tested, weight.tested, bias.tested);
        ChannelNorm expected =
            new ChannelNorm(
                plain ? null : mean.reference,
                plain ? null : rate.reference,
                weight.reference,
                bias.reference);
        tested(type).normalize(f, norm, x.tested, y.tested);
        reference(type).normalize(f, expected, x.reference, y.reference);
        y.check(what, 40 * epsilon(type), 20 * epsilon(type));
        tested(type)
            .normalizeBackward(
                f, norm, x.tested, dy.tested, beta, dx.tested, dweight.tested, dbias.tested);
        reference(type)
            .normalizeBackward(
                f,
                expected,
                x.reference,
                dy.reference,
                beta,
                dx.reference,
                dweight.reference,
                dbias.reference);
        dx.check(what + " dx", 100 * epsilon(type), 40 * epsilon(type));
        double sums = epsilon(type) * (100 + 8 * Math.sqrt(m) * 4);
        dweight.check(what + " dweight", 4 * sums, sums);
        dbias.check(what + " dbias", 4 * sums, sums);
      }
    }
  }

  @EachType
  void rows(ElementType type) {
    for (int round = 0; round < 80; round++) {
      int m = size();
      int n = round % 20 == 0 ? 40000 / m : size();
      boolean centered = round % 2 == 0;
      double beta = round % 3;
      String what = name("rows", type, m, n, centered, beta);
      Guarded.Cell share = (i, j) -> random.nextDouble() / n;
      try (Guarded x = matrix(type, m, n);
          Guarded y = old(type, m, n, 0);
          Guarded dy = matrix(type, m, n);
          Guarded dx = old(type, m, n, beta);
          Guarded p = Guarded.of(type, m, n, 5, share)) {
        tested(type).normalizeRows(centered, 1e-3, x.tested, y.tested);
        reference(type).normalizeRows(centered, 1e-3, x.reference, y.reference);
        y.check(what, 200 * epsilon(type), 20 * epsilon(type));
        tested(type).normalizeRowsBackward(centered, 1e-3, x.tested, dy.tested, beta, dx.tested);
        reference(type)
            .normalizeRowsBackward(centered, 1e-3, x.reference, dy.reference, beta, dx.reference);
        double worst = 1 / Math.sqrt(1e-3);
        dx.check(what + " backward", 200 * worst * worst * epsilon(type), 20 * epsilon(type));
        tested(type).softmaxBackward(p.tested, dy.tested, y.tested);
        reference(type).softmaxBackward(p.reference, dy.reference, y.reference);
        y.check(what + " softmaxBackward", 20 * epsilon(type), 4 * epsilon(type));
        tested(type).softmaxBackward(p.tested, dy.tested, dy.tested);
        reference(type).softmaxBackward(p.reference, dy.reference, dy.reference);
        dy.check(what + " softmaxBackward in place", 20 * epsilon(type), 4 * epsilon(type));
        int diagonal = random.nextInt(2 * n);
        tested(type).fillAbove(diagonal, -3, p.tested);
        reference(type).fillAbove(diagonal, -3, p.reference);
        p.check(what + " fillAbove", 0, 0);
      }
    }
  }

  @EachType
  void elements(ElementType type) {
    for (int round = 0; round < 80; round++) {
      int m = size();
      int n = round % 20 == 0 ? 40000 / m : size();
      double beta = round % 3;
      double rate = round % 4 * 0.3;
      long key = random.nextLong();
      try (Guarded x = matrix(type, m, n);
          Guarded y = matrix(type, m, n);
          Guarded stem =
              Guarded.of(ElementType.INT32, 1, 2, 0, (i, j) -> (int) (key >>> (Integer.SIZE * j)));
          Guarded z = old(type, m, n, beta)) {
        tested(type).multiply(x.tested, y.tested, beta, z.tested);
        reference(type).multiply(x.reference, y.reference, beta, z.reference);
        z.check(name("multiply", type, m, n, beta), 20 * epsilon(type), 0);
        tested(type).dropout(rate, key, x.tested, beta, z.tested);
        reference(type).dropout(rate, key, x.reference, beta, z.reference);
        z.check(name("dropout", type, m, n, rate, key), 80 * epsilon(type), 4 * epsilon(type));
        tested(type).dropout(rate, stem.tested, n, x.tested, beta, z.tested);
        reference(type).dropout(rate, DropMask.key(key, n), x.reference, beta, z.reference);
        z.check(name("dropout by stem", type, m, n, key), 200 * epsilon(type), 4 * epsilon(type));
        assertThrows(
            IllegalArgumentException.class,
            () -> tested(type).dropout(1, key, x.tested, beta, z.tested));
      }
    }
  }

  @EachType
  void dropsTheShareThatIsAskedFor(ElementType type) {
    int n = 300;
    try (Guarded x = Guarded.of(type, n, n, 0, (i, j) -> 1);
        Guarded y = old(type, n, n, 0)) {
      tested(type).dropout(0.25, DropMask.key(1, 2, 3), x.tested, 0, y.tested);
      int[] inRow = new int[n];
      int[] inColumn = new int[n];
      int all = 0;
      double[] values = y.tested.toArray();
      for (int i = 0; i < values.length; i++) {
        int dropped = values[i] == 0 ? 1 : 0;
        inRow[i / n] += dropped;
        inColumn[i % n] += dropped;
        all += dropped;
      }
      double deviation = Math.sqrt(n * 0.25 * 0.75);
      for (int i = 0; i < n; i++) {
        assertTrue(Math.abs(inRow[i] - n * 0.25) < 5 * deviation, "row " + i);
        assertTrue(Math.abs(inColumn[i] - n * 0.25) < 5 * deviation, "column " + i);
      }
      assertTrue(Math.abs(all - n * n * 0.25) < 4 * deviation * Math.sqrt(n), "all: " + all);
    }
  }

  @EachType
  void refusesWhatDoesNotFit(ElementType type) {
    TransformPrimitives t = tested(type);
    Window w = new Window(2, 3, 2, 2, 1, 1, 0, 0, 1, 1);
    try (Guarded x = matrix(type, 12, 4);
        Guarded y = matrix(type, 4, 6);
        Guarded k = matrix(type, 16, 6);
        Guarded v = matrix(type, 1, 3)) {
      IllegalArgumentException groups =
          assertThrows(
              IllegalArgumentException.class,
              () -> t.convolve(w, 4, x.tested, k.tested, 0, y.tested));
      assertTrue(groups.getMessage().startsWith("groups 4: must be positive and divide both"));
      assertThrows(
          IllegalArgumentException.class, () -> t.convolve(w, 2, x.tested, k.tested, 0, y.tested));
      assertThrows(
          IllegalArgumentException.class,
          () -> t.convolve(w, 1, x.tested.rows(0, 5), k.tested, 0, y.tested));
      assertThrows(IllegalArgumentException.class, () -> t.moments(x.tested, v.tested, v.tested));
      assertThrows(
          IllegalArgumentException.class,
          () -> t.maxPool(new Window(2, 3, 1, 1, 1, 1, 1, 0, 1, 1), x.tested, y.tested));
      assertThrows(
          IllegalArgumentException.class,
          () -> new ChannelNorm(null, v.tested, v.tested, v.tested));
      assertThrows(IllegalArgumentException.class, () -> new Window(2, 3, 4, 1, 1, 1, 0, 0, 1, 1));
      assertThrows(IllegalArgumentException.class, () -> new Window(2, 3, 1, 1, 0, 1, 0, 0, 1, 1));
    }
  }
}
