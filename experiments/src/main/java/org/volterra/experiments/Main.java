package org.volterra.experiments;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code volterra}. Exit codes: 0, 2 for wrong usage, 1 for failure. */
@Command(
    name = "volterra",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description =
        "Densely connected deep networks as Volterra integral equations: train, solve, measure.",
    subcommands = {
      TrainCommand.class,
      PredictCommand.class,
      ExchangeCommands.Export.class,
      ExchangeCommands.Import.class,
      ConvergeCommand.class,
      SolveCommand.class,
      FitCommand.class,
      BenchCommand.class,
      PlanCommand.class,
      DescribeCommand.class,
      InfoCommand.class,
      GpuCheckCommand.class,
      BundleCommand.class,
      AutoComplete.GenerateCompletion.class,
      HelpCommand.class
    },
    footer = {
      "",
      "Examples:",
      "  volterra train digits",
      "  volterra solve --problem all --layers 40,80,160,320",
      "  volterra converge closed-form",
      "  volterra fit --data series.csv --kernel fractional",
      "  volterra bench depth",
      "  source <(volterra generate-completion)",
      "",
      "VOLTERRA_DEBUG=1 shows where an error arose; VOLTERRA_JAVA_OPTS goes to the virtual machine."
    })
public final class Main implements Runnable {
  /** Keeps the logger's level: the log manager holds loggers weakly. */
  private static final Logger ENGINE_LOG = Logger.getLogger("org.volterra");

  @Spec private CommandSpec spec;

  /** Made by picocli. */
  public Main() {}

  /**
   * Runs the command and ends the virtual machine with its exit code.
   *
   * @param arguments the command line
   */
  public static void main(String[] arguments) {
    System.exit(commandLine().execute(arguments));
  }

  /** The command line, as tests run it. */
  static CommandLine commandLine() {
    ENGINE_LOG.setLevel(Level.WARNING); // the commands say themselves which provider they use
    return configured(new CommandLine(new Main()))
        .setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8))
        .setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8))
        .setParameterExceptionHandler(Failures::usage)
        .setExecutionExceptionHandler(Failures::execution);
  }

  /** How command lines are read, from people and from the folder of a run. */
  static CommandLine configured(CommandLine line) {
    return line.setCaseInsensitiveEnumValuesAllowed(true).setUsageHelpAutoWidth(true);
  }

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "say what to do: train, predict, export, import, converge, solve, fit, bench, plan,"
            + " describe, info, gpu-check or bundle");
  }
}
