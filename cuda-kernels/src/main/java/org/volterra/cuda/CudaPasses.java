package org.volterra.cuda;

import java.util.function.BooleanSupplier;
import org.volterra.spi.Activation;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.PassPrimitives;
import org.volterra.spi.Shapes;

/** Whole passes for one element type: checks at the door, then a few launches for all layers. */
final class CudaPasses implements PassPrimitives {
  private final ElementType type;
  private final Launcher launcher;
  private final ScalarPasses scalar;
  private final DensePasses dense;

  CudaPasses(ElementType type, CudaContext context, BooleanSupplier closed) {
    this.type = type;
    this.launcher = new Launcher(type, context, closed);
    this.scalar = new ScalarPasses(launcher);
    this.dense = new DensePasses(launcher);
  }

  @Override
  public boolean suits(int layers, int rows, int channels, boolean hasMatrices) {
    return hasMatrices ? dense.suits(layers, rows, channels) : scalar.suits(layers, rows);
  }

  @Override
  public long scratchBytes(
      int layers, int rows, int channels, boolean hasMatrices, boolean hasBias) {
    if (hasMatrices) {
      return dense.scratchBytes(layers, rows, channels);
    }
    return hasBias ? scalar.scratchBytes(layers, rows, channels) : 0;
  }

  @Override
  public void forward(Layers network, Histories memory) {
    check(network, memory);
    launcher.run(() -> {
      if (network.kernel() instanceof Matrices matrices) {
        dense.forward(network, matrices, memory);
      } else {
        scalar.forward(network, memory);
      }
    });
  }

  @Override
  public void adjoint(
      Layers network,
      Histories memory,
      Matrix lastCostate,
      Stack gradients,
      Matrix initialCostate,
      Matrix biasGradient) {
    check(network, memory);
    Matrix state = memory.states().first();
    whole("lastCostate", lastCostate, state.rows(), state.columns());
    whole("initialCostate", initialCostate, state.rows(), state.columns());
    if (gradients != null || network.kernel() instanceof Matrices) {
      same("gradients", gradients, network, memory);
    }
    if (biasGradient != null) {
      whole("biasGradient", biasGradient, network.layers(), state.columns());
    }
    if (memory.sums() == null && network.activation() != Activation.IDENTITY) {
      throw new IllegalArgumentException(
          "sums: missing, and the derivative of " + network.activation() + " takes them");
    }
    launcher.run(() -> {
      if (network.kernel() instanceof Matrices matrices) {
        Shapes.check("gradients of weights", matrices.gradients(), type, 1, length(network, state));
        dense.adjoint(
            network, matrices, memory, lastCostate, gradients, initialCostate, biasGradient);
      } else {
        scalar.adjoint(network, memory, lastCostate, gradients, initialCostate, biasGradient);
      }
    });
  }

  private void check(Layers network, Histories memory) {
    Matrix state = memory.states().first();
    int layers = network.layers();
    boolean hasMatrices = network.kernel() instanceof Matrices;
    if (layers < 1 || !suits(layers, state.rows(), state.columns(), hasMatrices)) {
      throw new IllegalArgumentException(
          "a pass through "
              + layers
              + " layers of "
              + state.rows()
              + " x "
              + state.columns()
              + ": does not suit this device");
    }
    Shapes.type("states", state, type);
    same("states", memory.states(), network, memory);
    if (memory.features() != null || hasMatrices) {
      same("features", memory.features(), network, memory);
    }
    if (memory.sums() != null) {
      same("sums", memory.sums(), network, memory);
    }
    if (network.bias() != null) {
      whole("bias", network.bias(), layers, state.columns());
    }
    switch (network.kernel()) {
      case Triangle triangle ->
          Shapes.check("coefficients", triangle.coefficients(), type, 1, pairs(layers));
      case Lags lags -> Shapes.check("reversed", lags.reversed(), type, 1, layers);
      case Matrices matrices ->
          Shapes.check("weights", matrices.weights(), type, 1, length(network, state));
    }
  }

  /** Elements of scalar passes have one place in all histories. */
  private void same(String name, Stack stack, Layers network, Histories memory) {
    if (stack == null) {
      throw new IllegalArgumentException(name + ": missing, and passes with matrices take them");
    }
    Matrix state = memory.states().first();
    Shapes.check(name, stack.first(), type, state.rows(), state.columns());
    boolean isApart = network.layers() > 1 && stack.distance() != memory.states().distance();
    boolean hasMatrices = network.kernel() instanceof Matrices;
    if (!hasMatrices && (isApart || !stack.first().isContiguous())) {
      throw new IllegalArgumentException(
          name
              + ": matrices "
              + stack.distance()
              + " elements apart, allowed are matrices without gaps as far apart as the states, "
              + memory.states().distance());
    }
  }

  private void whole(String name, Matrix m, int rows, int columns) {
    Shapes.check(name, m, type, rows, columns);
    if (!m.isContiguous()) {
      throw new IllegalArgumentException(
          name + ": has stride " + m.stride() + ", allowed is " + columns + ", without gaps");
    }
  }

  /** The functions of layers, as the kernels of both families take them. */
  static KernelArguments functions(KernelArguments arguments, Layers network) {
    return arguments.int32(number(network.feature())).int32(number(network.activation()));
  }

  /** The number of a function in {@code activation.cuh}. */
  static int number(Activation f) {
    return switch (f) {
      case IDENTITY -> 0;
      case TANH -> 1;
      case RELU -> 2;
      case GELU -> 3;
      case SILU -> 4;
      case SIGMOID -> 5;
      case SOFTPLUS -> 6;
    };
  }

  private static int pairs(int layers) {
    return Math.toIntExact(layers * (layers + 1L) / 2);
  }

  private static int length(Layers network, Matrix state) {
    return Math.multiplyExact(pairs(network.layers()), state.columns() * state.columns());
  }
}
