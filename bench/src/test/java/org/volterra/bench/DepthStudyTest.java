package org.volterra.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.volterra.kernel.DepthKernel;

class DepthStudyTest {
  @Test
  void pointsWithLongCallsAreLeftOut() {
    DepthStudy study = new DepthStudy(settings(List.of("scalar", "panama"), List.of(8, 256, 8), 1));
    assertThat(study.plan())
        .extracting(DepthStudy.Planned::toString)
        .containsExactly("dense on scalar with 8 layers", "dense on panama with 8 layers");
    assertThat(study.leftOut()).hasSize(2);
    assertThat(study.expectedSeconds()).isBetween(1.0, 60.0);
  }

  @Test
  void emptyPlanSaysWhy() {
    DepthStudy study = new DepthStudy(settings(List.of("scalar"), List.of(256), 0.01));
    assertThatThrownBy(() -> study.run(false, line -> {}))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("nothing to measure");
  }

  @Test
  void argumentsAreChecked() {
    assertThatThrownBy(() -> settings(List.of("scalar"), List.of(0), 1))
        .hasMessageContaining("layers 0");
    assertThatThrownBy(() -> settings(List.of(), List.of(8), 1)).hasMessageContaining("providers");
    assertThatThrownBy(() -> settings(List.of("scalar"), List.of(8), Double.NaN))
        .hasMessageContaining("NaN");
  }

  private static DepthStudy.Settings settings(
      List<String> providers, List<Integer> layers, double longest) {
    return new DepthStudy.Settings(List.of("dense"), providers, layers, 0, Effort.SHORT, longest);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Dense", "field", "field:0", "field:-1", "field:999999", "scalar "})
  void unknownKernelsAreRefused(String name) {
    assertThatThrownBy(() -> KernelChoice.parse(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must be dense, scalar, field:M");
  }

  @Test
  void kernelsAreSummedByTheirAlgorithms() {
    assertThat(KernelChoice.parse("field:3@direct").kernel()).isEqualTo(DepthKernel.field(3));
    for (String name : List.of("dense@fast", "scalar@", "scalar@direct@direct")) {
      assertThatThrownBy(() -> KernelChoice.parse(name))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("is summed by direct");
    }
  }

  @Test
  void whatDoesNotFitTheMemoryIsLeftOut() {
    DepthStudy study = new DepthStudy(settings(List.of("panama"), List.of(16, 16_384), 1e9));
    assertThat(study.leftOut()).singleElement().asString().contains("16384 layers", "memory");
  }

  @Test
  void fastAlgorithmsAreExpectedToBeFast() {
    List<String> kernels =
        List.of("separable", "fractional@fft", "scalar@blocked", "scalar@direct");
    DepthStudy study =
        new DepthStudy(
            new DepthStudy.Settings(
                kernels, List.of("panama"), List.of(4096), 1, Effort.SHORT, 1e9));
    assertThat(study.plan())
        .extracting(DepthStudy.Planned::expectedSeconds)
        .isSorted()
        .doesNotHaveDuplicates();
  }

  @Test
  void operationsAreThoseOfTheSums() {
    double dense = 0;
    for (int l = 1; l <= 5; l++) {
      dense += 2.0 * DepthCase.BATCH * (l * DepthCase.CHANNELS) * DepthCase.CHANNELS;
    }
    assertThat(DepthCost.forwardFlops(KernelChoice.parse("dense"), 5)).isEqualTo(dense);
    assertThat(DepthCost.gradientFlops(KernelChoice.parse("scalar"), 5))
        .isEqualTo(3 * dense / DepthCase.CHANNELS);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "forward:0", "forward", "1x2", "0x1x1", "weights:x"})
  void unknownShapesAreRefused(String name) {
    assertThatThrownBy(() -> GemmShape.parse(name)).isInstanceOf(IllegalArgumentException.class);
  }
}
