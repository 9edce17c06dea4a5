package org.volterra.experiments;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.volterra.bench.Comparison;
import org.volterra.bench.ResultHistory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code volterra bench compare}. */
@Command(
    name = "compare",
    description =
        "Print what changed beyond noise between two commits that have results in the history.",
    mixinStandardHelpOptions = true)
final class BenchCompareCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "A", description = "The earlier commit, or its beginning.")
  private String before;

  @Parameters(index = "1", paramLabel = "B", description = "The later commit, or its beginning.")
  private String after;

  @Option(
      names = "--out",
      defaultValue = "bench/results",
      paramLabel = "DIR",
      description = "Folder with " + ResultHistory.NAME + " (default: ${DEFAULT-VALUE}).")
  private Path out;

  @Override
  public Integer call() throws IOException {
    List<ResultHistory.Entry> entries = ResultHistory.in(out).read();
    try {
      spec.commandLine().getOut().print(Comparison.of(entries, before, after));
      spec.commandLine().getOut().flush();
      return 0;
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }
}
