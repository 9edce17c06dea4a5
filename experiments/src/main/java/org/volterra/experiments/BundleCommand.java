package org.volterra.experiments;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.volterra.bench.Machine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code volterra bundle}: an archive for machines without Java. */
@Command(
    name = "bundle",
    mixinStandardHelpOptions = true,
    description =
        "Pack runtime, jars, kernels and launcher into one archive that runs on a machine of this"
            + " system and architecture without Java, such as a rented GPU.")
final class BundleCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--out",
      defaultValue = "volterra.tar.gz",
      paramLabel = "FILE",
      description = "The archive (default: ${DEFAULT-VALUE}); it is replaced if it exists.")
  private Path out;

  @Override
  public Integer call() throws IOException {
    Path home = Path.of(System.getProperty("volterra.home", "."));
    List<Path> classPath =
        Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
            .map(Path::of)
            .toList();
    new Bundle(home, classPath, Machine.here().commit()).write(out);
    PrintWriter print = spec.commandLine().getOut();
    print.printf(Locale.ROOT, "written: %s, %.1f MiB%n", out, Files.size(out) / (double) (1 << 20));
    print.println("there: tar -xzf " + out.getFileName() + " && volterra/volterra info");
    return 0;
  }
}
