package org.volterra.experiments;

import org.volterra.cuda.CudaComputeProvider;
import org.volterra.cuda.ProductPrecision;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The option for what a GPU rounds the factors of matrix products to. */
final class ProductOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--products",
      paramLabel = "TYPE",
      description =
          "What --device cuda rounds the factors of matrix products in float32 to: float32, not at"
              + " all (default), or tf32 or bf16, on tensor cores.")
  private String products;

  /**
   * Hands the choice to providers that are opened from now on.
   *
   * @param provider the provider that will be opened
   * @return the choice
   * @throws ParameterException if there is no such precision, or the provider rounds nothing
   */
  ProductPrecision apply(String provider) {
    if (products == null) {
      return ProductPrecision.FLOAT32;
    }
    try {
      ProductPrecision precision = ProductPrecision.parse(products);
      if (!provider.equals("cuda") && precision != ProductPrecision.FLOAT32) {
        throw new IllegalArgumentException(
            "products in " + precision + " need --device cuda, not " + provider);
      }
      System.setProperty(CudaComputeProvider.PRODUCTS, precision.toString());
      return precision;
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--products: " + e.getMessage(), e);
    }
  }
}
