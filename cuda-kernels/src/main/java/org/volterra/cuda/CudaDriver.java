package org.volterra.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The functions of the CUDA driver that need no context, through {@code java.lang.foreign}.
 *
 * <p>The library stays loaded: the driver does not expect to be unloaded.
 */
final class CudaDriver {
  /** What the dynamic loader is asked for. */
  static final String LIBRARY = "libcuda.so.1";

  private static final int RTLD_NOW = 2;
  private static final int NAME_BYTES = 256;
  private static final int CAPABILITY_MAJOR = 75; // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR
  private static final int CAPABILITY_MINOR = 76;

  /** The driver is missing or refuses; the message is for a user. */
  static final class Failure extends Exception {
    private static final long serialVersionUID = 1L;

    Failure(String message) {
      super(message);
    }
  }

  private final Arena arena;
  private final String library;
  private final MemorySegment handle;
  private final MethodHandle findSymbol;

  private CudaDriver(Arena arena, String library, MemorySegment handle, MethodHandle findSymbol) {
    this.arena = arena;
    this.library = library;
    this.handle = handle;
    this.findSymbol = findSymbol;
  }

  /**
   * Loads the library.
   *
   * @param arena holds the scratch memory of the calls
   * @param library name or path of the driver library
   * @return the driver, usable while the arena lives
   * @throws Failure if it is not there or cannot be loaded
   */
  static CudaDriver load(Arena arena, String library) throws Failure {
    try {
      MethodHandle load = system("dlopen", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT));
      MethodHandle error = system("dlerror", FunctionDescriptor.of(ADDRESS));
      MethodHandle findSymbol = system("dlsym", FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS));
      MemorySegment handle =
          (MemorySegment) load.invokeExact(arena.allocateFrom(library), RTLD_NOW);
      if (handle.address() == 0) {
        String reason = text((MemorySegment) error.invokeExact());
        throw new Failure(
            "the NVIDIA driver library cannot be loaded ("
                + reason
                + "); on a machine with an NVIDIA GPU install the driver r580 or newer"
                + " (https://www.nvidia.com/drivers), in a container start it with its GPUs");
      }
      return new CudaDriver(arena, library, handle, findSymbol);
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  /** Initialises the driver; returns CUDA's status, 0 for success. */
  int init() throws Failure {
    try {
      return (int) function("cuInit", JAVA_INT).invokeExact(0);
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  /** The version of the driver API: 1000 × major + 10 × minor. */
  int version() throws Failure {
    return number("cuDriverGetVersion");
  }

  /** The number of devices. */
  int deviceCount() throws Failure {
    return number("cuDeviceGetCount");
  }

  /** The device of the given ordinal, below {@link #deviceCount}. */
  CudaProbe.Device device(int ordinal) throws Failure {
    try {
      MemorySegment device = arena.allocate(JAVA_INT);
      check(
          "cuDeviceGet",
          (int) function("cuDeviceGet", ADDRESS, JAVA_INT).invokeExact(device, ordinal));
      int id = device.get(JAVA_INT, 0);
      MemorySegment name = arena.allocate(NAME_BYTES);
      MethodHandle getName = function("cuDeviceGetName", ADDRESS, JAVA_INT, JAVA_INT);
      check("cuDeviceGetName", (int) getName.invokeExact(name, NAME_BYTES, id));
      return new CudaProbe.Device(
          ordinal,
          name.getString(0),
          attribute(CAPABILITY_MAJOR, id),
          attribute(CAPABILITY_MINOR, id));
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  /** CUDA's name and sentence for a status, in brackets, or nothing if the driver has none. */
  String errorText(int status) {
    try {
      String name = errorText("cuGetErrorName", status);
      String sentence = errorText("cuGetErrorString", status);
      return name.isEmpty() ? "" : " (" + name + (sentence.isEmpty() ? "" : ": " + sentence) + ")";
    } catch (Failure noText) {
      return "";
    }
  }

  private int attribute(int attribute, int device) throws Failure {
    try {
      MemorySegment value = arena.allocate(JAVA_INT);
      MethodHandle get = function("cuDeviceGetAttribute", ADDRESS, JAVA_INT, JAVA_INT);
      check("cuDeviceGetAttribute", (int) get.invokeExact(value, attribute, device));
      return value.get(JAVA_INT, 0);
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  private int number(String name) throws Failure {
    try {
      MemorySegment value = arena.allocate(JAVA_INT);
      check(name, (int) function(name, ADDRESS).invokeExact(value));
      return value.get(JAVA_INT, 0);
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  private String errorText(String name, int status) throws Failure {
    try {
      MemorySegment pointer = arena.allocate(ADDRESS);
      int result = (int) function(name, JAVA_INT, ADDRESS).invokeExact(status, pointer);
      return result == 0 ? text(pointer.get(ADDRESS, 0)) : "";
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  private void check(String function, int status) throws Failure {
    if (status != 0) {
      throw new Failure(
          "the NVIDIA driver refuses: " + CudaDriverProbe.describe(this, function, status));
    }
  }

  @SuppressWarnings("restricted")
  private MethodHandle function(String name, MemoryLayout... parameters) throws Failure {
    try {
      MemorySegment symbol =
          (MemorySegment) findSymbol.invokeExact(handle, arena.allocateFrom(name));
      if (symbol.address() == 0) {
        throw new Failure(library + " lacks the function " + name + ": it is no CUDA driver");
      }
      return Linker.nativeLinker()
          .downcallHandle(symbol, FunctionDescriptor.of(JAVA_INT, parameters));
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  @SuppressWarnings("restricted")
  private static MethodHandle system(String name, FunctionDescriptor descriptor) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor);
  }

  @SuppressWarnings("restricted")
  private static String text(MemorySegment characters) {
    return characters.address() == 0 ? "" : characters.reinterpret(Long.MAX_VALUE).getString(0);
  }

  /** Method handles declare Throwable; what comes is a failure or a defect. */
  private static Failure rethrow(Throwable t) {
    return switch (t) {
      case Failure failure -> failure;
      case RuntimeException defect -> throw defect;
      case Error defect -> throw defect;
      default -> throw new AssertionError("a native call threw a checked exception", t);
    };
  }
}
