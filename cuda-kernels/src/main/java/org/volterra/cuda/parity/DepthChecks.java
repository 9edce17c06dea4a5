package org.volterra.cuda.parity;

import java.util.List;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.volterra.cuda.parity.Operand.Devices;
import org.volterra.spi.DepthPrimitives;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;

/** Random cases of attention over slices, within the bounds of the contract. */
final class DepthChecks {
  private static final double LEAST = 1e-6;

  private final Devices devices;
  private final RandomGenerator random;
  private final ParityCheck.Extent extent;
  private final ElementType type;
  private final double epsilon;
  private final DepthPrimitives tested;
  private final DepthPrimitives reference;

  /** Both devices must have these primitives. */
  DepthChecks(Devices devices, ElementType type, ParityCheck.Extent extent) {
    this.devices = devices;
    this.random = devices.random();
    this.extent = extent;
    this.type = type;
    this.epsilon = type == ElementType.FLOAT32 ? 0x1p-23 : 0x1p-52;
    this.tested = devices.tested().depth(type).orElseThrow();
    this.reference = devices.reference().depth(type).orElseThrow();
  }

  /** All checks of the element type. */
  List<PrimitiveChecks.Check> all() {
    int many = extent.rounds();
    PrimitiveChecks.Check full =
        new PrimitiveChecks.Check("attend", many, (round, c) -> attention(round, type, c));
    PrimitiveChecks.Check half =
        new PrimitiveChecks.Check(
            "attend, history of bfloat16",
            many,
            (round, c) -> attention(round, ElementType.BFLOAT16, c));
    return type == ElementType.FLOAT32 ? List.of(full, half) : List.of(full);
  }

  private void both(Consumer<Boolean> work) {
    work.accept(true);
    work.accept(false);
  }

  private DepthPrimitives of(boolean isTested) {
    return isTested ? tested : reference;
  }

  private static Matrix of(boolean isTested, Operand operand) {
    return isTested ? operand.tested() : operand.reference();
  }

  /** Rows of any kind, and in every other round those that begin at 16 bytes. */
  private void attention(int round, ElementType stored, Comparison comparison) {
    boolean isAligned = round % 2 == 1;
    int n = isAligned ? 8 * PrimitiveChecks.size(random) : PrimitiveChecks.size(random);
    int count = 1 + random.nextInt(round % 5 == 0 ? 70 : 12);
    int m = round % 10 == 0 ? Math.max(1, extent.elements() / (n * count)) : 1 + random.nextInt(9);
    double beta = round % 3;
    ElementType sums = stored != type && round % 4 < 2 ? stored : type;
    int gap = isAligned ? 0 : random.nextInt(9);
    int band = isAligned ? Operand.ALIGNED_BAND : Operand.BAND;
    Operand.Value normal = random::nextGaussian;
    Operand.Value old = () -> beta == 0 ? Double.NaN : random.nextGaussian();
    double size = 1 / Math.sqrt(n);
    try (Operand z = devices.of(stored, count, m * n, band, gap, normal);
        Operand q = devices.of(type, 1, n, band, 0, () -> size * random.nextGaussian());
        Operand y = devices.of(sums, m, n, band, gap, old);
        Operand dy = devices.of(type, m, n, band, gap, normal);
        Operand dz = devices.of(type, count, m * n, band, gap, normal);
        Operand dq = devices.of(type, 1, n, band, 0, normal)) {
      both(side -> {
        of(side).attend(0.7, LEAST, of(side, z), of(side, q), beta, of(side, y));
        of(side)
            .attendBackward(
                0.7, LEAST, of(side, z), of(side, q), of(side, dy), of(side, dz), of(side, dq));
      });
      String what = count + " slices of " + stored + ", " + m + " x " + n + ", to " + sums;
      double loss = 16 * (2 * n + 8) * epsilon;
      y.compare(comparison, 4 * loss, sums == type ? loss : 0x1p-7, what);
      dz.compare(comparison, 40 * loss, 4 * loss, "slices, " + what);
      dq.compare(comparison, 20 * Math.sqrt((double) m * count) * loss, 4 * loss, "query, " + what);
    }
  }
}
