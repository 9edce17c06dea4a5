package org.volterra.experiments;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.volterra.bench.DeviceStudy;
import org.volterra.bench.DeviceStudy.Products;
import org.volterra.bench.DeviceStudy.Settings;
import org.volterra.bench.DeviceStudy.Sizes;
import org.volterra.bench.DeviceStudy.Torch;
import org.volterra.cuda.ProductPrecision;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code volterra bench gpu}. */
@Command(
    name = "gpu",
    description =
        "Time every primitive on the GPU, as a rate and a share of the rate of a copy, and whole"
            + " training steps; with --python also PyTorch on the same GPU.",
    mixinStandardHelpOptions = true)
final class BenchGpuCommand implements Callable<Integer> {
  private static final List<String> NONE = List.of("none");

  @Mixin private BenchOptions common;
  @Mixin private ProductOptions products;

  @Option(
      names = "--provider",
      defaultValue = "cuda",
      paramLabel = "NAME",
      description = "Provider (default: ${DEFAULT-VALUE}).")
  private String provider;

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "NAME",
      description =
          "Operations whose names begin so, such as gemm,block (default: all), or copy for steps"
              + " alone, which are compared with it.")
  private List<String> only = List.of();

  @Option(
      names = "--steps",
      split = ",",
      paramLabel = "KERNEL:BxdxL",
      description =
          "Training steps, such as dense:1024x256x128 (default: those of the targets), or none.")
  private List<String> steps;

  @Option(
      names = "--elements",
      paramLabel = "N",
      description = "Elements of elementwise operands, a multiple of 1024 (default: 16777216).")
  private Integer elements;

  @Option(
      names = "--product",
      paramLabel = "M",
      description = "Rows and columns of products (default: 1024).")
  private Integer product;

  @Option(
      names = "--rotated",
      paramLabel = "MB",
      description =
          "Megabytes of operands that calls take turns over, more than the caches (default: 512).")
  private Double rotated;

  @Option(
      names = "--inner",
      split = ",",
      paramLabel = "K",
      description = "Inner dimensions of products (default: 4096,8192,16384,32768).")
  private List<Integer> inner;

  @Option(
      names = "--python",
      paramLabel = "PROGRAM",
      description = "A Python that has PyTorch for this GPU.")
  private String python;

  @Option(
      names = "--script",
      paramLabel = "FILE",
      description = "The peer (default: bench/peers/torch_gpu.py).")
  private Path script;

  @Option(
      names = "--variants",
      split = ",",
      paramLabel = "NAME",
      description = "How PyTorch is run (default: eager,graph,compiled).")
  private List<String> variants = Torch.VARIANTS;

  @Option(names = "--full", description = "More and longer samples, for results to keep.")
  private boolean full;

  @Override
  public Integer call() throws IOException {
    Path home = Path.of(System.getProperty("volterra.home", "."));
    Path peer = script != null ? script : home.resolve("bench/peers/torch_gpu.py");
    ProductPrecision precision = products.apply(provider);
    DeviceStudy study =
        common.checked(() -> {
          Sizes standard = Sizes.STANDARD;
          Sizes sizes =
              new Sizes(
                  elements == null ? standard.elements() : elements,
                  product == null ? standard.product() : product,
                  inner == null ? standard.inner() : inner,
                  standard.slices(),
                  rotated == null ? standard.rotatedBytes() : 1e6 * rotated);
          return new DeviceStudy(
              new Settings(
                  provider,
                  sizes,
                  only,
                  steps == null ? Settings.STEPS : steps.equals(NONE) ? List.of() : steps,
                  full ? 25 : 7,
                  full ? 0.1 : 0.03,
                  python == null ? null : new Torch(python, peer, variants),
                  new Products(precision.toString(), precision.unitRoundoff())));
        });
    BenchOptions.requireAvailable(provider);
    common.run(study, full ? "full run" : "short run");
    return 0;
  }
}
