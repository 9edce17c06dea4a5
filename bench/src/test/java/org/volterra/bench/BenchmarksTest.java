package org.volterra.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.volterra.Engine;
import org.volterra.kernel.DepthKernel;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;

/** Each benchmark is set up and called once in this virtual machine, at its smallest size. */
class BenchmarksTest {
  @ParameterizedTest
  @ValueSource(strings = {"dense", "field:8", "scalar"})
  void depthScalingRuns(String kernel) {
    DepthScaling benchmark = new DepthScaling();
    benchmark.layers = 8;
    benchmark.kernel = kernel;
    benchmark.provider = "scalar";
    try {
      benchmark.setup(true);
      assertThat(benchmark.forward().rows()).isEqualTo(DepthCase.BATCH);
      assertThat(benchmark.gradient().length()).isPositive();
    } finally {
      benchmark.close();
    }
  }

  @Test
  void providersAgreeWithTheReference() {
    for (Engine.Candidate candidate : Engine.candidates()) {
      if (candidate.available()) {
        try (ComputeProvider provider = Engine.open(candidate.name(), 1)) {
          NetworkCheck.againstReference(provider, DepthKernel.field(2), 3);
          NetworkCheck.directionalDerivative(provider, DepthKernel.field(2));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"forward:1", "transposed:2", "weights:2", "16x24x48"})
  void gemmRuns(String shape) {
    Gemm benchmark = new Gemm();
    benchmark.shape = shape;
    benchmark.provider = "scalar";
    try {
      benchmark.setup();
      assertThat(benchmark.product().size()).isPositive();
    } finally {
      benchmark.close();
    }
  }

  @Test
  void wrongStatesAreFound() {
    try (ComputeProvider provider = Engine.open("scalar", 1);
        DepthCase c =
            new DepthCase(provider, ElementType.FLOAT32, DepthKernel.dense(), 4, 8, 4, false)) {
      c.forward();
      LayerEquation.check(c);
      Matrix state = c.workspace().state(4);
      state.set(3, 7, state.get(3, 7) + 0.01);
      assertThatThrownBy(() -> LayerEquation.check(c))
          .isInstanceOf(WrongResultException.class)
          .hasMessageContaining("layer 4, sample 3, channel 7");
      state.set(0, 1, Double.NaN);
      assertThatThrownBy(() -> LayerEquation.finite(c.network(), state))
          .isInstanceOf(WrongResultException.class);
    }
  }

  @Test
  void notANumberIsNeverClose() {
    assertThatThrownBy(() -> WrongResultException.unlessClose("x", Double.NaN, 1, 1))
        .isInstanceOf(WrongResultException.class);
  }
}
