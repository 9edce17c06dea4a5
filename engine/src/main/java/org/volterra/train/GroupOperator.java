package org.volterra.train;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import org.volterra.ParameterLayout;
import org.volterra.depth.DepthOperator;

/**
 * The operator of the {@link DepthRegularizer} on all groups of parameters, one after the other
 * without gaps. On those that do not depend on depth it is a number.
 */
final class GroupOperator implements DepthOperator {
  /** Part of the vector; the operator of parameters that do not depend on depth is null. */
  private record Part(int begin, int end, DepthOperator operator) {}

  private final List<Part> parts = new ArrayList<>();
  private final double constants;
  private final int size;

  /**
   * Makes an operator.
   *
   * @param groups the groups
   * @param weights λ0, positive, and λ1
   * @param constants what parameters that do not depend on depth are multiplied by, positive
   */
  GroupOperator(
      Collection<ParameterLayout.Group> groups, DepthRegularizer weights, double constants) {
    this.constants = constants;
    int begin = 0;
    for (ParameterLayout.Group group : groups) {
      int end = begin + DepthGroups.size(group);
      parts.add(new Part(begin, end, operator(group, weights)));
      begin = end;
    }
    size = begin;
  }

  private static DepthOperator operator(ParameterLayout.Group group, DepthRegularizer weights) {
    return group.arrangement() == ParameterLayout.Arrangement.CONSTANT
        ? null
        : of(group, group.blockSize(), weights);
  }

  /**
   * The operator of a group that depends on depth.
   *
   * @param group the group
   * @param width numbers at a node
   * @param weights λ0, positive, and λ1
   */
  static DepthOperator of(ParameterLayout.Group group, int width, DepthRegularizer weights) {
    double h = group.equalSpacing();
    return group.arrangement() == ParameterLayout.Arrangement.LINE
        ? DepthOperator.line(
            DepthGroups.size(group) / group.blockSize(),
            width,
            weights.lambda0() * h,
            weights.lambda1() / h)
        : DepthOperator.triangle(
            group.entries().size(), width, weights.lambda0() * h * h, weights.lambda1());
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public void apply(double[] x, double[] y) {
    for (Part part : parts) {
      if (part.operator == null) {
        for (int i = part.begin; i < part.end; i++) {
          y[i] = constants * x[i];
        }
      } else {
        double[] product = new double[part.operator.size()];
        part.operator.apply(Arrays.copyOfRange(x, part.begin, part.end), product);
        System.arraycopy(product, 0, y, part.begin, product.length);
      }
    }
  }

  @Override
  public void solve(double[] b, double[] x) {
    for (Part part : parts) {
      if (part.operator == null) {
        for (int i = part.begin; i < part.end; i++) {
          x[i] = b[i] / constants;
        }
      } else {
        double[] solution = new double[part.operator.size()];
        part.operator.solve(Arrays.copyOfRange(b, part.begin, part.end), solution);
        System.arraycopy(solution, 0, x, part.begin, solution.length);
      }
    }
  }

  @Override
  public double energy(double[] x) {
    double sum = 0;
    for (Part part : parts) {
      double[] values = Arrays.copyOfRange(x, part.begin, part.end);
      sum +=
          part.operator == null
              ? 0.5 * constants * Arrays.stream(values).map(v -> v * v).sum()
              : part.operator.energy(values);
    }
    return sum;
  }
}
