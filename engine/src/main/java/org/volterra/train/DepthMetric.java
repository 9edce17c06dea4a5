package org.volterra.train;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.volterra.Model;
import org.volterra.ParameterLayout;
import org.volterra.ParameterLayout.Arrangement;
import org.volterra.depth.DepthOperator;
import org.volterra.memory.Resources;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.spi.Recording;

/**
 * The inner product of H¹ in depth on a network's parameters: turns gradients into Sobolev
 * gradients A⁻¹∇J, where A is the operator of the {@link DepthRegularizer} with the same weights.
 * Parameters that do not depend on depth keep theirs.
 *
 * <p>The host solves in float64; a call costs as much as a few passes over the parameters. A device
 * with memory of its own multiplies groups of at most {@value #MOST_NODES} blocks by A⁻¹ instead,
 * which the host computes once, so that nothing waits; products are rounded as its others are.
 */
final class DepthMetric implements AutoCloseable {
  /** Blocks of a group whose A⁻¹ is kept as a matrix. */
  static final int MOST_NODES = 1024;

  /** What A depends on. */
  private record Shape(Arrangement arrangement, int nodes, double spacing) {}

  private final Resources resources = new Resources();
  private final ComputeProvider provider;
  private final Primitives p;
  private final List<ParameterLayout.Group> solved = new ArrayList<>();
  private final DepthOperator operator;
  private final List<GroupInverse> inverses = new ArrayList<>();
  private final Buffer scratch;
  private final IdentityHashMap<Matrix, Recording> recordings = new IdentityHashMap<>();

  /** A metric; λ0 must be positive. */
  DepthMetric(DepthRegularizer weights, Model network) {
    provider = network.provider();
    p = provider.primitives(network.type());
    boolean complete = false;
    try {
      Map<Shape, Matrix> matrices = new HashMap<>();
      long most = 0;
      for (ParameterLayout.Group group : network.layout().groups().values()) {
        if (group.arrangement() == Arrangement.CONSTANT) {
          continue;
        }
        Shape shape = multiplied(provider, group);
        if (shape == null) {
          solved.add(group);
        } else {
          Matrix inverse = matrices.computeIfAbsent(shape, s -> inverse(group, s.nodes, weights));
          inverses.add(new GroupInverse(group, inverse));
          most = Math.max(most, GroupInverse.scratch(group));
        }
      }
      operator = new GroupOperator(solved, weights, 1);
      scratch = most == 0 ? null : resources.own(provider.allocate(p.type(), most));
      complete = true;
    } finally {
      if (!complete) {
        resources.close();
      }
    }
  }

  /** What A depends on, for a group that the device multiplies by A⁻¹; null for others. */
  private static Shape multiplied(ComputeProvider provider, ParameterLayout.Group group) {
    int nodes = DepthGroups.size(group) / group.blockSize();
    return group.arrangement() == Arrangement.CONSTANT
            || provider.usesHostMemory()
            || nodes > MOST_NODES
        ? null
        : new Shape(group.arrangement(), nodes, group.spacing());
  }

  /** What a metric takes of the memory of a network's device. */
  static long bytes(Model network) {
    Set<Shape> shapes = new HashSet<>();
    long elements = 0;
    long scratch = 0;
    for (ParameterLayout.Group group : network.layout().groups().values()) {
      if (group.arrangement() != Arrangement.CONSTANT && Double.isNaN(group.spacing())) {
        return 0; // a metric is refused
      }
      Shape shape = multiplied(network.provider(), group);
      if (shape != null) {
        elements += shapes.add(shape) ? (long) shape.nodes * shape.nodes : 0;
        scratch = Math.max(scratch, GroupInverse.scratch(group));
      }
    }
    return network.type().bytesFor(elements + scratch);
  }

  private Matrix inverse(ParameterLayout.Group group, int nodes, DepthRegularizer weights) {
    Buffer buffer = resources.own(provider.allocate(p.type(), (long) nodes * nodes));
    Matrix inverse = Matrix.of(buffer, 0, nodes, nodes);
    inverse.fill(GroupInverse.values(nodes, GroupOperator.of(group, nodes, weights)));
    return inverse;
  }

  /** Replaces a vector in the parameters' layout by A⁻¹ of it. */
  void lift(Matrix vector) {
    if (!inverses.isEmpty()) {
      recordings.computeIfAbsent(vector, this::record).run();
    }
    if (!solved.isEmpty()) {
      solve(vector.buffer());
    }
  }

  private Recording record(Matrix vector) {
    return resources.own(
        provider.record(() -> {
          for (GroupInverse inverse : inverses) {
            inverse.lift(p, vector.buffer(), scratch);
          }
        }));
  }

  private void solve(Buffer vector) {
    double[] gradient = new double[operator.size()];
    double[] lifted = new double[gradient.length];
    int next = 0;
    for (ParameterLayout.Group group : solved) {
      next = DepthGroups.read(vector, group, gradient, next);
    }
    operator.solve(gradient, lifted);
    next = 0;
    for (ParameterLayout.Group group : solved) {
      next = DepthGroups.write(vector, group, lifted, next);
    }
  }

  @Override
  public void close() {
    resources.close();
  }
}
