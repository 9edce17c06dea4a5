package org.volterra;

import org.volterra.memory.MemoryPlan;
import org.volterra.spi.Buffer;
import org.volterra.spi.Matrix;

/**
 * Runs a model forward and backward for batches of one size, in memory that is allocated once.
 *
 * <p>A workspace is confined to the thread that allocated it: other threads get a {@link
 * WrongThreadException}. After {@link #close} every use is an {@link IllegalStateException};
 * closing twice is harmless.
 */
public sealed interface ModelWorkspace extends AutoCloseable
    permits Workspace, FeedForwardWorkspace {
  /**
   * The same memory used for fewer samples, such as the last batch of an epoch. Gradients are
   * shared.
   *
   * @param smaller samples, from 1 to {@link #batch}
   * @return this, or a view that ends with this workspace; the same object for the same size
   * @throws IllegalArgumentException if {@code smaller} is out of range
   */
  ModelWorkspace forBatch(int smaller);

  /**
   * Computes the output. In a workspace for training batch normalisation takes the statistics of
   * the batch and adds them to the running ones, and dropout drops; else it is {@link #infer}.
   *
   * @param data batch · positions rows × inputs; read again by {@link #backward}
   * @return the output, (batch · output positions) × outputs, valid until the next call
   * @throws IllegalArgumentException if the shape or the element type does not fit
   */
  Matrix forward(Matrix data);

  /**
   * Computes the output as a network that is not trained does: with the running statistics, and
   * without dropout. {@link #backward} must not follow.
   *
   * @param data batch · positions rows × inputs
   * @return the output, (batch · output positions) × outputs, valid until the next call
   * @throws IllegalArgumentException if the shape or the element type does not fit
   */
  Matrix infer(Matrix data);

  /**
   * Copies the weights of a dense kernel into the order in which this machine's matrix products
   * read them, so that the passes of this workspace, of all batch sizes, need not do so each time.
   * Results are the same bits. The first call takes the memory; it ends with the workspace.
   *
   * <p>Weights that change after the call are not seen until the next one.
   *
   * @return bytes of the copy; 0 where passes gain nothing from one and go on to read the weights
   *     themselves: other kernels, histories of bfloat16, devices or widths that need no packing
   * @throws IllegalStateException if this workspace was made for training, or the device has not
   *     enough memory
   */
  long packWeights();

  /**
   * Chooses the masks of dropout of the passes to come.
   *
   * @param seed seed of the training
   * @param step number of the step
   */
  void step(long seed, long step);

  /**
   * Computes the gradients of all parameters for the data of the last {@link #forward}, replacing
   * the old ones.
   *
   * @param outputGradient ∂J/∂output, of the output's shape
   * @throws IllegalArgumentException if the shape does not fit
   * @throws IllegalStateException if this is an inference workspace or {@link #forward} was not
   *     called
   */
  void backward(Matrix outputGradient);

  /**
   * Computes the gradient with respect to the data, after {@link #backward}.
   *
   * @param target receives it; the shape of the data
   * @throws IllegalArgumentException if the shape does not fit
   */
  void inputGradient(Matrix target);

  /**
   * The gradients of all parameters.
   *
   * @return a buffer with the model's layout; overwritten by the next {@link #backward}
   */
  Buffer gradients();

  /**
   * The gradient of one parameter.
   *
   * @param name its name in the layout
   * @return the view
   * @throws IllegalArgumentException if there is none of that name
   */
  default Matrix gradient(String name) {
    return network().layout().entry(name).in(gradients());
  }

  /**
   * Whether passes do more on the host than call primitives, so that they cannot be recorded.
   *
   * @return true if every pass must be run anew
   */
  boolean usesHost();

  /**
   * The model.
   *
   * @return what this workspace runs
   */
  Model network();

  /**
   * Samples of a pass.
   *
   * @return at least 1
   */
  int batch();

  /**
   * The bytes of all histories, in memory and in files.
   *
   * @return a count in bytes
   */
  long historyBytes();

  /**
   * Where the histories are kept.
   *
   * @return the plan, which prints as one line
   */
  MemoryPlan memoryPlan();

  @Override
  void close();
}
