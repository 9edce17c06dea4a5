package org.volterra.cuda.parity;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.volterra.Engine;
import org.volterra.cuda.ProductPrecision;
import org.volterra.cuda.parity.Operand.Devices;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;

/**
 * Holds a provider against the scalar reference: each primitive at sizes around the tails of
 * vectors, warps and tiles, amid memory that must neither be read nor written, then whole networks
 * forward, backward and through training, in float32 and float64, with histories of bfloat16 and
 * with histories in memory of the host.
 *
 * <p>Inputs are drawn from a fixed seed. The bounds of the primitives are those of the contract,
 * those of networks are relative to the largest element of each result.
 */
public final class ParityCheck {
  private static final long SEED = 20261125;
  private static final List<ElementType> TYPES = List.of(ElementType.FLOAT32, ElementType.FLOAT64);

  /**
   * How much is computed.
   *
   * @param rounds cases of a primitive
   * @param elements elements of its large cases
   * @param longest size of the longest Toeplitz matrix, a power of 2
   * @param largest rows, columns and inner dimension of large matrix products
   * @param aligned the same, of products whose operands have rows that begin at 16 bytes
   * @param channels channels of networks
   * @param batch samples of networks
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Extent(
      int rounds,
      int elements,
      int longest,
      int[][] largest,
      int[][] aligned,
      int channels,
      int batch) {
    /** For a GPU: seconds there, a minute or so on the reference. */
    static final Extent FULL =
        new Extent(
            60,
            300_000,
            1 << 14,
            new int[][] {
              {1537, 1411, 130},
              {1408, 1536, 257},
              {2049, 1025, 64},
              {1410, 1538, 33},
              {64, 64, 40_000}
            },
            new int[][] {{1407, 1533, 257}, {131, 389, 3001}, {129, 1025, 1100}, {65, 67, 33_333}},
            17,
            33);

    /** For an emulated device. */
    static final Extent SHORT =
        new Extent(
            6,
            3000,
            64,
            new int[][] {{129, 130, 17}, {66, 65, 700}},
            new int[][] {{67, 133, 512}},
            5,
            6);
  }

  /** A check that can be run. */
  private record Planned(String name, Supplier<ParityResult> run) {}

  private final ComputeProvider tested;
  private final ComputeProvider reference;
  private final Extent extent;
  private final List<Planned> checks = new ArrayList<>();

  private ParityCheck(ComputeProvider tested, ComputeProvider reference, boolean quick) {
    this.tested = tested;
    this.reference = reference;
    this.extent = quick ? Extent.SHORT : Extent.FULL;
    planPrimitives();
    planNetworks();
    planStages();
    if (tested.offloadBytes(1).isPresent()) {
      planOffloaded();
    }
  }

  /**
   * Runs checks.
   *
   * @param tested the provider to be checked
   * @param quick whether to compute few and small cases, as is enough for an emulated device
   * @param wanted which checks to run, by their names
   * @param progress hears of each result at once
   * @return all results; what failed says so itself
   */
  public static List<ParityResult> run(
      ComputeProvider tested,
      boolean quick,
      Predicate<String> wanted,
      Consumer<ParityResult> progress) {
    try (ComputeProvider reference = Engine.open("scalar", 1)) {
      return new ParityCheck(tested, reference, quick)
          .checks.stream()
              .filter(check -> wanted.test(check.name))
              .map(check -> check.run.get())
              .peek(progress)
              .toList();
    }
  }

  /**
   * What {@link #run} can check.
   *
   * @param tested the provider to be checked
   * @return the names of all checks, each once
   */
  public static List<String> names(ComputeProvider tested) {
    try (ComputeProvider reference = Engine.open("scalar", 1)) {
      return new ParityCheck(tested, reference, true)
          .checks.stream().map(Planned::name).distinct().toList();
    }
  }

  /**
   * Runs the check of matrix products whose factors are rounded.
   *
   * @param tested a provider that computes them so
   * @param precision what it rounds factors to
   * @param quick as in {@link #run}
   * @return the result; what failed says so itself
   */
  public static ParityResult products(
      ComputeProvider tested, ProductPrecision precision, boolean quick) {
    Extent extent = quick ? Extent.SHORT : Extent.FULL;
    try (ComputeProvider reference = Engine.open("scalar", 1)) {
      Devices devices = new Devices(tested, reference, new Random(SEED));
      ProductChecks checks = new ProductChecks(devices, precision, extent);
      LayerChecks layers = new LayerChecks(tested, new Random(SEED), ElementType.FLOAT32, !quick);
      return result(
          productsName(precision),
          ElementType.FLOAT32,
          checks.rounds() + layers.rounds(),
          (round, comparison) -> {
            if (round < checks.rounds()) {
              checks.run(round, comparison);
            } else {
              layers.run(round - checks.rounds(), comparison);
            }
          });
    }
  }

  /**
   * The name of that check.
   *
   * @param precision what factors are rounded to
   * @return the name
   */
  public static String productsName(ProductPrecision precision) {
    return "gemm, products in " + precision;
  }

  private void planPrimitives() {
    for (ElementType type : TYPES) {
      Devices devices = new Devices(tested, reference, new Random(SEED));
      plan(new PrimitiveChecks(devices, type, extent).all(), type);
      LayerChecks layers =
          new LayerChecks(tested, new Random(SEED), type, !extent.equals(Extent.SHORT));
      plan("layer", type, layers.rounds(), layers::run);
      if (tested.transforms(type).isPresent()) {
        plan(new TransformChecks(devices, type, extent).all(), type);
      }
      if (tested.depth(type).isPresent()) {
        plan(new DepthChecks(devices, type, extent).all(), type);
      }
    }
  }

  private void plan(List<PrimitiveChecks.Check> primitives, ElementType type) {
    for (PrimitiveChecks.Check check : primitives) {
      plan(check.name(), type, check.rounds(), check.one());
    }
  }

  private void planNetworks() {
    NetworkChecks networks = new NetworkChecks(tested, reference, extent.batch());
    for (ElementType type : TYPES) {
      for (NetworkChecks.Case network : NetworkChecks.networks(extent.channels())) {
        planNetwork(network.name(), type, c -> networks.compare(network, type, c));
      }
    }
    ElementType narrow = ElementType.FLOAT32;
    for (NetworkChecks.Case network : NetworkChecks.narrowNetworks(extent.channels())) {
      planNetwork(network.name(), narrow, c -> networks.compare(network, narrow, c));
    }
  }

  private void planStages() {
    StageChecks stages = new StageChecks(tested, reference, Math.min(8, extent.batch()));
    for (ElementType type : TYPES) {
      for (StageChecks.Case network : StageChecks.networks()) {
        if (tested.transforms(type).isPresent()) {
          planNetwork(network.name(), type, c -> stages.compare(network, type, c));
        }
      }
    }
  }

  private void planOffloaded() {
    OffloadChecks networks = new OffloadChecks(tested, reference, extent.batch());
    for (ElementType type : TYPES) {
      for (NetworkChecks.Case network : OffloadChecks.networks(extent.channels(), type)) {
        planNetwork(network.name() + ", offloaded", type, c -> networks.compare(network, type, c));
      }
    }
  }

  private void planNetwork(String name, ElementType type, Consumer<Comparison> compared) {
    plan("network " + name, type, 1, (round, comparison) -> compared.accept(comparison));
  }

  private void plan(String name, ElementType type, int rounds, PrimitiveChecks.Case one) {
    checks.add(new Planned(name, () -> result(name, type, rounds, one)));
  }

  private static ParityResult result(
      String name, ElementType type, int rounds, PrimitiveChecks.Case one) {
    Comparison comparison = new Comparison(name, type);
    try {
      for (int round = 0; round < rounds; round++) {
        one.run(round, comparison);
      }
    } catch (RuntimeException e) {
      comparison.fail(e.toString());
    }
    return comparison.result();
  }
}
