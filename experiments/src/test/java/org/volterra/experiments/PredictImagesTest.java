package org.volterra.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.volterra.io.NpyFile;
import org.volterra.io.Tensor;

/** A network that is trained on a folder of images, on other images. */
class PredictImagesTest {
  private static final String DARK = "dark";
  private static final String BRIGHT = "bright, \"very\"";

  @TempDir private static Path folder;
  private static Path model;

  @BeforeAll
  static void train() throws IOException {
    for (int i = 0; i < 12; i++) {
      write(folder.resolve("train").resolve(DARK).resolve(i + ".png"), 6, 5, 20 + 3 * i);
      write(folder.resolve("train").resolve(BRIGHT).resolve(i + ".png"), 6, 5, 180 + 3 * i);
    }
    Path run = folder.resolve("run");
    CommandLineRun.of(
            "train",
            "--data",
            "images:" + folder.resolve("train"),
            "--stages",
            "conv(3,2x2),tanh,global-average-pool,affine(2)",
            "--epochs",
            "60",
            "--rate",
            "0.03",
            "--quiet",
            "--out",
            run.toString())
        .succeeded();
    model = run.resolve("model.safetensors");
  }

  /** An image of one color, a little brighter from left to right. */
  private static Path write(Path file, int width, int height, int level) throws IOException {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int x = 0; x < width; x++) {
      for (int y = 0; y < height; y++) {
        image.setRGB(x, y, 0x10101 * level + x);
      }
    }
    Files.createDirectories(file.getParent());
    String name = file.getFileName().toString();
    ImageIO.write(image, name.substring(name.lastIndexOf('.') + 1), file.toFile());
    return file;
  }

  private static CommandLineRun predict(Path input, String... options) {
    List<String> command = new ArrayList<>(List.of("predict", "--model"));
    command.addAll(List.of(model.toString(), "--input", input.toString()));
    command.addAll(List.of(options));
    return CommandLineRun.of(command.toArray(String[]::new));
  }

  @Test
  void haveTheirClassesByName() throws IOException {
    Path photos = folder.resolve("photos");
    Path one = write(photos.resolve("a.jpg"), 13, 9, 240);
    write(photos.resolve("b.png"), 6, 5, 30);
    write(photos.resolve("below").resolve("c.jpeg"), 3, 8, 25);
    Files.writeString(photos.resolve("notes.txt"), "no image");
    assertThat(predict(photos, "--as", "classes", "--batch", "2").succeeded().out().lines())
        .containsExactly(
            "file,class",
            "a.jpg,\"bright, \"\"very\"\"\"",
            "b.png,dark",
            Path.of("below", "c.jpeg") + ",dark");
    String json = predict(one, "--as", "classes", "--format", "json").succeeded().out();
    JsonObject sample = JsonParser.parseString(json).getAsJsonArray().get(0).getAsJsonObject();
    assertThat(sample.get("file").getAsString()).isEqualTo(one.toString());
    assertThat(sample.getAsJsonArray("classes").get(0).getAsString()).isEqualTo(BRIGHT);
  }

  /** The pixels as numbers are the same sample. */
  @Test
  void areScaledAsNumbersAre() throws IOException {
    Path image = write(folder.resolve("numbers.png"), 6, 5, 100);
    double[] pixels = new double[6 * 5 * 3];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = 100 + (i % 3 == 2 ? i / 3 % 6 : 0);
    }
    Path array = folder.resolve("numbers.npy");
    NpyFile.write(array, Tensor.ofDoubles(pixels, 1, 5, 6, 3));
    String header = "output_0,output_1";
    String numbers = predict(array).succeeded().out();
    assertThat(numbers).startsWith(header);
    assertThat(predict(image).succeeded().out())
        .isEqualTo("file," + header + "\n" + image + "," + numbers.substring(header.length() + 1));
    assertThat(predict(array, "--as", "classes").succeeded().out()).contains(DARK);
  }

  @Test
  void sayWhatIsWrong() throws IOException {
    Path empty = Files.createDirectories(folder.resolve("empty"));
    predict(empty).failed("empty holds no images: PNG and JPEG files are");
    predict(folder.resolve("none.png")).failed("none.png");
    Path text = Files.writeString(folder.resolve("text.png"), "text");
    predict(text).failed("text.png is no image that can be read: PNG and JPEG are");
    Path whole = write(folder.resolve("whole.png"), 40, 40, 77);
    byte[] bytes = Files.readAllBytes(whole);
    Path cut = folder.resolve("cut.png");
    Files.write(cut, Arrays.copyOf(bytes, bytes.length / 2));
    predict(cut).failed("cut.png is a damaged image");
    predict(whole, "--without", "label").refused("--without: goes with tables");
    Path other = folder.resolve("other");
    CommandLineRun.of("train", "digits", "--epochs", "1", "--quiet", "--out", other.toString())
        .succeeded();
    CommandLineRun.of("predict", "--model", other.toString(), "--input", whole.toString())
        .failed("model.safetensors does not say what images it takes");
  }
}
