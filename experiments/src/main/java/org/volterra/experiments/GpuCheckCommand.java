package org.volterra.experiments;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.volterra.Engine;
import org.volterra.cuda.CudaComputeProvider;
import org.volterra.cuda.ProductPrecision;
import org.volterra.cuda.parity.ParityCheck;
import org.volterra.cuda.parity.ParityResult;
import org.volterra.spi.ComputeProvider;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code volterra gpu-check}: whether the GPU of this machine computes what it should. */
@Command(
    name = "gpu-check",
    mixinStandardHelpOptions = true,
    description =
        "Check the GPU of this machine: every primitive and whole networks against the scalar"
            + " reference. Exit code 1 if something is wrong or there is no GPU.")
final class GpuCheckCommand implements Callable<Integer> {
  private static final String FORMAT = "%-44s %-8s %6s %10s %10s %6s  %s%n";

  @Spec private CommandSpec spec;

  @Option(
      names = "--quick",
      description = "Few and small cases, as for compute-sanitizer, which slows kernels down.")
  private boolean quick;

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "NAME",
      description = "Checks whose names begin so, such as gemm,network (default: all).")
  private List<String> only = List.of();

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    List<ParityResult> results = new ArrayList<>();
    try (ComputeProvider cuda = Engine.open("cuda", 0)) {
      checkNames(ParityCheck.names(cuda));
      out.println(cuda.description());
      out.printf(FORMAT, "check", "type", "cases", "error", "bound", "share", "");
      results.addAll(ParityCheck.run(cuda, quick, this::wanted, result -> row(out, result)));
    }
    for (ProductPrecision precision : ProductPrecision.ROUNDED) {
      if (!wanted(ParityCheck.productsName(precision))) {
        continue;
      }
      try (ComputeProvider cuda = new CudaComputeProvider(precision)) {
        results.add(ParityCheck.products(cuda, precision, quick));
      }
      row(out, results.getLast());
    }
    List<ParityResult> failed = results.stream().filter(r -> !r.passed()).toList();
    if (failed.isEmpty()) {
      out.printf(Locale.ROOT, "all %d checks passed%n", results.size());
      return 0;
    }
    throw new IllegalStateException(
        String.format(
            Locale.ROOT,
            "%d of %d checks failed, the first is %s in %s: do not trust this GPU's results",
            failed.size(),
            results.size(),
            failed.getFirst().name(),
            type(failed.getFirst())));
  }

  private boolean wanted(String name) {
    return only.isEmpty() || only.stream().anyMatch(name::startsWith);
  }

  private void checkNames(List<String> names) {
    List<String> all = new ArrayList<>(names);
    ProductPrecision.ROUNDED.forEach(precision -> all.add(ParityCheck.productsName(precision)));
    for (String start : only) {
      if (all.stream().noneMatch(name -> name.startsWith(start))) {
        throw new CommandLine.ParameterException(
            spec.commandLine(),
            "--only: '" + start + "': no check begins so; there are " + String.join("; ", all));
      }
    }
  }

  private static void row(PrintWriter out, ParityResult r) {
    boolean exact = r.bound() == 0;
    out.printf(
        Locale.ROOT,
        FORMAT,
        r.name(),
        type(r),
        r.cases(),
        r.error() == 0 ? "0" : number(r.error()),
        exact ? "exact" : number(r.bound()),
        exact ? "-" : String.format(Locale.ROOT, "%.2f", r.error() / r.bound()),
        r.passed() ? "ok" : "FAILED " + (r.failure().isEmpty() ? r.where() : r.failure()));
    out.flush();
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.1e", value);
  }

  private static String type(ParityResult r) {
    return r.type().name().toLowerCase(Locale.ROOT);
  }
}
