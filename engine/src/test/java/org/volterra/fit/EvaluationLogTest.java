package org.volterra.fit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.volterra.kernel.SpecialFunctions;
import org.volterra.spi.Activation;

/** Fits that are interrupted and go on. */
@Tag("provider-independent")
class EvaluationLogTest {
  private static final int STOP = 20;

  @TempDir private Path folder;

  /** Observations of 2 E_α(−t^α). */
  private static List<Trajectory> data(double alpha) {
    double[] times = new double[20];
    double[][] values = new double[times.length][1];
    for (int i = 0; i < times.length; i++) {
      times[i] = 0.1 * i;
      values[i][0] = 2 * SpecialFunctions.mittagLeffler(alpha, times[i]);
    }
    return List.of(new Trajectory("x", times, values, Optional.empty()));
  }

  private static KernelFit fit() {
    return new KernelFit(
        KernelModel.of(new FractionalFamily(), Activation.IDENTITY, 32), 100, 1e-7);
  }

  private Path interrupted(double alpha) throws IOException {
    Path file = folder.resolve("evaluations.bin");
    try (EvaluationLog log = EvaluationLog.at(file)) {
      assertThatThrownBy(() ->
              fit()
                  .fit(
                      data(alpha),
                      (count, best) -> {
                        if (count == STOP) {
                          throw new IllegalStateException("pulled the plug");
                        }
                      },
                      log))
          .hasMessage("pulled the plug");
      assertThat(log.recalled()).isZero();
    }
    return file;
  }

  @Test
  void anInterruptedFitGoesOnAndEndsAtTheSameBits() throws IOException {
    FitResult whole = fit().fit(data(0.6), KernelFit.SILENT);
    assertThat(whole.evaluations()).isGreaterThan(STOP);
    Path file = interrupted(0.6);
    Files.write(file, new byte[11], StandardOpenOption.APPEND); // a record that was cut short
    try (EvaluationLog log = EvaluationLog.at(file)) {
      FitResult rest = fit().fit(data(0.6), KernelFit.SILENT, log);
      assertThat(log.recalled()).isEqualTo(STOP);
      assertThat(rest.parameters()).isEqualTo(whole.parameters());
      assertThat(rest.evaluations()).isEqualTo(whole.evaluations());
    }
    try (EvaluationLog log = EvaluationLog.at(file)) {
      FitResult again = fit().fit(data(0.6), KernelFit.SILENT, log);
      assertThat(log.recalled()).isEqualTo(whole.evaluations());
      assertThat(again.parameters()).isEqualTo(whole.parameters());
    }
  }

  @Test
  void theLogOfOtherDataIsNotUsed() throws IOException {
    Path file = interrupted(0.6);
    FitResult whole = fit().fit(data(0.4), KernelFit.SILENT);
    try (EvaluationLog log = EvaluationLog.at(file)) {
      FitResult other = fit().fit(data(0.4), KernelFit.SILENT, log);
      assertThat(log.recalled()).isZero();
      assertThat(other.parameters()).isEqualTo(whole.parameters());
    }
  }

  @Test
  void aDamagedRecordAndWhatFollowsAreComputedAgain() throws IOException {
    Path file = interrupted(0.6);
    byte[] bytes = Files.readAllBytes(file);
    int record = bytes.length / STOP;
    bytes[5 * record + 3] ^= 1;
    Files.write(file, bytes);
    FitResult whole = fit().fit(data(0.6), KernelFit.SILENT);
    try (EvaluationLog log = EvaluationLog.at(file)) {
      FitResult rest = fit().fit(data(0.6), KernelFit.SILENT, log);
      assertThat(log.recalled()).isEqualTo(5);
      assertThat(rest.parameters()).isEqualTo(whole.parameters());
    }
  }
}
