package org.volterra.cuda.parity;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.volterra.Model;
import org.volterra.ModelSpec;
import org.volterra.ModelWorkspace;
import org.volterra.Workspace;
import org.volterra.memory.MemoryBudget;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.train.DepthRegularizer;
import org.volterra.train.Optimizer;
import org.volterra.train.Samples;
import org.volterra.train.Schedule;
import org.volterra.train.Trainer;

/**
 * Whole models on a device: what they compute from data of fixed seeds.
 *
 * @param provider the device
 * @param type the element type
 * @param batch samples of a pass
 * @param budget limit of the bytes of history
 */
record ModelRuns(ComputeProvider provider, ElementType type, int batch, MemoryBudget budget) {
  /** Outputs of all models. */
  static final int CLASSES = 4;

  /** Gradients and steps of training without adaptive denominators. */
  static final Optimizer MOMENTUM = Optimizer.sgd(0.9, 1e-3, true);

  private static final long PARAMETERS = 3;

  ModelRuns(ComputeProvider provider, ElementType type, int batch) {
    this(provider, type, batch, MemoryBudget.unlimited());
  }

  ModelRuns within(long bytes) {
    return new ModelRuns(provider, type, batch, new MemoryBudget(bytes));
  }

  /** A model with the parameters that all runs begin with. */
  Model model(ModelSpec spec) {
    return Model.create(spec, provider, type, PARAMETERS);
  }

  /**
   * Outputs, the states of all layers of a network, and gradients of a pass forward and backward,
   * and the outputs of inference.
   */
  List<double[]> passes(ModelSpec spec) {
    List<double[]> results = new ArrayList<>();
    Random random = new Random(5);
    int rows = batch * spec.positions();
    int outputs = batch * spec.outputPositions();
    try (Model network = model(spec);
        ModelWorkspace workspace = network.workspace(batch, budget);
        ModelWorkspace inference = network.inference(batch, budget);
        Buffer inputs = provider.allocate(type, (long) rows * spec.inputs());
        Buffer inputGradient = provider.allocate(type, (long) rows * spec.inputs());
        Buffer slopes = provider.allocate(type, (long) outputs * spec.outputs())) {
      Matrix data = uniform(inputs, rows, spec.inputs(), random);
      Matrix slope = uniform(slopes, outputs, spec.outputs(), random);
      workspace.step(11, 1);
      results.add(workspace.forward(data).toArray());
      if (workspace instanceof Workspace layers) {
        for (int l = 0; l <= layers.network().spec().depth(); l++) {
          results.add(layers.state(l).toArray());
        }
      }
      workspace.backward(slope);
      results.add(parameters(network, workspace.gradients()));
      Matrix dx = Matrix.of(inputGradient, 0, rows, spec.inputs());
      workspace.inputGradient(dx);
      results.add(dx.toArray());
      results.add(inference.forward(data).toArray());
    }
    return results;
  }

  private static Matrix uniform(Buffer buffer, int rows, int columns, Random random) {
    Matrix matrix = Matrix.of(buffer, 0, rows, columns);
    matrix.fill(random.doubles(matrix.size(), -2, 2).toArray());
    return matrix;
  }

  /**
   * The parameters after an epoch of two steps, and the losses.
   *
   * @param metric the metric in depth in which it is trained, or null
   */
  List<double[]> training(ModelSpec spec, Optimizer optimizer, DepthRegularizer metric) {
    Random random = new Random(7);
    long count = 2L * batch;
    int width = spec.positions() * spec.inputs();
    double[] inputs = random.doubles(count * width, -1, 1).toArray();
    int[] labels = random.ints(count * spec.outputPositions(), 0, CLASSES).toArray();
    Samples samples = Samples.classification(inputs, width, labels, CLASSES);
    try (Model network = model(spec)) {
      Trainer.Builder builder =
          Trainer.builder(network, samples)
              .optimizer(optimizer)
              .schedule(Schedule.constant(0.01))
              .batch(batch)
              .budget(budget)
              .epochs(1)
              .seed(3);
      if (metric != null) {
        builder.metric(metric);
      }
      try (Trainer trainer = builder.build()) {
        double loss = trainer.run().getLast().trainLoss();
        return List.of(
            parameters(network, network.parameters()),
            new double[] {loss, trainer.evaluate(samples).loss()});
      }
    }
  }

  /** What a buffer has for each parameter. */
  private static double[] parameters(Model network, Buffer buffer) {
    return Matrix.vector(buffer, 0, Math.toIntExact(network.layout().length())).toArray();
  }
}
