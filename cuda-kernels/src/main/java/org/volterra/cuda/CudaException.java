package org.volterra.cuda;

/**
 * The CUDA driver refused a call. The message names the call, what it was for and what CUDA says:
 * its name and its sentence for the error.
 */
public final class CudaException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  /** CUDA_ERROR_OUT_OF_MEMORY. */
  static final int OUT_OF_MEMORY = 2;

  /** A {@code CUresult}. */
  private final int status;

  CudaException(String message, int status) {
    super(message);
    this.status = status;
  }

  /**
   * The error code of the driver.
   *
   * @return a {@code CUresult}, not 0
   */
  public int status() {
    return status;
  }
}
