package org.volterra.experiments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.volterra.feature.Shape;
import org.volterra.io.NpyFile;
import org.volterra.io.Tensor;
import org.volterra.train.InputSource;
import org.volterra.train.Samples;

/** Small files in the formats of the usual sets of images. */
class ImageDatasetsTest {
  private static final int PLANE = 32 * 32;

  @TempDir private Path folder;

  /** Images whose channel c of pixel i is a function of image, channel and pixel. */
  private static byte value(int image, int channel, int pixel) {
    return (byte) (37 * image + 80 * channel + 3 * pixel);
  }

  private void cifar(String name, int first, int count, int... marks) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int image = first; image < first + count; image++) {
      for (int mark : marks) {
        out.write(mark < 0 ? image % 10 : mark);
      }
      for (int c = 0; c < 3; c++) {
        for (int i = 0; i < PLANE; i++) {
          out.write(value(image, c, i));
        }
      }
    }
    Path below = Files.createDirectories(folder.resolve("cifar-binary"));
    Files.write(below.resolve(name), out.toByteArray());
  }

  private void cifar10() throws IOException {
    for (int file = 1; file <= 5; file++) {
      cifar("data_batch_" + file + ".bin", 4 * (file - 1), 4, -1);
    }
    cifar("test_batch.bin", 20, 6, -1);
  }

  private static void check(Pixels pixels, int first) throws IOException {
    byte[] image = new byte[3 * PLANE];
    for (int i = 0; i < pixels.count(); i++) {
      pixels.read(i, image);
      for (int j : new int[] {0, 1, 2, 3, 1000, 3071}) {
        assertThat(image[j]).isEqualTo(value(first + i, j % 3, j / 3));
      }
    }
  }

  @Test
  void cifarIsReadAsItsHomeGivesIt() throws IOException {
    cifar10();
    ImageDatasets.Images ten = ImageDatasets.read("cifar10", folder, null);
    assertThat(ten.train().count()).isEqualTo(20);
    assertThat(ten.train().labels()).startsWith(0, 1, 2).endsWith(8, 9);
    check(ten.train(), 0);
    check(ten.test(), 20);
    cifar("train.bin", 0, 3, 4, 77);
    cifar("test.bin", 3, 2, 5, 99);
    ImageDatasets.Images hundred = ImageDatasets.read("cifar100", folder, null);
    assertThat(hundred.train().labels()).containsExactly(77, 77, 77);
    assertThat(hundred.classes()).hasSize(100).startsWith("0", "1").endsWith("99");
    assertThat(ten.classes()).hasSize(10);
    Path names = folder.resolve("cifar-binary/batches.meta.txt");
    Files.writeString(names, "airplane\nb\nc\nd\ne\nf\ng\nh\ni\ntruck\n\n");
    assertThat(ImageDatasets.read("cifar10", folder, null).classes())
        .hasSize(10)
        .startsWith("airplane")
        .endsWith("truck");
    Files.writeString(names, "airplane\n");
    assertThatThrownBy(() -> ImageDatasets.read("cifar10", folder, null))
        .hasMessageContaining("batches.meta.txt has 1 names: 10 are needed");
    assertThat(hundred.test().labels()).containsExactly(99, 99);
    check(hundred.test(), 3);
  }

  @Test
  void whatIsMissingOrDamagedIsNamed() throws IOException {
    assertThatThrownBy(() -> ImageDatasets.read("cifar10", folder, null))
        .hasMessageContaining("data_batch_1.bin")
        .hasMessageContaining("https://www.cs.toronto.edu/~kriz/cifar.html");
    assertThatThrownBy(() -> ImageDatasets.read("mnist", folder, null))
        .hasMessageContaining("train-images-idx3-ubyte.gz or train-images-idx3-ubyte")
        .hasMessageContaining("http://yann.lecun.com/exdb/mnist/");
    assertThatThrownBy(() -> ImageDatasets.read("fashion-mnist", folder.resolve("no"), null))
        .hasMessageContaining("no is no folder: get the four .gz files of https://github.com");
    assertThatThrownBy(() -> ImageDatasets.read("images", folder, null))
        .hasMessageContaining("it must have a folder for each class");
    cifar10();
    Path test = folder.resolve("cifar-binary/test_batch.bin");
    byte[] bytes = Files.readAllBytes(test);
    Files.write(test, Arrays.copyOf(bytes, bytes.length - 1));
    assertThatThrownBy(() -> ImageDatasets.read("cifar10", folder, null))
        .hasMessageContaining("a multiple of the 3073 of an image is needed");
    bytes[3073] = 10;
    Files.write(test, bytes);
    assertThatThrownBy(() -> ImageDatasets.read("cifar10", folder, null))
        .hasMessageContaining("the label of image 1 is 10: must be below 10");
  }

  private void idx(String name, int magic, byte[] bytes, int... sizes) throws IOException {
    try (OutputStream file = Files.newOutputStream(folder.resolve(name));
        DataOutputStream out = new DataOutputStream(new GZIPOutputStream(file))) {
      out.writeInt(magic);
      for (int size : sizes) {
        out.writeInt(size);
      }
      out.write(bytes);
    }
  }

  @Test
  void mnistIsRead() throws IOException {
    byte[] pixels = new byte[3 * 28 * 28];
    pixels[28 * 28 + 5] = (byte) 200;
    idx("train-images-idx3-ubyte.gz", 0x803, pixels, 3, 28, 28);
    idx("train-labels-idx1-ubyte.gz", 0x801, new byte[] {7, 0, 9}, 3);
    idx("t10k-images-idx3-ubyte.gz", 0x803, Arrays.copyOf(pixels, 784), 1, 28, 28);
    idx("t10k-labels-idx1-ubyte.gz", 0x801, new byte[] {3}, 1);
    ImageDatasets.Images images = ImageDatasets.read("mnist", folder, null);
    assertThat(images.train().shape()).isEqualTo(new Shape(28, 28, 1));
    assertThat(images.train().labels()).containsExactly(7, 0, 9);
    byte[] second = new byte[784];
    images.train().read(1, second);
    assertThat(Byte.toUnsignedInt(second[5])).isEqualTo(200);
    assertThat(images.test().count()).isOne();
  }

  private void png(String name, int width, int height, int type, int level) throws IOException {
    BufferedImage image = new BufferedImage(width, height, type);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        if (type == BufferedImage.TYPE_BYTE_GRAY) {
          image.getRaster().setSample(x, y, 0, level + x);
        } else {
          image.setRGB(x, y, level << 16 | x << 8 | y);
        }
      }
    }
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    ImageIO.write(image, "png", file.toFile());
  }

  @Test
  void foldersOfImagesAreRead() throws IOException {
    png("a/1.png", 6, 4, BufferedImage.TYPE_INT_RGB, 100);
    png("a/2.png", 12, 8, BufferedImage.TYPE_INT_RGB, 100);
    png("b/1.png", 6, 4, BufferedImage.TYPE_INT_RGB, 200);
    Files.writeString(folder.resolve("b/notes.txt"), "no image");
    ImageDatasets.Images images = ImageDatasets.read("images", folder, null);
    assertThat(images.train().shape()).isEqualTo(new Shape(4, 6, 3));
    assertThat(images.train().labels()).containsExactly(0, 0, 1);
    assertThat(images.test()).isNull();
    byte[] image = new byte[4 * 6 * 3];
    images.train().read(2, image);
    assertThat(Arrays.copyOfRange(image, 3 * (6 * 2 + 5), 3 * (6 * 2 + 5) + 3))
        .containsExactly((byte) 200, (byte) 5, (byte) 2);
    images.train().read(1, image);
    assertThat(image[0]).isEqualTo((byte) 100);
    Path broken = Files.writeString(folder.resolve("b/0.jpg"), "no jpeg");
    assertThatThrownBy(() -> ImageDatasets.read("images", folder, null).train().read(2, image))
        .hasMessageContaining(broken + " is no image that can be read");

    png("parted/train/x/1.png", 3, 3, BufferedImage.TYPE_BYTE_GRAY, 10);
    png("parted/train/y/1.png", 3, 3, BufferedImage.TYPE_BYTE_GRAY, 20);
    png("parted/test/y/1.png", 3, 3, BufferedImage.TYPE_BYTE_GRAY, 30);
    ImageDatasets.Images parted = ImageDatasets.read("images", folder.resolve("parted"), null);
    assertThat(parted.test().labels()).containsExactly(1);
    byte[] gray = new byte[9];
    parted.test().read(0, gray);
    assertThat(gray).startsWith(30, 31, 32);
  }

  @Test
  void variantsMoveFlipAndCut() {
    Shape shape = new Shape(4, 5, 2);
    double[] image = new double[40];
    Arrays.setAll(image, i -> i + 1);
    double[] target = new double[41];
    boolean flipped = false;
    boolean kept = false;
    for (int draw = 1; draw < 40; draw++) {
      Augmentation.parse(List.of("flip")).apply(draw, shape, image, target, 1);
      flipped |= target[1] == 9 && target[2] == 10;
      kept |= target[1] == 1 && target[2] == 2;
      assertThat(Arrays.stream(target).sum()).isEqualTo(820);
    }
    assertThat(flipped && kept).isTrue();
    Augmentation moves = Augmentation.parse(List.of("crop:1", "cutout:2"));
    double[] again = new double[41];
    boolean whole = true;
    for (int draw = 1; draw < 40; draw++) {
      moves.apply(draw, shape, image, target, 1);
      moves.apply(draw, shape, image, again, 1);
      assertThat(again).isEqualTo(target);
      long zeros = Arrays.stream(target, 1, 41).filter(v -> v == 0).count();
      assertThat(zeros).isBetween(2L, 8L + 16);
      whole &= zeros <= 8;
    }
    assertThat(whole).isFalse();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Augmentation.parse(List.of("crop:0")))
        .withMessageContaining("--augment crop:0: must be crop:PIXELS, flip or cutout:PIXELS");
  }

  @Test
  void channelsAreScaled() throws IOException {
    cifar10();
    ImageDatasets.Images ten = ImageDatasets.read("cifar10", folder, null);
    Normalizer normalizer = ImageInputs.standard(ten.train());
    Samples samples = ImageInputs.samples(ten.train(), normalizer, Augmentation.NONE, 10);
    double[] all = samples.inputs();
    for (int c = 0; c < 3; c++) {
      double sum = 0;
      double squares = 0;
      for (int i = c; i < all.length; i += 3) {
        sum += all[i];
        squares += all[i] * all[i];
      }
      assertThat(sum / all.length).isCloseTo(0, within(1e-12));
      assertThat(3 * squares / all.length).isCloseTo(1, within(1e-12));
    }
    InputSource varied =
        new ImageInputs(ten.train(), normalizer, Augmentation.parse(List.of("crop:4")));
    double[] image = new double[3 * PLANE];
    varied.read(1, InputSource.PLAIN, image, 0);
    assertThat(image).isEqualTo(Arrays.copyOfRange(all, 3 * PLANE, 6 * PLANE));
  }

  @Test
  void aDenseNetIsTrainedFromAFolder() throws IOException {
    cifar10();
    Path run = folder.resolve("run");
    CommandLineRun.of(
            "train",
            "--network",
            "densenet-bc-10-2",
            "--data",
            "cifar10:" + folder,
            "--augment",
            "crop:4,flip,cutout:8",
            "--epochs",
            "1",
            "--batch",
            "10",
            "--quiet",
            "--out",
            run.toString())
        .succeeded();
    assertThat(run.resolve("model.safetensors")).exists();
    String data = "cifar10:" + folder;
    CommandLineRun.of("train", "--data", data, "--labels", "x").refused("has its own labels");
    CommandLineRun.of("train", "--data", data, "--test", "0.1").refused("its own test samples");
    CommandLineRun.of("train", "--data", data, "--augment", "blur").refused("--augment blur");
    CommandLineRun.of("train", "digits", "--augment", "flip").refused("go with images");
    CommandLineRun.of("train", "--data", "cifar100:" + folder).failed("has no file train.bin");
  }

  @Test
  void arraysAreTrainedOn() throws IOException {
    Path x = folder.resolve("x.npy");
    Path y = folder.resolve("y.npy");
    double[] images = new double[20 * 16];
    double[] labels = new double[20];
    for (int i = 0; i < images.length; i++) {
      labels[i / 16] = i / 16 % 2;
      images[i] = labels[i / 16] + 0.1 * Math.sin(i);
    }
    NpyFile.write(x, Tensor.ofDoubles(images, 20, 4, 4));
    NpyFile.write(y, Tensor.ofDoubles(labels, 20));
    String[] command = {
      "train",
      "--data",
      x.toString(),
      "--labels",
      y.toString(),
      "--network",
      "plain-2-3",
      "--epochs",
      "2",
      "--quiet",
      "--out",
      folder.resolve("arrays").toString()
    };
    CommandLineRun.of(command).succeeded();
    CommandLineRun.of("train", "--data", x.toString())
        .refused("the labels of an array are another");
  }
}
