package org.volterra.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import picocli.CommandLine;

/**
 * What a command line printed and its exit code.
 *
 * @param code exit code
 * @param out standard output
 * @param err standard error
 */
record CommandLineRun(int code, String out, String err) {
  static CommandLineRun of(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line =
        Main.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    return new CommandLineRun(line.execute(arguments), out.toString(), err.toString());
  }

  /** Checks that the command did what it should. */
  CommandLineRun succeeded() {
    assertThat(code).as(err).isZero();
    return this;
  }

  /** Checks that the command failed with one line, and nothing like a stack trace. */
  void failed(String message) {
    assertThat(code).isEqualTo(1);
    assertThat(err.lines()).singleElement().asString().startsWith("volterra: error: ");
    assertThat(err).contains(message);
  }

  /** Checks that the command was refused with one line and a hint where to find help. */
  void refused(String message) {
    assertThat(code).isEqualTo(2);
    assertThat(err.lines()).hasSizeLessThanOrEqualTo(3);
    assertThat(err).startsWith("volterra: error: ").contains(message).contains("--help'");
    assertThat(err).doesNotContain("\tat ");
  }
}
