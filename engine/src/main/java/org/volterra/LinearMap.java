package org.volterra;

import org.volterra.spi.Buffer;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/** An input or output map y = x W + c, bound to its parameters and their gradients. */
record LinearMap(
    Primitives p, Matrix weight, Matrix bias, Matrix weightGradient, Matrix biasGradient) {
  /** Binds the map of that name; {@code gradients} is null for inference. */
  static LinearMap bind(
      Primitives p, ParameterLayout layout, String name, Buffer parameters, Buffer gradients) {
    ParameterLayout.Entry weight = layout.entry(name + ".weight");
    ParameterLayout.Entry bias = layout.entry(name + ".bias");
    return new LinearMap(
        p,
        weight.in(parameters),
        bias.in(parameters),
        gradients == null ? null : weight.in(gradients),
        gradients == null ? null : bias.in(gradients));
  }

  void forward(Matrix x, Matrix y) {
    p.addRow(1, bias, 0, y);
    p.gemm(1, x, false, weight, false, 1, y);
  }

  /** dx = dy Wᵀ. */
  void transpose(Matrix dy, Matrix dx) {
    p.gemm(1, dy, false, weight, true, 0, dx);
  }

  /** Adds the gradients of W and c. */
  void gradient(Matrix x, Matrix dy) {
    p.gemm(1, x, true, dy, false, 1, weightGradient);
    p.columnSums(1, dy, 1, biasGradient);
  }
}
