package org.volterra;

import org.volterra.memory.MemoryBudget;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;

/**
 * A specification with parameters in one buffer of a device. The parameters may be read by several
 * threads, each with a workspace of its own, as long as none changes them. A model owns the buffer;
 * close it after its workspaces.
 */
public sealed interface Model extends AutoCloseable permits Network, FeedForward {
  /**
   * Makes a network with random initial parameters.
   *
   * @param spec what it is
   * @param provider the device; it must stay open as long as the network
   * @param type element type, {@link ElementType#FLOAT32} or {@link ElementType#FLOAT64}
   * @param seed the same seed gives the same parameters, up to rounding to the element type
   * @return the network, owned by the caller
   * @throws IllegalArgumentException if the specification, the type and the device do not go
   *     together
   * @throws IllegalStateException if the device has not enough memory
   */
  static Model create(ModelSpec spec, ComputeProvider provider, ElementType type, long seed) {
    return switch (spec) {
      case NetworkSpec network -> Network.create(network, provider, type, seed);
      case FeedForwardSpec stages -> FeedForward.create(stages, provider, type, seed);
    };
  }

  /**
   * What the model is.
   *
   * @return the specification
   */
  ModelSpec spec();

  /**
   * The device.
   *
   * @return the provider
   */
  ComputeProvider provider();

  /**
   * The element type of parameters and states.
   *
   * @return a floating-point type
   */
  ElementType type();

  /**
   * Where the parameters lie.
   *
   * @return the layout
   */
  ParameterLayout layout();

  /**
   * All parameters.
   *
   * @return a buffer with this model's layout
   */
  Buffer parameters();

  /**
   * One parameter.
   *
   * @param name its name in the layout
   * @return the view; writing to it changes the model
   * @throws IllegalArgumentException if there is none of that name
   */
  default Matrix parameter(String name) {
    return layout().entry(name).in(parameters());
  }

  /**
   * Allocates what training steps with a batch of this size need, under a budget.
   *
   * @param batch samples of a step, at least 1
   * @param budget limit of the bytes that histories take in memory, and what to do past it
   * @return the workspace, owned by the caller and confined to the calling thread
   * @throws IllegalArgumentException if {@code batch} is not positive
   * @throws MemoryBudget.MemoryBudgetException if the histories do not fit
   */
  ModelWorkspace workspace(int batch, MemoryBudget budget);

  /**
   * Allocates what forward passes with a batch of this size need, under a budget: no gradients.
   *
   * @param batch samples of a pass, at least 1
   * @param budget limit of the bytes that histories take in memory, and what to do past it
   * @return the workspace, owned by the caller and confined to the calling thread
   * @throws IllegalArgumentException if {@code batch} is not positive
   * @throws MemoryBudget.MemoryBudgetException if the histories do not fit
   */
  ModelWorkspace inference(int batch, MemoryBudget budget);

  @Override
  void close();
}
