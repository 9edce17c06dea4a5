package org.volterra.train;

import java.util.Random;
import org.volterra.Network;
import org.volterra.NetworkSpec;
import org.volterra.kernel.DepthKernel;
import org.volterra.spi.ElementType;
import org.volterra.testing.TestProvider;

/** Small learning problems that the tests of this package share. */
final class TrainingFixtures {
  private TrainingFixtures() {}

  /** Three Gaussian clouds in the plane. */
  static Samples clouds(int count, long seed) {
    Random random = new Random(seed);
    double[] inputs = new double[2 * count];
    int[] labels = new int[count];
    for (int i = 0; i < count; i++) {
      labels[i] = i % 3;
      inputs[2 * i] = 2 * Math.cos(2.1 * labels[i]) + 0.4 * random.nextGaussian();
      inputs[2 * i + 1] = 2 * Math.sin(2.1 * labels[i]) + 0.4 * random.nextGaussian();
    }
    return Samples.classification(inputs, 2, labels, 3);
  }

  /** y = sin(x1) + x2²/2 on a square. */
  static Samples surface(int count, long seed) {
    Random random = new Random(seed);
    double[] inputs = new double[2 * count];
    double[] targets = new double[count];
    for (int i = 0; i < count; i++) {
      double a = random.nextDouble(-1.5, 1.5);
      double b = random.nextDouble(-1.5, 1.5);
      inputs[2 * i] = a;
      inputs[2 * i + 1] = b;
      targets[i] = Math.sin(a) + b * b / 2;
    }
    return Samples.regression(inputs, 2, targets, 1);
  }

  static NetworkSpec spec(int outputs, DepthKernel kernel) {
    return NetworkSpec.builder(6, 5).inputs(2).outputs(outputs).kernel(kernel).build();
  }

  static Network network(int outputs, DepthKernel kernel, ElementType type) {
    return Network.create(spec(outputs, kernel), TestProvider.get(), type, 7);
  }

  static double[] values(Network network) {
    double[] all = new double[(int) network.parameters().length()];
    for (int i = 0; i < all.length; i++) {
      all[i] = network.parameters().get(i);
    }
    return all;
  }
}
