package org.volterra;

import java.util.Objects;
import org.volterra.memory.MemoryBudget;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;

/** Stages one after the other, with parameters in one buffer of a device. */
public final class FeedForward implements Model {
  private final FeedForwardSpec spec;
  private final ComputeProvider provider;
  private final ElementType type;
  private final ParameterLayout layout;
  private final Buffer parameters;

  private FeedForward(FeedForwardSpec spec, ComputeProvider provider, ElementType type, long seed) {
    this.spec = Objects.requireNonNull(spec, "spec");
    this.provider = provider;
    ModelParameters.check(spec.transform(), provider, type);
    this.type = type;
    this.layout = spec.layout();
    this.parameters = ModelParameters.allocate(layout, provider, type, seed);
  }

  /**
   * Makes a network with random initial parameters.
   *
   * @param spec what it is
   * @param provider the device; it must stay open as long as the network
   * @param type element type, {@link ElementType#FLOAT32} or {@link ElementType#FLOAT64}
   * @param seed the same seed gives the same parameters, up to rounding to the element type
   * @return the network, owned by the caller
   * @throws IllegalArgumentException if the type is no floating-point type, or the device lacks
   *     primitives for a stage, which the message names
   * @throws IllegalStateException if the device has not enough memory
   */
  public static FeedForward create(
      FeedForwardSpec spec, ComputeProvider provider, ElementType type, long seed) {
    return new FeedForward(spec, provider, type, seed);
  }

  /**
   * Allocates what training steps with a batch of this size need.
   *
   * @param batch samples of a step, at least 1
   * @return the workspace, owned by the caller and confined to the calling thread
   * @throws IllegalArgumentException if {@code batch} is not positive
   */
  public FeedForwardWorkspace workspace(int batch) {
    return workspace(batch, MemoryBudget.unlimited());
  }

  @Override
  public FeedForwardWorkspace workspace(int batch, MemoryBudget budget) {
    return FeedForwardWorkspace.allocate(this, batch, budget, true);
  }

  /**
   * Allocates what forward passes with a batch of this size need: no gradients.
   *
   * @param batch samples of a pass, at least 1
   * @return the workspace, owned by the caller and confined to the calling thread
   * @throws IllegalArgumentException if {@code batch} is not positive
   */
  public FeedForwardWorkspace inference(int batch) {
    return inference(batch, MemoryBudget.unlimited());
  }

  @Override
  public FeedForwardWorkspace inference(int batch, MemoryBudget budget) {
    return FeedForwardWorkspace.allocate(this, batch, budget, false);
  }

  @Override
  public FeedForwardSpec spec() {
    return spec;
  }

  @Override
  public ComputeProvider provider() {
    return provider;
  }

  @Override
  public ElementType type() {
    return type;
  }

  @Override
  public ParameterLayout layout() {
    return layout;
  }

  @Override
  public Buffer parameters() {
    return parameters;
  }

  @Override
  public void close() {
    parameters.close();
  }
}
