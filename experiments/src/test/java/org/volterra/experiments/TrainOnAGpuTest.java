package org.volterra.experiments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Networks that are trained, asked and exported with {@code --device cuda} on the emulated driver,
 * beside what the scalar provider makes of the same command.
 */
class TrainOnAGpuTest {
  private static final int COUNT = 60;
  private static final int EPOCHS = 3;

  @TempDir private static Path folder;
  private static Path table;

  @BeforeAll
  static void write() throws IOException {
    table = PredictCommandTest.points(folder, COUNT);
  }

  private static String[] train(Path run, String device, String options) {
    List<String> command = new ArrayList<>(List.of("train", "--data", table.toString(), "--quiet"));
    command.addAll(List.of("--epochs", String.valueOf(EPOCHS), "--rate", "0.02"));
    command.addAll(List.of("--checkpoint-every", "1", "--out", run.toString()));
    command.addAll(List.of("--device", device));
    command.addAll(List.of(options.split(" ")));
    return command.toArray(String[]::new);
  }

  private static double[] losses(Path run) throws IOException {
    return Files.readAllLines(run.resolve("metrics.jsonl")).stream()
        .map(line -> JsonParser.parseString(line).getAsJsonObject())
        .flatMapToDouble(TrainOnAGpuTest::losses)
        .toArray();
  }

  private static DoubleStream losses(JsonObject epoch) {
    return DoubleStream.of(
        epoch.get("train_loss").getAsDouble(), epoch.get("test_loss").getAsDouble());
  }

  private static String[] predict(Path run, String device, Path output) {
    return new String[] {
      "predict",
      "--model",
      run.toString(),
      "--device",
      device,
      "--input",
      table.toString(),
      "--without",
      "quadrant",
      "--output",
      output.toString()
    };
  }

  private static double[] numbers(Path csv) throws IOException {
    return Files.readAllLines(csv).stream()
        .skip(1)
        .flatMap(line -> Arrays.stream(line.split(",")))
        .mapToDouble(Double::parseDouble)
        .toArray();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "dense | --kernel dense --depth 5 --channels 6 --batch 16 | 1e-4",
        "metric | --kernel field:2 --depth 5 --channels 6 --metric 1,0.1 --batch 16 | 1e-4",
        "rates | --kernel exponentials:2 --depth 9 --channels 6 --batch 16 | 1e-4",
        "power | --kernel power-law --depth 9 --channels 6 --batch 16 | 1e-4",
        "lbfgs | --kernel separable:2 --depth 6 --channels 4 --optimizer lbfgs --batch 60"
            + " --precision float64 | 1e-5",
        "narrow | --kernel scalar --depth 6 --channels 6 --history-type bfloat16 --batch 16 | 2e-2",
        "stages | --stages affine(8),batch-norm,relu,dropout(0.2),affine(4) --shape 1x1x2"
            + " --optimizer sgd --batch 16 | 1e-4"
      })
  void trainsPredictsAndExports(String name, String options, double bound) throws Exception {
    Path onGpu = folder.resolve(name);
    Path onHost = folder.resolve(name + "-host");
    assertThat(FakeGpu.run(train(onGpu, "cuda", options))).doesNotContain("error");
    CommandLineRun.of(train(onHost, "scalar", options)).succeeded();
    double[] expected = losses(onHost);
    double[] actual = losses(onGpu);
    assertThat(actual).hasSameSizeAs(expected).hasSize(2 * EPOCHS);
    for (int i = 0; i < actual.length; i++) {
      assertThat(actual[i]).isCloseTo(expected[i], within(bound * (1 + Math.abs(expected[i]))));
    }
    Path asked = folder.resolve(name + ".csv");
    Path askedHost = folder.resolve(name + "-host.csv");
    FakeGpu.run(predict(onGpu, "cuda", asked));
    CommandLineRun.of(predict(onGpu, "scalar", askedHost)).succeeded();
    double[] outputs = numbers(askedHost);
    assertThat(numbers(asked)).hasSize(4 * COUNT).containsExactly(outputs, within(bound * 10));
    for (String format : List.of("safetensors", "onnx")) {
      Path target = folder.resolve(name + "-" + format);
      String[] command = {
        "export", "--model", onGpu.toString(), "--format", format, "--to", target.toString()
      };
      CommandLineRun.of(command).succeeded();
      String file = format.equals("onnx") ? "model.onnx" : "model.safetensors";
      assertThat(target.resolve(file)).isNotEmptyFile();
    }
  }

  @Test
  void aResumedRunEndsWithTheSameBits() throws Exception {
    Path whole = folder.resolve("whole");
    String options =
        "--kernel exponentials:2 --depth 6 --channels 4 --batch 16" + " --metric 1,0.1";
    FakeGpu.run(train(whole, "cuda", options));
    Path cut = folder.resolve("cut");
    Files.createDirectories(cut.resolve("checkpoints"));
    for (String file :
        List.of("config.json", "metrics.jsonl", "checkpoints/epoch-000001.safetensors")) {
      Files.copy(whole.resolve(file), cut.resolve(file));
    }
    FakeGpu.run("train", "--resume", cut.toString());
    assertThat(losses(cut)).isEqualTo(losses(whole));
    assertThat(cut.resolve("model.safetensors"))
        .hasSameBinaryContentAs(whole.resolve("model.safetensors"));
  }

  @Test
  void convergesAndFits() throws Exception {
    Path out = folder.resolve("converged");
    String[] study = {
      "converge",
      "dnl-regression",
      "--depths",
      "2,4",
      "--seeds",
      "1",
      "--set",
      "samples=8",
      "--set",
      "channels=2",
      "--set",
      "iterations=6",
      "--out",
      out.toString()
    };
    FakeGpu.run(List.of("-Dvolterra.provider=cuda"), study);
    study[study.length - 1] = folder.resolve("converged-host").toString();
    CommandLineRun.of(study).succeeded();
    for (int i = 0; i < 2; i++) {
      assertThat(optimum(out, i))
          .isCloseTo(optimum(folder.resolve("converged-host"), i), within(1e-6));
    }
    Path series = folder.resolve("series.csv");
    FakeGpu.run(
        "fit", "--make", series.toString(), "--kernel", "fractional", "--set", "alpha=0.7,c=-1");
    String[] fit = {
      "fit",
      "--data",
      series.toString(),
      "--kernel",
      "fractional",
      "--trajectory-column",
      "trajectory",
      "--layers",
      "16",
      "--out",
      folder.resolve("fit").toString()
    };
    assertThat(FakeGpu.run(List.of("-Dvolterra.provider=cuda"), fit)).contains("report.html");
  }

  private static double optimum(Path study, int point) throws IOException {
    return JsonParser.parseString(Files.readString(study.resolve("results.json")))
        .getAsJsonObject()
        .getAsJsonArray("points")
        .get(point)
        .getAsJsonObject()
        .get("optimal value")
        .getAsDouble();
  }
}
