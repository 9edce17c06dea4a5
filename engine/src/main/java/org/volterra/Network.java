package org.volterra;

import java.util.Objects;
import org.volterra.kernel.LayerWeights;
import org.volterra.memory.MemoryBudget;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;

/**
 * A dense non-local network: a specification with parameters in one buffer of a device.
 *
 * <p>The parameters may be read by several threads, each with a {@link Workspace} of its own, as
 * long as none changes them. The network owns the buffer; close it after its workspaces.
 */
public final class Network implements Model {
  private final NetworkSpec spec;
  private final ComputeProvider provider;
  private final ElementType type;
  private final ParameterLayout layout;
  private final Buffer parameters;

  private Network(NetworkSpec spec, ComputeProvider provider, ElementType type, long seed) {
    this.spec = Objects.requireNonNull(spec, "spec");
    this.provider = provider;
    ModelParameters.check(spec.features(), provider, type);
    if (spec.kernel() instanceof LayerWeights.Attention && provider.depth(type).isEmpty()) {
      throw new IllegalArgumentException(
          "kernel: provider "
              + provider.name()
              + " has no primitives for "
              + spec.kernel()
              + "; panama and scalar have them");
    }
    spec.historyType().of(type);
    this.type = type;
    this.layout = new ParameterLayout(spec);
    this.parameters = ModelParameters.allocate(layout, provider, type, seed);
  }

  /**
   * Makes a network with random initial parameters: matrices of n inputs are normal with variance
   * 1/n, biases zero, A(t) the identity.
   *
   * @param spec what it is
   * @param provider the device; it must stay open as long as the network
   * @param type element type, {@link ElementType#FLOAT32} or {@link ElementType#FLOAT64}
   * @param seed the same seed gives the same parameters, up to rounding to the element type
   * @return the network, owned by the caller
   * @throws IllegalArgumentException if {@code type} is no floating-point type or does not go with
   *     {@link NetworkSpec#historyType}, the device lacks primitives for a stage of the features,
   *     which the message names, or there are more parameters than one buffer can hold
   * @throws IllegalStateException if the device has not enough memory
   */
  public static Network create(
      NetworkSpec spec, ComputeProvider provider, ElementType type, long seed) {
    return new Network(spec, provider, type, seed);
  }

  /**
   * Allocates what training steps with a batch of this size need.
   *
   * @param batch samples of a step, at least 1
   * @return the workspace, owned by the caller and confined to the calling thread
   * @throws IllegalArgumentException if {@code batch} is not positive
   */
  public Workspace workspace(int batch) {
    return workspace(batch, MemoryBudget.unlimited());
  }

  /**
   * Allocates what training steps with a batch of this size need, under a budget. Results are the
   * same bits wherever the histories are kept.
   *
   * @param batch samples of a step, at least 1
   * @param budget limit of the bytes that histories take in memory, and what to do past it
   * @return the workspace, owned by the caller and confined to the calling thread
   * @throws IllegalArgumentException if {@code batch} is not positive
   * @throws MemoryBudget.MemoryBudgetException if the histories do not fit
   * @throws java.io.UncheckedIOException if they cannot be kept in a file in the budget's folder
   */
  @Override
  public Workspace workspace(int batch, MemoryBudget budget) {
    return Workspace.allocate(this, batch, budget, true);
  }

  /**
   * Allocates what forward passes with a batch of this size need: no gradients.
   *
   * @param batch samples of a pass, at least 1
   * @return the workspace, owned by the caller and confined to the calling thread
   * @throws IllegalArgumentException if {@code batch} is not positive
   */
  public Workspace inference(int batch) {
    return inference(batch, MemoryBudget.unlimited());
  }

  /**
   * Allocates what forward passes with a batch of this size need, under a budget.
   *
   * @param batch samples of a pass, at least 1
   * @param budget limit of the bytes that histories take in memory, and what to do past it
   * @return the workspace, owned by the caller and confined to the calling thread
   * @throws IllegalArgumentException if {@code batch} is not positive
   * @throws MemoryBudget.MemoryBudgetException if the histories do not fit
   * @throws java.io.UncheckedIOException if they cannot be kept in a file in the budget's folder
   */
  @Override
  public Workspace inference(int batch, MemoryBudget budget) {
    return Workspace.allocate(this, batch, budget, false);
  }

  /**
   * What the network is.
   *
   * @return the specification
   */
  @Override
  public NetworkSpec spec() {
    return spec;
  }

  /**
   * The device.
   *
   * @return the provider
   */
  @Override
  public ComputeProvider provider() {
    return provider;
  }

  /**
   * The element type of parameters and states.
   *
   * @return a floating-point type
   */
  @Override
  public ElementType type() {
    return type;
  }

  /**
   * Where the parameters lie.
   *
   * @return the layout
   */
  @Override
  public ParameterLayout layout() {
    return layout;
  }

  /**
   * All parameters.
   *
   * @return a buffer with this network's layout
   */
  @Override
  public Buffer parameters() {
    return parameters;
  }

  @Override
  public void close() {
    parameters.close();
  }
}
