package org.volterra.bench;

import java.util.ArrayList;
import java.util.List;
import org.volterra.DenseNets;
import org.volterra.FeedForward;
import org.volterra.FeedForwardSpec;
import org.volterra.Model;
import org.volterra.ModelWorkspace;
import org.volterra.Network;
import org.volterra.NetworkSpec;
import org.volterra.ParameterLayout;
import org.volterra.kernel.DepthFunction;
import org.volterra.kernel.DepthKernel;
import org.volterra.kernel.SpecialFunctions;
import org.volterra.memory.MemoryBudget;
import org.volterra.memory.Resources;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;

/**
 * A network of a comparison with PyTorch, with the parameters and the data that {@code
 * bench/peers/torch_cpu.py} gives its own. Confined to the thread that made it.
 */
final class PeerModel implements AutoCloseable {
  private static final double ORDER = 0.5;
  private static final int SAMPLES = 16;
  private static final int CLASSES = 10;

  private final Resources resources = new Resources();
  private final ModelWorkspace workspace;
  private final List<Matrix> checked;
  private final Matrix data;
  private final TrainingStep step;
  private final PeerCase.Work what;

  /**
   * Allocates the network.
   *
   * @param work what is computed
   * @param device where
   * @param what what a call is
   */
  PeerModel(PeerCase work, ComputeProvider device, PeerCase.Work what) {
    this.what = what;
    boolean training = what != PeerCase.Work.FORWARD;
    int batch = work.size().batch();
    Model model = resources.own(model(work, device));
    fill(work, model);
    MemoryBudget budget = MemoryBudget.unlimited();
    workspace =
        resources.own(training ? model.workspace(batch, budget) : model.inference(batch, budget));
    checked = training ? checked(work) : List.of();
    data = uniform(device, 1, batch * model.spec().positions(), model.spec().inputs());
    step =
        training
            ? resources.own(
                new TrainingStep(
                    workspace,
                    data,
                    uniform(
                        device, 2, batch * model.spec().outputPositions(), model.spec().outputs())))
            : null;
  }

  private static Model model(PeerCase work, ComputeProvider device) {
    int layers = work.size().layers();
    int channels = work.size().channels();
    NetworkSpec.Builder builder = NetworkSpec.builder(channels, layers);
    return switch (work.kind()) {
      case DENSE -> network(builder.kernel(DepthKernel.dense()), device);
      case FRACTIONAL -> network(builder.kernel(DepthKernel.scalar(fractional(layers))), device);
      case DENSENET -> {
        FeedForwardSpec spec = DenseNets.cifar(layers, channels, true, CLASSES);
        yield FeedForward.create(spec, device, ElementType.FLOAT32, 1);
      }
    };
  }

  private static Network network(NetworkSpec.Builder spec, ComputeProvider device) {
    return Network.create(spec.build(), device, ElementType.FLOAT32, 1);
  }

  /** The product-rectangle weights of order α, h^(α−1) (m^α − (m−1)^α) / Γ(α+1) at lag m·h. */
  private static DepthFunction fractional(int layers) {
    double h = 1.0 / layers;
    double factor = Math.pow(h, ORDER - 1) / SpecialFunctions.gamma(ORDER + 1);
    return (t, s) -> {
      double m = Math.rint((t - s) / h);
      return factor * (Math.pow(m, ORDER) - Math.pow(m - 1, ORDER));
    };
  }

  private static void fill(PeerCase work, Model model) {
    switch (work.kind()) {
      case DENSE -> {
        double scale = Math.sqrt(3.0 / work.size().channels());
        biases(work, model);
        for (int l = 1; l <= work.size().layers(); l++) {
          fill(model.parameter("kernel." + l), 100 + l, scale);
        }
      }
      case FRACTIONAL -> biases(work, model);
      case DENSENET -> {
        int salt = 100;
        for (String name : weights(model)) {
          Matrix weight = model.parameter(name);
          fill(weight, ++salt, Math.sqrt(3.0 / weight.rows()));
        }
      }
    }
  }

  private static void biases(PeerCase work, Model model) {
    for (int l = 1; l <= work.size().layers(); l++) {
      fill(model.parameter("bias." + l), 100_000 + l, 0.1);
    }
  }

  /** The weights of all convolutions and of the classifier; normalisation begins as usual. */
  private static List<String> weights(Model model) {
    return model.layout().entries().values().stream()
        .filter(entry -> entry.name().endsWith(".weight") && entry.rows() > 1)
        .map(ParameterLayout.Entry::name)
        .toList();
  }

  /** Gradients that the peer gives too, of the first, a middle and the last layer. */
  private List<Matrix> checked(PeerCase work) {
    List<Matrix> gradients = new ArrayList<>();
    if (work.kind() == PeerCase.Kind.DENSENET) {
      List<String> names = weights(workspace.network());
      for (int i : new int[] {0, names.size() / 2, names.size() - 1}) {
        gradients.add(workspace.gradient(names.get(i)));
      }
      return gradients;
    }
    int depth = work.size().layers();
    int d = work.size().channels();
    for (int l : new int[] {1, (depth + 1) / 2, depth}) {
      gradients.add(workspace.gradient("bias." + l));
      if (work.kind() == PeerCase.Kind.DENSE) {
        Matrix kernel = workspace.gradient("kernel." + l);
        gradients.add(kernel.rows(0, d));
        gradients.add(kernel.rows((l - 1) * d, d));
      }
    }
    return gradients;
  }

  private Matrix uniform(ComputeProvider device, int salt, int rows, int columns) {
    Matrix m =
        Matrix.of(
            resources.own(device.allocate(ElementType.FLOAT32, (long) rows * columns)),
            0,
            rows,
            columns);
    fill(m, salt, 1);
    return m;
  }

  private static void fill(Matrix m, int salt, double scale) {
    double[] values = new double[Math.toIntExact(m.size())];
    for (int i = 0; i < values.length; i++) {
      values[i] = uniform(salt, i, scale);
    }
    m.fill(values);
  }

  /** An element of a sequence in [−scale, scale) by Murmur's hash of the index. */
  static double uniform(int salt, int index, double scale) {
    int h = index * 0x9E3779B1 + salt * 0x85EBCA77;
    h = (h ^ h >>> 16) * 0x85EBCA6B;
    h = (h ^ h >>> 13) * 0xC2B2AE35;
    h = h ^ h >>> 16;
    return ((h >>> 8) / (double) (1 << 24) - 0.5) * (2 * scale);
  }

  /** Does the work once. */
  void call() {
    switch (what) {
      case FORWARD -> workspace.forward(data);
      case GRADIENT -> step.gradient();
      case STEP -> step.run();
    }
  }

  /** Values that show whether the work is right, as the peer gives them. */
  List<Double> check() {
    List<Double> check = new ArrayList<>();
    if (what == PeerCase.Work.FORWARD) {
      sample(workspace.forward(data), check);
      return check;
    }
    check.add(step.gradient());
    checked.forEach(gradient -> sample(gradient, check));
    return check;
  }

  private static void sample(Matrix m, List<Double> values) {
    for (int i = 0; i < SAMPLES; i++) {
      long at = i * (m.size() - 1) / (SAMPLES - 1);
      values.add(m.get((int) (at / m.columns()), (int) (at % m.columns())));
    }
  }

  @Override
  public void close() {
    resources.close();
  }
}
