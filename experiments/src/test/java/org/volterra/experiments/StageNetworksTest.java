package org.volterra.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Networks of stages at the command line. */
class StageNetworksTest {
  @TempDir private static Path folder;

  @Test
  void areDescribed() {
    assertThat(CommandLineRun.of("describe", "densenet-bc-100-12").succeeded().out())
        .contains("769,162", "8x8x342");
    assertThat(CommandLineRun.of("describe", "densenet121", "--classes", "1000").succeeded().out())
        .contains("7,978,856");
    assertThat(CommandLineRun.of("describe", "residual-5-8", "--shape", "8x8x1").succeeded().out())
        .contains("residual(batch-norm,relu,conv(8,3x3,pad=1x1))");
    CommandLineRun.of("describe", "densenet").refused("network 'densenet': there are densenet121");
    CommandLineRun.of("describe", "plain-5-8", "--shape", "8x8").refused("shape '8x8': must be");
  }

  @Test
  void areTrainedAndResumed() {
    Path run = folder.resolve("stages");
    String[] command = {
      "train",
      "digits",
      "--stages",
      "conv(4,3x3,pad=1),relu,dense(2,batch-norm,relu,conv(3,3x3,pad=1)),global-average-pool,affine(10)",
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
        .contains("dense(2,batch-norm,relu,conv(3,3x3,pad=1x1))");
    CommandLineRun.of("train", "--resume", run.toString()).succeeded();
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
