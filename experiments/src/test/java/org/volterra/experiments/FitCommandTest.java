package org.volterra.experiments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.volterra.fit.EvaluationLog;
import org.volterra.fit.FractionalFamily;
import org.volterra.fit.KernelFit;
import org.volterra.fit.KernelModel;
import org.volterra.io.CsvReader;
import org.volterra.io.Table;
import org.volterra.spi.Activation;

/** The command {@code fit}: series from known kernels, and what is found in them. */
class FitCommandTest {
  @TempDir private Path folder;

  private CommandLineRun fit(String... arguments) {
    String[] all = new String[arguments.length + 1];
    all[0] = "fit";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    return CommandLineRun.of(all);
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }

  private JsonObject result(String out) throws IOException {
    return JsonParser.parseString(Files.readString(folder.resolve(out).resolve("result.json")))
        .getAsJsonObject();
  }

  @Test
  void findsTheOrderOfAFractionalKernelInNoisyData() throws IOException {
    fit(
            "--make",
            path("series.csv"),
            "--kernel",
            "fractional",
            "--set",
            "alpha=0.6,c=-1",
            "--initial",
            "1,3",
            "--noise",
            "0.01",
            "--layers",
            "60")
        .succeeded();
    Table made = CsvReader.read(folder.resolve("series.csv"));
    assertThat(made.names()).containsExactly("trajectory", "t", "x");
    assertThat(made.rows()).isEqualTo(120);

    CommandLineRun run =
        fit(
                "--data",
                path("series.csv"),
                "--kernel",
                "fractional",
                "--trajectory-column",
                "trajectory",
                "--layers",
                "60",
                "--out",
                path("out"))
            .succeeded();
    assertThat(run.out()).contains("alpha").contains("converged").contains("report.html");
    JsonObject parameters = result("out").getAsJsonObject("parameters");
    assertThat(parameters.get("alpha").getAsDouble()).isCloseTo(0.6, within(0.01));
    assertThat(parameters.get("c").getAsDouble()).isCloseTo(-1, within(0.02));
    assertThat(result("out").getAsJsonObject("rms").get("x").getAsDouble())
        .isCloseTo(0.01, within(0.002));
    Table fitted = CsvReader.read(folder.resolve("out").resolve("fitted.csv"));
    assertThat(fitted.names()).containsExactly("trajectory", "t", "x", "x fitted");
    assertThat(fitted.column(2)).isEqualTo(made.column(2));
    Table kernel = CsvReader.read(folder.resolve("out").resolve("kernel.csv"));
    assertThat(kernel.names()).containsExactly("t", "s", "K");
    // K(4, 0) = −4^(−0.4)/Γ(0.6).
    assertThat(kernel.get(0, 2)).isCloseTo(-Math.pow(4, -0.4) / 1.489192248812, within(0.01));
    String page = Files.readString(folder.resolve("out").resolve("report.html"));
    assertThat(page).contains("Kernel of series.csv", "<svg", "Parameters").doesNotContain("src=");
    for (String plot : new String[] {"trajectories", "residuals", "kernel"}) {
      assertThat(folder.resolve("out").resolve(plot + ".svg")).isNotEmptyFile();
    }
  }

  @Test
  void aRepeatedCommandGoesOnWhereAFitWasInterrupted() throws IOException {
    fit("--make", path("s.csv"), "--kernel", "fractional", "--set", "alpha=0.7,c=-1").succeeded();
    String[] command = {
      "--data",
      path("s.csv"),
      "--kernel",
      "fractional",
      "--trajectory-column",
      "trajectory",
      "--layers",
      "24",
      "--out",
      path("whole")
    };
    fit(command).succeeded();
    Path log = Files.createDirectories(folder.resolve("rest")).resolve("evaluations.bin");
    TrajectoryFiles.Series series =
        new TrajectoryFiles("t", "trajectory", null, List.of(), 0).read(folder.resolve("s.csv"));
    KernelModel model = KernelModel.of(new FractionalFamily(), Activation.IDENTITY, 24);
    try (EvaluationLog evaluations = EvaluationLog.at(log)) {
      assertThatThrownBy(() ->
              new KernelFit(model, 300, 1e-7)
                  .fit(
                      series.trajectories(),
                      (count, best) -> {
                        if (count == 10) {
                          throw new IllegalStateException("interrupted");
                        }
                      },
                      evaluations))
          .hasMessage("interrupted");
    }
    command[command.length - 1] = path("rest");
    assertThat(fit(command).succeeded().out())
        .contains("went on after 10 evaluations of a fit that was interrupted");
    assertThat(log).doesNotExist();
    assertThat(result("rest").get("parameters")).isEqualTo(result("whole").get("parameters"));
    assertThat(result("rest").get("evaluations")).isEqualTo(result("whole").get("evaluations"));
  }

  @Test
  void fitsAFieldWithKnownSourcesAndMissingStates() throws IOException {
    // x' = −x + g', K = −1, for g = 1 + sin(2t) and g = cos 3t in one table, t counted from 10.
    StringBuilder text = new StringBuilder("day,a,b,ga,gb\n");
    for (int i = 0; i <= 100; i++) {
      double t = 0.02 * i;
      // x = g − ∫ e^(−(t−s)) g(s) ds.
      double a =
          Math.exp(-t) + (2 * Math.sin(2 * t) * 2 + 2 * Math.cos(2 * t) - 2 * Math.exp(-t)) / 5;
      double b = Math.cos(3 * t) - (Math.cos(3 * t) + 3 * Math.sin(3 * t) - Math.exp(-t)) / 10;
      text.append(
          String.format(
              Locale.ROOT,
              "%s,%s,%s,%s,%s%n",
              10 + t,
              i == 7 ? "nan" : String.valueOf(a),
              b,
              1 + Math.sin(2 * t),
              Math.cos(3 * t)));
    }
    Files.writeString(folder.resolve("table.csv"), text);
    fit(
            "--data",
            path("table.csv"),
            "--kernel",
            "field:1",
            "--time-column",
            "day",
            "--columns",
            "a,b",
            "--source-columns",
            "ga,gb",
            "--origin",
            "10",
            "--layers",
            "100",
            "--diagonal",
            "newton-krylov",
            "--method",
            "trapezoid",
            "--out",
            path("field"))
        .succeeded();
    JsonObject parameters = result("field").getAsJsonObject("parameters");
    for (String node : new String[] {"K0,0", "K1,0", "K1,1"}) {
      assertThat(parameters.get(node).getAsDouble()).as(node).isCloseTo(-1, within(0.01));
    }
    assertThat(result("field").get("max_residual").getAsDouble()).isLessThan(1e-12);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "t,x;0,1;1,2;0.5,3 | row 3 | later than 1.0",
        "t,x;0,1;-1,2 | row 2, column 't' is -1.0 | not before the origin",
        "t,x;0,1;1,inf | row 2 | must be finite",
        "t,x;0,1;1, | line 3 | ",
        "day,x;0,1 | \"t\" | [day, x]",
        "t;0;1 | no column of states | beside 't'",
        "t,x;0,1;0.5,2 | 2 observations | 3 parameters",
        "t,x;0,1 | all observations are at the origin | 0.0",
      })
  void badTables(String rows, String what, String more) throws IOException {
    Path file = folder.resolve("bad.csv");
    Files.writeString(file, rows.replace(';', '\n') + "\n");
    CommandLineRun run =
        fit("--data", file.toString(), "--kernel", "fractional", "--out", path("none"));
    run.failed(what);
    assertThat(run.err()).contains(more == null ? "" : more);
    assertThat(folder.resolve("none")).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--kernel fractional | give --data FILE",
        "--data a --make b --kernel fractional | give --data FILE",
        "--make a.csv --kernel wavelet | kernel 'wavelet' is unknown",
        "--make a.csv --kernel exponentials:40 | 1..16",
        "--make a.csv --kernel fractional --set alpha=0.5 | --set has no c",
        "--make a.csv --kernel fractional --set alpha=0.5,d=1 | parameters are [alpha, c]",
        "--make a.csv --kernel fractional --set alpha=1.5,c=1 | alpha is 1.5",
        "--make a.csv --kernel fractional --set alpha=0.5,c=1 --points 1 | --points 1",
        "--make a.csv --kernel fractional --set alpha=0.5,c=1 --end 0 | --end 0.0",
        "--make a.csv --kernel fractional --set alpha=0.5,c=1 --noise -1 | --noise -1.0",
        "--make a.csv --kernel fractional --method trapezoid | product-rectangle",
        "--make a.csv --kernel fractional --diagonal bisection | fixed-point, newton-krylov",
        "--make a.csv --kernel fractional --activation step | step",
      })
  void wrongUsage(String arguments, String message) {
    fit(arguments.split(" ")).refused(message);
  }
}
