package org.volterra.bench;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.volterra.Network;
import org.volterra.Workspace;
import org.volterra.memory.MemoryBudget;
import org.volterra.memory.Resources;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;

/**
 * A network of the benchmarks with its memory, random data and a random gradient at its output: φ =
 * tanh, ψ = identity, h = T/L. The same shapes give the same numbers on every provider. Confined to
 * the thread that made it.
 */
final class DepthCase implements AutoCloseable {
  /** Channels d of the timed network. */
  static final int CHANNELS = 64;

  /** Samples of a batch of the timed network. */
  static final int BATCH = 64;

  private static final long SEED = 20_250_916;

  private final Resources resources = new Resources();
  private final Network network;
  private final Workspace workspace;
  private final Matrix data;
  private final Matrix outputGradient;

  /**
   * Allocates and fills everything.
   *
   * @param provider the device
   * @param type element type
   * @param kernel depth kernel and algorithm
   * @param layers number of layers L
   * @param channels channels d
   * @param batch samples
   * @param training whether {@link #gradient} will be called
   */
  DepthCase(
      ComputeProvider provider,
      ElementType type,
      KernelChoice kernel,
      int layers,
      int channels,
      int batch,
      boolean training) {
    this(provider, type, kernel, layers, channels, batch, training, MemoryBudget.unlimited());
  }

  /** The same under a memory budget. */
  DepthCase(
      ComputeProvider provider,
      ElementType type,
      KernelChoice kernel,
      int layers,
      int channels,
      int batch,
      boolean training,
      MemoryBudget budget) {
    int size = batch * channels;
    Buffer memory = resources.own(provider.allocate(type, 2L * size));
    network = resources.own(Network.create(kernel.spec(layers, channels), provider, type, SEED));
    workspace =
        resources.own(
            training ? network.workspace(batch, budget) : network.inference(batch, budget));
    data = Matrix.of(memory, 0, batch, channels);
    outputGradient = Matrix.of(memory, size, batch, channels);
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(SEED + 1);
    double[] values = new double[2 * size];
    Arrays.setAll(values, i -> random.nextGaussian());
    Matrix.vector(memory, 0, values.length).fill(values);
  }

  /** One forward pass. */
  Matrix forward() {
    return workspace.forward(data);
  }

  /** One forward and one backward pass. */
  Buffer gradient() {
    workspace.forward(data);
    workspace.backward(outputGradient);
    return workspace.gradients();
  }

  Network network() {
    return network;
  }

  Workspace workspace() {
    return workspace;
  }

  Matrix data() {
    return data;
  }

  Matrix outputGradient() {
    return outputGradient;
  }

  @Override
  public void close() {
    resources.close();
  }
}
