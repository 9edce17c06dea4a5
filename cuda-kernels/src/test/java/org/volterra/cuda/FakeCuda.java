package org.volterra.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The driver library that runs the kernels on the CPU, loaded under the name of the real one:
 * whoever asks the dynamic loader for {@code libcuda.so.1} afterwards gets it, JCuda too.
 */
final class FakeCuda {
  private static final Path LIBRARY = Path.of("target/fake-cuda/libcuda.so.1");
  private static final List<Path> SOURCES =
      List.of(
          Path.of("src/test/cpp"),
          Path.of("src/main/cuda"),
          Path.of("src/main/resources/org/volterra/cuda/kernels"));
  private static SymbolLookup symbols;

  private FakeCuda() {}

  /** Compiles it, where its sources are newer, and loads it. */
  @SuppressWarnings("restricted")
  static synchronized void load() {
    if (symbols == null) {
      Path library = LIBRARY.toAbsolutePath();
      if (isStale(library)) {
        NativeCompiler.driver(Path.of("src/test/cpp/fake_cuda.cpp"), library);
      }
      System.load(library.toString());
      symbols = SymbolLookup.libraryLookup(library, Arena.global());
    }
  }

  private static boolean isStale(Path library) {
    try {
      if (Files.notExists(library)) {
        Files.createDirectories(library.getParent());
        return true;
      }
      for (Path folder : SOURCES) {
        try (Stream<Path> files = Files.list(folder)) {
          for (Path file : files.toList()) {
            if (Files.getLastModifiedTime(file).compareTo(Files.getLastModifiedTime(library)) > 0) {
              return true;
            }
          }
        }
      }
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What was done wrong since the last question, or an empty text. */
  static String misuse() {
    return text("fake_misuse");
  }

  @SuppressWarnings("restricted")
  private static String text(String name) {
    try {
      MemorySegment text =
          (MemorySegment) function(name, FunctionDescriptor.of(ADDRESS)).invokeExact();
      return text.reinterpret(Long.MAX_VALUE).getString(0);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** Whether copies are done as early as their events allow, and not as late. */
  static void earlyCopies(boolean early) {
    try {
      function("fake_early_copies", FunctionDescriptor.ofVoid(JAVA_INT)).invokeExact(early ? 1 : 0);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /**
   * What was done since the last question with {@link #earlyCopies}, in order: copies to the device
   * {@code >} and from it {@code <}, kernels {@code k}.
   */
  static String trace() {
    return text("fake_trace");
  }

  /** Lets the n-th call from now on fail. */
  static void fail(String call, int nth, int status) {
    try (Arena arena = Arena.ofConfined()) {
      function("fake_fail", FunctionDescriptor.ofVoid(ADDRESS, JAVA_INT, JAVA_INT))
          .invokeExact(arena.allocateFrom(call), nth, status);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** How often a function was called. */
  static long calls(String call) {
    return ask("fake_calls", call);
  }

  static boolean hasKernel(String name) {
    return ask("fake_has_kernel", name) != 0;
  }

  private static long ask(String function, String text) {
    try (Arena arena = Arena.ofConfined()) {
      return (long)
          function(function, FunctionDescriptor.of(JAVA_LONG, ADDRESS))
              .invokeExact(arena.allocateFrom(text));
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  static long liveBytes() {
    try {
      return (long) function("fake_live_bytes", FunctionDescriptor.of(JAVA_LONG)).invokeExact();
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** Sets the memory of the device. */
  static void totalBytes(long bytes) {
    try {
      function("fake_total_bytes", FunctionDescriptor.ofVoid(JAVA_LONG)).invokeExact(bytes);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  @SuppressWarnings("restricted")
  private static MethodHandle function(String name, FunctionDescriptor descriptor) {
    return Linker.nativeLinker().downcallHandle(symbols.findOrThrow(name), descriptor);
  }
}
