package org.volterra.train;

import java.util.List;
import org.volterra.Model;
import org.volterra.ParameterLayout;
import org.volterra.ParameterLayout.Arrangement;
import org.volterra.depth.DepthOperator;
import org.volterra.spi.Matrix;

/**
 * The inner product of H¹ in depth on a network's parameters: turns gradients into Sobolev
 * gradients A⁻¹∇J, where A is the operator of the {@link DepthRegularizer} with the same weights.
 * Parameters that do not depend on depth keep theirs. Computes on the host in float64; a call costs
 * as much as a few passes over the parameters.
 */
final class DepthMetric {
  private final List<ParameterLayout.Group> groups;
  private final DepthOperator operator;

  /** A metric; λ0 must be positive. */
  DepthMetric(DepthRegularizer weights, Model network) {
    groups =
        network.layout().groups().values().stream()
            .filter(g -> g.arrangement() != Arrangement.CONSTANT)
            .toList();
    operator = new GroupOperator(groups, weights, 1);
  }

  /** Replaces a vector in the parameters' layout by A⁻¹ of it. */
  void lift(Matrix vector) {
    double[] gradient = new double[operator.size()];
    double[] lifted = new double[gradient.length];
    int next = 0;
    for (ParameterLayout.Group group : groups) {
      next = DepthGroups.read(vector.buffer(), group, gradient, next);
    }
    operator.solve(gradient, lifted);
    next = 0;
    for (ParameterLayout.Group group : groups) {
      next = DepthGroups.write(vector.buffer(), group, lifted, next);
    }
  }
}
