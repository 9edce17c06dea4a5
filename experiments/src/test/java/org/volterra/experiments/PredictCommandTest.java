package org.volterra.experiments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonArray;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.volterra.io.NpyFile;
import org.volterra.io.Tensor;

/** Training at the command line, then predictions by both kinds of networks. */
class PredictCommandTest {
  private static final int COUNT = 300;

  @TempDir private static Path folder;
  private static Path table;
  private static Path inDepth;
  private static Path ofStages;

  /** Two columns, shifted and on different scales, and the quadrant around their means. */
  static Path points(Path folder, int count) throws IOException {
    StringBuilder text = new StringBuilder("a,b,quadrant\n");
    for (int i = 0; i < count; i++) {
      double a = Math.sin(12.9898 * i);
      double b = Math.cos(78.233 * i);
      int label = (a > 0 ? 1 : 0) + (b > 0 ? 2 : 0);
      text.append(1000 + 50 * a).append(',').append(0.01 * b).append(',').append(label);
      text.append('\n');
    }
    return Files.writeString(folder.resolve("points.csv"), text);
  }

  @BeforeAll
  static void train() throws IOException {
    table = points(folder, COUNT);
    inDepth = trained("depth", "--depth", "8", "--channels", "16");
    ofStages = trained("stages", "--stages", "affine(32),tanh,affine(4)", "--shape", "1x1x2");
  }

  private static Path trained(String name, String... options) {
    Path run = folder.resolve(name);
    List<String> command =
        new ArrayList<>(List.of("train", "--data", table.toString(), "--epochs", "25", "--quiet"));
    command.addAll(List.of("--out", run.toString(), "--rate", "0.02"));
    command.addAll(List.of(options));
    CommandLineRun.of(command.toArray(String[]::new)).succeeded();
    return run;
  }

  private static CommandLineRun predict(Path model, String... options) {
    String[] all = new String[options.length + 3];
    all[0] = "predict";
    all[1] = "--model";
    all[2] = model.toString();
    System.arraycopy(options, 0, all, 3, options.length);
    return CommandLineRun.of(all);
  }

  @Test
  void findClassesOfATable() throws IOException {
    for (Path model : List.of(inDepth, ofStages.resolve("model.safetensors"))) {
      String out =
          predict(
                  model,
                  "--input",
                  table.toString(),
                  "--without",
                  "quadrant",
                  "--as",
                  "classes",
                  "--batch",
                  "7")
              .succeeded()
              .out();
      List<String> lines = out.lines().toList();
      List<String> truth = Files.readAllLines(table);
      assertThat(lines).hasSize(COUNT + 1).startsWith("class");
      long right =
          IntStream.rangeClosed(1, COUNT)
              .filter(i -> truth.get(i).endsWith("," + lines.get(i)))
              .count();
      // Inputs that are not scaled as in training would be one class.
      assertThat(right).isGreaterThan(COUNT * 9 / 10);
    }
  }

  @Test
  void writeTheSameInEveryFormat() throws IOException {
    Path x = folder.resolve("x.npy");
    NpyFile.write(x, Tensor.ofDoubles(new double[] {1020, 0.004, 960, -0.002}, 2, 2));
    Path y = folder.resolve("y.npy");
    Path json = folder.resolve("y.json");
    predict(inDepth, "--input", x.toString(), "--output", y.toString()).succeeded();
    predict(inDepth, "--input", x.toString(), "--output", json.toString(), "--as", "probabilities")
        .succeeded();
    String csv = predict(inDepth, "--input", x.toString()).succeeded().out();
    Tensor outputs = NpyFile.read(y);
    assertThat(outputs.shape()).containsExactly(2, 1, 4);
    JsonArray samples = JsonParser.parseString(Files.readString(json)).getAsJsonArray();
    List<String> lines = csv.lines().toList();
    assertThat(lines.getFirst()).isEqualTo("output_0,output_1,output_2,output_3");
    for (int i = 0; i < 2; i++) {
      double sum = 0;
      double largest = Double.NEGATIVE_INFINITY;
      String[] cells = lines.get(1 + i).split(",", -1);
      for (int j = 0; j < 4; j++) {
        double value = outputs.doubleAt(4L * i + j);
        assertThat(Double.parseDouble(cells[j])).isEqualTo(value);
        largest = Math.max(largest, value);
        sum += Math.exp(value);
      }
      double most = 0;
      for (int j = 0; j < 4; j++) {
        most = Math.max(most, samples.get(i).getAsJsonArray().get(j).getAsDouble());
      }
      assertThat(most).isCloseTo(Math.exp(largest) / sum, within(1e-12));
    }
  }

  @Test
  void sayWhatDoesNotFit() throws IOException {
    predict(inDepth, "--input", table.toString())
        .failed("points.csv has 3 numbers a sample: the network takes 2 (1 x 2); --without leaves");
    predict(inDepth, "--input", table.toString(), "--without", "c").failed("has no column 'c'");
    predict(folder.resolve("none"), "--input", table.toString()).failed("no such file");
    predict(table, "--input", table.toString()).failed("points.csv");
    predict(inDepth, "--input", table.toString(), "--format", "npy")
        .refused("--format npy: goes to a file, give --output");
    predict(inDepth, "--input", table.toString(), "--batch", "0")
        .refused("--batch 0: must be at least 1");
    Path empty = folder.resolve("empty.npy");
    NpyFile.write(empty, Tensor.ofDoubles(new double[0], 0, 2));
    predict(inDepth, "--input", empty.toString()).failed("holds no samples");
    Path bad = Files.writeString(folder.resolve("bad.csv"), "a,b\n1,nan\n");
    predict(inDepth, "--input", bad.toString()).failed("bad.csv");
  }
}
