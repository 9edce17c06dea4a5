package org.volterra.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.volterra.Model;
import org.volterra.memory.MemoryBudget;
import org.volterra.memory.MemoryPlan;

/**
 * Trains a network: shuffled batches, exact gradients, an optimiser with a schedule, checkpoints.
 *
 * <p>The same seed gives the same run bit for bit, on any number of threads, and so does a run that
 * was interrupted and resumed from a checkpoint. A trainer owns its memory but not the network; it
 * is confined to the thread that built it.
 */
public final class Trainer implements AutoCloseable {
  private final Model network;
  private final Samples train;
  private final Samples test;
  private final Loss loss;
  private final Schedule schedule;
  private final int epochs;
  private final int batch;
  private final long seed;
  private final TrainingListener listener;
  private final Path checkpointFolder;
  private final int checkpointEvery;
  private final String fingerprint;
  private final TrainingStep step;
  private final Updater updater;
  private final TrainingPosition position = new TrainingPosition();

  private Trainer(Builder b) {
    network = b.network;
    train = b.train;
    test = b.test;
    loss = b.loss == null ? defaultLoss(b.train) : b.loss;
    schedule = b.schedule;
    epochs = b.epochs;
    batch = Math.min(b.batch, train.count());
    seed = b.seed;
    listener = b.listener;
    checkpointFolder = b.checkpointFolder;
    checkpointEvery = b.checkpointEvery;
    BatchLoader.check(network.spec(), loss, train, "training samples");
    if (test != null) {
      BatchLoader.check(network.spec(), loss, test, "test samples");
    }
    // Before the histories, which get what it leaves of a device's memory.
    DepthMetric metric = b.metric == null ? null : new DepthMetric(b.metric, network);
    step = step(b, metric);
    fingerprint =
        "network "
            + network.spec().toProperties()
            + " in "
            + network.type()
            + ", sums "
            + step.sumChoice()
            + ", "
            + train.count()
            + " samples, batch "
            + batch
            + ", seed "
            + seed
            + ", loss "
            + loss
            + ", "
            + b.optimizer
            + ", "
            + b.regularizer
            + ", clip "
            + b.clipNorm
            + ", epochs "
            + epochs
            + (b.metric == null ? "" : ", metric " + b.metric);
    boolean complete = false;
    try {
      updater =
          Updater.bind(
              b.optimizer, network.provider(), step.parameters(), step.gradients(), metric);
      complete = true;
    } finally {
      if (!complete) {
        step.close();
      }
    }
  }

  private TrainingStep step(Builder b, DepthMetric metric) {
    boolean complete = false;
    try {
      TrainingStep made =
          new TrainingStep(network, loss, b.regularizer, b.clipNorm, batch, b.budget);
      complete = true;
      return made;
    } finally {
      if (!complete && metric != null) {
        metric.close();
      }
    }
  }

  private static Loss defaultLoss(Samples samples) {
    return samples.classes() > 0 ? Loss.softmaxCrossEntropy() : Loss.meanSquaredError();
  }

  /**
   * Begins to describe a training. Without further calls: cross-entropy for labels and mean squared
   * error for real targets, Adam at a constant rate of 1e-3, 10 epochs, batches of 64, seed 1, no
   * regularisation, no clipping, no checkpoints.
   *
   * @param network what is trained
   * @param train samples
   * @return a builder
   */
  public static Builder builder(Model network, Samples train) {
    return new Builder(network, train);
  }

  /** Collects the parts of a {@link Trainer}. Not thread-safe. */
  public static final class Builder {
    private final Model network;
    private final Samples train;
    private Samples test;
    private Loss loss;
    private Optimizer optimizer = Optimizer.adam();
    private Schedule schedule = Schedule.constant(1e-3);
    private int epochs = 10;
    private int batch = 64;
    private long seed = 1;
    private double clipNorm;
    private DepthRegularizer regularizer = DepthRegularizer.none();
    private DepthRegularizer metric;
    private MemoryBudget budget = MemoryBudget.unlimited();
    private TrainingListener listener = new TrainingListener() {};
    private Path checkpointFolder;
    private int checkpointEvery = 1;

    private Builder(Model network, Samples train) {
      this.network = Objects.requireNonNull(network, "network");
      this.train = Objects.requireNonNull(train, "train");
    }

    /**
     * Samples that are evaluated after each epoch.
     *
     * @param samples held-out samples
     * @return this
     */
    public Builder test(Samples samples) {
      test = samples;
      return this;
    }

    /**
     * The loss.
     *
     * @param function the loss
     * @return this
     */
    public Builder loss(Loss function) {
      loss = Objects.requireNonNull(function, "loss");
      return this;
    }

    /**
     * The optimiser.
     *
     * @param rule the optimiser
     * @return this
     */
    public Builder optimizer(Optimizer rule) {
      optimizer = Objects.requireNonNull(rule, "optimizer");
      return this;
    }

    /**
     * The learning rate.
     *
     * @param rates the schedule
     * @return this
     */
    public Builder schedule(Schedule rates) {
      schedule = Objects.requireNonNull(rates, "schedule");
      return this;
    }

    /**
     * How often all samples are seen.
     *
     * @param count at least 1
     * @return this
     */
    public Builder epochs(int count) {
      epochs = atLeastOne("epochs", count);
      return this;
    }

    /**
     * Samples of a step.
     *
     * @param size at least 1; more than there are samples means all
     * @return this
     */
    public Builder batch(int size) {
      batch = atLeastOne("batch", size);
      return this;
    }

    /**
     * Seed of the order of samples.
     *
     * @param value any number
     * @return this
     */
    public Builder seed(long value) {
      seed = value;
      return this;
    }

    /**
     * Scales gradients down to this Euclidean norm.
     *
     * @param norm positive, or 0 for no clipping
     * @return this
     */
    public Builder clipNorm(double norm) {
      if (!(norm >= 0)) {
        throw new IllegalArgumentException("clipNorm " + norm + ": must not be negative");
      }
      clipNorm = norm;
      return this;
    }

    /**
     * The regulariser in depth.
     *
     * @param weights its weights
     * @return this
     */
    public Builder regularizer(DepthRegularizer weights) {
      regularizer = Objects.requireNonNull(weights, "regularizer");
      return this;
    }

    /**
     * Takes gradients in the inner product of H¹ in depth, λ0⟨f, g⟩ + λ1⟨∇f, ∇g⟩, in place of the
     * Euclidean one of parameters: optimisers get A⁻¹ of the gradient, with the operator A of the
     * regulariser of these weights, and L-BFGS begins its recursion with A⁻¹. Then the
     * regulariser's second derivative is treated implicitly, and steps do not depend on the number
     * of layers. Costs an elliptic solve in depth on the host for each step.
     *
     * @param weights λ0, positive, and λ1
     * @return this
     * @throws IllegalArgumentException if λ0 is 0
     */
    public Builder metric(DepthRegularizer weights) {
      if (weights.lambda0() == 0) {
        throw new IllegalArgumentException(
            "metric " + weights + ": lambda0 must be positive, else constants have no norm");
      }
      metric = weights;
      return this;
    }

    /**
     * Limit of the bytes of history in memory, and what to do past it.
     *
     * @param limit the budget
     * @return this
     */
    public Builder budget(MemoryBudget limit) {
      budget = Objects.requireNonNull(limit, "budget");
      return this;
    }

    /**
     * Who hears of progress.
     *
     * @param hears the listener
     * @return this
     */
    public Builder listener(TrainingListener hears) {
      listener = Objects.requireNonNull(hears, "listener");
      return this;
    }

    /**
     * Writes checkpoints.
     *
     * @param folder where, made if it does not exist
     * @param everyEpochs after how many epochs, at least 1
     * @return this
     */
    public Builder checkpoints(Path folder, int everyEpochs) {
      checkpointFolder = Objects.requireNonNull(folder, "folder");
      checkpointEvery = atLeastOne("everyEpochs", everyEpochs);
      return this;
    }

    private static int atLeastOne(String name, int value) {
      if (value < 1) {
        throw new IllegalArgumentException(name + " " + value + ": must be at least 1");
      }
      return value;
    }

    /**
     * Allocates the memory of the training.
     *
     * @return the trainer, owned by the caller
     * @throws IllegalArgumentException if samples do not fit the network and the loss
     * @throws MemoryBudget.MemoryBudgetException if the histories do not fit the budget
     * @throws UncheckedIOException if they cannot be kept in a file in the budget's folder
     */
    public Trainer build() {
      return new Trainer(this);
    }
  }

  /**
   * Continues from a checkpoint of this training, as if it had never stopped.
   *
   * @param checkpoint a file that this training wrote
   * @throws IOException if the file cannot be read or is damaged
   * @throws IllegalArgumentException if it belongs to another network or training
   */
  public void resume(Path checkpoint) throws IOException {
    Checkpoint.load(checkpoint, fingerprint, network, updater, position);
  }

  /**
   * Trains until all epochs are done, from the beginning or from where {@link #resume} left it.
   *
   * @return the metrics of the epochs that this call trained
   * @throws NonFiniteException if a NaN or an infinity appears; it names epoch, batch, layer and
   *     quantity
   * @throws UncheckedIOException if a checkpoint cannot be written
   */
  public List<EpochMetrics> run() {
    List<EpochMetrics> all = new ArrayList<>();
    while (position.epoch < epochs) {
      EpochMetrics metrics = epoch();
      all.add(metrics);
      listener.epoch(metrics);
      if (checkpointFolder != null
          && (position.epoch % checkpointEvery == 0 || position.epoch == epochs)) {
        writeCheckpoint();
      }
    }
    return all;
  }

  private EpochMetrics epoch() {
    long begin = System.nanoTime();
    int[] order = Seeds.permutation(train.count(), Seeds.stream(seed, position.epoch));
    int batches = Math.ceilDiv(train.count(), batch);
    double sum = 0;
    double rate = 0;
    double norm = 0;
    if (batches > 0) {
      load(order, 0);
    }
    for (int i = 0; i < batches; i++) {
      step.begin(seed, position.step);
      rate = schedule.rate(position.step, (long) batches * epochs);
      int index = i;
      BatchEvaluation evaluation =
          new BatchEvaluation(step, position.epoch + 1, i + 1, () -> load(order, index));
      updater.step(rate, position.step, evaluation);
      if (i + 1 < batches) {
        load(order, i + 1); // while the device works
      }
      evaluation.finish();
      position.step++;
      sum += evaluation.dataLoss() * size(i);
      norm = evaluation.gradientNorm();
      listener.batch(position.epoch + 1, i + 1, batches, evaluation.dataLoss());
    }
    Evaluation held = test == null ? null : step.evaluate(test);
    position.epoch++;
    return new EpochMetrics(
        position.epoch,
        sum / train.count(),
        held == null ? Double.NaN : held.loss(),
        held == null ? Double.NaN : held.accuracy(),
        rate,
        norm,
        (System.nanoTime() - begin) * 1e-9,
        step.historyBytes());
  }

  private int size(int batchIndex) {
    return Math.min(batch, train.count() - batchIndex * batch);
  }

  private void load(int[] order, int batchIndex) {
    step.load(request(order, batchIndex));
    if ((batchIndex + 1) * batch < train.count()) {
      step.prefetch(request(order, batchIndex + 1));
    }
  }

  private Prefetcher.Request request(int[] order, int batchIndex) {
    long draw = Seeds.epoch(seed, position.epoch);
    return new Prefetcher.Request(train, order, batchIndex * batch, size(batchIndex), draw);
  }

  private void writeCheckpoint() {
    try {
      Path file = Checkpoint.save(checkpointFolder, fingerprint, network, updater, position);
      listener.checkpoint(file);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot write a checkpoint to " + checkpointFolder + ": " + e.getMessage(), e);
    }
  }

  /**
   * Runs samples through the network as it is now.
   *
   * @param samples of the network's shape
   * @return loss, accuracy, confusion matrix and outputs
   * @throws IllegalArgumentException if the samples do not fit the network and the loss
   */
  public Evaluation evaluate(Samples samples) {
    BatchLoader.check(network.spec(), loss, samples, "samples");
    return step.evaluate(samples);
  }

  /**
   * Epochs that are done.
   *
   * @return 0 before training
   */
  public int completedEpochs() {
    return position.epoch;
  }

  /**
   * The bytes of all histories of the training workspace, in memory and in files.
   *
   * @return a count in bytes
   */
  public long historyBytes() {
    return step.historyBytes();
  }

  /**
   * Where the histories of the training workspace are kept.
   *
   * @return the plan, which prints as one line
   */
  public MemoryPlan memoryPlan() {
    return step.memoryPlan();
  }

  @Override
  public void close() {
    updater.close();
    step.close();
  }
}
