package org.volterra.train;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.volterra.Network;
import org.volterra.ParameterLayout;
import org.volterra.control.Objective;
import org.volterra.depth.DepthField;
import org.volterra.depth.DepthGrid;
import org.volterra.depth.DepthOperator;
import org.volterra.memory.MemoryBudget;

/**
 * The discrete learning problem of a network, for {@link org.volterra.control.Minimizer}s: the mean
 * loss of all samples at once, the regulariser in depth ½[λ0‖θ‖² + λ1‖∇θ‖²], and ½ c |θ|² of
 * parameters that do not depend on depth. Arguments are the groups of the network's layout one
 * after the other, without gaps.
 *
 * <p>Takes them as functions of depth as well, so that minimisers of different depths can be
 * compared, and one can begin where another ended. An evaluation leaves its argument in the
 * network. Owns memory for one evaluation but not the network; confined to the thread that made it.
 */
public final class NetworkObjective implements Objective, AutoCloseable {
  private final Network network;
  private final DepthGrid grid;
  private final Collection<ParameterLayout.Group> groups;
  private final Samples samples;
  private final TrainingStep step;
  private final GroupOperator metric;
  private final double[] penaltyGradient;

  /**
   * Binds a network to samples.
   *
   * @param network what is trained; float64 for minimisation beyond seven digits
   * @param samples all of them are one batch
   * @param loss the loss
   * @param weights λ0, positive, and λ1
   * @param constants the weight c of parameters that do not depend on depth, positive
   * @throws IllegalArgumentException if samples do not fit the network and the loss, or a weight is
   *     not positive
   */
  public NetworkObjective(
      Network network, Samples samples, Loss loss, DepthRegularizer weights, double constants) {
    this.network = Objects.requireNonNull(network, "network");
    if (!(weights.lambda0() > 0)) {
      throw new IllegalArgumentException(
          "weights " + weights + ": lambda0 must be positive, else constants have no norm");
    }
    if (!(constants > 0 && constants < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "constants " + constants + ": the weight must be positive and finite");
    }
    BatchLoader.check(network.spec(), loss, samples, "samples");
    this.samples = samples;
    grid = network.spec().grid();
    groups = network.layout().groups().values();
    metric = new GroupOperator(groups, weights, constants);
    penaltyGradient = new double[metric.size()];
    step =
        new TrainingStep(
            network, loss, DepthRegularizer.none(), 0, samples.count(), MemoryBudget.unlimited());
  }

  @Override
  public int size() {
    return metric.size();
  }

  @Override
  public double evaluate(double[] theta, double[] gradient) {
    double loss = loss(theta, gradient);
    metric.apply(theta, penaltyGradient);
    double twice = 0;
    for (int i = 0; i < gradient.length; i++) {
      twice += theta[i] * penaltyGradient[i];
      gradient[i] += penaltyGradient[i];
    }
    return loss + 0.5 * twice;
  }

  /**
   * The mean loss of the samples alone.
   *
   * @param theta arguments
   * @param gradient receives the derivatives
   * @return the value, NaN if anything is not finite
   */
  public double loss(double[] theta, double[] gradient) {
    int next = 0;
    for (ParameterLayout.Group group : groups) {
      next = DepthGroups.write(network.parameters(), group, theta, next);
    }
    int[] order = new int[samples.count()];
    for (int i = 0; i < order.length; i++) {
      order[i] = i;
    }
    step.load(new Prefetcher.Request(samples, order, 0, order.length, InputSource.PLAIN));
    double loss = step.evaluate();
    next = 0;
    for (ParameterLayout.Group group : groups) {
      next = DepthGroups.read(step.gradients().buffer(), group, gradient, next);
    }
    return loss;
  }

  /**
   * How far parameters are from satisfying the maximum principle, a measure of convergence that
   * does not depend on the number of layers in the limit: the norm of −λ1 Δθ + λ0 θ − ∂_θH dual to
   * that of the regulariser, √(∇Jᵀ A⁻¹ ∇J), where H is the Hamiltonian Σ_l λ_lᵀ K_{l,k} φ(x_k) of
   * each layer, with its costate. Zero at a stationary point.
   *
   * @param theta arguments
   * @return the residual
   * @throws IllegalStateException if the gradient is not finite
   */
  public double residual(double[] theta) {
    double[] gradient = new double[size()];
    evaluate(theta, gradient);
    return metric.dualNorm(gradient);
  }

  /**
   * The operator A of the regulariser; ½ θᵀAθ is what {@link #evaluate} adds to the loss.
   *
   * @return the metric of H¹ in depth, and c times the Euclidean one for other parameters
   */
  public DepthOperator metric() {
    return metric;
  }

  /**
   * The network's parameters as they are.
   *
   * @return a new array
   */
  public double[] parameters() {
    double[] theta = new double[size()];
    int next = 0;
    for (ParameterLayout.Group group : groups) {
      next = DepthGroups.read(network.parameters(), group, theta, next);
    }
    return theta;
  }

  /**
   * Arguments as functions of depth: values of layers and of pairs of layers are extended to
   * piecewise-linear functions, and what does not depend on depth to constants.
   *
   * @param theta arguments
   * @return a field for each group, by its name
   */
  public Map<String, DepthField> extension(double[] theta) {
    Map<String, DepthField> fields = new LinkedHashMap<>();
    int next = 0;
    for (ParameterLayout.Group group : groups) {
      double[] values = new double[DepthGroups.size(group)];
      System.arraycopy(theta, next, values, 0, values.length);
      next += values.length;
      fields.put(group.name(), DepthGroups.extension(values, group, grid));
    }
    return fields;
  }

  /**
   * The arguments that functions of depth give at this network's layers.
   *
   * @param fields a field for each group, such as {@link #extension} gives at another depth
   * @return a new array
   * @throws IllegalArgumentException if the field of a group is missing or has another width
   */
  public double[] restriction(Map<String, DepthField> fields) {
    double[] theta = new double[size()];
    int next = 0;
    for (ParameterLayout.Group group : groups) {
      DepthField field = fields.get(group.name());
      if (field == null || field.width() != group.blockSize()) {
        throw new IllegalArgumentException(
            "fields: '"
                + group.name()
                + "' needs one of width "
                + group.blockSize()
                + ", not "
                + field);
      }
      double[] values = DepthGroups.restriction(field, group, grid);
      System.arraycopy(values, 0, theta, next, values.length);
      next += values.length;
    }
    return theta;
  }

  /**
   * Runs samples through the network with the arguments of the last evaluation.
   *
   * @param others samples of the network's shape
   * @return loss, accuracy, confusion matrix and outputs
   */
  public Evaluation evaluate(Samples others) {
    return step.evaluate(others);
  }

  @Override
  public void close() {
    step.close();
  }
}
