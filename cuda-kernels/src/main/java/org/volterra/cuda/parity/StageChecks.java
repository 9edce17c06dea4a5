package org.volterra.cuda.parity;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.volterra.DenseNets;
import org.volterra.FeedForwardSpec;
import org.volterra.Model;
import org.volterra.ModelSpec;
import org.volterra.ModelWorkspace;
import org.volterra.NetworkSpec;
import org.volterra.depth.DepthDependence;
import org.volterra.feature.FeatureTransform;
import org.volterra.feature.Shape;
import org.volterra.memory.MemoryBudget;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.train.Optimizer;
import org.volterra.train.Samples;
import org.volterra.train.Schedule;
import org.volterra.train.Trainer;

/**
 * Networks of stages, forward, backward and through steps of training with dropout: outputs,
 * gradients and parameters.
 */
final class StageChecks {
  private static final int CLASSES = 4;
  private static final Shape IMAGE = new Shape(8, 8, 3);

  /** A network under its name. */
  record Case(String name, ModelSpec spec) {}

  private final ComputeProvider tested;
  private final ComputeProvider reference;
  private final int batch;

  StageChecks(ComputeProvider tested, ComputeProvider reference, int batch) {
    this.tested = tested;
    this.reference = reference;
    this.batch = batch;
  }

  /** Networks that together have every stage. */
  static List<Case> networks() {
    return List.of(
        new Case(
            "DenseNet-BC",
            DenseNets.builder(IMAGE, 4, 2, 2)
                .bottleneck(2)
                .compression(0.5)
                .dropout(0.2)
                .classes(CLASSES)),
        stages(
            "Log-DenseNet",
            "dense(4,reach=log,batch-norm,relu,conv(4,1),batch-norm,relu,conv(2,3,pad=1)),"
                + "dense(3,reach=log,conv(2,1),tanh),global-average-pool"),
        stages(
            "convolutions",
            "conv(6,3,stride=2,pad=1),relu,conv(6,3,groups=6,pad=1),batch-norm,gelu,"
                + "residual(conv(6,1,bias),rms-norm),max-pool(2),global-average-pool"),
        stages(
            "attention",
            "conv(8,2,stride=2,bias),residual(layer-norm,attention(2,causal)),"
                + "non-local(gaussian,4),non-local(dot-product,4),global-average-pool"),
        new Case(
            "dense with convolutions",
            NetworkSpec.builder(5, 3)
                .positions(6)
                .inputs(3)
                .outputs(CLASSES)
                .features(
                    FeatureTransform.parse("tanh,layer-norm,conv(5,1x3,pad=0x1)"),
                    DepthDependence.perLayer())
                .build()));
  }

  private static Case stages(String name, String stages) {
    return new Case(
        name,
        new FeedForwardSpec(IMAGE, FeatureTransform.parse(stages + ",affine(" + CLASSES + ")")));
  }

  /** Compares passes and training. */
  void compare(Case network, ElementType type, Comparison comparison) {
    // Statistics of few samples divide by their deviations, which amplifies rounding.
    double bound = type == ElementType.FLOAT32 ? 2e-4 : 1e-11;
    NetworkChecks.compare(
        passes(network.spec(), tested, type),
        passes(network.spec(), reference, type),
        bound,
        "passes",
        comparison);
    NetworkChecks.compare(
        training(network.spec(), tested, type),
        training(network.spec(), reference, type),
        bound,
        "training",
        comparison);
  }

  private List<double[]> passes(ModelSpec spec, ComputeProvider provider, ElementType type) {
    List<double[]> results = new ArrayList<>();
    Random random = new Random(5);
    int rows = batch * spec.positions();
    int outputs = batch * spec.outputPositions();
    try (Model network = Model.create(spec, provider, type, 3);
        ModelWorkspace workspace = network.workspace(batch, MemoryBudget.unlimited());
        ModelWorkspace inference = network.inference(batch, MemoryBudget.unlimited());
        Buffer inputs = provider.allocate(type, (long) rows * spec.inputs());
        Buffer inputGradient = provider.allocate(type, (long) rows * spec.inputs());
        Buffer slopes = provider.allocate(type, (long) outputs * spec.outputs())) {
      Matrix data = normal(inputs, rows, spec.inputs(), random);
      Matrix slope = normal(slopes, outputs, spec.outputs(), random);
      workspace.step(11, 1);
      results.add(workspace.forward(data).toArray());
      workspace.backward(slope);
      results.add(NetworkChecks.parameters(network, workspace.gradients()));
      Matrix dx = Matrix.of(inputGradient, 0, rows, spec.inputs());
      workspace.inputGradient(dx);
      results.add(dx.toArray());
      results.add(inference.forward(data).toArray());
    }
    return results;
  }

  private static Matrix normal(Buffer buffer, int rows, int columns, Random random) {
    Matrix matrix = Matrix.of(buffer, 0, rows, columns);
    matrix.fill(random.doubles(matrix.size(), -2, 2).toArray());
    return matrix;
  }

  /** The parameters after an epoch of two steps, and the losses. */
  private List<double[]> training(ModelSpec spec, ComputeProvider provider, ElementType type) {
    Random random = new Random(7);
    int count = 2 * batch;
    int width = spec.positions() * spec.inputs();
    double[] inputs = random.doubles((long) count * width, -1, 1).toArray();
    int[] labels = random.ints((long) count * spec.outputPositions(), 0, CLASSES).toArray();
    Samples samples = Samples.classification(inputs, width, labels, CLASSES);
    try (Model network = Model.create(spec, provider, type, 3);
        Trainer trainer =
            Trainer.builder(network, samples)
                .optimizer(Optimizer.sgd(0.9, 1e-3, true))
                .schedule(Schedule.constant(0.01))
                .batch(batch)
                .epochs(1)
                .seed(3)
                .build()) {
      double loss = trainer.run().getLast().trainLoss();
      return List.of(
          NetworkChecks.parameters(network, network.parameters()),
          new double[] {loss, trainer.evaluate(samples).loss()});
    }
  }
}
