package org.volterra;

/** The factor h of the kernel sum. */
public enum Scaling {
  /**
   * h = T/L: the network is the left-rectangle rule of an integral equation and has a limit as L
   * grows.
   */
  STEP,
  /** h = 1: the plain DenseNet, whose sum is the linear map of a concatenation. */
  UNIT
}
