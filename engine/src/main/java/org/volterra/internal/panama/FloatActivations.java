package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.WIDTH;
import static org.volterra.internal.panama.FloatSpecies.load;
import static org.volterra.internal.panama.FloatSpecies.merge;
import static org.volterra.internal.panama.FloatSpecies.store;

import java.lang.foreign.MemorySegment;
import org.volterra.spi.Activation;

/**
 * One loop for each activation and each derivative: a loop shared between them would call through a
 * pointer for every vector and box it.
 */
final class FloatActivations {
  private FloatActivations() {}

  /** y = f(x). */
  static void forward(Activation f, MemorySegment x, long i, MemorySegment y, long j, int bytes) {
    switch (f) {
      case IDENTITY -> FloatElementwise.axpby(1, x, i, 0, y, j, bytes);
      case TANH -> tanh(x, i, y, j, bytes);
      case RELU -> relu(x, i, y, j, bytes);
      case GELU -> gelu(x, i, y, j, bytes);
      case SILU -> silu(x, i, y, j, bytes);
      case SIGMOID -> sigmoid(x, i, y, j, bytes);
      case SOFTPLUS -> softplus(x, i, y, j, bytes);
    }
  }

  /** dx = f'(x) dy + beta dx. */
  static void backward(
      Activation f,
      MemorySegment x,
      long i,
      MemorySegment dy,
      long j,
      float beta,
      MemorySegment dx,
      long k,
      int bytes) {
    switch (f) {
      case IDENTITY -> FloatElementwise.axpby(1, dy, j, beta, dx, k, bytes);
      case TANH -> tanhBackward(x, i, dy, j, beta, dx, k, bytes);
      case RELU -> reluBackward(x, i, dy, j, beta, dx, k, bytes);
      case GELU -> geluBackward(x, i, dy, j, beta, dx, k, bytes);
      case SILU -> siluBackward(x, i, dy, j, beta, dx, k, bytes);
      case SIGMOID -> sigmoidBackward(x, i, dy, j, beta, dx, k, bytes);
      case SOFTPLUS -> softplusBackward(x, i, dy, j, beta, dx, k, bytes);
    }
  }

  private static void tanh(MemorySegment x, long i, MemorySegment y, long j, int bytes) {
    for (int o = 0; o < bytes; o += WIDTH) {
      store(FloatMath.tanh(load(x, i + o)), y, j + o);
    }
  }

  private static void relu(MemorySegment x, long i, MemorySegment y, long j, int bytes) {
    for (int o = 0; o < bytes; o += WIDTH) {
      store(FloatMath.relu(load(x, i + o)), y, j + o);
    }
  }

  private static void gelu(MemorySegment x, long i, MemorySegment y, long j, int bytes) {
    for (int o = 0; o < bytes; o += WIDTH) {
      store(FloatMath.gelu(load(x, i + o)), y, j + o);
    }
  }

  private static void silu(MemorySegment x, long i, MemorySegment y, long j, int bytes) {
    for (int o = 0; o < bytes; o += WIDTH) {
      store(FloatMath.silu(load(x, i + o)), y, j + o);
    }
  }

  private static void sigmoid(MemorySegment x, long i, MemorySegment y, long j, int bytes) {
    for (int o = 0; o < bytes; o += WIDTH) {
      store(FloatMath.sigmoid(load(x, i + o)), y, j + o);
    }
  }

  private static void softplus(MemorySegment x, long i, MemorySegment y, long j, int bytes) {
    for (int o = 0; o < bytes; o += WIDTH) {
      store(FloatMath.softplus(load(x, i + o)), y, j + o);
    }
  }

  private static void tanhBackward(
      MemorySegment x,
      long i,
      MemorySegment dy,
      long j,
      float beta,
      MemorySegment dx,
      long k,
      int bytes) {
    for (int o = 0; o < bytes; o += WIDTH) {
      merge(FloatMath.tanhDerivative(load(x, i + o)).mul(load(dy, j + o)), beta, dx, k + o);
    }
  }

  private static void reluBackward(
      MemorySegment x,
      long i,
      MemorySegment dy,
      long j,
      float beta,
      MemorySegment dx,
      long k,
      int bytes) {
    for (int o = 0; o < bytes; o += WIDTH) {
      merge(FloatMath.reluDerivative(load(x, i + o)).mul(load(dy, j + o)), beta, dx, k + o);
    }
  }

  private static void geluBackward(
      MemorySegment x,
      long i,
      MemorySegment dy,
      long j,
      float beta,
      MemorySegment dx,
      long k,
      int bytes) {
    for (int o = 0; o < bytes; o += WIDTH) {
      merge(FloatMath.geluDerivative(load(x, i + o)).mul(load(dy, j + o)), beta, dx, k + o);
    }
  }

  private static void siluBackward(
      MemorySegment x,
      long i,
      MemorySegment dy,
      long j,
      float beta,
      MemorySegment dx,
      long k,
      int bytes) {
    for (int o = 0; o < bytes; o += WIDTH) {
      merge(FloatMath.siluDerivative(load(x, i + o)).mul(load(dy, j + o)), beta, dx, k + o);
    }
  }

  private static void sigmoidBackward(
      MemorySegment x,
      long i,
      MemorySegment dy,
      long j,
      float beta,
      MemorySegment dx,
      long k,
      int bytes) {
    for (int o = 0; o < bytes; o += WIDTH) {
      merge(FloatMath.sigmoidDerivative(load(x, i + o)).mul(load(dy, j + o)), beta, dx, k + o);
    }
  }

  private static void softplusBackward(
      MemorySegment x,
      long i,
      MemorySegment dy,
      long j,
      float beta,
      MemorySegment dx,
      long k,
      int bytes) {
    for (int o = 0; o < bytes; o += WIDTH) {
      merge(FloatMath.sigmoid(load(x, i + o)).mul(load(dy, j + o)), beta, dx, k + o);
    }
  }
}
