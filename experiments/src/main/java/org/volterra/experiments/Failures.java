package org.volterra.experiments;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Says in one line what went wrong; the stack trace only for those who ask for it. */
final class Failures {
  private static final int FAILURE = 1;

  private Failures() {}

  /** Wrong usage: exit code 2. */
  static int usage(ParameterException e, String[] arguments) {
    CommandLine command = e.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("volterra: error: " + oneLine(e.getMessage()));
    CommandLine.UnmatchedArgumentException.printSuggestions(e, err);
    err.println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
    return command.getCommandSpec().exitCodeOnInvalidInput();
  }

  /** Anything else: exit code 1. */
  static int execution(Exception e, CommandLine command, ParseResult parsed) {
    command.getErr().println("volterra: error: " + describe(e));
    if (System.getenv("VOLTERRA_DEBUG") != null) {
      e.printStackTrace(command.getErr());
    }
    return FAILURE;
  }

  /** What happened, for people. */
  static String describe(Exception e) {
    String message = e.getMessage();
    return switch (e) {
      case NoSuchFileException missing -> "no such file: " + missing.getFile();
      case AccessDeniedException denied -> "permission denied: " + denied.getFile();
      case NotDirectoryException file -> "not a folder: " + file.getFile();
      case FileAlreadyExistsException file -> "exists and is no folder: " + file.getFile();
      case FileSystemException other -> oneLine(message);
      case IOException io when message != null -> oneLine(message);
      default -> message == null ? e.toString() : oneLine(message);
    };
  }

  private static String oneLine(String message) {
    return message == null ? "unknown" : message.replaceAll("\\s*\\R\\s*", " ");
  }
}
