package org.volterra.cuda.parity;

import org.volterra.spi.ElementType;

/**
 * What one check of {@link ParityCheck} found, over all of its cases.
 *
 * @param name what was checked, such as {@code gemm}
 * @param type the element type
 * @param cases results that were compared
 * @param error the error that lies worst to its bound, absolute
 * @param bound the bound there
 * @param where the case it was in
 * @param failure what went wrong other than by an error beyond its bound; empty if nothing
 */
public record ParityResult(
    String name,
    ElementType type,
    int cases,
    double error,
    double bound,
    String where,
    String failure) {
  /**
   * Whether every result lay within its bound and nothing else went wrong.
   *
   * @return false if the device computes something wrong
   */
  public boolean passed() {
    return failure.isEmpty() && error <= bound;
  }
}
