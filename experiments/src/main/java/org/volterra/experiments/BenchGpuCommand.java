package org.volterra.experiments;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.volterra.bench.DeviceStudy;
import org.volterra.bench.DeviceStudy.Products;
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
  @Mixin private BenchOptions common;
  @Mixin private ProductOptions products;

  @Option(
      names = "--provider",
      defaultValue = "cuda",
      paramLabel = "NAME",
      description = "Provider (default: ${DEFAULT-VALUE}).")
  private String provider;

  @Option(
      names = "--steps",
      split = ",",
      paramLabel = "KERNEL:BxdxL",
      description = "Training steps, such as dense:1024x256x128 (default: those of the targets).")
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

  @Option(names = "--full", description = "More and longer samples, for results to keep.")
  private boolean full;

  @Override
  public Integer call() throws IOException {
    Path home = Path.of(System.getProperty("volterra.home", "."));
    Path peer = script != null ? script : home.resolve("bench/peers/torch_gpu.py");
    ProductPrecision precision = products.apply(provider);
    DeviceStudy study =
        common.checked(() -> {
          DeviceStudy.Settings s = DeviceStudy.Settings.standard(provider, full, python, peer);
          s =
              s.operations(
                  elements == null ? s.elements() : elements,
                  product == null ? s.product() : product,
                  inner == null ? s.inner() : inner,
                  rotated == null ? s.rotatedBytes() : 1e6 * rotated);
          s = s.products(new Products(precision.toString(), precision.unitRoundoff()));
          return new DeviceStudy(steps == null ? s : s.steps(steps));
        });
    BenchOptions.requireAvailable(provider);
    common.run(study, full ? "full run" : "short run");
    return 0;
  }
}
