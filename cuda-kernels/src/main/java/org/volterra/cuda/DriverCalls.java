package org.volterra.cuda;

import java.util.Locale;
import jcuda.Pointer;
import jcuda.driver.CUDA_MEMCPY2D;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUmemorytype;
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

    /** For a call that sets it. */
    HostPointer() {}

    long address() {
      return getNativePointer() + getByteOffset();
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

  /** The shared memory that a block may have at most. */
  static int sharedBytes(CUdevice device) {
    int[] value = new int[1];
    check("cuDeviceGetAttribute", JCudaDriver.cuDeviceGetAttribute(value, 97, device), "");
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

  // ---- Graphs
  // ------------------------------------------------------------------------------------

  /** What is queued on the stream from now on is recorded and not done. */
  static void beginCapture(CUstream stream) {
    int ofThisThread = 1; // CU_STREAM_CAPTURE_MODE_THREAD_LOCAL
    check("cuStreamBeginCapture", JCudaDriver.cuStreamBeginCapture(stream, ofThisThread), "");
  }

  static CUgraph endCapture(CUstream stream) {
    CUgraph graph = new CUgraph();
    check("cuStreamEndCapture", JCudaDriver.cuStreamEndCapture(stream, graph), "");
    return graph;
  }

  /** Ends a recording that is of no use; what it says does not matter. */
  static void abandonCapture(CUstream stream) {
    CUgraph graph = new CUgraph();
    if (JCudaDriver.cuStreamEndCapture(stream, graph) == 0) {
      JCudaDriver.cuGraphDestroy(graph);
    }
  }

  static CUgraphExec instantiate(CUgraph graph) {
    CUgraphExec executable = new CUgraphExec();
    check("cuGraphInstantiate", JCudaDriver.cuGraphInstantiate(executable, graph, 0), "");
    return executable;
  }

  static void launch(CUgraphExec executable, CUstream stream) {
    check("cuGraphLaunch", JCudaDriver.cuGraphLaunch(executable, stream), "");
  }

  static void destroy(CUgraph graph) {
    check("cuGraphDestroy", JCudaDriver.cuGraphDestroy(graph), "");
  }

  static void destroy(CUgraphExec executable) {
    check("cuGraphExecDestroy", JCudaDriver.cuGraphExecDestroy(executable), "");
  }

  // ---- Events
  // ------------------------------------------------------------------------------------

  static CUevent createEvent() {
    CUevent event = new CUevent();
    int withoutTiming = 2; // CU_EVENT_DISABLE_TIMING
    check("cuEventCreate", JCudaDriver.cuEventCreate(event, withoutTiming), "");
    return event;
  }

  static void destroy(CUevent event) {
    check("cuEventDestroy", JCudaDriver.cuEventDestroy(event), "");
  }

  static void record(CUevent event, CUstream stream) {
    check("cuEventRecord", JCudaDriver.cuEventRecord(event, stream), "");
  }

  /** What is queued on the stream from now on waits for the event. */
  static void await(CUevent event, CUstream stream) {
    check("cuStreamWaitEvent", JCudaDriver.cuStreamWaitEvent(stream, event, 0), "");
  }

  /** The host waits for the event; one that was never recorded has happened. */
  static void synchronize(CUevent event, String after) {
    check("cuEventSynchronize", JCudaDriver.cuEventSynchronize(event), after);
  }

  // ---- Memory
  // ------------------------------------------------------------------------------------

  static HostPointer allocateHost(long bytes) {
    HostPointer pointer = new HostPointer();
    check("cuMemAllocHost", JCudaDriver.cuMemAllocHost(pointer, bytes), bytes + " bytes");
    return pointer;
  }

  static void freeHost(HostPointer pointer, long bytes) {
    check("cuMemFreeHost", JCudaDriver.cuMemFreeHost(pointer), bytes + " bytes");
  }

  /** Lets the device read and write memory of the host by itself. */
  static void register(HostPointer pointer, long bytes) {
    check("cuMemHostRegister", JCudaDriver.cuMemHostRegister(pointer, bytes, 0), bytes + " bytes");
  }

  static void unregister(HostPointer pointer, long bytes) {
    check("cuMemHostUnregister", JCudaDriver.cuMemHostUnregister(pointer), bytes + " bytes");
  }

  /** Sets all bytes. */
  static void fill(DevicePointer pointer, byte value, long bytes, CUstream stream) {
    check(
        "cuMemsetD8Async",
        JCudaDriver.cuMemsetD8Async(pointer, value, bytes, stream),
        bytes + " bytes");
  }

  static void copyOnDevice(CUdeviceptr to, CUdeviceptr from, long bytes, CUstream stream) {
    check(
        "cuMemcpyDtoDAsync",
        JCudaDriver.cuMemcpyDtoDAsync(to, from, bytes, stream),
        bytes + " bytes");
  }

  /** The status is given back: what to say about missing memory, the caller knows. */
  static int allocate(DevicePointer pointer, long bytes) {
    return JCudaDriver.cuMemAlloc(pointer, bytes);
  }

  static void free(DevicePointer pointer, long bytes) {
    check("cuMemFree", JCudaDriver.cuMemFree(pointer), bytes + " bytes");
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

  /** Copies rows to the device; pitches are bytes from one row to the next. */
  static void copyToDevice(
      CUdeviceptr to,
      long toPitch,
      HostPointer from,
      long fromPitch,
      long width,
      long rows,
      CUstream stream) {
    CUDA_MEMCPY2D copy = rows(width, rows);
    copy.srcMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST;
    copy.srcHost = from;
    copy.srcPitch = fromPitch;
    copy.dstMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE;
    copy.dstDevice = to;
    copy.dstPitch = toPitch;
    copyRows(copy, stream);
  }

  /** Copies rows to the host; pitches are bytes from one row to the next. */
  static void copyToHost(
      HostPointer to,
      long toPitch,
      CUdeviceptr from,
      long fromPitch,
      long width,
      long rows,
      CUstream stream) {
    CUDA_MEMCPY2D copy = rows(width, rows);
    copy.srcMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE;
    copy.srcDevice = from;
    copy.srcPitch = fromPitch;
    copy.dstMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST;
    copy.dstHost = to;
    copy.dstPitch = toPitch;
    copyRows(copy, stream);
  }

  private static CUDA_MEMCPY2D rows(long width, long rows) {
    CUDA_MEMCPY2D copy = new CUDA_MEMCPY2D();
    copy.WidthInBytes = width;
    copy.Height = rows;
    return copy;
  }

  private static void copyRows(CUDA_MEMCPY2D copy, CUstream stream) {
    int status = JCudaDriver.cuMemcpy2DAsync(copy, stream);
    if (status != 0) {
      check("cuMemcpy2DAsync", status, copy.Height + " rows of " + copy.WidthInBytes + " bytes");
    }
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

  /** Lets a kernel take more dynamic shared memory than 48 KiB. */
  static void allowShared(Kernel kernel, int bytes) {
    int dynamicSharedBytes = 8; // CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
    check(
        "cuFuncSetAttribute",
        JCudaDriver.cuFuncSetAttribute(kernel.function(), dynamicSharedBytes, bytes),
        kernel.name() + ", " + bytes + " bytes of shared memory");
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
