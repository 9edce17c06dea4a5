package org.volterra.bench;

import java.util.List;
import java.util.Random;
import org.volterra.FeedForward;
import org.volterra.FeedForwardSpec;
import org.volterra.FeedForwardWorkspace;
import org.volterra.feature.FeatureTransform;
import org.volterra.feature.Shape;
import org.volterra.memory.Resources;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.DepthPrimitives;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/** Attention of some size on a device, in float32, with random numbers that depend on the size. */
interface AttentionPasses extends AutoCloseable {
  /** Results may differ by so much of the largest. */
  double TOLERANCE = 2e-5;

  /** The sums. */
  Matrix forward();

  /** The sums and all gradients; a call gives the same as the one before. */
  List<Matrix> gradient();

  @Override
  void close();

  /** Allocates. */
  static AttentionPasses of(AttentionSize size, ComputeProvider device) {
    return size.isOverDepth() ? new OverDepth(size, device) : new OverPositions(size, device);
  }

  /**
   * Compares a device with the scalar reference.
   *
   * @throws WrongResultException if a result differs
   */
  static void check(AttentionSize size, ComputeProvider device) {
    try (ComputeProvider scalar = Providers.open("scalar", 1);
        AttentionPasses tested = of(size, device);
        AttentionPasses reference = of(size, scalar)) {
      List<Matrix> found = tested.gradient();
      List<Matrix> right = reference.gradient();
      for (int m = 0; m < found.size(); m++) {
        double[] actual = found.get(m).toArray();
        double[] expected = right.get(m).toArray();
        double largest = 0;
        for (double value : expected) {
          largest = Math.max(largest, Math.abs(value));
        }
        for (int i = 0; i < expected.length; i++) {
          String what = "number " + i + " of result " + m + " of " + size;
          WrongResultException.unlessClose(() -> what, actual[i], expected[i], TOLERANCE * largest);
        }
      }
    }
  }

  /** Every row of a history attends to the slices. */
  final class OverDepth implements AttentionPasses {
    private static final double EPSILON = 1e-6;

    private final Resources resources = new Resources();
    private final DepthPrimitives d;
    private final Primitives p;
    private final Matrix z;
    private final Matrix query;
    private final Matrix y;
    private final Matrix dy;
    private final Matrix dz;
    private final Matrix dquery;

    private OverDepth(AttentionSize size, ComputeProvider device) {
      d = device.depth(ElementType.FLOAT32).orElseThrow();
      p = device.primitives(ElementType.FLOAT32);
      int slice = Math.multiplyExact(size.rows(), size.channels());
      z = matrix(resources, device, size.count(), slice);
      query = matrix(resources, device, 1, size.channels());
      y = matrix(resources, device, size.rows(), size.channels());
      dy = matrix(resources, device, size.rows(), size.channels());
      dz = matrix(resources, device, size.count(), slice);
      dquery = matrix(resources, device, 1, size.channels());
    }

    @Override
    public Matrix forward() {
      d.attend(1, EPSILON, z, query, 0, y);
      return y;
    }

    @Override
    public List<Matrix> gradient() {
      forward();
      p.fill(0, dz);
      p.fill(0, dquery);
      d.attendBackward(1, EPSILON, z, query, dy, dz, dquery);
      return List.of(y, dz, dquery);
    }

    @Override
    public void close() {
      resources.close();
    }
  }

  /** Every position of a sample attends to all of them, with its linear maps. */
  final class OverPositions implements AttentionPasses {
    private final Resources resources = new Resources();
    private final FeedForwardWorkspace workspace;
    private final Matrix data;
    private final Matrix dy;
    private final Matrix dx;

    private OverPositions(AttentionSize size, ComputeProvider device) {
      FeedForwardSpec spec =
          new FeedForwardSpec(
              new Shape(1, size.rows(), size.channels()),
              FeatureTransform.parse("attention(" + AttentionSize.HEADS + ")"));
      FeedForward network = resources.own(FeedForward.create(spec, device, ElementType.FLOAT32, 1));
      workspace = resources.own(network.workspace(size.count()));
      int rows = Math.multiplyExact(size.count(), size.rows());
      data = matrix(resources, device, rows, size.channels());
      dy = matrix(resources, device, rows, size.channels());
      dx = matrix(resources, device, rows, size.channels());
    }

    @Override
    public Matrix forward() {
      return workspace.forward(data);
    }

    @Override
    public List<Matrix> gradient() {
      Matrix y = forward();
      workspace.backward(dy);
      workspace.inputGradient(dx);
      int length = Math.toIntExact(workspace.gradients().length());
      return List.of(y, dx, Matrix.vector(workspace.gradients(), 0, length));
    }

    @Override
    public void close() {
      resources.close();
    }
  }

  private static Matrix matrix(Resources resources, ComputeProvider device, int rows, int columns) {
    long size = (long) rows * columns;
    Matrix matrix =
        Matrix.of(resources.own(device.allocate(ElementType.FLOAT32, size)), 0, rows, columns);
    Random random = new Random(size);
    matrix.fill(random.doubles(size, -1, 1).toArray());
    return matrix;
  }
}
