package org.volterra.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.volterra.Engine;
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
          KernelChoice field = KernelChoice.parse("field:2");
          NetworkCheck.againstReference(provider, field, 3, 8, 4);
          NetworkCheck.directionalDerivative(provider, field);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "forward:1, scalar",
    "transposed:2, scalar",
    "weights:2, scalar",
    "16x24x48, scalar",
    "16x24x48, scalar:prepared",
    "16x24x48, panama:prepared"
  })
  void gemmRuns(String shape, String engine) {
    Gemm benchmark = new Gemm();
    benchmark.shape = shape;
    benchmark.engine = engine;
    try {
      benchmark.setup();
      assertThat(benchmark.product()).isInstanceOf(Matrix.class);
    } finally {
      benchmark.close();
    }
  }

  @Test
  void peakRuns() {
    Gemm benchmark = new Gemm();
    benchmark.shape = "registers";
    benchmark.engine = "peak";
    benchmark.threads = 2;
    try {
      benchmark.setup();
      // every lane of twelve chains goes to the fixed point of c = 0.5 c + 0.25
      assertThat((float) benchmark.product()).isBetween(2 * 12 * 0.5f * 2, 2 * 12 * 0.5f * 16);
    } finally {
      benchmark.close();
    }
  }

  @Test
  void onlyPlainProductsTakePreparedOperands() {
    Gemm benchmark = new Gemm();
    benchmark.shape = "weights:2";
    benchmark.engine = "scalar:prepared";
    assertThatIllegalArgumentException()
        .isThrownBy(benchmark::setup)
        .withMessageContaining("only products that transpose nothing take a prepared operand");
  }

  @Test
  void stepRuns() {
    Step benchmark = new Step();
    benchmark.size = "4x8x3";
    benchmark.kernel = "dense";
    benchmark.provider = "scalar";
    try {
      benchmark.setup();
      double before = benchmark.step();
      assertThat(benchmark.step()).isLessThan(before);
    } finally {
      benchmark.close();
    }
  }

  @Test
  void overheadRuns() {
    Overhead benchmark = new Overhead();
    benchmark.size = "1x8x2";
    benchmark.kernel = "scalar";
    benchmark.provider = "scalar";
    try {
      benchmark.setup();
      assertThat(benchmark.forward().size()).isEqualTo(8);
      assertThat(benchmark.gradient().length()).isPositive();
    } finally {
      benchmark.close();
    }
  }

  @Test
  void parallelRegionRuns() {
    ParallelRegion benchmark = new ParallelRegion();
    benchmark.threads = 2;
    benchmark.setup();
    try {
      assertThatCode(benchmark::region).doesNotThrowAnyException();
    } finally {
      benchmark.close();
    }
    assertThatThrownBy(benchmark::region).isInstanceOf(IllegalStateException.class);
  }

  @ParameterizedTest
  @EnumSource(org.volterra.spi.Activation.class)
  void activationRuns(org.volterra.spi.Activation function) {
    Activation benchmark = new Activation();
    benchmark.function = function.toString();
    benchmark.elements = 1000;
    benchmark.provider = Engine.candidates().getFirst().name();
    try {
      benchmark.setup();
      assertThat(benchmark.value()).isSameAs(benchmark.adjoint());
    } finally {
      benchmark.close();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"depth:5x9x12", "positions:2x80x8"})
  void attentionRuns(String size) {
    for (Engine.Candidate candidate : Engine.candidates()) {
      if (candidate.available()) {
        Attention benchmark = new Attention();
        benchmark.size = size;
        benchmark.provider = candidate.name();
        try {
          benchmark.setup();
          double[] first = benchmark.gradient().getLast().toArray();
          assertThat(benchmark.gradient().getLast().toArray()).isEqualTo(first);
          assertThat(benchmark.gradient()).hasSize(3).contains(benchmark.forward());
        } finally {
          benchmark.close();
        }
      }
    }
    assertThatThrownBy(() -> AttentionSize.parse("positions:2x80x6"))
        .hasMessageContaining("channels must be a multiple of the 4 heads");
    assertThatThrownBy(() -> AttentionSize.parse("width:2x80x6"))
        .hasMessageContaining("must be depth:KxMxN");
  }

  @Test
  void wrongStatesAreFound() {
    try (ComputeProvider provider = Engine.open("scalar", 1);
        DepthCase c =
            new DepthCase(
                provider, ElementType.FLOAT32, KernelChoice.parse("dense"), 4, 8, 4, false)) {
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
