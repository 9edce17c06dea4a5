package org.volterra.bench;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The matrix product of an OpenBLAS library, called directly. Both the plain library and the one
 * inside Python's numpy and scipy, whose names have a prefix and 64-bit integers, will do.
 */
@SuppressWarnings("restricted")
final class OpenBlas implements AutoCloseable {
  private static final Linker LINKER = Linker.nativeLinker();
  private static final String CORE = "OPENBLAS_CORETYPE";
  private static final int ROW_MAJOR = 101;
  private static final int NOT_TRANSPOSED = 111;
  private static final int TRANSPOSED = 112;

  /** Names of the functions: before, after, and whether integers are long. */
  private record Names(String prefix, String suffix, boolean wide) {
    String of(String function) {
      return prefix + function + suffix;
    }
  }

  private static final List<Names> NAMES =
      List.of(
          new Names("", "", false),
          new Names("", "64_", true),
          new Names("scipy_", "64_", true),
          new Names("scipy_", "", false));

  private final Arena arena = Arena.ofConfined();
  private final boolean wide;
  private final MethodHandle gemm;
  private final String description;

  /**
   * Loads a library.
   *
   * @param file the library
   * @param threads its threads, at least 1
   * @throws IllegalArgumentException if it is no library of OpenBLAS for this machine
   */
  OpenBlas(Path file, int threads) {
    forceCore();
    SymbolLookup library = library(file);
    Names names =
        NAMES.stream()
            .filter(n -> library.find(n.of("cblas_sgemm")).isPresent())
            .findFirst()
            .orElseThrow(
                () -> new IllegalArgumentException(file + " has no cblas_sgemm: no OpenBLAS"));
    wide = names.wide();
    MemoryLayout integer = wide ? JAVA_LONG : JAVA_INT;
    gemm =
        LINKER.downcallHandle(
            library.find(names.of("cblas_sgemm")).orElseThrow(),
            FunctionDescriptor.ofVoid(
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                integer,
                integer,
                integer,
                JAVA_FLOAT,
                ADDRESS,
                integer,
                ADDRESS,
                integer,
                JAVA_FLOAT,
                ADDRESS,
                integer));
    Optional<MemorySegment> set = library.find(names.of("openblas_set_num_threads"));
    set.ifPresent(
        f -> call(LINKER.downcallHandle(f, FunctionDescriptor.ofVoid(JAVA_INT)), threads));
    String[] config = text(library.find(names.of("openblas_get_config"))).split(" ", -1);
    description =
        config[0]
            + (config.length > 1 ? " " + config[1] : "")
            + ", "
            + text(library.find(names.of("openblas_get_corename")));
  }

  /** Loaded for good: its threads outlive any scope. */
  private static SymbolLookup library(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException("no such library: " + file);
    }
    try {
      return SymbolLookup.libraryLookup(file, Arena.global());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(file + " cannot be loaded as a library here", e);
    }
  }

  /**
   * Makes OpenBLAS use AVX-512 where the processor has it: it does not know new processors and
   * takes them for old ones. The variable is that of this process alone and is set before the
   * library loads; one that the user has set stays.
   */
  private static void forceCore() {
    String core = core();
    Optional<MemorySegment> set = LINKER.defaultLookup().find("setenv");
    if (core == null || System.getenv(CORE) != null || set.isEmpty()) {
      return;
    }
    try (Arena texts = Arena.ofConfined()) {
      call(
          LINKER.downcallHandle(
              set.get(), FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT)),
          texts.allocateFrom(CORE),
          texts.allocateFrom(core),
          1);
    }
  }

  private static String core() {
    try {
      return core(Files.readString(Path.of("/proc/cpuinfo")));
    } catch (IOException e) {
      return null; // not Linux: OpenBLAS chooses
    }
  }

  /**
   * The name of the kernels for a processor's flags, or null to let OpenBLAS choose. Those of later
   * cores multiply floats alike, and many builds leave them out: then OpenBLAS would choose after
   * all.
   */
  static String core(String processor) {
    return processor.contains("avx512f") ? "SkylakeX" : null;
  }

  private static String text(Optional<MemorySegment> function) {
    if (function.isEmpty()) {
      return "unknown";
    }
    MemorySegment text =
        (MemorySegment) call(LINKER.downcallHandle(function.get(), FunctionDescriptor.of(ADDRESS)));
    return text.reinterpret(1000).getString(0).strip();
  }

  private static Object call(MethodHandle function, Object... arguments) {
    try {
      return function.invokeWithArguments(arguments);
    } catch (Throwable e) {
      throw new IllegalStateException("call of a native function failed", e);
    }
  }

  /** Version, and the processor whose kernels are used. */
  String description() {
    return description;
  }

  /** {@code c = op(a) op(b)} for matrices without gaps between rows. */
  void product(GemmShape s, MemorySegment a, MemorySegment b, MemorySegment c) {
    int ta = s.transposeA() ? TRANSPOSED : NOT_TRANSPOSED;
    int tb = s.transposeB() ? TRANSPOSED : NOT_TRANSPOSED;
    try {
      if (wide) {
        gemm.invokeExact(
            ROW_MAJOR,
            ta,
            tb,
            (long) s.m(),
            (long) s.n(),
            (long) s.k(),
            1f,
            a,
            (long) s.columnsOfA(),
            b,
            (long) s.columnsOfB(),
            0f,
            c,
            (long) s.n());
      } else {
        gemm.invokeExact(
            ROW_MAJOR,
            ta,
            tb,
            s.m(),
            s.n(),
            s.k(),
            1f,
            a,
            s.columnsOfA(),
            b,
            s.columnsOfB(),
            0f,
            c,
            s.n());
      }
    } catch (Throwable e) {
      throw new IllegalStateException("cblas_sgemm failed", e);
    }
  }

  /** Memory of this many floats, aligned to cache lines; it ends with this object. */
  MemorySegment allocate(long floats) {
    return arena.allocate(floats * Float.BYTES, 64);
  }

  @Override
  public void close() {
    arena.close();
  }
}
