package org.volterra.cuda;

import java.util.List;

/**
 * Whether this machine can run the kernels of this module. Asking never throws, loads no class of
 * JCuda and creates no context; it may be done from any thread.
 *
 * <pre>{@code
 * switch (CudaProbe.run()) {
 *   case CudaProbe.Available found -> System.out.println(found.devices());
 *   case CudaProbe.Unavailable missing -> System.out.println(missing.reason());
 * }
 * }</pre>
 */
public sealed interface CudaProbe {
  /** The least compute capability that the kernels are compiled for. */
  int LEAST_CAPABILITY_MAJOR = 8;

  /**
   * The least version of the driver API, as CUDA writes it: 1000 × major + 10 × minor. NVIDIA
   * supports code of a CUDA 13 compiler, cubins and PTX alike, from CUDA 13.0 on.
   */
  int LEAST_DRIVER = 13000;

  /**
   * CUDA can be used.
   *
   * @param driverVersion version of the driver API: 1000 × major + 10 × minor
   * @param devices the devices the kernels run on, at least one, by ordinal
   */
  record Available(int driverVersion, List<Device> devices) implements CudaProbe {
    /**
     * Keeps a copy of the list.
     *
     * @throws IllegalArgumentException if there is no device
     */
    public Available {
      devices = List.copyOf(devices);
      if (devices.isEmpty()) {
        throw new IllegalArgumentException("devices is empty, at least one is needed");
      }
    }
  }

  /**
   * CUDA cannot be used.
   *
   * @param reason what is missing and what helps, as one sentence for a user
   */
  record Unavailable(String reason) implements CudaProbe {}

  /**
   * A GPU.
   *
   * @param ordinal its number for the driver, from 0
   * @param name its name, such as {@code NVIDIA H100 80GB HBM3}
   * @param major major number of its compute capability
   * @param minor minor number of its compute capability
   */
  record Device(int ordinal, String name, int major, int minor) {}

  /**
   * Looks for the driver, initialises it and lists its devices.
   *
   * @return {@link Available} with the devices, or {@link Unavailable} with the reason
   */
  static CudaProbe run() {
    return CudaDriverProbe.run(CudaDriver.LIBRARY);
  }
}
