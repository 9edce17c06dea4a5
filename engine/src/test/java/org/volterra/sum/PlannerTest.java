package org.volterra.sum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.volterra.depth.DepthGrid;
import org.volterra.kernel.DepthKernel;
import org.volterra.kernel.ScalarKernel;
import org.volterra.memory.MemoryBudget;
import org.volterra.spi.ElementType;
import org.volterra.testing.TestProvider;

@Tag("provider-independent")
class PlannerTest {
  private static final Planner PLANNER = planner(ElementType.FLOAT32);

  private static Planner planner(ElementType stored) {
    return planner(stored, true);
  }

  /** Of a provider in memory of the host or of a device. */
  private static Planner planner(ElementType stored, boolean onHost) {
    return new Planner(
        ElementType.FLOAT32, stored, () -> new Calibration(1.5e11, 2e10, 1e11, 5e10, 2e-7), onHost);
  }

  private static Plan plan(ScalarKernel kernel, int layers, double tolerance, SumAlgorithm forced) {
    return PLANNER.plan(
        kernel, new DepthGrid(layers, 1), 4096, true, tolerance, MemoryBudget.unlimited(), forced);
  }

  @Test
  void choosesByStructure() {
    ScalarKernel scalar = DepthKernel.trainableScalar((t, s) -> 1);
    assertThat(plan(scalar, 16, 0, null).algorithm()).isEqualTo(SumAlgorithm.DIRECT);
    assertThat(plan(scalar, 2048, 0, null).algorithm()).isEqualTo(SumAlgorithm.BLOCKED);
    ScalarKernel lags = DepthKernel.trainableConvolution(t -> 1);
    assertThat(plan(lags, 4096, 0, null).algorithm()).isEqualTo(SumAlgorithm.FFT);
    ScalarKernel few = DepthKernel.trainableExponentials(4);
    assertThat(plan(few, 16, 0, null).algorithm()).isEqualTo(SumAlgorithm.EXPONENTIALS);
    assertThat(plan(few, 4096, 0, null).algorithm()).isEqualTo(SumAlgorithm.EXPONENTIALS);
    ScalarKernel separable = DepthKernel.trainableSeparable(4);
    assertThat(plan(separable, 4096, 0, null).algorithm()).isEqualTo(SumAlgorithm.SEPARABLE);
    ScalarKernel smooth = DepthKernel.smooth((t, s) -> 1 / (1 + t - s));
    assertThat(plan(smooth, 4096, 0, null).algorithm()).isEqualTo(SumAlgorithm.BLOCKED);
    assertThat(plan(smooth, 4096, 1e-5, null).algorithm()).isEqualTo(SumAlgorithm.HIERARCHICAL);
  }

  @Test
  void aDeviceThatComputesThePowerLawIsNotPricedAsIfTheHostDid() {
    Plan host = blockedPowerLaw(true);
    Plan device = blockedPowerLaw(false);
    long pairs = 2048L * 2049 / 2;
    assertThat(host.chosen().milliseconds() - device.chosen().milliseconds())
        .isGreaterThan(0.5 * pairs * 4e-5);
    assertThat(device.chosen().bytes()).isGreaterThan(host.chosen().bytes());
  }

  private static Plan blockedPowerLaw(boolean onHost) {
    return planner(ElementType.FLOAT32, onHost)
        .plan(
            DepthKernel.powerLaw(),
            new DepthGrid(2048, 1),
            4096,
            true,
            0,
            MemoryBudget.unlimited(),
            SumAlgorithm.BLOCKED);
  }

  @Test
  void explainsItsChoice() {
    Plan plan = plan(DepthKernel.fractional(0.5), 2048, 1e-4, null);
    assertThat(plan.explain())
        .contains("sum of fractional(0.5), L = 2048, n = 4096", "<- chosen", "times as long")
        .contains("separable      not possible: the kernel is not separable");
    assertThat(plan.candidates()).hasSize(SumAlgorithm.values().length);
    assertThat(plan.chosen().milliseconds()).isPositive();
    Plan forced = plan(DepthKernel.fractional(0.5), 2048, 0, SumAlgorithm.DIRECT);
    assertThat(forced.algorithm()).isEqualTo(SumAlgorithm.DIRECT);
    assertThat(forced.explain()).contains("(forced)", "<- forced", "predicted faster");
  }

  @Test
  void aNarrowHistoryIsSummedDirectOrBlocked() {
    Planner narrow = planner(ElementType.BFLOAT16);
    DepthGrid grid = new DepthGrid(4096, 1);
    ScalarKernel lags = DepthKernel.trainableConvolution(t -> 1);
    Plan plan = narrow.plan(lags, grid, 4096, true, 0, MemoryBudget.unlimited(), null);
    assertThat(plan.algorithm()).isEqualTo(SumAlgorithm.BLOCKED);
    assertThat(plan.explain())
        .contains("fft            not possible: does not read a history of BFLOAT16");
    Plan wide = plan(lags, 4096, 0, SumAlgorithm.DIRECT);
    Plan direct =
        narrow.plan(lags, grid, 4096, true, 0, MemoryBudget.unlimited(), SumAlgorithm.DIRECT);
    assertThat(direct.chosen().bytes()).isEqualTo(wide.chosen().bytes() / 2);
    assertThat(direct.chosen().flops()).isEqualTo(wide.chosen().flops());
    assertThatThrownBy(() ->
            narrow.plan(lags, grid, 4096, true, 0, MemoryBudget.unlimited(), SumAlgorithm.FFT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("sum fft: cannot be used for the kernel");
    for (int layers : new int[] {3, 4096}) {
      assertThatThrownBy(() ->
              narrow.plan(
                  DepthKernel.trainableSeparable(2),
                  new DepthGrid(layers, 1),
                  64,
                  true,
                  0,
                  MemoryBudget.unlimited(),
                  null))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("no algorithm can sum it")
          .hasMessageContaining("separable does not read a history of BFLOAT16");
    }
  }

  @Test
  void keepsTheMemoryBudget() {
    ScalarKernel lags = DepthKernel.trainableConvolution(t -> 1);
    DepthGrid grid = new DepthGrid(4096, 1);
    MemoryBudget small = new MemoryBudget(10_000_000);
    Plan plan = PLANNER.plan(lags, grid, 4096, true, 0, small, null);
    assertThat(plan.algorithm()).isEqualTo(SumAlgorithm.BLOCKED);
    assertThat(plan.explain()).contains("exceed the budget");
    assertThatThrownBy(() -> PLANNER.plan(lags, grid, 4096, true, 0, small, SumAlgorithm.FFT))
        .hasMessageContaining("exceed the budget");
  }

  @Test
  void keepsCalibrationsInAFile(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("deep").resolve("calibration.properties");
    Calibration written = new Calibration(1e11, 2e10, 3e10, 4e10, 1e-7);
    written.write(file);
    assertThat(Calibration.read(file)).isEqualTo(written);
    Files.writeString(file, "gemm=fast\n");
    assertThatThrownBy(() -> Calibration.read(file)).isInstanceOf(RuntimeException.class);
    Files.writeString(file, "gemm=-1\nstream=1\ncached=1\nfourier=1\ncall=1\n");
    assertThatThrownBy(() -> Calibration.read(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must be positive");
  }

  @Test
  void measuresAProviderInTime() {
    long begin = System.nanoTime();
    Calibration measured = Calibration.measure(TestProvider.get(), ElementType.FLOAT32);
    assertThat(measured.gemm()).isGreaterThan(1e6);
    assertThat(measured.fourier() / measured.gemm()).isBetween(0.3, 0.5);
    assertThat(System.nanoTime() - begin).isLessThan(60_000_000_000L);
    assertThat(Calibration.folder()).isNotNull();
  }

  @Test
  void takesTypicalSpeedsWhereAskedTo() {
    String before = System.getProperty(Calibration.CHOICE);
    try {
      System.setProperty(Calibration.CHOICE, "typical");
      assertThat(Calibration.of(TestProvider.get(), ElementType.FLOAT64))
          .isEqualTo(Calibration.typical());
      System.setProperty(Calibration.CHOICE, "fast");
      assertThatThrownBy(() -> Calibration.of(TestProvider.get(), ElementType.FLOAT64))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("volterra.calibration 'fast': must be measured or typical");
    } finally {
      if (before == null) {
        System.clearProperty(Calibration.CHOICE);
      } else {
        System.setProperty(Calibration.CHOICE, before);
      }
    }
  }

  @Test
  void readsChoices() {
    assertThat(SumChoice.parse("auto")).isEqualTo(SumChoice.auto());
    assertThat(SumChoice.parse("fft")).isEqualTo(SumChoice.of(SumAlgorithm.FFT));
    for (String text : new String[] {"auto:1.0E-6", "fft+exponentials", "hierarchical:0.001"}) {
      assertThat(SumChoice.parse(text)).hasToString(text);
    }
    assertThatThrownBy(() -> SumChoice.parse("fast")).hasMessageContaining("sum 'fast': must be");
    assertThatThrownBy(() -> SumChoice.parse("fft:x")).hasMessageContaining("tolerance");
    assertThatThrownBy(() -> SumChoice.parse("fft:2")).hasMessageContaining("tolerance 2.0");
    assertThatThrownBy(() -> SumChoice.parse("fft+fft").forTerm(0, 3))
        .hasMessageContaining("the kernel has 3 terms");
  }
}
