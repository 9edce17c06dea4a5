package org.volterra.bench;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Consumer;
import org.volterra.memory.MemoryBudget;
import org.volterra.memory.Resources;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;

/**
 * Training steps of a network with a scalar kernel and blocked sums whose histories are {@value
 * #TIMES} times the memory budget and go to files, in turns with the same network in memory, in
 * this virtual machine. Gradients, and parameters after all steps, must be the same bits.
 */
public final class OutOfCoreStudy implements Study {
  /** Bytes of histories over the budget. */
  public static final int TIMES = 4;

  private static final String KERNEL = "scalar@blocked";
  private static final int WARM_UP_STEPS = 3;

  /**
   * What is timed.
   *
   * @param size of the network
   * @param provider name of the provider
   * @param threads its threads; 0 for its default
   * @param folder where the files lie
   * @param rounds pairs of steps, at least 1
   */
  public record Settings(NetworkSize size, String provider, int threads, Path folder, int rounds) {
    /**
     * Checks the arguments.
     *
     * @throws IllegalArgumentException if the number of rounds is not positive
     */
    public Settings {
      if (rounds < 1) {
        throw new IllegalArgumentException("rounds " + rounds + ": must be at least 1");
      }
    }
  }

  private final Settings settings;

  /**
   * Plans a run.
   *
   * @param settings what is timed
   */
  public OutOfCoreStudy(Settings settings) {
    this.settings = settings;
  }

  @Override
  public double expectedSeconds() {
    double flops = 3 * settings.size().forwardFlops(KernelChoice.parse(KERNEL));
    int steps = 2 * (settings.rounds() + WARM_UP_STEPS);
    return 2 + steps * flops / DepthCost.flopsPerSecond(settings.provider());
  }

  /** A network and its training. */
  private static final class Side implements AutoCloseable {
    private final Resources resources = new Resources();
    private final DepthCase network;
    private final TrainingStep step;

    Side(ComputeProvider device, NetworkSize s, MemoryBudget budget) {
      boolean complete = false;
      try {
        network =
            resources.own(
                new DepthCase(
                    device,
                    ElementType.FLOAT32,
                    KernelChoice.parse(KERNEL),
                    s.layers(),
                    s.channels(),
                    s.batch(),
                    true,
                    budget));
        Matrix target = network.outputGradient(); // random numbers of the right shape
        step = resources.own(new TrainingStep(network.workspace(), network.data(), target));
        complete = true;
      } finally {
        if (!complete) {
          resources.close();
        }
      }
    }

    double milliseconds() {
      long begin = System.nanoTime();
      step.run();
      return (System.nanoTime() - begin) * 1e-6;
    }

    @Override
    public void close() {
      resources.close();
    }
  }

  @Override
  public OutOfCoreResult run(boolean verbose, Consumer<String> progress) {
    try (ComputeProvider device = Providers.open(settings.provider(), settings.threads());
        Side memory = new Side(device, settings.size(), MemoryBudget.unlimited())) {
      long bytes = memory.network.workspace().historyBytes();
      MemoryBudget budget = new MemoryBudget(bytes / TIMES).spillingTo(settings.folder());
      try (Side file = new Side(device, settings.size(), budget)) {
        progress.accept(file.network.workspace().memoryPlan().toString());
        memory.step.gradient();
        file.step.gradient();
        requireSame(
            "gradients",
            memory.network.workspace().gradients(),
            file.network.workspace().gradients());
        OutOfCoreResult result = time(memory, file, budget, device.threads());
        requireSame(
            "parameters after all steps",
            memory.network.network().parameters(),
            file.network.network().parameters());
        progress.accept(result.summary());
        return result;
      }
    }
  }

  private OutOfCoreResult time(Side memory, Side file, MemoryBudget budget, int threads) {
    double[] inMemory = new double[settings.rounds()];
    double[] inFile = new double[settings.rounds()];
    for (int i = -WARM_UP_STEPS; i < settings.rounds(); i++) {
      boolean memoryFirst = i % 2 == 0;
      double first = (memoryFirst ? memory : file).milliseconds();
      double second = (memoryFirst ? file : memory).milliseconds();
      if (i >= 0) {
        inMemory[i] = memoryFirst ? first : second;
        inFile[i] = memoryFirst ? second : first;
      }
    }
    Effort effort = new Effort("rounds", 1, WARM_UP_STEPS, settings.rounds(), 1);
    return new OutOfCoreResult(
        settings.size(),
        settings.provider(),
        threads,
        memory.network.workspace().historyBytes(),
        budget.bytes(),
        file.network.workspace().memoryPlan().spilledBytes(),
        Spread.of(inMemory),
        Spread.of(inFile),
        Spread.ofRatios(inMemory, inFile),
        Origin.ofThisJvm(effort, ManagementFactory.getRuntimeMXBean().getInputArguments()));
  }

  private static void requireSame(String what, Buffer memory, Buffer file) {
    double[] a = Matrix.vector(memory, 0, Math.toIntExact(memory.length())).toArray();
    double[] b = Matrix.vector(file, 0, Math.toIntExact(file.length())).toArray();
    int at = Arrays.mismatch(a, b);
    if (at >= 0) {
      throw new WrongResultException(
          what + ": element " + at + " is " + a[at] + " in memory and " + b[at] + " in a file");
    }
  }
}
