package org.volterra.train;

import org.volterra.Model;
import org.volterra.ModelWorkspace;
import org.volterra.Workspace;
import org.volterra.memory.MemoryBudget;
import org.volterra.memory.MemoryPlan;
import org.volterra.memory.Resources;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.sum.SumChoice;

/**
 * Evaluates loss and gradients of batches in memory that is allocated once: load, forward, loss,
 * adjoint, regulariser, clipping. What follows the load is recorded for each size of a batch, so
 * that a device repeats it as a whole, and the host waits for a few numbers at its end alone.
 */
final class TrainingStep implements Updater.Objective, AutoCloseable {
  private final Resources resources = new Resources();
  private final Model network;
  private final Primitives p;
  private final Loss loss;
  private final double clipNorm;
  private final int batch;
  private final ModelWorkspace workspace;
  private final BatchLoader loader;
  private final DepthPenalty penalty;
  private final Matrix parameters;
  private final Matrix gradients;
  private final Matrix outputGradient;
  private final Scalars values;
  private final Matrix lossValue;
  private final Matrix normValue;
  private final Matrix penaltyValue;
  private final Matrix guard;
  private final RecordedPass[] passes;
  private final Matrix[] outputViews;
  private int count;
  private double dataLoss;
  private double penaltyLoss;
  private double gradientNorm;

  TrainingStep(
      Model network,
      Loss loss,
      DepthRegularizer regularizer,
      double clipNorm,
      int batch,
      MemoryBudget budget) {
    this.network = network;
    this.p = network.provider().primitives(network.type());
    this.loss = loss;
    this.clipNorm = clipNorm;
    this.batch = batch;
    this.passes = new RecordedPass[batch + 1];
    this.outputViews = new Matrix[batch + 1];
    boolean complete = false;
    try {
      workspace = resources.own(network.workspace(batch, budget));
      loader = resources.own(new BatchLoader(network, batch, loss.takesLabels()));
      penalty =
          regularizer.isNone()
              ? null
              : resources.own(new DepthPenalty(regularizer, network, workspace.gradients()));
      int length = Math.toIntExact(network.layout().trainedLength());
      parameters = Matrix.vector(network.parameters(), 0, length);
      gradients = Matrix.vector(workspace.gradients(), 0, length);
      int rows = batch * network.spec().outputPositions();
      int outputs = network.spec().outputs();
      outputGradient =
          Matrix.of(
              resources.own(network.provider().allocate(network.type(), (long) rows * outputs)),
              0,
              rows,
              outputs);
      values = resources.own(new Scalars(network.provider(), 3));
      lossValue = values.at(0);
      normValue = values.at(1);
      penaltyValue = values.at(2);
      guard = values.first(2);
      complete = true;
    } finally {
      if (!complete) {
        resources.close();
      }
    }
  }

  /** How the sums are computed. */
  SumChoice sumChoice() {
    return workspace instanceof Workspace summing ? summing.sumPlan().choice() : SumChoice.auto();
  }

  private Matrix scalar() {
    return Matrix.vector(resources.own(network.provider().allocate(ElementType.FLOAT64, 1)), 0, 1);
  }

  Matrix parameters() {
    return parameters;
  }

  Matrix gradients() {
    return gradients;
  }

  long historyBytes() {
    return workspace.historyBytes();
  }

  MemoryPlan memoryPlan() {
    return workspace.memoryPlan();
  }

  /** Chooses the masks of dropout for the next calls. */
  void begin(long seed, long step) {
    workspace.step(seed, step);
  }

  /** Chooses the batch for the next calls; may copy it while the device works on the last one. */
  void load(Prefetcher.Request wanted) {
    loader.load(wanted);
    count = wanted.count();
  }

  /** Begins to read the batch that will be loaded next. */
  void prefetch(Prefetcher.Request next) {
    loader.prefetch(next);
  }

  /**
   * Computes the loss of the batch with regularisation; its gradients are then in the workspace.
   *
   * @return NaN if anything is not finite
   */
  @Override
  public double evaluate() {
    queue();
    await();
    return dataLoss + penaltyLoss;
  }

  /** The same without waiting; {@link #await} takes what it gives. */
  @Override
  public Matrix queue() {
    if (passes[count] == null) {
      passes[count] = record(count);
    }
    passes[count].run();
    values.request();
    return guard;
  }

  /** Waits for what was queued last. */
  void await() {
    double[] all = values.await();
    dataLoss = all[0];
    gradientNorm = Math.sqrt(all[1]);
    penaltyLoss = all[2];
  }

  private RecordedPass record(int size) {
    ModelWorkspace pass = workspace.forBatch(size);
    Matrix inputs = loader.inputs(size);
    Matrix targets = loader.targets(size);
    Matrix slopes = rows(outputGradient);
    Runnable forward =
        () -> {
          values.clear();
          outputViews[size] = pass.forward(inputs);
        };
    Runnable evaluateLoss = () -> loss.evaluate(p, outputViews[size], targets, lossValue, slopes);
    Runnable backward = () -> backward(pass, slopes);
    RecordedPass recorded = resources.own(new RecordedPass());
    if (pass.usesHost()) {
      return recorded.called(forward).called(evaluateLoss).called(backward);
    }
    ComputeProvider device = network.provider();
    if (loss.usesHost()) {
      return recorded.recorded(device, forward).called(evaluateLoss).recorded(device, backward);
    }
    return recorded.recorded(
        device,
        () -> {
          forward.run();
          evaluateLoss.run();
          backward.run();
        });
  }

  private void backward(ModelWorkspace pass, Matrix slopes) {
    pass.backward(slopes);
    if (penalty != null) {
      penalty.add(penaltyValue);
    }
    p.dot(1, gradients, gradients, 0, normValue);
    if (clipNorm > 0) {
      p.clip(clipNorm, normValue, gradients);
    }
  }

  /** The loss of the batch alone, without gradients. */
  private void forward() {
    values.clear();
    Matrix output = workspace.forBatch(count).infer(loader.inputs(count));
    outputViews[count] = output;
    loss.evaluate(p, output, loader.targets(count), lossValue, rows(outputGradient));
    values.request();
    dataLoss = values.await()[0];
  }

  private Matrix rows(Matrix whole) {
    return count == batch ? whole : whole.rows(0, count * network.spec().outputPositions());
  }

  /** Whether the last evaluation gave only finite numbers. */
  boolean isFinite() {
    return Double.isFinite(dataLoss) && Double.isFinite(gradientNorm);
  }

  /** What was not finite, as words. */
  String firstNonFinite() {
    return new NonFiniteSearch(p, workspace.forBatch(count), scalar())
        .first(loader.inputs(count), outputViews[count]);
  }

  double dataLoss() {
    return dataLoss;
  }

  double gradientNorm() {
    return gradientNorm;
  }

  /** Runs samples through the network without gradients. */
  Evaluation evaluate(Samples samples) {
    int rowsOfSample = network.spec().outputPositions();
    int outputs = network.spec().outputs();
    int[] order = new int[samples.count()];
    for (int i = 0; i < order.length; i++) {
      order[i] = i;
    }
    double[] all = new double[samples.count() * rowsOfSample * outputs];
    double total = 0;
    for (int from = 0; from < samples.count(); from += batch) {
      load(request(samples, order, from));
      if (from + batch < samples.count()) {
        prefetch(request(samples, order, from + batch));
      }
      forward();
      total += dataLoss * count;
      System.arraycopy(
          outputViews[count].toArray(),
          0,
          all,
          from * rowsOfSample * outputs,
          count * rowsOfSample * outputs);
    }
    double mean = total / samples.count();
    return samples.classes() == 0
        ? new Evaluation(mean, Double.NaN, new int[0][0], all)
        : classify(samples, mean, all, outputs);
  }

  private Prefetcher.Request request(Samples samples, int[] order, int from) {
    int size = Math.min(batch, samples.count() - from);
    return new Prefetcher.Request(samples, order, from, size, InputSource.PLAIN);
  }

  private static Evaluation classify(Samples samples, double mean, double[] all, int outputs) {
    int[][] confusion = new int[samples.classes()][outputs];
    int right = 0;
    int total = samples.count() * samples.targetWidth();
    for (int i = 0; i < total; i++) {
      int best = 0;
      for (int j = 1; j < outputs; j++) {
        if (all[i * outputs + j] > all[i * outputs + best]) {
          best = j;
        }
      }
      int label = (int) samples.target(i / samples.targetWidth(), i % samples.targetWidth());
      confusion[label][best]++;
      right += label == best ? 1 : 0;
    }
    return new Evaluation(mean, (double) right / total, confusion, all);
  }

  @Override
  public void close() {
    resources.close();
  }
}
