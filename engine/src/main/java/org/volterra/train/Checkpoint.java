package org.volterra.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.volterra.Model;
import org.volterra.io.SafetensorsFile;

/**
 * Checkpoints of a {@link Trainer}: parameters, the optimiser's state, the position in training
 * (which with the seed determines all random numbers to come), a fingerprint of the training and a
 * checksum, in one safetensors file that is written atomically.
 */
public final class Checkpoint {
  private static final String FORMAT = "volterra-checkpoint";
  private static final String OPTIMIZER = "optimizer.";
  private static final Pattern NAME = Pattern.compile("epoch-\\d{6,}\\.safetensors");

  private Checkpoint() {}

  /**
   * Finds the newest checkpoint.
   *
   * @param folder where a trainer wrote checkpoints
   * @return the one of the highest epoch, if there is any
   * @throws IOException if the folder cannot be read
   */
  public static Optional<Path> latest(Path folder) throws IOException {
    List<Path> all = list(folder);
    return all.isEmpty() ? Optional.empty() : Optional.of(all.getLast());
  }

  /**
   * The checkpoints of a folder.
   *
   * @param folder where a trainer wrote checkpoints; need not exist
   * @return their files, the oldest first
   * @throws IOException if the folder cannot be read
   */
  public static List<Path> list(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    Comparator<String> byEpoch =
        Comparator.comparingInt(String::length).thenComparing(Comparator.naturalOrder());
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(f -> NAME.matcher(f.getFileName().toString()).matches())
          .sorted(Comparator.comparing(f -> f.getFileName().toString(), byEpoch))
          .toList();
    }
  }

  static Path save(
      Path folder, String fingerprint, Model network, Updater updater, TrainingPosition position)
      throws IOException {
    Files.createDirectories(folder);
    Path file =
        folder.resolve(String.format(Locale.ROOT, "epoch-%06d.safetensors", position.epoch));
    try (TensorFiles.Writer writer = new TensorFiles.Writer()) {
      Map<String, String> metadata = new LinkedHashMap<>();
      metadata.put("format", FORMAT);
      metadata.put("training", fingerprint);
      metadata.put("epoch", String.valueOf(position.epoch));
      metadata.put("step", String.valueOf(position.step));
      metadata.put(
          "counters",
          Arrays.stream(updater.counters())
              .mapToObj(String::valueOf)
              .collect(Collectors.joining(",")));
      writer.metadata(metadata);
      writer.parameters(network);
      updater.buffers().forEach((name, buffer) -> writer.vector(OPTIMIZER + name, buffer));
      writer.write(file);
    }
    return file;
  }

  static void load(
      Path file, String fingerprint, Model network, Updater updater, TrainingPosition position)
      throws IOException {
    try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
      TensorFiles.verify(file, tensors, FORMAT);
      Map<String, String> metadata = tensors.metadata();
      if (!fingerprint.equals(metadata.get("training"))) {
        throw new IllegalArgumentException(
            file
                + " belongs to another training: "
                + metadata.get("training")
                + "; this one is: "
                + fingerprint);
      }
      TensorFiles.readParameters(file, tensors, network);
      for (String name : updater.buffers().keySet()) {
        TensorFiles.readVector(file, tensors, OPTIMIZER + name, updater.buffers().get(name));
      }
      updater.restore(
          Arrays.stream(metadata.get("counters").split(","))
              .filter(s -> !s.isEmpty())
              .mapToLong(Long::parseLong)
              .toArray());
      position.epoch = Integer.parseInt(metadata.get("epoch"));
      position.step = Long.parseLong(metadata.get("step"));
    }
  }
}
