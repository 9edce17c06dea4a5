package org.volterra.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.volterra.Network;
import org.volterra.NetworkSpec;
import org.volterra.internal.scalar.ScalarProvider;
import org.volterra.spi.ElementType;
import org.volterra.testing.ChildJvm;

/**
 * Kills a process (SIGKILL where there are signals) that trains and writes checkpoints without
 * pause, in the middle of a write: the newest checkpoint is whole, and from it training continues
 * to the very bits of a run that was never interrupted. On the scalar provider, whose code is warm
 * at once; CheckpointTest compares bits on all of them.
 */
@Tag("provider-independent")
class KilledTrainingTest {
  private static final int CHECKPOINTS = 3;
  private static final int MORE_EPOCHS = 2;
  private static final int ATTEMPTS = 5;

  @Test
  void trainingGoesOnBitForBit(@TempDir Path folder) throws Exception {
    Path checkpoints = Files.createDirectory(folder.resolve("checkpoints"));
    killWhileWriting(checkpoints, folder.resolve("output.txt"));
    Path latest = Checkpoint.latest(checkpoints).orElseThrow();
    double[] resumed;
    int last;
    try (Network network = Writer.network();
        Trainer trainer = Writer.training(network).listener(listener()).build()) {
      trainer.resume(latest);
      last = trainer.completedEpochs() + MORE_EPOCHS;
      assertThat(latest.getFileName())
          .hasToString(String.format(Locale.ROOT, "epoch-%06d.safetensors", last - MORE_EPOCHS));
      resumed = runUntil(last, network, trainer);
    }
    try (Network network = Writer.network();
        Trainer trainer = Writer.training(network).listener(listener()).build()) {
      assertThat(resumed).isEqualTo(runUntil(last, network, trainer));
    }
  }

  /** Starts processes until one dies while it writes, which takes most of its time. */
  private static void killWhileWriting(Path checkpoints, Path output)
      throws IOException, InterruptedException {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Process process = ChildJvm.start(output, List.of(), Writer.class, checkpoints.toString());
      try {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (Checkpoint.list(checkpoints).size() < CHECKPOINTS || !isWriting(checkpoints)) {
          assertThat(process.isAlive()).as("see %s", output).isTrue();
          assertThat(System.nanoTime()).as("see %s", output).isLessThan(deadline);
          Thread.sleep(1);
        }
      } finally {
        process.destroyForcibly().waitFor();
      }
      if (isWriting(checkpoints)) {
        return;
      }
      try (Stream<Path> files = Files.list(checkpoints)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
    }
    throw new AssertionError("no process died while it wrote");
  }

  private static boolean isWriting(Path checkpoints) throws IOException {
    try (Stream<Path> files = Files.list(checkpoints)) {
      return files.anyMatch(f -> f.toString().endsWith(".tmp"));
    }
  }

  /** Says stop after the last epoch that counts. */
  private static final class Enough extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  private int stopAfter;

  private TrainingListener listener() {
    return new TrainingListener() {
      @Override
      public void epoch(EpochMetrics metrics) {
        if (metrics.epoch() == stopAfter) {
          throw new Enough();
        }
      }
    };
  }

  private double[] runUntil(int epoch, Network network, Trainer trainer) {
    stopAfter = epoch;
    assertThatThrownBy(trainer::run).isInstanceOf(Enough.class);
    return TrainingFixtures.values(network);
  }

  /** Trains for ever and writes a checkpoint of 6 MB after each epoch. */
  static final class Writer {
    private static final NetworkSpec SPEC =
        NetworkSpec.builder(48, 20).inputs(2).outputs(3).build();

    private Writer() {}

    static Network network() {
      return Network.create(SPEC, new ScalarProvider(), ElementType.FLOAT32, 7);
    }

    static Trainer.Builder training(Network network) {
      return Trainer.builder(network, TrainingFixtures.clouds(7, 3)).epochs(1_000_000).batch(4);
    }

    public static void main(String[] arguments) {
      try (Network network = network();
          Trainer trainer = training(network).checkpoints(Path.of(arguments[0]), 1).build()) {
        trainer.run();
      }
    }
  }
}
