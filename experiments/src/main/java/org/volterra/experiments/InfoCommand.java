package org.volterra.experiments;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.volterra.Engine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Says what this machine and this installation can do. */
@Command(
    name = "info",
    mixinStandardHelpOptions = true,
    description = "Show the version, the machine, and which providers can run here or why not.")
final class InfoCommand implements Runnable {
  private static final Gson JSON =
      new GsonBuilder().serializeNulls().disableHtmlEscaping().create();

  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  /** One row of the list of providers. */
  private record Row(String name, boolean available, String reason) {}

  @Override
  public void run() {
    Map<String, String> facts = facts();
    List<Row> providers = providers();
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Map<String, Object> all = new LinkedHashMap<>(facts);
      all.put("providers", providers);
      out.println(JSON.toJson(all));
      return;
    }
    facts.forEach((name, value) -> out.printf("%-12s %s%n", name, value));
    out.println("providers");
    for (Row row : providers) {
      out.printf("  %-10s %-4s %s%n", row.name, row.available ? "yes" : "no", row.reason);
    }
  }

  /** What runs describe themselves with, too. */
  static Map<String, String> facts() {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("volterra", Version.text());
    facts.put("java", Runtime.version() + ", " + System.getProperty("java.vm.name"));
    facts.put(
        "system",
        System.getProperty("os.name")
            + " "
            + System.getProperty("os.version")
            + ", "
            + System.getProperty("os.arch"));
    facts.put("processors", String.valueOf(Runtime.getRuntime().availableProcessors()));
    facts.put("heap", (Runtime.getRuntime().maxMemory() >> 20) + " MiB at most");
    return facts;
  }

  private static List<Row> providers() {
    List<Row> rows = new ArrayList<>();
    for (Engine.Candidate candidate : Engine.candidates()) {
      rows.add(new Row(candidate.name(), candidate.available(), candidate.reason()));
    }
    return rows;
  }
}
