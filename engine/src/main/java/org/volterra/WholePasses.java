package org.volterra;

import org.volterra.depth.DepthDependence;
import org.volterra.depth.DepthParameter;
import org.volterra.feature.FeatureTransform;
import org.volterra.feature.Stage;
import org.volterra.kernel.DepthKernel;
import org.volterra.kernel.ScalarKernel;
import org.volterra.memory.History;
import org.volterra.spi.Activation;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.PassPrimitives;
import org.volterra.sum.CumulativeSum;
import org.volterra.sum.SumAlgorithm;

/**
 * The layers of a network as one call of a device that has {@link PassPrimitives}: where φ and ψ
 * act on every element by itself, the kernel is dense or has given coefficients that are summed
 * directly, and everything is kept in memory.
 */
final class WholePasses {
  private final PassPrimitives device;
  private final CumulativeSum sum;
  private final PassPrimitives.Layers layers;
  private final PassPrimitives.Histories histories;
  private final Matrix initialCostate;
  private final Matrix biasGradient;

  private WholePasses(
      PassPrimitives device,
      CumulativeSum sum,
      PassPrimitives.Layers layers,
      WorkspaceMemory.Views v,
      boolean lean,
      Matrix biasGradient) {
    this.device = device;
    this.sum = sum;
    this.layers = layers;
    this.histories =
        new PassPrimitives.Histories(
            stack(v.states().history()),
            lean ? null : stack(v.features().history()),
            v.sums() == null || v.sums().history().slices() < layers.layers()
                ? null
                : stack(v.sums().history()));
    this.initialCostate = v.initialCostate();
    this.biasGradient = biasGradient;
  }

  private static PassPrimitives.Stack stack(History history) {
    long first = history.slice(0).offset();
    long distance = history.slices() == 1 ? 0 : history.slice(1).offset() - first;
    return new PassPrimitives.Stack(history.slice(0), distance);
  }

  /**
   * Whether a device takes the layers of such a network in one call, so that direct sums are the
   * fastest.
   */
  static boolean suit(NetworkSpec spec, ComputeProvider provider, ElementType type, int batch) {
    boolean isScalar = spec.kernel() instanceof ScalarKernel;
    return suits(spec)
        && pointwise(spec.features()) != null
        && !(spec.source() instanceof Source.Linear)
        && (spec.bias() == null
            || (spec.bias() instanceof DepthDependence.PerLayer
                && spec.channels() % ParameterLayout.ALIGNMENT == 0))
        && (spec.grid().isUniform() || spec.scaling() == Scaling.UNIT)
        && spec.historyType() == HistoryType.NATIVE
        && provider
            .passes(type)
            .filter(passes ->
                passes.suits(spec.depth(), batch * spec.positions(), spec.channels(), !isScalar))
            .isPresent();
  }

  /**
   * Whether such passes need no memory but for states and sums: with scalar kernels, features and
   * ∂J/∂z are computed where they are used.
   */
  static boolean areLean(NetworkSpec spec, ComputeProvider provider, ElementType type, int batch) {
    if (!(spec.kernel() instanceof ScalarKernel)) {
      return false;
    }
    SumAlgorithm forced = spec.sum().forTerm(0, 1);
    return (forced == null || forced == SumAlgorithm.DIRECT) && suit(spec, provider, type, batch);
  }

  /** The scratch memory of the adjoint, in bytes; 0 where layers are taken one by one. */
  static long scratchBytes(Network network, int batch) {
    NetworkSpec spec = network.spec();
    return suit(spec, network.provider(), network.type(), batch)
        ? network
            .provider()
            .passes(network.type())
            .orElseThrow()
            .scratchBytes(
                spec.depth(),
                batch * spec.positions(),
                spec.channels(),
                !(spec.kernel() instanceof ScalarKernel),
                spec.bias() != null)
        : 0;
  }

  private static boolean suits(NetworkSpec spec) {
    return switch (spec.kernel()) {
      case DepthKernel.Dense dense ->
          spec.featureChannels() == spec.channels()
              && spec.channels() * spec.channels() % ParameterLayout.ALIGNMENT == 0;
      case ScalarKernel scalar -> !SumPlan.isRecurrence(scalar) && !scalar.trainable();
      default -> false;
    };
  }

  /** The function that φ is of every element by itself, or null. */
  static Activation pointwise(FeatureTransform features) {
    if (features.isIdentity()) {
      return Activation.IDENTITY;
    }
    return features.stages().size() == 1
            && features.stages().getFirst() instanceof Stage.Pointwise pointwise
        ? pointwise.function()
        : null;
  }

  /**
   * Binds passes to memory.
   *
   * @return the passes, or null where layers are taken one by one
   */
  static WholePasses of(
      Network network, WorkspaceMemory memory, WorkspaceMemory.Views v, CumulativeSum sum) {
    NetworkSpec spec = network.spec();
    int batch = v.rows() / spec.positions();
    if (v.recomputation().isActive()
        || memory.plan().offloadedBytes() > 0
        || !suit(spec, network.provider(), network.type(), batch)) {
      return null;
    }
    PassPrimitives.Kernel kernel = sum.whole();
    if (kernel == null) {
      return null;
    }
    DepthParameter bias = memory.bias();
    PassPrimitives.Layers layers =
        new PassPrimitives.Layers(
            kernel,
            spec.scale(),
            spec.depth(),
            pointwise(spec.features()),
            spec.activation(),
            spec.source() instanceof Source.InitialState,
            bias == null ? null : rows(bias.value(1), spec));
    Matrix biasGradient = bias == null || !memory.training() ? null : rows(bias.gradient(1), spec);
    return new WholePasses(
        network.provider().passes(network.type()).orElseThrow(),
        sum,
        layers,
        v,
        memory.isLean(),
        biasGradient);
  }

  /** The rows of all layers, which lie one behind the other. */
  private static Matrix rows(Matrix first, NetworkSpec spec) {
    return Matrix.of(first.buffer(), first.offset(), spec.depth(), spec.channels());
  }

  /** Computes z, u and x of all layers from x_0. */
  void forward() {
    sum.beginWhole();
    device.forward(layers, histories);
  }

  /**
   * Computes λ_0 and the gradients of kernel and bias from λ_L.
   *
   * @param slopes receives ∂J/∂z; null only where memory is lean
   */
  void adjoint(Matrix lastCostate, History slopes) {
    PassPrimitives.Stack gradients = slopes == null ? null : stack(slopes);
    device.adjoint(layers, histories, lastCostate, gradients, initialCostate, biasGradient);
  }
}
