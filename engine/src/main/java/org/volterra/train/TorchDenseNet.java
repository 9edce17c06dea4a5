package org.volterra.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.volterra.DenseNets;
import org.volterra.FeedForward;
import org.volterra.FeedForwardSpec;
import org.volterra.feature.BatchNorm;
import org.volterra.feature.Convolution;
import org.volterra.feature.FeatureTransform;
import org.volterra.feature.Pooling;
import org.volterra.feature.Shape;
import org.volterra.feature.Stage;
import org.volterra.feature.WindowShape;
import org.volterra.io.SafetensorsFile;
import org.volterra.io.Tensor;
import org.volterra.spi.Activation;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;

/**
 * DenseNets from state dicts of torchvision's {@code densenet121}, {@code 161}, {@code 169} and
 * {@code 201}, saved as safetensors under torchvision's own names. What the network is (growth
 * rate, layers of each block, classes) follows from names and shapes, so that other networks of its
 * class {@code DenseNet} can be read too.
 */
public final class TorchDenseNet {
  /** Layers in older files are named {@code norm.1}. */
  private static final Pattern OLD_NAME =
      Pattern.compile("(denselayer\\d+\\.(?:norm|conv))\\.([12])\\.");

  private static final Pattern LAYER =
      Pattern.compile("features\\.denseblock(\\d+)\\.denselayer(\\d+)\\.norm1\\.weight");

  private final Path path;
  private final SafetensorsFile file;
  private FeedForward network;

  private TorchDenseNet(Path path, SafetensorsFile file) {
    this.path = path;
    this.file = file;
  }

  /**
   * Reads a network.
   *
   * @param path the safetensors file
   * @param size rows and columns of the images; torchvision's are 224
   * @param provider the device
   * @param type the type to compute in
   * @return the network, owned by the caller; rows are pixels, columns the normalised colours
   * @throws IOException if the file cannot be read, or is no state dict of such a network; the
   *     message names the tensor that is missing or has another shape
   */
  public static FeedForward load(Path path, int size, ComputeProvider provider, ElementType type)
      throws IOException {
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      return new TorchDenseNet(path, file).read(size, provider, type);
    }
  }

  private FeedForward read(int size, ComputeProvider provider, ElementType type)
      throws IOException {
    List<Integer> layers = layers();
    network = FeedForward.create(spec(size, layers), provider, type, 0);
    boolean complete = false;
    try {
      fill(layers);
      complete = true;
      return network;
    } finally {
      if (!complete) {
        network.close();
      }
    }
  }

  /** Layers of each block. */
  private List<Integer> layers() throws IOException {
    List<Integer> counts = new ArrayList<>();
    for (String name : file.names()) {
      Matcher matcher = LAYER.matcher(modern(name));
      if (matcher.matches()) {
        int block = Integer.parseInt(matcher.group(1));
        while (counts.size() < block) {
          counts.add(0);
        }
        counts.set(block - 1, Math.max(counts.get(block - 1), Integer.parseInt(matcher.group(2))));
      }
    }
    if (counts.isEmpty() || counts.contains(0)) {
      throw new IOException(
          path + " is no state dict of a DenseNet: it has no features.denseblock1.denselayer1");
    }
    return counts;
  }

  private static String modern(String name) {
    return OLD_NAME.matcher(name).replaceAll("$1$2.");
  }

  private FeedForwardSpec spec(int size, List<Integer> layers) throws IOException {
    int stem = (int) tensor("features.conv0.weight").shape()[0];
    String first = "features.denseblock1.denselayer1.";
    int growth = (int) tensor(first + "conv2.weight").shape()[0];
    int middle = (int) tensor(first + "conv1.weight").shape()[0];
    int classes = (int) tensor("classifier.weight").shape()[0];
    FeatureTransform begin =
        FeatureTransform.of(
            new Convolution(stem, WindowShape.of(7, 7).stride(2, 2).pad(3, 3), 1, false),
            BatchNorm.standard(),
            new Stage.Pointwise(Activation.RELU),
            new Pooling(Pooling.Kind.MAX, WindowShape.of(3, 3).stride(2, 2).pad(1, 1)));
    return DenseNets.builder(
            new Shape(size, size, 3), growth, layers.stream().mapToInt(Integer::intValue).toArray())
        .stem(begin)
        .bottleneck(Math.max(1, middle / growth))
        .compression(0.5)
        .classes(classes);
  }

  private void fill(List<Integer> layers) throws IOException {
    convolution("features.conv0", "stage.0");
    norm("features.norm0", "stage.1");
    int stage = 4;
    for (int b = 0; b < layers.size(); b++) {
      for (int l = 0; l < layers.get(b); l++) {
        String from = "features.denseblock" + (b + 1) + ".denselayer" + (l + 1);
        String to = "stage." + stage + ".layer." + l;
        norm(from + ".norm1", to + ".0");
        convolution(from + ".conv1", to + ".2");
        norm(from + ".norm2", to + ".3");
        convolution(from + ".conv2", to + ".5");
      }
      stage++;
      if (b < layers.size() - 1) {
        String from = "features.transition" + (b + 1);
        norm(from + ".norm", "stage." + stage);
        convolution(from + ".conv", "stage." + (stage + 2));
        stage += 4;
      }
    }
    norm("features.norm" + (layers.size() + 1), "stage." + stage);
    matrix("classifier.weight", "stage." + (stage + 3) + ".weight");
    vector("classifier.bias", "stage." + (stage + 3) + ".bias");
  }

  private Tensor tensor(String name) throws IOException {
    for (String candidate :
        new String[] {name, name.replaceAll("(norm|conv)([12])\\.", "$1.$2.")}) {
      if (file.names().contains(candidate)) {
        return file.tensor(candidate);
      }
    }
    throw new IOException(path + " has no tensor '" + name + "', which the network needs");
  }

  private void norm(String from, String to) throws IOException {
    vector(from + ".weight", to + ".weight");
    vector(from + ".bias", to + ".bias");
    vector(from + ".running_mean", to + ".running-mean");
    vector(from + ".running_var", to + ".running-variance");
  }

  private void vector(String from, String to) throws IOException {
    store(from, to, tensor(from).toDoubleArray());
  }

  /** A matrix of outputs × inputs. */
  private void matrix(String from, String to) throws IOException {
    Tensor tensor = tensor(from);
    int outputs = (int) tensor.shape()[0];
    store(from, to, transposed(tensor.toDoubleArray(), outputs));
  }

  /** Weights of outputs × inputs × rows × columns. */
  private void convolution(String from, String to) throws IOException {
    Tensor tensor = tensor(from + ".weight");
    long[] shape = tensor.shape();
    if (shape.length != 4) {
      throw new IOException(path + ": tensor '" + from + ".weight' must have four dimensions");
    }
    int taps = (int) (shape[2] * shape[3]);
    double[] rows = transposed(tensor.toDoubleArray(), (int) shape[0]);
    double[] ordered = new double[rows.length];
    int inputs = (int) shape[1];
    int outputs = (int) shape[0];
    for (int tap = 0; tap < taps; tap++) {
      for (int c = 0; c < inputs; c++) {
        System.arraycopy(
            rows, (c * taps + tap) * outputs, ordered, (tap * inputs + c) * outputs, outputs);
      }
    }
    store(from + ".weight", to + ".weight", ordered);
  }

  private static double[] transposed(double[] values, int rows) {
    double[] result = new double[values.length];
    int columns = values.length / rows;
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        result[j * rows + i] = values[i * columns + j];
      }
    }
    return result;
  }

  private void store(String from, String to, double[] values) throws IOException {
    if (network.layout().entry(to).size() != values.length) {
      throw new IOException(
          path
              + ": tensor '"
              + from
              + "' has "
              + values.length
              + " elements, the network needs "
              + network.layout().entry(to).size());
    }
    network.parameter(to).fill(values);
  }
}
