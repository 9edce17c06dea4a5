package org.volterra.experiments;

import java.util.Map;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.volterra.Model;
import org.volterra.NetworkSpec;
import org.volterra.ParameterLayout;
import org.volterra.depth.LineMesh;
import org.volterra.depth.Stencil;

/** The parameters of a model as initialisers of a graph. */
final class OnnxParameters {
  private final Model model;
  private final OnnxGraph graph;
  private final Map<String, ParameterLayout.Entry> entries;

  OnnxParameters(Model model, OnnxGraph graph) {
    this.model = model;
    this.graph = graph;
    entries = model.layout().entries();
  }

  /**
   * A parameter at one layer.
   *
   * @param name what its initialiser is called
   * @param rows rows of the matrix
   * @param columns columns of the matrix
   * @param values its elements, read when they are asked for
   */
  record Parameter(String name, int rows, int columns, Supplier<double[]> values) {
    Parameter map(UnaryOperator<double[]> change) {
      return new Parameter(name, rows, columns, () -> change.apply(values.get()));
    }
  }

  private Parameter parameter(ParameterLayout.Entry entry) {
    return new Parameter(
        entry.name(), entry.rows(), entry.columns(), () -> entry.in(model.parameters()).toArray());
  }

  /** A parameter that does not depend on depth. */
  Parameter get(String name) {
    return parameter(model.layout().entry(name));
  }

  /** A parameter at layer k: constant, one for each layer, or linear between nodes of a mesh. */
  Parameter at(String name, int k) {
    ParameterLayout.Entry entry = entries.getOrDefault(name + "." + k, entries.get(name));
    if (entry != null) {
      return parameter(entry);
    }
    Parameter first = get(name + ".node.0");
    int intervals = model.layout().groups().get(name).entries().size() - 1;
    NetworkSpec spec = (NetworkSpec) model.spec();
    Stencil stencil = new LineMesh(intervals, spec.grid().horizon()).locate(spec.grid().time(k));
    return new Parameter(
        name + " at " + k,
        first.rows(),
        first.columns(),
        () -> {
          double[] sum = new double[first.rows() * first.columns()];
          for (int p = 0; p < stencil.size(); p++) {
            double[] node = get(name + ".node." + stencil.node(p)).values().get();
            for (int i = 0; i < sum.length; i++) {
              sum[i] += stencil.weight(p) * node[i];
            }
          }
          return sum;
        });
  }

  /** A parameter as a matrix. */
  String matrix(Parameter p) {
    return graph.tensor(p.name(), p.values(), p.rows(), p.columns());
  }

  /** A parameter as a vector, row by row. */
  String vector(Parameter p) {
    return graph.tensor(p.name(), p.values(), (long) p.rows() * p.columns());
  }

  /** x W + c with the parameters of this prefix. */
  String affine(String x, String prefix, int k) {
    String product = graph.node("MatMul", x, matrix(at(prefix + "weight", k)));
    return graph.node("Add", product, vector(at(prefix + "bias", k)));
  }
}
