package org.volterra.experiments;

import java.util.Arrays;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.volterra.FeedForward;
import org.volterra.FeedForwardSpec;
import org.volterra.Model;
import org.volterra.ModelWorkspace;
import org.volterra.ParameterLayout;
import org.volterra.Workspace;
import org.volterra.feature.FeatureTransform;
import org.volterra.memory.MemoryBudget;
import org.volterra.spi.Buffer;
import org.volterra.spi.Matrix;
import org.volterra.train.Samples;

/** Measures norms and sensitivities of a network as it is; parameters are left as they were. */
final class StabilityProbe {
  /** How large perturbations are, relative to what they perturb. */
  static final double PERTURBATION = 0.01;

  /** Samples whose states are measured. */
  private static final int NORMED = 16;

  /** Samples whose gradients are taken one by one, so that none cancels another. */
  private static final int SINGLE_SAMPLES = 8;

  private final Model model;
  private final Connectivity connectivity;
  private final int depth;
  private final Samples samples;

  StabilityProbe(Model model, Connectivity connectivity, int depth, Samples samples) {
    this.model = model;
    this.connectivity = connectivity;
    this.depth = depth;
    this.samples = samples;
  }

  /** Root mean squares of the states of some layers, from 0 to L. */
  double[] stateNorms(int... layers) {
    double[] norms = new double[layers.length];
    Samples few = StudySamples.first(samples, NORMED);
    try (Buffer data = data(few.inputs(), NORMED)) {
      Matrix input = matrix(data, NORMED);
      if (model instanceof FeedForward plain) {
        for (int i = 0; i < layers.length; i++) {
          norms[i] = prefixNorm(plain, Connectivity.stagesTo(layers[i]), input);
        }
      } else {
        try (Workspace pass = (Workspace) model.inference(NORMED, MemoryBudget.unlimited())) {
          pass.forward(input);
          for (int i = 0; i < layers.length; i++) {
            norms[i] = rootMeanSquare(pass.state(layers[i]).toArray());
          }
        }
      }
    }
    return norms;
  }

  /** The state is the output of the first stages, which have the first parameters. */
  private double prefixNorm(FeedForward plain, int stages, Matrix input) {
    FeedForwardSpec part =
        new FeedForwardSpec(
            plain.spec().input(),
            new FeatureTransform(plain.spec().transform().stages().subList(0, stages)));
    try (FeedForward prefix = FeedForward.create(part, plain.provider(), plain.type(), 0)) {
      for (String name : prefix.layout().entries().keySet()) {
        prefix.parameter(name).fill(plain.parameter(name).toArray());
      }
      try (ModelWorkspace pass = prefix.inference(input.rows(), MemoryBudget.unlimited())) {
        return rootMeanSquare(pass.infer(input).toArray());
      }
    }
  }

  /**
   * Gradients of the loss with respect to the biases of some layers (0: that of the data's map),
   * which are the costates; norms for single samples, root mean squares over a few of them,
   * relative to the norm of the gradient with respect to x_L.
   */
  double[] costates(int... layers) {
    double[] squares = new double[layers.length];
    double squareAtEnd = 0;
    double[] weight = model.parameter(connectivity.outputWeight(depth)).toArray();
    int classes = samples.classes();
    try (Buffer data = data(new double[samples.width()], 1);
        Buffer outer = model.provider().allocate(model.type(), classes);
        ModelWorkspace pass = model.workspace(1, MemoryBudget.unlimited())) {
      Matrix gradient = Matrix.of(outer, 0, 1, classes);
      for (int i = 0; i < SINGLE_SAMPLES; i++) {
        Samples one = samples.select(i);
        Matrix input = matrix(data, 1);
        input.fill(one.inputs());
        double[] residual = softmax(pass.forward(input).toArray());
        residual[one.labels()[0]] -= 1;
        gradient.fill(residual);
        pass.backward(gradient);
        squareAtEnd += squareOfProduct(weight, residual);
        for (int l = 0; l < layers.length; l++) {
          squares[l] += square(pass.gradient(connectivity.bias(layers[l])).toArray());
        }
      }
    }
    double end = squareAtEnd;
    return Arrays.stream(squares).map(s -> Math.sqrt(s / end)).toArray();
  }

  /** |W r|² for a matrix of rows × r's length. */
  private static double squareOfProduct(double[] weight, double[] r) {
    double sum = 0;
    for (int i = 0; i < weight.length; i += r.length) {
      double product = 0;
      for (int j = 0; j < r.length; j++) {
        product += weight[i + j] * r[j];
      }
      sum += product * product;
    }
    return sum;
  }

  private static double[] softmax(double[] logits) {
    double most = Arrays.stream(logits).max().orElse(0);
    double[] powers = Arrays.stream(logits).map(v -> Math.exp(v - most)).toArray();
    double sum = Arrays.stream(powers).sum();
    return Arrays.stream(powers).map(v -> v / sum).toArray();
  }

  /** The relative change of the outputs for a random relative change of the inputs, as a ratio. */
  double inputSensitivity(long seed) {
    double[] inputs = samples.inputs();
    double[] before = outputs(inputs);
    perturb(inputs, samples.width(), new Random(seed));
    return change(before, outputs(inputs)) / PERTURBATION;
  }

  /** The same for a random change of every parameter, relative to the norm of its matrix. */
  double parameterSensitivity(long seed) {
    RandomGenerator random = new Random(seed);
    double[] inputs = samples.inputs();
    double[] before = outputs(inputs);
    double[] kept = Matrix.vector(model.parameters(), 0, length()).toArray();
    for (ParameterLayout.Entry entry : model.layout().entries().values()) {
      Matrix values = entry.in(model.parameters());
      double[] moved = values.toArray();
      perturb(moved, moved.length, random);
      values.fill(moved);
    }
    double[] after = outputs(inputs);
    Matrix.vector(model.parameters(), 0, length()).fill(kept);
    return change(before, after) / PERTURBATION;
  }

  private int length() {
    return Math.toIntExact(model.layout().length());
  }

  /** Adds noise to each block of a length, whose norm is a share of the block's. */
  private static void perturb(double[] values, int block, RandomGenerator random) {
    double[] noise = new double[block];
    for (int begin = 0; begin < values.length; begin += block) {
      for (int i = 0; i < block; i++) {
        noise[i] = random.nextGaussian();
      }
      double[] part = Arrays.copyOfRange(values, begin, begin + block);
      double scale = PERTURBATION * Math.sqrt(square(part) / square(noise));
      for (int i = 0; i < block; i++) {
        values[begin + i] += scale * noise[i];
      }
    }
  }

  private double[] outputs(double[] inputs) {
    int count = samples.count();
    try (Buffer data = data(inputs, count);
        ModelWorkspace pass = model.inference(count, MemoryBudget.unlimited())) {
      return pass.infer(matrix(data, count)).toArray();
    }
  }

  private Buffer data(double[] values, int count) {
    Buffer buffer = model.provider().allocate(model.type(), values.length);
    matrix(buffer, count).fill(values);
    return buffer;
  }

  private Matrix matrix(Buffer buffer, int count) {
    return Matrix.of(buffer, 0, count, samples.width());
  }

  private static double change(double[] before, double[] after) {
    double[] difference = new double[before.length];
    for (int i = 0; i < before.length; i++) {
      difference[i] = after[i] - before[i];
    }
    return Math.sqrt(square(difference) / square(before));
  }

  private static double square(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value * value;
    }
    return sum;
  }

  private static double rootMeanSquare(double[] values) {
    return Math.sqrt(square(values) / values.length);
  }
}
