package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.ORDER;
import static org.volterra.internal.panama.FloatSpecies.SPECIES;
import static org.volterra.internal.panama.FloatSpecies.WIDTH;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** The elementwise kernels with their factors, rounded to the element type. */
@SuppressWarnings("cast")
final class FloatKernels {
  private FloatKernels() {}

  /** y = alpha x + beta y. */
  static final class Axpby implements FloatSpans.Span {
    private float alpha;
    private float beta;

    @Override
    public void warmUp() {
      FloatLoops.AXPBY.ensure();
    }

    Axpby with(double factor, double keep) {
      alpha = (float) factor;
      beta = (float) keep;
      return this;
    }

    @Override
    public void run(
        MemorySegment x,
        long i,
        MemorySegment y,
        long j,
        MemorySegment c,
        long k,
        MemorySegment d,
        long l,
        int bytes) {
      FloatElementwise.axpby(alpha, x, i, beta, y, j, bytes);
    }
  }

  /** c = a + b. */
  static final class Add implements FloatSpans.Span {
    @Override
    public void warmUp() {
      FloatLoops.ADD.ensure();
    }

    @Override
    public void run(
        MemorySegment a,
        long i,
        MemorySegment b,
        long j,
        MemorySegment c,
        long k,
        MemorySegment d,
        long l,
        int bytes) {
      FloatElementwise.add(a, i, b, j, c, k, bytes);
    }
  }

  /** y = value. */
  static final class Fill implements FloatSpans.Span {
    private float value;

    @Override
    public void warmUp() {
      FloatLoops.FILL.ensure();
    }

    Fill with(double number) {
      value = (float) number;
      return this;
    }

    @Override
    public void run(
        MemorySegment y,
        long i,
        MemorySegment b,
        long j,
        MemorySegment c,
        long k,
        MemorySegment d,
        long l,
        int bytes) {
      FloatElementwise.fill(y, i, value, bytes);
    }
  }

  /** One step of gradient descent. */
  static final class Sgd implements FloatSpans.Span {
    private float rate;
    private float momentum;
    private float decay;
    private boolean nesterov;

    Sgd with(double newRate, double newMomentum, double newDecay, boolean ahead) {
      rate = (float) newRate;
      momentum = (float) newMomentum;
      decay = (float) newDecay;
      nesterov = ahead;
      return this;
    }

    @Override
    public void run(
        MemorySegment p,
        long i,
        MemorySegment g,
        long j,
        MemorySegment v,
        long k,
        MemorySegment d,
        long l,
        int bytes) {
      FloatElementwise.sgd(p, i, g, j, v, k, bytes, rate, momentum, decay, nesterov);
    }
  }

  /** One step of Adam. */
  static final class Adam implements FloatSpans.Span {
    private float beta1;
    private float rest1;
    private float beta2;
    private float rest2;
    private float correction;
    private float epsilon;
    private float keep;
    private float step;

    @Override
    public void warmUp() {
      FloatLoops.ADAM.ensure();
    }

    Adam with(long number, double rate, double b1, double b2, double least, double decay) {
      beta1 = (float) b1;
      rest1 = (float) (1 - b1);
      beta2 = (float) b2;
      rest2 = (float) (1 - b2);
      correction = (float) (1 / (1 - Math.pow(b2, number)));
      epsilon = (float) least;
      keep = (float) (1 - rate * decay);
      step = (float) (rate / (1 - Math.pow(b1, number)));
      return this;
    }

    @Override
    public void run(
        MemorySegment p,
        long i,
        MemorySegment g,
        long j,
        MemorySegment m,
        long k,
        MemorySegment v,
        long l,
        int bytes) {
      if (bytes == 0) {
        return;
      }
      FloatVector b1 = FloatVector.broadcast(SPECIES, beta1);
      FloatVector r1 = FloatVector.broadcast(SPECIES, rest1);
      FloatVector b2 = FloatVector.broadcast(SPECIES, beta2);
      FloatVector r2 = FloatVector.broadcast(SPECIES, rest2);
      FloatVector c = FloatVector.broadcast(SPECIES, correction);
      FloatVector least = FloatVector.broadcast(SPECIES, epsilon);
      FloatVector kept = FloatVector.broadcast(SPECIES, keep);
      FloatVector minusStep = FloatVector.broadcast(SPECIES, -step);
      for (int o = 0; o < bytes; o += WIDTH) {
        FloatVector slope = FloatVector.fromMemorySegment(SPECIES, g, j + o, ORDER);
        FloatVector mean = FloatVector.fromMemorySegment(SPECIES, m, k + o, ORDER);
        FloatVector square = FloatVector.fromMemorySegment(SPECIES, v, l + o, ORDER);
        FloatVector parameter = FloatVector.fromMemorySegment(SPECIES, p, i + o, ORDER);
        mean = mean.fma(b1, slope.mul(r1));
        square = square.fma(b2, slope.mul(slope).mul(r2));
        mean.intoMemorySegment(m, k + o, ORDER);
        square.intoMemorySegment(v, l + o, ORDER);
        FloatVector move = mean.div(square.mul(c).sqrt().add(least));
        move.fma(minusStep, parameter.mul(kept)).intoMemorySegment(p, i + o, ORDER);
      }
    }
  }
}
