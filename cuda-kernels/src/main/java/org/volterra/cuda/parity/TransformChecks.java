package org.volterra.cuda.parity;

import java.util.List;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.volterra.cuda.parity.Operand.Devices;
import org.volterra.spi.Activation;
import org.volterra.spi.ChannelNorm;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.TransformPrimitives;
import org.volterra.spi.Window;

/** Random cases of each primitive of transforms, within the bounds of the contract. */
final class TransformChecks {
  private final Devices devices;
  private final RandomGenerator random;
  private final ParityCheck.Extent extent;
  private final ElementType type;
  private final double epsilon;
  private final Side tested;
  private final Side reference;

  /** Both devices must have these primitives. */
  TransformChecks(Devices devices, ElementType type, ParityCheck.Extent extent) {
    this.devices = devices;
    this.random = devices.random();
    this.extent = extent;
    this.type = type;
    this.epsilon = type == ElementType.FLOAT32 ? 0x1p-23 : 0x1p-52;
    this.tested = new Side(devices.tested().transforms(type).orElseThrow(), true);
    this.reference = new Side(devices.reference().transforms(type).orElseThrow(), false);
  }

  /** One of the two devices. */
  private record Side(TransformPrimitives p, boolean tested) {
    Matrix of(Operand operand) {
      return tested ? operand.tested() : operand.reference();
    }
  }

  private void both(Consumer<Side> work) {
    work.accept(tested);
    work.accept(reference);
  }

  /** All checks of the element type. */
  List<PrimitiveChecks.Check> all() {
    int many = extent.rounds();
    return List.of(
        new PrimitiveChecks.Check("convolution", many, this::convolution),
        new PrimitiveChecks.Check("pooling", many, this::pooling),
        new PrimitiveChecks.Check("statistics of channels", many, this::statistics),
        new PrimitiveChecks.Check("normalize", many, this::normalize),
        new PrimitiveChecks.Check("normalizeRows, softmaxBackward", many, this::rows),
        new PrimitiveChecks.Check("multiply, dropout", many, this::elements));
  }

  private int size() {
    return PrimitiveChecks.size(random);
  }

  /** Rows of a matrix, now and then many. */
  private int rows(int round, int columns) {
    return round % 10 == 0 ? Math.max(1, extent.elements() / columns) : size();
  }

  private int upTo(int most) {
    return 1 + random.nextInt(most);
  }

  private Window window(boolean forMaxima) {
    int kernelY = upTo(3);
    int kernelX = upTo(3);
    int padY = forMaxima ? kernelY / 2 : random.nextInt(3);
    int padX = forMaxima ? kernelX / 2 : random.nextInt(3);
    int dilationY = forMaxima ? 1 : upTo(2);
    int dilationX = forMaxima ? 1 : upTo(2);
    int height = (kernelY - 1) * dilationY + upTo(5);
    int width = (kernelX - 1) * dilationX + upTo(9);
    return new Window(
        height, width, kernelY, kernelX, upTo(3), upTo(2), padY, padX, dilationY, dilationX);
  }

  private void convolution(int round, Comparison comparison) {
    Window w = window(false);
    int groups = round % 3 == 0 ? upTo(3) : 1;
    boolean depthwise = round % 5 == 1;
    int inputs = groups * size();
    int outputs = depthwise ? inputs : groups * size();
    int runs = depthwise ? inputs : groups;
    int samples = round % 10 == 0 ? 9 : upTo(3);
    double beta = round % 3;
    int each = inputs / runs;
    try (Operand x = devices.normal(type, samples * w.positions(), inputs);
        Operand k = devices.normal(type, w.taps() * each, outputs);
        Operand y = devices.old(type, samples * w.outputPositions(), outputs, beta);
        Operand dx = devices.old(type, samples * w.positions(), inputs, beta);
        Operand dk = devices.normal(type, w.taps() * each, outputs);
        Operand dy = devices.normal(type, samples * w.outputPositions(), outputs)) {
      both(side -> side.p().convolve(w, runs, side.of(x), side.of(k), beta, side.of(y)));
      String what = w + ", " + inputs + " to " + outputs + " channels, " + runs + " groups";
      y.compare(comparison, epsilon * (8 * w.taps() * each + 8), 4 * epsilon, what);
      both(
          side -> side.p().convolveTransposed(w, runs, side.of(dy), side.of(k), beta, side.of(dx)));
      double back = epsilon * (8 * w.taps() * outputs / runs + 8);
      dx.compare(comparison, back, 4 * epsilon, "transposed, " + what);
      both(side -> side.p().convolveGradient(w, runs, side.of(x), side.of(dy), side.of(dk)));
      double sums = epsilon * (8 * samples * w.outputPositions() + 8);
      dk.compare(comparison, sums, 4 * epsilon, "gradient, " + what);
    }
  }

  private void pooling(int round, Comparison comparison) {
    boolean max = round % 2 == 0;
    Window w = window(max);
    int channels = size();
    int samples = upTo(4);
    double beta = round % 3;
    Operand.Value ties = () -> Math.rint(2 * random.nextGaussian());
    try (Operand x = devices.of(type, samples * w.positions(), channels, ties);
        Operand y = devices.old(type, samples * w.outputPositions(), channels, 0);
        Operand dy = devices.normal(type, samples * w.outputPositions(), channels);
        Operand dx = devices.old(type, samples * w.positions(), channels, beta)) {
      both(side -> {
        if (max) {
          side.p().maxPool(w, side.of(x), side.of(y));
          side.p().maxPoolBackward(w, side.of(x), side.of(dy), beta, side.of(dx));
        } else {
          side.p().averagePool(w, side.of(x), side.of(y));
          side.p().averagePoolBackward(w, side.of(dy), beta, side.of(dx));
        }
      });
      String what = (max ? "maxima, " : "means, ") + w + ", " + channels + " channels";
      y.compare(comparison, 40 * epsilon, 4 * epsilon, what);
      dx.compare(comparison, 100 * epsilon, 4 * epsilon, "backward, " + what);
    }
  }

  private void statistics(int round, Comparison comparison) {
    int n = size();
    int m = rows(round, n);
    double shift = round % 4 == 1 ? 100 : 0;
    try (Operand x = devices.of(type, m, n, () -> shift + random.nextGaussian());
        Operand mean = devices.old(type, 1, n, 0);
        Operand variance = devices.old(type, 1, n, 0);
        Operand given = devices.of(type, 1, n, () -> shift + random.nextGaussian());
        Operand rate = devices.of(type, 1, n, () -> 0.5 + random.nextDouble());
        Operand sum = devices.normal(type, 1, n);
        Operand product = devices.normal(type, 1, n);
        Operand dx = devices.normal(type, m, n)) {
      both(side -> side.p().moments(side.of(x), side.of(mean), side.of(variance)));
      String what = m + " x " + n + ", mean " + shift;
      double within = (100 + 10 * shift) * epsilon;
      mean.compare(comparison, 20 * epsilon, 20 * epsilon, "mean, " + what);
      variance.compare(comparison, within, within, "variance, " + what);
      both(side ->
          side.p()
              .momentsBackward(
                  side.of(x),
                  side.of(given),
                  side.of(rate),
                  side.of(sum),
                  side.of(product),
                  side.of(dx)));
      dx.compare(comparison, 100 * (1 + shift) * epsilon, 8 * epsilon, "backward, " + what);
      both(side -> side.p().reciprocalRoot(1e-5, side.of(rate), side.of(rate)));
      rate.compare(comparison, 0, 4 * epsilon, "rate, " + what);
    }
  }

  private void normalize(int round, Comparison comparison) {
    int n = size();
    int m = rows(round, n);
    double beta = round % 3;
    List<Activation> all = List.of(Activation.values());
    Activation f = all.get(round % all.size());
    boolean plain = round % 4 == 3;
    try (Operand x = devices.normal(type, m, n);
        Operand mean = devices.normal(type, 1, n);
        Operand rate = devices.of(type, 1, n, () -> 0.5 + random.nextDouble());
        Operand weight = devices.normal(type, 1, n);
        Operand bias = devices.normal(type, 1, n);
        Operand y = devices.old(type, m, n, 0);
        Operand dy = devices.normal(type, m, n);
        Operand dx = devices.old(type, m, n, beta);
        Operand dweight = devices.normal(type, 1, n);
        Operand dbias = devices.normal(type, 1, n)) {
      both(side -> {
        ChannelNorm norm =
            new ChannelNorm(
                plain ? null : side.of(mean),
                plain ? null : side.of(rate),
                side.of(weight),
                side.of(bias));
        side.p().normalize(f, norm, side.of(x), side.of(y));
        side.p()
            .normalizeBackward(
                f,
                norm,
                side.of(x),
                side.of(dy),
                beta,
                side.of(dx),
                side.of(dweight),
                side.of(dbias));
      });
      String what = f + ", " + m + " x " + n;
      y.compare(comparison, 100 * epsilon, 20 * epsilon, what);
      dx.compare(comparison, 200 * epsilon, 40 * epsilon, "backward, " + what);
      double sums = epsilon * (100 + 32 * Math.sqrt(m));
      dweight.compare(comparison, 8 * sums, sums, "weights, " + what);
      dbias.compare(comparison, 8 * sums, sums, "biases, " + what);
    }
  }

  private void rows(int round, Comparison comparison) {
    int m = size();
    int n = rows(round, m);
    boolean centered = round % 2 == 0;
    double beta = round % 3;
    try (Operand x = devices.normal(type, m, n);
        Operand y = devices.old(type, m, n, 0);
        Operand dy = devices.normal(type, m, n);
        Operand dx = devices.old(type, m, n, beta);
        Operand share = devices.of(type, m, n, () -> random.nextDouble() / n)) {
      both(side -> {
        side.p().normalizeRows(centered, 1e-3, side.of(x), side.of(y));
        side.p().normalizeRowsBackward(centered, 1e-3, side.of(x), side.of(dy), beta, side.of(dx));
        side.p().softmaxBackward(side.of(share), side.of(dy), side.of(dy));
        side.p().fillAbove(round % n, -3, side.of(share));
      });
      String what = m + " x " + n;
      y.compare(comparison, 200 * epsilon, 20 * epsilon, what);
      dx.compare(comparison, 200_000 * epsilon, 20 * epsilon, "backward, " + what);
      dy.compare(comparison, 20 * epsilon, 4 * epsilon, "softmaxBackward, " + what);
      share.compare(comparison, 0, 0, "fillAbove, " + what);
    }
  }

  private void elements(int round, Comparison comparison) {
    int m = size();
    int n = rows(round, m);
    double beta = round % 3;
    double rate = round % 4 * 0.3;
    long key = random.nextLong();
    try (Operand x = devices.normal(type, m, n);
        Operand y = devices.normal(type, m, n);
        Operand stem = devices.of(ElementType.INT32, 1, 2, 0, random::nextInt);
        Operand z = devices.old(type, m, n, beta)) {
      both(side -> side.p().multiply(side.of(x), side.of(y), beta, side.of(z)));
      z.compare(comparison, 40 * epsilon, 4 * epsilon, "multiply " + m + " x " + n);
      both(side -> side.p().dropout(rate, key, side.of(x), beta, side.of(z)));
      z.compare(comparison, 200 * epsilon, 4 * epsilon, "dropout " + m + " x " + n);
      both(side -> side.p().dropout(rate, side.of(stem), key, side.of(x), beta, side.of(z)));
      z.compare(comparison, 400 * epsilon, 4 * epsilon, "dropout by stem " + m + " x " + n);
    }
  }
}
