package org.volterra.experiments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.volterra.Engine;
import org.volterra.Model;
import org.volterra.ModelSpec;
import org.volterra.ModelWorkspace;
import org.volterra.NetworkSpec;
import org.volterra.feature.Shape;
import org.volterra.kernel.DepthKernel;
import org.volterra.memory.MemoryBudget;
import org.volterra.memory.NativeMemory;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.sum.SumChoice;

/** Networks of stages at the command line. */
class StageNetworksTest {
  @TempDir private static Path folder;

  @Test
  void areDescribed() {
    assertThat(CommandLineRun.of("describe", "densenet-bc-100-12").succeeded().out())
        .contains("769,162", "8x8x342");
    assertThat(CommandLineRun.of("describe", "densenet121", "--classes", "1000").succeeded().out())
        .contains("7,978,856");
    assertThat(CommandLineRun.of("describe", "log-densenet-bc-100-12").succeeded().out())
        .contains("dense(16,reach=log,batch-norm,relu,conv(48,1x1),", "8x8x342");
    assertThat(CommandLineRun.of("describe", "log-densenet-10-4").succeeded().out())
        .contains("dense(2,reach=log,batch-norm,relu,conv(4,3x3,pad=1x1))");
    assertThat(CommandLineRun.of("describe", "residual-5-8", "--shape", "8x8x1").succeeded().out())
        .contains("residual(batch-norm,relu,conv(8,3x3,pad=1x1))");
    CommandLineRun.of("describe", "densenet").refused("network 'densenet': there are densenet121");
    CommandLineRun.of("describe", "plain-5-8", "--shape", "8x8").refused("shape '8x8': must be");
  }

  @Test
  void namesInDepthAreDescribed() {
    assertThat(CommandLineRun.of("describe", "attention-residual-4-64").succeeded().out())
        .contains(
            "x_l = Σ_{k<l} K_{l,k} φ(x_k),  l = 1..9",
            "training with a batch of 64 in float32: histories",
            " MiB in memory of the host");
    for (String name : List.of("dense-transformer", "dnl-8-32", "fractional-1024-8")) {
      assertThat(CommandLineRun.of("describe", name, "--batch", "8").succeeded().out())
          .contains("training with a batch of 8");
    }
    CommandLineRun.of("describe", "dnl-8-32", "--batch", "0").refused("batch 0");
  }

  /** What is predicted is what a workspace allocates. */
  @ParameterizedTest
  @ValueSource(strings = {"densenet-bc-10-4", "log-densenet-bc-28-4"})
  void memoryIsPredicted(String name) {
    isPredicted(StagePresets.find(name, new Shape(8, 8, 1), 10));
  }

  /** Coefficients that a device would compute itself are evaluated by the host of a CPU. */
  @Test
  void memoryOfSumsIsPredicted() {
    isPredicted(
        NetworkSpec.builder(2, 200)
            .kernel(DepthKernel.powerLaw())
            .sum(SumChoice.parse("direct"))
            .build());
  }

  private static void isPredicted(ModelSpec spec) {
    long before = NativeMemory.liveBytes();
    try (ComputeProvider device = Engine.open("scalar", 1)) {
      MemoryEstimate estimate = MemoryEstimate.of(spec, 5, device);
      long opened = NativeMemory.liveBytes();
      try (Model network = Model.create(spec, device, ElementType.FLOAT32, 1);
          ModelWorkspace workspace = network.workspace(5, MemoryBudget.unlimited())) {
        long parameters = 4 * network.layout().length();
        long live = NativeMemory.liveBytes() - opened + 2 * parameters;
        assertThat(estimate.histories()).isEqualTo(workspace.historyBytes());
        assertThat((double) estimate.total()).isCloseTo(live, withinPercentage(5));
      }
    }
    assertThat(NativeMemory.liveBytes()).isEqualTo(before);
  }

  @Test
  void areTrainedAndResumed() {
    Path run = folder.resolve("stages");
    String[] command = {
      "train",
      "digits",
      "--stages",
      "conv(4,3x3,pad=1),relu,dense(3,reach=log,batch-norm,relu,conv(3,3x3,pad=1)),global-average-pool,affine(10)",
      "--epochs",
      "1",
      "--quiet",
      "--out",
      run.toString()
    };
    CommandLineRun.of(command).succeeded();
    assertThat(run.resolve("report.html")).exists();
    assertThat(
            CommandLineRun.of("describe", run.resolve("model.safetensors").toString())
                .succeeded()
                .out())
        .contains("dense(3,reach=log,batch-norm,relu,conv(3,3x3,pad=1x1))");
    CommandLineRun.of("train", "--resume", run.toString()).succeeded();
  }

  @Test
  void aDenseNetReadsTheDigits() {
    String out =
        CommandLineRun.of(
                "train",
                "digits",
                "--network",
                "densenet-bc-16-12",
                "--epochs",
                "14",
                "--rate",
                "0.01",
                "--weight-decay",
                "0.01",
                "--batch",
                "32",
                "--json",
                "--quiet",
                "--out",
                folder.resolve("digits").toString())
            .succeeded()
            .out();
    JsonObject summary = JsonParser.parseString(out.lines().toList().getLast()).getAsJsonObject();
    assertThat(summary.get("test_accuracy").getAsDouble()).isGreaterThanOrEqualTo(0.985);
  }

  @Test
  void sayWhatDoesNotFit() {
    CommandLineRun.of("train", "digits", "--network", "plain-3-4", "--stages", "relu")
        .refused("--network and --stages: give one of them");
    CommandLineRun.of("train", "digits", "--stages", "conv(4)")
        .refused("features 'conv(4)': must be conv(width,kernel)");
    CommandLineRun.of("train", "digits", "--network", "plain-3-4", "--shape", "8x8x0")
        .refused("shape 8x8x0: all must be at least 1");
  }
}
