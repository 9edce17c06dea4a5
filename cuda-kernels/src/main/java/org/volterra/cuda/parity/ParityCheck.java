package org.volterra.cuda.parity;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.volterra.Engine;
import org.volterra.cuda.ProductPrecision;
import org.volterra.cuda.parity.Operand.Devices;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;

/**
 * Holds a provider against the scalar reference: each primitive at sizes around the tails of
 * vectors, warps and tiles, amid memory that must neither be read nor written, then whole networks
 * forward, backward and through training, in float32 and float64 and with histories of bfloat16.
 *
 * <p>Inputs are drawn from a fixed seed. The bounds of the primitives are those of the contract,
 * those of networks are relative to the largest element of each result.
 */
public final class ParityCheck {
  private static final long SEED = 20261125;

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

  private final ComputeProvider tested;
  private final Extent extent;

  private ParityCheck(ComputeProvider tested, Extent extent) {
    this.tested = tested;
    this.extent = extent;
  }

  /**
   * Runs every check.
   *
   * @param tested the provider to be checked
   * @param quick whether to compute few and small cases, as is enough for an emulated device
   * @param progress hears of each result at once
   * @return all results; what failed says so itself
   */
  public static List<ParityResult> run(
      ComputeProvider tested, boolean quick, Consumer<ParityResult> progress) {
    return new ParityCheck(tested, quick ? Extent.SHORT : Extent.FULL).run(progress);
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
      return result(
          "gemm, products in " + precision, ElementType.FLOAT32, checks.rounds(), checks::run);
    }
  }

  private List<ParityResult> run(Consumer<ParityResult> progress) {
    List<ParityResult> results = new ArrayList<>();
    Consumer<ParityResult> hear =
        result -> {
          results.add(result);
          progress.accept(result);
        };
    try (ComputeProvider reference = Engine.open("scalar", 1)) {
      for (ElementType type : new ElementType[] {ElementType.FLOAT32, ElementType.FLOAT64}) {
        Devices devices = new Devices(tested, reference, new Random(SEED));
        for (PrimitiveChecks.Check check : new PrimitiveChecks(devices, type, extent).all()) {
          hear.accept(primitive(check, type));
        }
        if (tested.transforms(type).isPresent()) {
          for (PrimitiveChecks.Check check : new TransformChecks(devices, type, extent).all()) {
            hear.accept(primitive(check, type));
          }
        }
        if (tested.depth(type).isPresent()) {
          for (PrimitiveChecks.Check check : new DepthChecks(devices, type, extent).all()) {
            hear.accept(primitive(check, type));
          }
        }
      }
      NetworkChecks networks = new NetworkChecks(tested, reference, extent.batch());
      for (ElementType type : new ElementType[] {ElementType.FLOAT32, ElementType.FLOAT64}) {
        for (NetworkChecks.Case network : NetworkChecks.networks(extent.channels())) {
          hear.accept(network(networks, network, type));
        }
      }
      for (NetworkChecks.Case network : NetworkChecks.narrowNetworks(extent.channels())) {
        hear.accept(network(networks, network, ElementType.FLOAT32));
      }
      StageChecks stages = new StageChecks(tested, reference, Math.min(8, extent.batch()));
      for (ElementType type : new ElementType[] {ElementType.FLOAT32, ElementType.FLOAT64}) {
        for (StageChecks.Case network : StageChecks.networks()) {
          if (tested.transforms(type).isPresent()) {
            hear.accept(stages(stages, network, type));
          }
        }
      }
    }
    return results;
  }

  private static ParityResult primitive(PrimitiveChecks.Check check, ElementType type) {
    return result(check.name(), type, check.rounds(), check.one());
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

  private static ParityResult network(
      NetworkChecks checks, NetworkChecks.Case network, ElementType type) {
    return network(network.name(), type, c -> checks.compare(network, type, c));
  }

  private static ParityResult stages(
      StageChecks checks, StageChecks.Case network, ElementType type) {
    return network(network.name(), type, c -> checks.compare(network, type, c));
  }

  private static ParityResult network(
      String name, ElementType type, Consumer<Comparison> compared) {
    return result("network " + name, type, 1, (round, comparison) -> compared.accept(comparison));
  }
}
