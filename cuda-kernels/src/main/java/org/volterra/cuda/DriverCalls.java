package org.volterra.cuda;

import java.util.Locale;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;

/**
 * The calls of the driver that the provider makes, through JCuda, each checked. Only used after the
 * probe found a driver: JCuda's class cannot be initialised without one.
 */
final class DriverCalls {
  /** Memory of the device, which can tell its address. */
  static final class DevicePointer extends CUdeviceptr {
    long address() {
      return getNativePointer() + getByteOffset();
    }
  }

  /** Memory of the host by its address. */
  static final class HostPointer extends Pointer {
    HostPointer(long address) {
      super(address);
    }
  }

  private DriverCalls() {}

  static CUdevice device(int ordinal) {
    check("cuInit", JCudaDriver.cuInit(0), "");
    CUdevice device = new CUdevice();
    check("cuDeviceGet", JCudaDriver.cuDeviceGet(device, ordinal), "ordinal " + ordinal);
    return device;
  }

  /** CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT. */
  static int multiprocessors(CUdevice device) {
    int[] value = new int[1];
    check("cuDeviceGetAttribute", JCudaDriver.cuDeviceGetAttribute(value, 16, device), "");
    return value[0];
  }

  static CUcontext retainContext(CUdevice device) {
    CUcontext context = new CUcontext();
    check("cuDevicePrimaryCtxRetain", JCudaDriver.cuDevicePrimaryCtxRetain(context, device), "");
    return context;
  }

  static void releaseContext(CUdevice device) {
    check("cuDevicePrimaryCtxRelease", JCudaDriver.cuDevicePrimaryCtxRelease(device), "");
  }

  /** Makes a context that of the calling thread. */
  static void setCurrent(CUcontext context) {
    check("cuCtxSetCurrent", JCudaDriver.cuCtxSetCurrent(context), "");
  }

  /** Free and total bytes of the device. */
  static long[] memory() {
    long[] free = new long[1];
    long[] total = new long[1];
    check("cuMemGetInfo", JCudaDriver.cuMemGetInfo(free, total), "");
    return new long[] {free[0], total[0]};
  }

  static CUstream createStream() {
    CUstream stream = new CUstream();
    int withoutDefaultStream = 1; // CU_STREAM_NON_BLOCKING
    check("cuStreamCreate", JCudaDriver.cuStreamCreate(stream, withoutDefaultStream), "");
    return stream;
  }

  static void destroyStream(CUstream stream) {
    check("cuStreamDestroy", JCudaDriver.cuStreamDestroy(stream), "");
  }

  static void synchronize(CUstream stream, String after) {
    check("cuStreamSynchronize", JCudaDriver.cuStreamSynchronize(stream), after);
  }

  /** The status is given back: what to say about missing memory, the caller knows. */
  static int allocate(DevicePointer pointer, long bytes) {
    return JCudaDriver.cuMemAlloc(pointer, bytes);
  }

  static void free(DevicePointer pointer, long bytes) {
    check("cuMemFree", JCudaDriver.cuMemFree(pointer), bytes + " bytes");
  }

  static void zero(DevicePointer pointer, long bytes, CUstream stream) {
    check(
        "cuMemsetD8Async",
        JCudaDriver.cuMemsetD8Async(pointer, (byte) 0, bytes, stream),
        bytes + " bytes");
  }

  static void copyToDevice(CUdeviceptr to, HostPointer from, long bytes, CUstream stream) {
    check(
        "cuMemcpyHtoDAsync",
        JCudaDriver.cuMemcpyHtoDAsync(to, from, bytes, stream),
        bytes + " bytes");
  }

  static void copyToHost(HostPointer to, CUdeviceptr from, long bytes, CUstream stream) {
    check(
        "cuMemcpyDtoHAsync",
        JCudaDriver.cuMemcpyDtoHAsync(to, from, bytes, stream),
        bytes + " bytes");
  }

  static CUmodule loadModule(byte[] image, String name) {
    CUmodule module = new CUmodule();
    check("cuModuleLoadData", JCudaDriver.cuModuleLoadData(module, image), name);
    return module;
  }

  static void unloadModule(CUmodule module, String name) {
    check("cuModuleUnload", JCudaDriver.cuModuleUnload(module), name);
  }

  static CUfunction function(CUmodule module, String kernel) {
    CUfunction function = new CUfunction();
    check("cuModuleGetFunction", JCudaDriver.cuModuleGetFunction(function, module, kernel), kernel);
    return function;
  }

  static void launch(
      Kernel kernel, Grid grid, int sharedBytes, CUstream stream, KernelArguments arguments) {
    int status =
        JCudaDriver.cuLaunchKernel(
            kernel.function(),
            grid.x(),
            grid.y(),
            grid.z(),
            grid.blockX(),
            grid.blockY(),
            1,
            sharedBytes,
            stream,
            arguments.pointer(),
            null);
    if (status != 0) {
      check("cuLaunchKernel", status, kernel.name() + " " + grid + " " + arguments.describe());
    }
  }

  /** Throws what CUDA says, unless the status is 0. */
  static void check(String call, int status, String what) {
    if (status == 0) {
      return;
    }
    String[] name = new String[1];
    String[] sentence = new String[1];
    JCudaDriver.cuGetErrorName(status, name);
    JCudaDriver.cuGetErrorString(status, sentence);
    throw new CudaException(
        String.format(
            Locale.ROOT,
            "%s%s gives error %d%s%s",
            call,
            what.isEmpty() ? "" : " (" + what + ")",
            status,
            name[0] == null ? "" : " " + name[0],
            sentence[0] == null ? "" : ": " + sentence[0]),
        status);
  }
}
