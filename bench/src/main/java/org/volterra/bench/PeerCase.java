package org.volterra.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Work that Volterra and PyTorch both do.
 *
 * @param kind what kind of network
 * @param size its size
 */
public record PeerCase(Kind kind, NetworkSize size) {
  /** The cases that are compared unless others are asked for. */
  public static final List<String> DEFAULTS =
      List.of(
          "dense:64x64x32",
          "dense:64x64x128",
          "dense:64x64x256",
          "dense:256x128x64",
          "fractional:64x64x201",
          "fractional:64x64x1024");

  /** What is timed. */
  public enum Work {
    /** A forward pass. */
    FORWARD,
    /** A forward pass, a loss, and the gradients of all parameters. */
    GRADIENT,
    /** The same and a step of Adam. */
    STEP;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** A kind of network; {@code bench/peers/torch_cpu.py} says what each and each variant is. */
  public enum Kind {
    /** An independent matrix for each pair of layers. */
    DENSE,
    /** Fractional integration of order 1/2, one coefficient for each lag. */
    FRACTIONAL,
    /** A DenseNet-BC of L layers and growth rate d for B images of 32 × 32. */
    DENSENET;

    /**
     * How the peer can be written.
     *
     * @return names of variants
     */
    public List<String> variants() {
      return switch (this) {
        case DENSE -> List.of("concat", "buffer", "blocked", "compiled");
        case FRACTIONAL -> List.of("loop", "buffer");
        case DENSENET -> List.of("concat", "channels-last", "checkpointed");
      };
    }

    /**
     * What can be timed.
     *
     * @return the works
     */
    public List<Work> works() {
      return switch (this) {
        case DENSE -> List.of(Work.values());
        case FRACTIONAL -> List.of(Work.FORWARD, Work.GRADIENT);
        case DENSENET -> List.of(Work.STEP);
      };
    }

    /**
     * How far results of both sides in float32 may be apart: relative to a value, or to 1 % of the
     * largest. Normalisation makes the summands of a gradient cancel, and rounding counts more:
     * with 130 layers PyTorch's first gradient is 7e-5 from its own in float64, of 1.5e-2.
     */
    double tolerance() {
      return this == DENSENET ? 3e-2 : 1e-3;
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * Reads a case.
   *
   * @param text {@code KIND:BxdxL}, such as {@code dense:64x64x128}
   * @return the case
   * @throws IllegalArgumentException if it is none
   */
  public static PeerCase parse(String text) {
    String[] parts = text.split(":", -1);
    for (Kind kind : Kind.values()) {
      if (parts.length == 2 && parts[0].equals(kind.toString())) {
        return new PeerCase(kind, NetworkSize.parse(parts[1]));
      }
    }
    throw new IllegalArgumentException(
        "case '"
            + text
            + "': must be KIND:BxdxL with KIND one of "
            + Arrays.stream(Kind.values()).map(Kind::toString).collect(Collectors.joining(", ")));
  }

  @Override
  public String toString() {
    return kind + ":" + size;
  }
}
