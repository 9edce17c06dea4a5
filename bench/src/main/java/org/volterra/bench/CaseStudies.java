package org.volterra.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.volterra.spi.ElementType;

/** The studies that time one JMH benchmark over a list of cases. */
public final class CaseStudies {
  /** The shapes of {@link #gemm} unless others are asked for. */
  public static final List<String> SHAPES =
      List.of(
          "64x128x2048",
          "64x128x8192",
          "256x256x4096",
          "1024x1024x1024",
          "forward:64",
          "transposed:64",
          "weights:64",
          "forward:256",
          "transposed:256",
          "weights:256");

  /** The sizes of {@link #step} unless others are asked for. */
  public static final List<String> STEPS =
      List.of("64x64x32", "64x64x128", "64x64x256", "256x128x64");

  /** The sizes of {@link #attention} unless others are asked for. */
  public static final List<String> ATTENTION =
      List.of(
          "depth:16x1024x64",
          "depth:64x1024x64",
          "depth:32x640x256",
          "positions:64x10x64",
          "positions:8x256x64",
          "positions:2x1024x128");

  private static final int OVERHEAD_CHANNELS = 8;
  private static final List<Integer> OVERHEAD_LAYERS = List.of(1, 8, 32);
  private static final List<Integer> ACTIVATION_SIZES = List.of(4096, 1 << 20);
  private static final double ELEMENTS_PER_SECOND = 1e9;
  private static final double SCALAR_ELEMENTS_PER_SECOND = 2e7;

  private CaseStudies() {}

  /**
   * Matrix products.
   *
   * @param shapes names, as {@link GemmShape#parse} takes them
   * @param providers names of providers
   * @param prepared whether providers are timed with prepared right operands too
   * @param peak whether fused products in registers are timed too
   * @param openBlas a library of OpenBLAS that is timed too, or null
   * @param threads threads of each
   * @param effort repetitions
   * @return the study
   * @throws IllegalArgumentException if a shape does not exist or nothing is asked for
   */
  public static CaseStudy gemm(
      List<String> shapes,
      List<String> providers,
      boolean prepared,
      boolean peak,
      Path openBlas,
      int threads,
      Effort effort) {
    List<String> engines = new ArrayList<>(providers);
    if (prepared) {
      providers.forEach(provider -> engines.add(provider + Gemm.PREPARED));
    }
    if (openBlas != null) {
      engines.add(Gemm.OPENBLAS);
    }
    List<CaseStudy.Case> cases = new ArrayList<>();
    for (String shape : shapes) {
      GemmShape s = GemmShape.parse(shape);
      for (String engine : engines) {
        if (!Gemm.isPrepared(engine) || !s.transposes()) {
          cases.add(product(shape, s, engine, openBlas, threads));
        }
      }
    }
    if (peak) {
      cases.add(peak(threads));
    }
    return new CaseStudy("gemm", Gemm.class, "GF/s", cases, effort);
  }

  /**
   * Whole training steps.
   *
   * @param sizes sizes, as {@link NetworkSize#parse} takes them
   * @param kernels names, as {@link KernelChoice#parse} takes them
   * @param providers names of providers
   * @param threads numbers of threads
   * @param effort repetitions
   * @return the study
   * @throws IllegalArgumentException if a size or kernel does not exist or nothing is asked for
   */
  public static CaseStudy step(
      List<String> sizes,
      List<String> kernels,
      List<String> providers,
      List<Integer> threads,
      Effort effort) {
    List<CaseStudy.Case> cases = new ArrayList<>();
    for (String name : kernels) {
      KernelChoice kernel = KernelChoice.parse(name);
      for (String text : sizes) {
        NetworkSize size = NetworkSize.parse(text);
        double flops = 3 * size.forwardFlops(kernel);
        String bytes =
            String.valueOf(
                kernel
                    .spec(size.layers(), size.channels())
                    .historyBytes(ElementType.FLOAT32, size.batch()));
        for (String provider : providers) {
          for (int t : threads) {
            cases.add(
                new CaseStudy.Case(
                    ordered(
                        "kernel", name,
                        "size", text,
                        "provider", provider,
                        "threads", String.valueOf(t)),
                    Map.of(),
                    ordered("history bytes", bytes),
                    Map.of("step", flops),
                    flops / DepthCost.flopsPerSecond(provider)));
          }
        }
      }
    }
    return new CaseStudy("step", Step.class, "GF/s", cases, effort);
  }

  /**
   * Activation functions and their adjoints.
   *
   * @param functions names of functions
   * @param providers names of providers
   * @param threads threads of the providers
   * @param effort repetitions
   * @return the study
   * @throws IllegalArgumentException if a function does not exist or nothing is asked for
   */
  public static CaseStudy activation(
      List<String> functions, List<String> providers, int threads, Effort effort) {
    List<CaseStudy.Case> cases = new ArrayList<>();
    for (String function : functions) {
      org.volterra.spi.Activation.parse(function);
      for (String provider : providers) {
        double speed = provider.equals("scalar") ? SCALAR_ELEMENTS_PER_SECOND : ELEMENTS_PER_SECOND;
        for (int elements : ACTIVATION_SIZES) {
          Map<String, Double> operations = new LinkedHashMap<>();
          operations.put("value", (double) elements);
          operations.put("adjoint", (double) elements);
          cases.add(
              new CaseStudy.Case(
                  ordered(
                      "function",
                      function,
                      "elements",
                      String.valueOf(elements),
                      "provider",
                      provider,
                      "threads",
                      String.valueOf(threads)),
                  Map.of(),
                  Map.of(),
                  operations,
                  elements / speed));
        }
      }
    }
    return new CaseStudy("activation", Activation.class, "G elements/s", cases, effort);
  }

  /**
   * Attention over the slices of a history and over positions.
   *
   * @param sizes {@code depth:KxMxN} of slices, rows and channels, or {@code positions:BxPxN} of
   *     samples, positions and channels
   * @param providers names of providers
   * @param threads threads of the providers
   * @param effort repetitions
   * @return the study
   * @throws IllegalArgumentException if a size is malformed or nothing is asked for
   */
  public static CaseStudy attention(
      List<String> sizes, List<String> providers, int threads, Effort effort) {
    List<CaseStudy.Case> cases = new ArrayList<>();
    for (String text : sizes) {
      AttentionSize size = AttentionSize.parse(text);
      for (String provider : providers) {
        Map<String, Double> operations = new LinkedHashMap<>();
        operations.put("forward", size.forwardFlops());
        operations.put("gradient", size.gradientFlops());
        cases.add(
            new CaseStudy.Case(
                ordered("size", text, "provider", provider, "threads", String.valueOf(threads)),
                Map.of(),
                Map.of(),
                operations,
                size.gradientFlops() / DepthCost.flopsPerSecond(provider)));
      }
    }
    return new CaseStudy("attention", Attention.class, "GF/s", cases, effort);
  }

  /**
   * Networks so small that little but the cost of starting each primitive is left: {@value
   * #OVERHEAD_CHANNELS} channels, one sample.
   *
   * @param kernels names, as {@link KernelChoice#parse} takes them
   * @param providers names of providers
   * @param threads threads of the providers
   * @param effort repetitions
   * @return the study
   * @throws IllegalArgumentException if a kernel does not exist or nothing is asked for
   */
  public static CaseStudy overhead(
      List<String> kernels, List<String> providers, int threads, Effort effort) {
    List<CaseStudy.Case> cases = new ArrayList<>();
    for (String name : kernels) {
      KernelChoice kernel = KernelChoice.parse(name);
      for (String provider : providers) {
        for (int layers : OVERHEAD_LAYERS) {
          NetworkSize size = new NetworkSize(1, OVERHEAD_CHANNELS, layers);
          Map<String, Double> operations = new LinkedHashMap<>();
          operations.put("forward", size.forwardFlops(kernel));
          operations.put("gradient", 3 * size.forwardFlops(kernel));
          cases.add(
              new CaseStudy.Case(
                  ordered(
                      "kernel",
                      name,
                      "size",
                      size.toString(),
                      "provider",
                      provider,
                      "threads",
                      String.valueOf(threads)),
                  Map.of(),
                  Map.of(),
                  operations,
                  0));
        }
      }
    }
    return new CaseStudy("overhead", Overhead.class, "GF/s", cases, effort);
  }

  /**
   * Parallel regions of empty tasks.
   *
   * @param threads numbers of threads that share a region, each at least 1
   * @param effort repetitions
   * @return the study
   * @throws IllegalArgumentException if a number of threads is not positive or nothing is asked for
   */
  public static CaseStudy regions(List<Integer> threads, Effort effort) {
    List<CaseStudy.Case> cases = new ArrayList<>();
    for (int t : threads) {
      if (t < 1) {
        throw new IllegalArgumentException("threads " + t + ": must be at least 1");
      }
      cases.add(
          new CaseStudy.Case(
              ordered("threads", String.valueOf(t)), Map.of(), Map.of(), Map.of("region", 1.0), 0));
    }
    return new CaseStudy("regions", ParallelRegion.class, "G regions/s", cases, effort);
  }

  private static CaseStudy.Case product(
      String shape, GemmShape s, String engine, Path openBlas, int threads) {
    return new CaseStudy.Case(
        ordered("shape", shape, "engine", engine, "threads", String.valueOf(threads)),
        Map.of("library", openBlas == null ? "" : openBlas.toAbsolutePath().toString()),
        ordered(
            "m x n x k",
            s.m() + " x " + s.n() + " x " + s.k(),
            "packing",
            packing(engine, openBlas)),
        Map.of("product", s.flops()),
        s.flops() / DepthCost.flopsPerSecond(Gemm.providerOf(engine)));
  }

  private static CaseStudy.Case peak(int threads) {
    double flops = Gemm.processors(threads) * FusedProducts.FLOPS;
    return new CaseStudy.Case(
        ordered("shape", Gemm.REGISTERS, "engine", Gemm.PEAK, "threads", String.valueOf(threads)),
        Map.of("library", ""),
        ordered("m x n x k", "-", "packing", "no matrices"),
        Map.of("product", flops),
        flops / DepthCost.flopsPerSecond(Gemm.PEAK));
  }

  /** What each engine copies into another layout in every call. */
  private static String packing(String engine, Path openBlas) {
    return switch (engine) {
      case Gemm.OPENBLAS -> {
        try (OpenBlas library = new OpenBlas(openBlas, 1)) {
          yield "A and B (" + library.description() + ")";
        }
      }
      case "panama" -> "A if transposed; B unless one panel";
      default -> Gemm.isPrepared(engine) ? "B before the calls" : "none";
    };
  }

  /** A map of pairs that keeps their order. */
  private static Map<String, String> ordered(String... namesAndValues) {
    Map<String, String> map = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      map.put(namesAndValues[i], namesAndValues[i + 1]);
    }
    return map;
  }
}
