package org.volterra.train;

import org.volterra.Model;
import org.volterra.ModelSpec;
import org.volterra.memory.MemoryBudget;
import org.volterra.memory.Resources;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.testing.TestProvider;

/** A model that is trained on three clouds by Adam, step by step, on a provider of its own. */
final class TrainingRun implements AutoCloseable {
  private final Resources resources = new Resources();
  private final Samples samples;
  private final int[] order;
  private final TrainingStep step;
  private final Updater updater;

  TrainingRun(ModelSpec spec, ElementType type, double clipNorm, int batch) {
    samples = TrainingFixtures.clouds(batch, 1);
    order = Seeds.permutation(batch, Seeds.stream(1, 1));
    ComputeProvider provider = resources.own(TestProvider.create(2));
    Model model = resources.own(Model.create(spec, provider, type, 1));
    step =
        resources.own(
            new TrainingStep(
                model,
                Loss.softmaxCrossEntropy(),
                DepthRegularizer.none(),
                clipNorm,
                batch,
                MemoryBudget.unlimited()));
    updater =
        resources.own(
            Updater.bind(Optimizer.adam(), provider, step.parameters(), step.gradients(), null));
  }

  /** Step i: load, forward, loss, adjoint, optimiser. */
  void step(int i) {
    step.load(new Prefetcher.Request(samples, order, 0, order.length, InputSource.PLAIN));
    updater.step(1e-3, i, step);
    step.await();
  }

  @Override
  public void close() {
    resources.close();
  }
}
