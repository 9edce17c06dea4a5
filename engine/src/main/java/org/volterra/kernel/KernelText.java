package org.volterra.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Kernels as text: {@code term + term …}, a term being {@code [matrix*]name[(argument)]}. */
final class KernelText {
  static final String MATRIX = "matrix*";
  private static final Pattern CALL = Pattern.compile("([a-z-]+)(?:\\(([^()]*)\\)|:([^()]*))?");
  private static final String ALLOWED =
      "dense, scalar, field(M), convolution, fractional(ALPHA), exponentials(R), separable(R),"
          + " power-law, attention, attention(BLOCK), averaging or averaging(DILATIONxPERIOD);"
          + " scalar and the five after field also with 'matrix*' before them or as terms of a sum"
          + " 'a + b'";

  private KernelText() {}

  static DepthKernel parse(String text) {
    List<DepthKernel> terms = new ArrayList<>();
    for (String term : text.split("\\+(?![0-9])", -1)) {
      terms.add(term(text, term.strip()));
    }
    return terms.size() == 1 ? terms.getFirst() : new DepthKernel.Terms(terms);
  }

  private static DepthKernel term(String all, String term) {
    if (!term.startsWith(MATRIX)) {
      return plain(all, term);
    }
    if (plain(all, term.substring(MATRIX.length()).strip()) instanceof ScalarKernel scalar) {
      return new DepthKernel.WithMatrix(scalar);
    }
    throw unknown(all, null);
  }

  private static DepthKernel plain(String all, String term) {
    Matcher call = CALL.matcher(term);
    if (!call.matches()) {
      throw unknown(all, null);
    }
    String argument = call.group(2) != null ? call.group(2) : call.group(3);
    try {
      return argument == null ? named(all, call.group(1)) : called(all, call.group(1), argument);
    } catch (NumberFormatException e) {
      throw unknown(all, e);
    }
  }

  private static DepthKernel named(String all, String name) {
    return switch (name) {
      case "dense" -> DepthKernel.dense();
      case "scalar" -> DepthKernel.trainableScalar((t, s) -> 1);
      case "convolution" -> DepthKernel.trainableConvolution(t -> 1);
      case PowerLaw.NAME -> DepthKernel.powerLaw();
      case "attention" -> DepthKernel.attention(1);
      case "averaging" -> DepthKernel.averaging(1, 1);
      default -> throw unknown(all, null);
    };
  }

  private static DepthKernel called(String all, String name, String argument) {
    return switch (name) {
      case "field" -> DepthKernel.field(Integer.parseInt(argument));
      case "fractional" -> DepthKernel.fractional(Double.parseDouble(argument));
      case "exponentials" -> DepthKernel.trainableExponentials(Integer.parseInt(argument));
      case "separable" -> DepthKernel.trainableSeparable(Integer.parseInt(argument));
      case "attention" -> DepthKernel.attention(Integer.parseInt(argument));
      case "averaging" -> averaging(all, argument);
      case "fixed-exponentials" -> exponentials(all, argument);
      default -> throw unknown(all, null);
    };
  }

  private static DepthKernel exponentials(String all, String argument) {
    List<Double> weights = new ArrayList<>();
    List<Double> rates = new ArrayList<>();
    for (String pair : argument.split(",", -1)) {
      int colon = pair.indexOf(':');
      if (colon < 0) {
        throw unknown(all, null);
      }
      weights.add(Double.parseDouble(pair.substring(0, colon)));
      rates.add(Double.parseDouble(pair.substring(colon + 1)));
    }
    return DepthKernel.exponentials(weights, rates);
  }

  private static DepthKernel averaging(String all, String argument) {
    String[] parts = argument.split("x", -1);
    if (parts.length != 2) {
      throw unknown(all, null);
    }
    return DepthKernel.averaging(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]));
  }

  private static IllegalArgumentException unknown(String text, RuntimeException cause) {
    return new IllegalArgumentException("kernel '" + text + "': must be " + ALLOWED, cause);
  }
}
