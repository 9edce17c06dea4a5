package org.volterra.train;

import java.util.ArrayList;
import java.util.List;
import org.volterra.Model;
import org.volterra.ParameterLayout;
import org.volterra.spi.Buffer;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * A {@link DepthRegularizer} bound to a network's parameters and gradients. Blocks of neighbouring
 * depths lie one after the other, so all differences within a row, and all between two rows, are
 * one vector operation each.
 */
final class DepthPenalty implements AutoCloseable {
  /** A vector of parameters and its gradient. */
  private record Pair(Matrix value, Matrix gradient) {}

  /** ½ weight |θ|². */
  private record Mass(Pair at, double weight) {}

  /** ½ weight |to − from|². */
  private record Difference(Pair from, Pair to, Matrix scratch, double weight) {}

  private final Primitives p;
  private final Buffer parameters;
  private final Buffer gradients;
  private final Buffer scratch;
  private final List<Mass> masses = new ArrayList<>();
  private final List<Difference> differences = new ArrayList<>();

  DepthPenalty(DepthRegularizer regularizer, Model network, Buffer gradients) {
    for (ParameterLayout.Group group : network.layout().groups().values()) {
      if (group.arrangement() != ParameterLayout.Arrangement.CONSTANT) {
        group.equalSpacing(); // refuses before anything is allocated
      }
    }
    this.p = network.provider().primitives(network.type());
    this.parameters = network.parameters();
    this.gradients = gradients;
    long largest = 1;
    for (ParameterLayout.Entry entry : network.layout().entries().values()) {
      largest = Math.max(largest, entry.size());
    }
    this.scratch = network.provider().allocate(network.type(), largest);
    for (ParameterLayout.Group group : network.layout().groups().values()) {
      switch (group.arrangement()) {
        case CONSTANT -> {}
        case LINE ->
            add(
                group,
                regularizer.lambda0() * group.equalSpacing(),
                regularizer.lambda1() / group.equalSpacing());
        case TRIANGLE ->
            add(
                group,
                regularizer.lambda0() * group.equalSpacing() * group.equalSpacing(),
                regularizer.lambda1());
      }
    }
  }

  private void add(ParameterLayout.Group group, double mass, double difference) {
    ParameterLayout.Entry last = null;
    for (ParameterLayout.Entry entry : group.entries()) {
      masses.add(new Mass(part(entry.offset(), entry.size()), mass));
      long inner = entry.size() - group.blockSize();
      if (inner > 0) {
        addDifference(entry.offset(), entry.offset() + group.blockSize(), inner, difference);
      }
      if (last != null) {
        addDifference(last.offset(), entry.offset(), last.size(), difference);
      }
      last = entry;
    }
  }

  private void addDifference(long from, long to, long size, double weight) {
    differences.add(
        new Difference(
            part(from, size),
            part(to, size),
            Matrix.vector(scratch, 0, Math.toIntExact(size)),
            weight));
  }

  private Pair part(long offset, long size) {
    int length = Math.toIntExact(size);
    return new Pair(
        Matrix.vector(parameters, offset, length), Matrix.vector(gradients, offset, length));
  }

  /** Adds the penalty's value to {@code loss} and its gradient to the gradients. */
  void add(Matrix loss) {
    for (Mass mass : masses) {
      if (mass.weight != 0) {
        p.dot(0.5 * mass.weight, mass.at.value, mass.at.value, 1, loss);
        p.axpby(mass.weight, mass.at.value, 1, mass.at.gradient);
      }
    }
    for (Difference d : differences) {
      if (d.weight != 0) {
        p.axpby(1, d.to.value, 0, d.scratch);
        p.axpby(-1, d.from.value, 1, d.scratch);
        p.dot(0.5 * d.weight, d.scratch, d.scratch, 1, loss);
        p.axpby(d.weight, d.scratch, 1, d.to.gradient);
        p.axpby(-d.weight, d.scratch, 1, d.from.gradient);
      }
    }
  }

  @Override
  public void close() {
    scratch.close();
  }
}
