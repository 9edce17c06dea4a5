package org.volterra.train;

import java.util.ArrayList;
import java.util.List;
import org.volterra.Model;
import org.volterra.ParameterLayout;
import org.volterra.depth.DepthOperator;
import org.volterra.spi.Buffer;
import org.volterra.spi.Matrix;

/**
 * The inner product of H¹ in depth on a network's parameters: turns gradients into Sobolev
 * gradients A⁻¹∇J, where A is the operator of the {@link DepthRegularizer} with the same weights.
 * Parameters that do not depend on depth keep theirs. Computes on the host in float64; a call costs
 * as much as a few passes over the parameters.
 */
final class DepthMetric {
  private record Part(ParameterLayout.Group group, DepthOperator operator) {}

  private final List<Part> parts = new ArrayList<>();

  /** A metric; λ0 must be positive. */
  DepthMetric(DepthRegularizer weights, Model network) {
    for (ParameterLayout.Group group : network.layout().groups().values()) {
      double h =
          group.arrangement() == ParameterLayout.Arrangement.CONSTANT ? 0 : group.equalSpacing();
      int width = group.blockSize();
      switch (group.arrangement()) {
        case CONSTANT -> {}
        case LINE ->
            parts.add(
                new Part(
                    group,
                    DepthOperator.line(
                        Math.toIntExact(size(group) / width),
                        width,
                        weights.lambda0() * h,
                        weights.lambda1() / h)));
        case TRIANGLE ->
            parts.add(
                new Part(
                    group,
                    DepthOperator.triangle(
                        group.entries().size(),
                        width,
                        weights.lambda0() * h * h,
                        weights.lambda1())));
      }
    }
  }

  private static long size(ParameterLayout.Group group) {
    return group.entries().stream().mapToLong(ParameterLayout.Entry::size).sum();
  }

  /** Replaces a vector in the parameters' layout by A⁻¹ of it. */
  void lift(Matrix vector) {
    Buffer buffer = vector.buffer();
    for (Part part : parts) {
      double[] gradient = new double[part.operator.size()];
      double[] lifted = new double[gradient.length];
      int next = 0;
      for (ParameterLayout.Entry entry : part.group.entries()) {
        double[] block = entry.in(buffer).toArray();
        System.arraycopy(block, 0, gradient, next, block.length);
        next += block.length;
      }
      part.operator.solve(gradient, lifted);
      next = 0;
      for (ParameterLayout.Entry entry : part.group.entries()) {
        double[] block = new double[(int) entry.size()];
        System.arraycopy(lifted, next, block, 0, block.length);
        entry.in(buffer).fill(block);
        next += block.length;
      }
    }
  }
}
