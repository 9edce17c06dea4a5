package org.volterra.sum;

import org.volterra.memory.HostBuffer;
import org.volterra.spi.Matrix;

/**
 * A matrix of a device that the host fills or reads as a whole: element by element in memory of its
 * own, with one transfer for all, and in place where the device is the host.
 */
final class StagedMatrix {
  private final Matrix device;
  private final HostBuffer host;

  /**
   * Binds memory.
   *
   * @param device without gaps, from the beginning of its buffer
   * @param host the device's own buffer, or one of the same type and length
   */
  StagedMatrix(Matrix device, HostBuffer host) {
    this.device = device;
    this.host = host;
  }

  /** The matrix on the device. */
  Matrix device() {
    return device;
  }

  double get(long index) {
    return host.get(index);
  }

  void set(long index, double value) {
    host.set(index, value);
  }

  /** Brings to the device what was set. */
  void upload() {
    if (!device.buffer().equals(host)) {
      device.buffer().upload(host.segment(), 0, 0, device.size());
    }
  }

  /** Brings what the device computed. */
  void download() {
    if (!device.buffer().equals(host)) {
      device.buffer().download(0, host.segment(), 0, device.size());
    }
  }
}
