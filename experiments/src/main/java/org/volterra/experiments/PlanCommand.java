package org.volterra.experiments;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.volterra.Network;
import org.volterra.NetworkSpec;
import org.volterra.Workspace;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.Matrix;
import org.volterra.sum.Plan;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Explains how the sums of a network's kernel are computed. */
@Command(
    name = "plan",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    abbreviateSynopsis = true,
    description =
        "Show which algorithm computes the sums of a network's kernel, and why: predicted costs of"
            + " all algorithms, the bytes of the histories, and the time that a forward pass"
            + " takes.",
    footer = {
      "",
      "Examples:",
      "  volterra plan --depth 2048 --kernel fractional:0.5",
      "  volterra plan --depth 2048 --kernel fractional:0.5 --sum blocked"
    })
final class PlanCommand implements Callable<Integer> {
  /** Passes that are timed, and more where they take less than a second together. */
  private static final int PASSES = 10;

  private static final double LEAST_MILLIS = 1_000;

  /** After so long no further pass is begun. */
  private static final double LONGEST_MILLIS = 10_000;

  @Spec private CommandSpec spec;
  @Mixin private NetworkOptions network;

  @Option(
      names = "--batch",
      defaultValue = "64",
      paramLabel = "B",
      description = "Samples (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Mixin private DeviceOptions deviceOptions;

  @Override
  public Integer call() {
    NetworkSpec specification = network.specification(0, 0);
    PrintWriter out = spec.commandLine().getOut();
    try (ComputeProvider device = deviceOptions.open();
        Network net = Network.create(specification, device, network.precision, 1);
        Workspace workspace = net.inference(batch);
        Buffer memory = device.allocate(network.precision, (long) batch * network.channels)) {
      out.print(workspace.sumPlan().explain());
      out.println("forward pass, " + workspace.memoryPlan());
      double predicted =
          workspace.sumPlan().plans().stream()
              .map(Plan::chosen)
              .mapToDouble(Plan.Candidate::milliseconds)
              .sum();
      out.printf(
          Locale.ROOT,
          "predicted for the sums %.3g ms, calibrated with all processors of the first run; a whole"
              + " forward pass takes %.3g ms%n",
          predicted,
          milliseconds(workspace, Matrix.of(memory, 0, batch, network.channels)));
      return 0;
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  /** The least time of several passes, of which the first ones compile the code. */
  private static double milliseconds(Workspace workspace, Matrix data) {
    double best = Double.POSITIVE_INFINITY;
    double spent = 0;
    for (int pass = 0; spent < (pass < PASSES ? LONGEST_MILLIS : LEAST_MILLIS); pass++) {
      long begin = System.nanoTime();
      workspace.forward(data);
      double time = (System.nanoTime() - begin) * 1e-6;
      best = Math.min(best, time);
      spent += time;
    }
    return best;
  }
}
