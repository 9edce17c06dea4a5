package org.volterra.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Where and with what something was measured.
 *
 * @param cpu model of the processor
 * @param processors processors that the virtual machine may use
 * @param system operating system with its version and architecture
 * @param commit commit of this program's sources, with {@code -dirty} if they were changed; {@code
 *     unknown} outside a repository
 */
public record Machine(String cpu, int processors, String system, String commit) {
  private static final String UNKNOWN = "unknown";

  /** System property with the commit, which the launcher of a bundle sets. */
  private static final String COMMIT = "volterra.commit";

  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

  /**
   * Looks at this machine.
   *
   * @return what it is
   */
  public static Machine here() {
    return new Machine(
        cpuModel(),
        Runtime.getRuntime().availableProcessors(),
        System.getProperty("os.name")
            + " "
            + System.getProperty("os.version")
            + " "
            + System.getProperty("os.arch"),
        revision());
  }

  private static String cpuModel() {
    if (!Files.isReadable(CPU_INFO)) {
      return UNKNOWN;
    }
    try {
      return cpuModel(Files.readAllLines(CPU_INFO));
    } catch (IOException e) {
      throw new UncheckedIOException("could not read " + CPU_INFO, e);
    }
  }

  static String cpuModel(List<String> lines) {
    return lines.stream()
        .filter(line -> line.startsWith("model name") && line.contains(":"))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElse(UNKNOWN);
  }

  /**
   * Asks git about the folder that this class was loaded from. Results are no sources: that the
   * last benchmark wrote some does not make the next one dirty. A bundle, which has no repository,
   * knows its commit.
   */
  private static String revision() {
    String bundled = System.getProperty(COMMIT);
    if (bundled != null) {
      return bundled;
    }
    try {
      Path code =
          Path.of(Machine.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      Path folder = Files.isDirectory(code) ? code : code.toAbsolutePath().getParent();
      String commit = git(folder, "rev-parse", "HEAD");
      String changes =
          git(
              folder,
              "status",
              "--porcelain",
              "--untracked-files=no",
              "--",
              ":/",
              ":(top,exclude)bench/results");
      return commit.isEmpty() ? UNKNOWN : commit + (changes.isEmpty() ? "" : "-dirty");
    } catch (IOException | URISyntaxException e) {
      return UNKNOWN; // no git on this machine, or the classes do not lie in a file system
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return UNKNOWN;
    }
  }

  /** What git answers, empty if it fails. */
  private static String git(Path folder, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("git", "-C", folder.toString()));
    command.addAll(List.of(arguments));
    Process git =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    String answer = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    return git.waitFor() == 0 ? answer : "";
  }
}
