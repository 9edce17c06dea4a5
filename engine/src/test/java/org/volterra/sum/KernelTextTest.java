package org.volterra.sum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.volterra.kernel.DepthKernel;

@Tag("provider-independent")
class KernelTextTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "dense",
        "scalar",
        "field(8)",
        "convolution",
        "fractional(0.5)",
        "exponentials(4)",
        "separable(2)",
        "power-law",
        "fixed-exponentials(0.5:1.0E-5,-2.0:3.0)",
        "matrix*fractional(0.25)",
        "scalar + matrix*exponentials(2) + convolution"
      })
  void isReadAsItIsWritten(String text) {
    assertThat(DepthKernel.parse(text)).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sparse",
        "",
        "field",
        "field:x",
        "fractional:2",
        "separable:0",
        "matrix*dense",
        "dense + scalar",
        "fixed-exponentials(1)",
        "scalar(3)"
      })
  void refusesOthers(String text) {
    assertThatThrownBy(() -> DepthKernel.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @org.junit.jupiter.api.Test
  void checksArguments() {
    assertThatThrownBy(() -> DepthKernel.exponentials(List.of(1.0), List.of()))
        .hasMessageContaining("must be the same number");
    assertThatThrownBy(() -> DepthKernel.exponentials(List.of(Double.NaN), List.of(1.0)))
        .hasMessageContaining("must be finite");
    assertThatThrownBy(DepthKernel::sumOf).hasMessageContaining("at least 1");
    assertThat(DepthKernel.parse("field:8")).isEqualTo(DepthKernel.field(8));
  }
}
