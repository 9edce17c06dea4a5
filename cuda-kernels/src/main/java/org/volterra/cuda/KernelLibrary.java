package org.volterra.cuda;

import java.util.HashMap;
import java.util.Map;
import jcuda.driver.CUmodule;

/**
 * The kernels of a context, each operation's image loaded when it is first wanted. Not thread-safe;
 * the context's lock protects it.
 */
final class KernelLibrary implements AutoCloseable {
  /** Dynamic shared memory that a kernel may take without leave: 48 KiB less what is static. */
  private static final int FREE_SHARED_BYTES = 16 << 10;

  private final KernelImages images = KernelImages.bundled();
  private final Map<String, CUmodule> modules = new HashMap<>();
  private final Map<String, Kernel> kernels = new HashMap<>();
  private final Map<Kernel, Integer> granted = new HashMap<>();
  private final CudaProbe.Device device;

  KernelLibrary(CudaProbe.Device device) {
    this.device = device;
  }

  /**
   * A kernel by its name.
   *
   * @param operation the file it is in, such as {@code gemm}
   * @param name the whole name, such as {@code gemm_small_nn_f32}
   */
  Kernel kernel(String operation, String name) {
    Kernel kernel = kernels.get(name);
    if (kernel == null) {
      kernel = new Kernel(name, DriverCalls.function(module(operation), name));
      kernels.put(name, kernel);
    }
    return kernel;
  }

  /** The kernel with leave to take so many bytes of dynamic shared memory. */
  Kernel kernel(String operation, String name, int sharedBytes) {
    Kernel kernel = kernel(operation, name);
    if (sharedBytes > granted.getOrDefault(kernel, FREE_SHARED_BYTES)) {
      DriverCalls.allowShared(kernel, sharedBytes);
      granted.put(kernel, sharedBytes);
    }
    return kernel;
  }

  private CUmodule module(String operation) {
    CUmodule module = modules.get(operation);
    if (module == null) {
      String image = images.imageFor(operation, device.major(), device.minor());
      module = DriverCalls.loadModule(images.load(image), image);
      modules.put(operation, module);
    }
    return module;
  }

  @Override
  public void close() {
    kernels.clear();
    granted.clear();
    modules.forEach((operation, module) -> DriverCalls.unloadModule(module, operation));
    modules.clear();
  }
}
