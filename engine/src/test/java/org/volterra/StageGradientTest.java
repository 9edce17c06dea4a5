package org.volterra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.volterra.depth.DepthDependence;
import org.volterra.feature.FeatureTransform;
import org.volterra.feature.Shape;
import org.volterra.kernel.DepthKernel;
import org.volterra.memory.MemoryBudget;
import org.volterra.memory.Resources;
import org.volterra.spi.Activation;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.testing.RandomMatrices;
import org.volterra.testing.TestProvider;

/**
 * The exact adjoint of every stage against central differences in float64: in a network of stages,
 * and as the features of a dense non-local network with parameters that depend on depth.
 */
class StageGradientTest {
  private static final double TOLERANCE = 1e-7;
  private static final long SEED = 20261125;
  private static final int BATCH = 2;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "conv(3,3x3,pad=1)",
        "conv(4,3x2,stride=2x1,pad=1,dilation=1x2,groups=2,bias)",
        "conv(4,3x3,pad=1,groups=4)",
        "conv(5,1x1,bias)",
        "average-pool(2x2,stride=1,pad=1)",
        "max-pool(2x2,stride=1,pad=1)",
        "global-average-pool",
        "batch-norm",
        "batch-norm,tanh",
        "batch-norm,gelu,conv(5,1x1)",
        "batch-norm,silu,affine(3)",
        "layer-norm",
        "rms-norm",
        "dropout(0.3)",
        "attention(2)",
        "attention(4,causal)",
        "non-local(gaussian,3)",
        "non-local(dot-product,3)",
        "position-embedding",
        "residual(layer-norm,affine(6),gelu,affine(4))",
        "dense(3,batch-norm,tanh,conv(6,1x1),batch-norm,tanh,conv(2,3x3,pad=1))",
        "dense(3,reach=2,conv(2,3x3,pad=1),tanh)",
        "dense(6,reach=log,batch-norm,tanh,conv(6,1x1),batch-norm,tanh,conv(2,3x3,pad=1))",
        "dense(5,reach=log,batch-norm,tanh,conv(2,3x3,pad=1))",
        "dense(5,reach=log,layer-norm,silu,affine(1))",
        "dense(2,batch-norm,tanh,conv(2,3x3,pad=1),dropout(0.2)),tanh",
        "residual(dense(2,layer-norm,tanh,affine(2)),affine(4))"
      })
  void stagesInARow(String stages) {
    FeedForwardSpec spec =
        new FeedForwardSpec(
            new Shape(3, 5, 4), FeatureTransform.parse("affine(4)," + stages + ",affine(2)"));
    compare(spec);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "conv(3,3x3,pad=1),tanh",
        "batch-norm,tanh,conv(3,1x1)",
        "tanh,batch-norm",
        "layer-norm,attention(1)",
        "non-local(gaussian,2)",
        "average-pool(3x3,stride=1,pad=1),dropout(0.2),affine(3)",
        "residual(rms-norm,affine(4),gelu,affine(3))",
        "dense(2,batch-norm,tanh,conv(2,3x3,pad=1)),affine(3)",
        "tanh,dense(2,batch-norm,tanh,affine(2))",
        "dense(4,reach=log,batch-norm,tanh,affine(2)),affine(3)"
      })
  void stagesAsFeaturesInDepth(String stages) {
    DepthDependence[] dependences = {
      DepthDependence.constant(), DepthDependence.perLayer(), DepthDependence.field(2)
    };
    DepthKernel[] kernels = {DepthKernel.dense(), DepthKernel.field(2), DepthKernel.dense()};
    for (int i = 0; i < dependences.length; i++) {
      compare(
          NetworkSpec.builder(3, 4)
              .positions(2, 3)
              .inputs(2)
              .outputs(2)
              .kernel(kernels[i])
              .features(FeatureTransform.parse(stages), dependences[i])
              .build());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "attention",
        "attention(2)",
        "attention(3)",
        "attention(9)",
        "averaging",
        "averaging(2x1)",
        "averaging(3x2)",
        "averaging(1x4)"
      })
  void kernelsThatWeighLayers(String kernel) {
    for (Activation psi : new Activation[] {Activation.IDENTITY, Activation.TANH}) {
      NetworkSpec.Builder builder =
          NetworkSpec.builder(4, 7)
              .positions(3)
              .inputs(2)
              .outputs(2)
              .kernel(DepthKernel.parse(kernel))
              .activation(psi)
              .scaling(Scaling.UNIT);
      compare(
          builder
              .features(
                  FeatureTransform.parse(
                      "sublayers(layer-norm,attention(2)|rms-norm,affine(5),gelu,affine(4))"),
                  DepthDependence.perLayer())
              .source(Source.zero())
              .build());
      compare(builder.features(FeatureTransform.parse("tanh,affine(4)")).build());
    }
  }

  @Test
  void sublayersHaveParametersOfTheirOwnLayers() {
    NetworkSpec.Builder builder =
        NetworkSpec.builder(4, 6)
            .features(
                FeatureTransform.parse("sublayers(affine(4)|tanh,affine(4),residual(tanh))"),
                DepthDependence.perLayer());
    assertThat(
            builder.build().layout().entries().keySet().stream()
                .filter(name -> name.endsWith("weight") || name.contains("weight.")))
        .containsExactly(
            "feature.0.0.0.weight.1",
            "feature.0.0.0.weight.3",
            "feature.0.0.0.weight.5",
            "feature.0.1.1.weight.2",
            "feature.0.1.1.weight.4");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.depth(2).build())
        .withMessageContaining("depth 2: no layer takes the last of the sublayers(");
    refused("1x1x4", "sublayers(affine(4))", "sublayers are features of a network in depth");
    refused("1x1x4", "sublayers(affine(3))", "a sub-layer keeps the shape");
    refused("1x1x4", "sublayers(tanh|identity)", "at least one, each with at least one stage");
    refused("1x1x4", "sublayers()", "activation '' is unknown");
  }

  private static void compare(ModelSpec spec) {
    try (Resources resources = new Resources()) {
      Random random = new Random(SEED);
      Model network =
          resources.own(Model.create(spec, TestProvider.get(), ElementType.FLOAT64, SEED));
      perturb(network, random);
      ModelWorkspace workspace = resources.own(network.workspace(BATCH, MemoryBudget.unlimited()));
      workspace.step(SEED, 3);
      Matrix data = matrix(resources, BATCH * spec.positions(), spec.inputs());
      Matrix weights = matrix(resources, BATCH * spec.outputPositions(), spec.outputs());
      Matrix dataGradient = matrix(resources, BATCH * spec.positions(), spec.inputs());
      RandomMatrices.fill(data, random, 1);
      RandomMatrices.fill(weights, random, 1);
      workspace.forward(data);
      workspace.backward(weights);
      workspace.inputGradient(dataGradient);
      Comparison comparison = new Comparison(workspace, data, weights, random);
      comparison.compare("data", data, dataGradient.toArray());
      for (ParameterLayout.Entry entry : network.layout().entries().values()) {
        comparison.compare(
            entry.name(),
            entry.in(network.parameters()),
            workspace.gradient(entry.name()).toArray());
      }
    }
  }

  private static void perturb(Model network, Random random) {
    for (ParameterLayout.Entry entry : network.layout().entries().values()) {
      Matrix values = entry.in(network.parameters());
      double[] moved = values.toArray();
      for (int i = 0; i < moved.length; i++) {
        moved[i] += 0.2 * random.nextGaussian();
      }
      values.fill(moved);
    }
  }

  private static Matrix matrix(Resources resources, int rows, int columns) {
    return Matrix.of(
        resources.own(TestProvider.get().allocate(ElementType.FLOAT64, (long) rows * columns)),
        0,
        rows,
        columns);
  }

  /** Derivatives in random directions. */
  private record Comparison(ModelWorkspace workspace, Matrix data, Matrix weights, Random random) {
    void compare(String name, Matrix at, double[] gradient) {
      double[] direction = new double[gradient.length];
      double exact = 0;
      double squares = 0;
      double length = 0;
      for (int i = 0; i < direction.length; i++) {
        direction[i] = random.nextGaussian();
        exact += gradient[i] * direction[i];
        squares += gradient[i] * gradient[i];
        length += direction[i] * direction[i];
      }
      double typical = Math.max(1e-4, Math.sqrt(squares * length / gradient.length));
      double least = Double.POSITIVE_INFINITY;
      for (double step : new double[] {1e-3, 1e-4, 1e-5}) {
        double difference = difference(at, direction, step);
        least = Math.min(least, Math.abs(exact - difference) / Math.max(typical, Math.abs(exact)));
      }
      assertThat(least)
          .as("%s of %s, seed %d", name, workspace.network().spec().toProperties(), SEED)
          .isLessThanOrEqualTo(TOLERANCE);
    }

    private double difference(Matrix at, double[] direction, double step) {
      double[] begin = at.toArray();
      double near = value(at, begin, direction, step) - value(at, begin, direction, -step);
      double far = value(at, begin, direction, 2 * step) - value(at, begin, direction, -2 * step);
      at.fill(begin);
      return (8 * near - far) / (12 * step);
    }

    private double value(Matrix at, double[] begin, double[] direction, double step) {
      double[] moved = begin.clone();
      for (int i = 0; i < moved.length; i++) {
        moved[i] += step * direction[i];
      }
      at.fill(moved);
      double[] output = workspace.forward(data).toArray();
      double[] factors = weights.toArray();
      double sum = 0;
      for (int i = 0; i < output.length; i++) {
        sum += output[i] * factors[i];
      }
      return sum;
    }
  }

  @Test
  void dropoutDependsOnTheStepAlone() {
    FeedForwardSpec spec =
        new FeedForwardSpec(new Shape(1, 1, 50), FeatureTransform.parse("dropout(0.5)"));
    try (Resources resources = new Resources()) {
      FeedForward network =
          resources.own(FeedForward.create(spec, TestProvider.get(), ElementType.FLOAT64, 1));
      FeedForwardWorkspace workspace = resources.own(network.workspace(2));
      Matrix data = matrix(resources, 2, 50);
      RandomMatrices.fill(data, new Random(SEED), 1);
      workspace.step(1, 1);
      double[] first = workspace.forward(data).toArray();
      assertThat(workspace.infer(data).toArray()).isEqualTo(data.toArray());
      assertThat(workspace.forward(data).toArray()).isEqualTo(first);
      workspace.step(1, 2);
      assertThat(workspace.forward(data).toArray()).isNotEqualTo(first);
      workspace.infer(data);
      assertThatIllegalStateException()
          .isThrownBy(() -> workspace.backward(data))
          .withMessageContaining("needs a forward pass");
    }
  }

  @Test
  void saysWhatDoesNotFit() {
    refused("2x3x4", "attention(3)", "attention(3): heads must divide the 4 channels");
    refused("2x3x4", "conv(6,3x3)", "a window 3 high does not fit a grid 2 high with padding 0");
    refused("2x3x4", "conv(6,1x1,groups=3)", "groups 3 must divide the 4 channels");
    refused("2x3x4", "residual(affine(3))", "a residual block keeps the shape");
    refused("4x4x4", "dense(2,average-pool(2))", "every layer must make");
    refused("4x4x4", "dense(2,reach=0,affine(1))", "reach 0: must be at least 1");
    refused("4x4x4", "dense(2,reach=ln,affine(1))", "reach 'ln': must be full, log or a number");
    refused("4x4x4", "conv(3)", "features 'conv(3)': must be conv(width,kernel)");
    refused("4x4x4", "relu(3)", "stages are activations, affine, conv");
    refused("4x4x4", "batch-norm(momentum=2)", "momentum 2.0: must be in (0, 1]");
    refused("4x4x4", "conv(3,3x3,padding=1)", "'padding' is not expected");
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            NetworkSpec.builder(4, 3)
                .positions(4, 4)
                .features(FeatureTransform.parse("average-pool(2)"))
                .build())
        .withMessageContaining("the history needs the same positions at every layer");
  }

  private static void refused(String shape, String stages, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new FeedForwardSpec(Shape.parse(shape), FeatureTransform.parse(stages)))
        .withMessageContaining(message);
  }
}
