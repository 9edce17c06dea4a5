package org.volterra.bench;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Consumer;
import org.volterra.memory.MemoryBudget;
import org.volterra.memory.MemoryPlan;
import org.volterra.memory.Resources;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;

/**
 * Training steps of a network whose histories are {@value #TIMES} times the memory budget, in turns
 * with the same network in memory, in this virtual machine. Past the budget they go to files, or
 * from the memory of a device to that of the host. Gradients, and parameters after all steps, must
 * be the same bits.
 */
public final class OutOfCoreStudy implements Study {
  /** Bytes of histories over the budget. */
  public static final int TIMES = 4;

  /** What is timed unless something else is asked for. */
  public static final String KERNEL = "scalar@blocked";

  private static final int WARM_UP_STEPS = 3;

  /**
   * What is timed.
   *
   * @param kernel kernel and algorithm
   * @param size of the network
   * @param provider name of the provider
   * @param threads its threads; 0 for its default
   * @param folder where the files lie, if the provider computes in the memory of the host
   * @param rounds pairs of steps, at least 1
   */
  public record Settings(
      KernelChoice kernel,
      NetworkSize size,
      String provider,
      int threads,
      Path folder,
      int rounds) {
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
    double flops = 3 * settings.size().forwardFlops(settings.kernel());
    int steps = 2 * (settings.rounds() + WARM_UP_STEPS);
    return 2 + steps * flops / DepthCost.flopsPerSecond(settings.provider());
  }

  /** A network and its training. */
  private static final class Side implements AutoCloseable {
    private final Resources resources = new Resources();
    private final DepthCase network;
    private final TrainingStep step;

    Side(ComputeProvider device, KernelChoice kernel, NetworkSize s, MemoryBudget budget) {
      boolean complete = false;
      try {
        network =
            resources.own(
                new DepthCase(
                    device,
                    ElementType.FLOAT32,
                    kernel,
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
        Side memory = side(device, MemoryBudget.unlimited())) {
      long bytes = memory.network.workspace().historyBytes();
      MemoryBudget limit = new MemoryBudget(bytes / TIMES);
      MemoryBudget budget = device.usesHostMemory() ? limit.spillingTo(settings.folder()) : limit;
      try (Side file = side(device, budget)) {
        progress.accept(file.network.workspace().memoryPlan().toString());
        memory.step.gradient();
        file.step.gradient();
        requireSame(
            "gradients",
            memory.network.workspace().gradients(),
            file.network.workspace().gradients());
        OutOfCoreResult result = time(memory, file, budget, device);
        requireSame(
            "parameters after all steps",
            memory.network.network().parameters(),
            file.network.network().parameters());
        progress.accept(result.summary());
        return result;
      }
    }
  }

  private Side side(ComputeProvider device, MemoryBudget budget) {
    return new Side(device, settings.kernel(), settings.size(), budget);
  }

  private OutOfCoreResult time(
      Side memory, Side file, MemoryBudget budget, ComputeProvider device) {
    double[] inMemory = new double[settings.rounds()];
    double[] inFile = new double[settings.rounds()];
    long copied = 0;
    for (int i = -WARM_UP_STEPS; i < settings.rounds(); i++) {
      copied = i == 0 ? device.bytesCopied() : copied;
      boolean memoryFirst = i % 2 == 0;
      double first = (memoryFirst ? memory : file).milliseconds();
      double second = (memoryFirst ? file : memory).milliseconds();
      if (i >= 0) {
        inMemory[i] = memoryFirst ? first : second;
        inFile[i] = memoryFirst ? second : first;
      }
    }
    MemoryPlan plan = file.network.workspace().memoryPlan();
    Effort effort = new Effort("rounds", 1, WARM_UP_STEPS, settings.rounds(), 1);
    return new OutOfCoreResult(
        settings.kernel().name(),
        settings.size(),
        settings.provider(),
        device.threads(),
        memory.network.workspace().historyBytes(),
        budget.bytes(),
        plan.spilledBytes() + plan.offloadedBytes(),
        (device.bytesCopied() - copied) / settings.rounds(),
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
          what + ": element " + at + " is " + a[at] + " in memory and " + b[at] + " outside");
    }
  }
}
