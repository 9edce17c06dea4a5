package org.volterra.bench;

import org.volterra.kernel.DepthKernel;

/** The depth kernels of the benchmarks by name. */
public final class KernelChoice {
  private static final String FIELD = "field:";

  private KernelChoice() {}

  /**
   * The kernel of a name.
   *
   * @param name {@code dense}, {@code field:M} with M intervals, or {@code scalar} for trainable
   *     coefficients exp(s − t)
   * @return the kernel
   * @throws IllegalArgumentException if there is none of that name
   */
  public static DepthKernel parse(String name) {
    if (name.equals("dense")) {
      return DepthKernel.dense();
    }
    if (name.equals("scalar")) {
      return DepthKernel.trainableScalar((t, s) -> Math.exp(s - t));
    }
    if (name.startsWith(FIELD) && name.substring(FIELD.length()).matches("[1-9][0-9]{0,4}")) {
      return DepthKernel.field(Integer.parseInt(name.substring(FIELD.length())));
    }
    throw new IllegalArgumentException(
        "kernel '"
            + name
            + "': must be dense, scalar or field:M with M intervals, such as field:8");
  }
}
