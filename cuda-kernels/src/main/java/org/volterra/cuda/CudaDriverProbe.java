package org.volterra.cuda;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.volterra.cuda.CudaProbe.Available;
import org.volterra.cuda.CudaProbe.Device;
import org.volterra.cuda.CudaProbe.Unavailable;

/** The steps of {@link CudaProbe}: each that fails gives the reason. */
final class CudaDriverProbe {
  private static final String DRIVER_REMEDY =
      "install the NVIDIA driver r580 or newer (https://www.nvidia.com/drivers)";

  private CudaDriverProbe() {}

  /**
   * Probes the driver library of the given name or path.
   *
   * @param library what the dynamic loader is asked for
   * @return what was found
   */
  static CudaProbe run(String library) {
    return run(library, System.getProperty("os.name"), System.getProperty("os.arch"));
  }

  static CudaProbe run(String library, String system, String architecture) {
    if (!system.equals("Linux") || !architecture.equals("amd64")) {
      return new Unavailable(
          "CUDA is supported on Linux on x86-64 only, and this is "
              + system
              + " on "
              + architecture);
    }
    try (Arena arena = Arena.ofConfined()) {
      return ask(CudaDriver.load(arena, library), library);
    } catch (CudaDriver.Failure failure) {
      return new Unavailable(failure.getMessage());
    } catch (IllegalCallerException denied) {
      return new Unavailable(
          "native access is denied to CUDA ("
              + denied.getMessage()
              + "): start java with --enable-native-access=ALL-UNNAMED, or"
              + " =org.volterra.cuda on the module path");
    }
  }

  private static CudaProbe ask(CudaDriver driver, String library) throws CudaDriver.Failure {
    int status = driver.init();
    if (status != 0) {
      return new Unavailable(
          "the NVIDIA driver "
              + library
              + " does not start: "
              + describe(driver, "cuInit", status));
    }
    int version = driver.version();
    if (version < CudaProbe.LEAST_DRIVER) {
      return new Unavailable(
          "the NVIDIA driver is too old: it offers CUDA "
              + dotted(version)
              + " and the kernels need "
              + dotted(CudaProbe.LEAST_DRIVER)
              + "; "
              + DRIVER_REMEDY);
    }
    int count = driver.deviceCount();
    if (count == 0) {
      return new Unavailable("the NVIDIA driver sees no CUDA device; " + remedy(100));
    }
    List<Device> usable = new ArrayList<>();
    List<String> others = new ArrayList<>();
    for (int ordinal = 0; ordinal < count; ordinal++) {
      Device device = driver.device(ordinal);
      if (device.major() >= CudaProbe.LEAST_CAPABILITY_MAJOR) {
        usable.add(device);
      } else {
        others.add(device.name() + " has " + device.major() + "." + device.minor());
      }
    }
    if (usable.isEmpty()) {
      return new Unavailable(
          "no device has compute capability "
              + CudaProbe.LEAST_CAPABILITY_MAJOR
              + ".0 or newer: "
              + String.join(", ", others));
    }
    return new Available(version, usable);
  }

  /** Names a driver's error code in CUDA's words, with what helps where that is known. */
  static String describe(CudaDriver driver, String function, int status) {
    String remedy = remedy(status);
    return String.format(Locale.ROOT, "%s gives error %d", function, status)
        + driver.errorText(status)
        + (remedy.isEmpty() ? "" : "; " + remedy);
  }

  private static String remedy(int status) {
    return switch (status) {
      case 34 -> // CUDA_ERROR_STUB_LIBRARY
          "the toolkit's stub was found before the driver: take its folder out of LD_LIBRARY_PATH";
      case 100 -> // CUDA_ERROR_NO_DEVICE
          "see whether nvidia-smi lists one, what CUDA_VISIBLE_DEVICES hides and, in a container,"
              + " whether it was started with its GPUs";
      case 802 -> // CUDA_ERROR_SYSTEM_NOT_READY
          "see whether the service nvidia-fabricmanager runs";
      case 803, 804 -> // CUDA_ERROR_SYSTEM_DRIVER_MISMATCH, ..._COMPAT_NOT_SUPPORTED_ON_DEVICE
          "the driver library and the kernel module differ: restart the machine, or "
              + DRIVER_REMEDY;
      case 999 -> // CUDA_ERROR_UNKNOWN
          "see whether the kernel module nvidia_uvm is loaded (nvidia-modprobe -u)";
      default -> "";
    };
  }

  private static String dotted(int version) {
    return version / 1000 + "." + version % 1000 / 10;
  }
}
