package org.volterra.cuda.parity;

import java.util.List;
import org.volterra.DenseNets;
import org.volterra.FeedForwardSpec;
import org.volterra.ModelSpec;
import org.volterra.NetworkSpec;
import org.volterra.depth.DepthDependence;
import org.volterra.feature.FeatureTransform;
import org.volterra.feature.Shape;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;

/**
 * Networks of stages, forward, backward and through steps of training with dropout: outputs,
 * gradients and parameters.
 */
final class StageChecks {
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
                .classes(ModelRuns.CLASSES)),
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
                .outputs(ModelRuns.CLASSES)
                .features(
                    FeatureTransform.parse("tanh,layer-norm,conv(5,1x3,pad=0x1)"),
                    DepthDependence.perLayer())
                .build()));
  }

  private static Case stages(String name, String stages) {
    return new Case(
        name,
        new FeedForwardSpec(
            IMAGE, FeatureTransform.parse(stages + ",affine(" + ModelRuns.CLASSES + ")")));
  }

  /** Compares passes and training. */
  void compare(Case network, ElementType type, Comparison comparison) {
    // Statistics of few samples divide by their deviations, which amplifies rounding.
    double bound = type == ElementType.FLOAT32 ? 2e-4 : 1e-11;
    ModelRuns actual = new ModelRuns(tested, type, batch);
    ModelRuns expected = new ModelRuns(reference, type, batch);
    ModelSpec spec = network.spec();
    NetworkChecks.compare(actual.passes(spec), expected.passes(spec), bound, "passes", comparison);
    NetworkChecks.compare(
        actual.training(spec, ModelRuns.MOMENTUM, null),
        expected.training(spec, ModelRuns.MOMENTUM, null),
        bound,
        "training",
        comparison);
  }
}
