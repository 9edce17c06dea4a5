package org.volterra.sum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.volterra.Network;
import org.volterra.NetworkSpec;
import org.volterra.Workspace;
import org.volterra.depth.Stencil;
import org.volterra.depth.TriangleMesh;
import org.volterra.feature.FeatureTransform;
import org.volterra.kernel.DepthKernel;
import org.volterra.spi.Activation;
import org.volterra.spi.Buffer;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.testing.TestProvider;

/** The blocked sum of a kernel field against the plain double sum over pairs of layers. */
class FieldSumTest {
  @ParameterizedTest
  @CsvSource({
    "1,1,1", "1,2,3", "2,3,1", "3,3,2", "8,1,1", "8,4,2", "9,4,2", "10,3,1", "17,5,3", "7,20,2",
    "40,8,1"
  })
  void equalsTheSumOverPairs(int layers, int intervals, double horizon) {
    int d = 3;
    int e = 2;
    int rows = 4;
    NetworkSpec spec =
        NetworkSpec.builder(d, layers)
            .horizon(horizon)
            .kernel(DepthKernel.field(intervals))
            .features(FeatureTransform.affine(e).then(FeatureTransform.activation(Activation.TANH)))
            .noBias()
            .build();
    try (Network network = Network.create(spec, TestProvider.get(), ElementType.FLOAT64, 3);
        Workspace workspace = network.workspace(rows);
        Buffer data = TestProvider.get().allocate(ElementType.FLOAT64, (long) rows * d)) {
      Random random = new Random(4);
      for (int i = 0; i < data.length(); i++) {
        data.set(i, random.nextGaussian());
      }
      Matrix x0 = Matrix.of(data, 0, rows, d);
      workspace.forward(x0);
      for (int l = 1; l <= layers; l++) {
        double[] expected = directState(network, workspace, l, x0);
        double[] actual = workspace.state(l).toArray();
        for (int i = 0; i < expected.length; i++) {
          assertThat(actual[i])
              .as("layer %d, element %d", l, i)
              .isCloseTo(expected[i], within(1e-12));
        }
      }
    }
  }

  /** x_0 + h Σ_k K(t_l, t_k) z_k from the network's own features. */
  private static double[] directState(Network network, Workspace workspace, int l, Matrix x0) {
    NetworkSpec spec = network.spec();
    int intervals = ((DepthKernel.Field) spec.kernel()).intervals();
    TriangleMesh mesh = new TriangleMesh(intervals, spec.grid().horizon());
    double[] sum = x0.toArray();
    for (int k = 0; k < l; k++) {
      Stencil stencil = mesh.locate(spec.grid().time(l), spec.grid().time(k));
      Matrix z = workspace.history().slice(k);
      for (int p = 0; p < stencil.size(); p++) {
        Matrix node = node(network, stencil.node(p), spec.featureChannels());
        for (int r = 0; r < z.rows(); r++) {
          for (int c = 0; c < spec.channels(); c++) {
            for (int q = 0; q < spec.featureChannels(); q++) {
              sum[r * spec.channels() + c] +=
                  spec.scale() * stencil.weight(p) * z.get(r, q) * node.get(q, c);
            }
          }
        }
      }
    }
    return sum;
  }

  private static Matrix node(Network network, int index, int height) {
    int i = 0;
    while (TriangleMesh.index(i + 1, 0) <= index) {
      i++;
    }
    int j = index - TriangleMesh.index(i, 0);
    return network.parameter("kernel.node." + i).rows(j * height, height);
  }
}
