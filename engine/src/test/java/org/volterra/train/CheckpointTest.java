package org.volterra.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.volterra.Network;
import org.volterra.kernel.DepthKernel;
import org.volterra.spi.ElementType;

class CheckpointTest {
  @TempDir Path folder;

  static Stream<Optimizer> optimizers() {
    return Stream.of(Optimizer.sgd(0.9, 0, false), Optimizer.adam(), Optimizer.lbfgs(3));
  }

  private Trainer.Builder training(Network network, Optimizer optimizer) {
    return Trainer.builder(network, TrainingFixtures.clouds(70, 3))
        .optimizer(optimizer)
        .schedule(Schedule.cosine(0.05, 0.1))
        .epochs(6)
        .batch(32)
        .checkpoints(folder, 2);
  }

  private static Network network() {
    return TrainingFixtures.network(3, DepthKernel.dense(), ElementType.FLOAT32);
  }

  @ParameterizedTest
  @MethodSource("optimizers")
  void aResumedRunIsTheUninterruptedOneBitForBit(Optimizer optimizer) throws IOException {
    double[] whole;
    List<Path> written = new ArrayList<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void checkpoint(Path file) {
            written.add(file);
          }
        };
    try (Network network = network();
        Trainer trainer = training(network, optimizer).listener(listener).build()) {
      trainer.run();
      whole = TrainingFixtures.values(network);
    }
    assertThat(written).hasSize(3);
    assertThat(Checkpoint.latest(folder)).contains(written.getLast());
    try (Network network = network();
        Trainer trainer = training(network, optimizer).build()) {
      trainer.resume(written.getFirst());
      assertThat(trainer.completedEpochs()).isEqualTo(2);
      assertThat(trainer.run()).hasSize(4);
      assertThat(TrainingFixtures.values(network)).isEqualTo(whole);
    }
  }

  @Test
  void aDamagedOrForeignCheckpointIsRefused() throws IOException {
    try (Network network = network();
        Trainer trainer = training(network, Optimizer.adam()).build()) {
      trainer.run();
    }
    Path file = Checkpoint.latest(folder).orElseThrow();
    try (Network network = network();
        Trainer other = training(network, Optimizer.adam()).seed(99).build()) {
      assertThatThrownBy(() -> other.resume(file))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("belongs to another training");
    }
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 5] ^= 1;
    Files.write(file, bytes);
    try (Network network = network();
        Trainer trainer = training(network, Optimizer.adam()).build()) {
      assertThatThrownBy(() -> trainer.resume(file))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("is damaged");
      Files.write(file, new byte[20], StandardOpenOption.TRUNCATE_EXISTING);
      assertThatThrownBy(() -> trainer.resume(file)).isInstanceOf(IOException.class);
      assertThatThrownBy(() -> trainer.resume(folder.resolve("none")))
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void noFolderMeansNoCheckpoint() throws IOException {
    assertThat(Checkpoint.latest(folder.resolve("none"))).isEmpty();
    assertThat(Checkpoint.latest(folder)).isEmpty();
  }

  /** Where digits are not the ASCII ones. */
  @Test
  void namesDoNotDependOnTheLocale() throws IOException {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
      try (Network network = network();
          Trainer trainer = training(network, Optimizer.adam()).build()) {
        trainer.run();
      }
    } finally {
      Locale.setDefault(before);
    }
    assertThat(Checkpoint.list(folder))
        .extracting(f -> f.getFileName().toString())
        .containsExactly(
            "epoch-000002.safetensors", "epoch-000004.safetensors", "epoch-000006.safetensors");
  }
}
