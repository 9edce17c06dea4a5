package org.volterra.spi;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** Scalar functions that act on every element of a state, with their derivatives. */
public enum Activation {
  /** x. */
  IDENTITY {
    @Override
    public double value(double x) {
      return x;
    }

    @Override
    public double derivative(double x) {
      return 1;
    }
  },
  /** Hyperbolic tangent. */
  TANH {
    @Override
    public double value(double x) {
      return Math.tanh(x);
    }

    @Override
    public double derivative(double x) {
      double y = Math.tanh(x);
      return 1 - y * y;
    }
  },
  /** max(x, 0); the derivative at 0 is 0. */
  RELU {
    @Override
    public double value(double x) {
      return Double.isNaN(x) ? x : Math.max(x, 0);
    }

    @Override
    public double derivative(double x) {
      return Double.isNaN(x) ? x : x > 0 ? 1 : 0;
    }
  },
  /**
   * x Φ(x) with the distribution function Φ of the standard normal law, by the exact erf form
   * (Hendrycks, Gimpel, arXiv:1606.08415).
   */
  GELU {
    @Override
    public double value(double x) {
      return x * Erf.normalDistribution(x);
    }

    @Override
    public double derivative(double x) {
      return Erf.normalDistribution(x) + x * Erf.normalDensity(x);
    }
  },
  /** x · sigmoid(x), also called swish. */
  SILU {
    @Override
    public double value(double x) {
      return x / (1 + Math.exp(-x));
    }

    @Override
    public double derivative(double x) {
      double s = SIGMOID.value(x);
      return s + x * s * (1 - s);
    }
  },
  /** 1 / (1 + e^(−x)). */
  SIGMOID {
    @Override
    public double value(double x) {
      return 1 / (1 + Math.exp(-x));
    }

    @Override
    public double derivative(double x) {
      double s = value(x);
      return s * (1 - s);
    }
  },
  /** log(1 + e^x). */
  SOFTPLUS {
    @Override
    public double value(double x) {
      return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    }

    @Override
    public double derivative(double x) {
      return SIGMOID.value(x);
    }
  };

  /**
   * The function's value.
   *
   * @param x argument
   * @return f(x)
   */
  public abstract double value(double x);

  /**
   * The derivative.
   *
   * @param x argument
   * @return f'(x)
   */
  public abstract double derivative(double x);

  /**
   * Finds a function by its name, in any case.
   *
   * @param name such as {@code tanh}
   * @return the function
   * @throws IllegalArgumentException if there is none; the message lists all
   */
  public static Activation parse(String name) {
    for (Activation f : values()) {
      if (f.name().equalsIgnoreCase(name)) {
        return f;
      }
    }
    throw new IllegalArgumentException(
        "activation '"
            + name
            + "' is unknown: choose one of "
            + Arrays.stream(values()).map(Activation::toString).collect(Collectors.joining(", ")));
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
