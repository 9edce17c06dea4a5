package org.volterra.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.volterra.memory.Resources;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.DepthPrimitives;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.spi.Recording;
import org.volterra.spi.TransformPrimitives;

/**
 * A primitive at one size, as {@link DeviceStudy} times it.
 *
 * @param name the primitive, such as {@code gemm}
 * @param size its size, such as {@code 1024x1024x4096}
 * @param flops counted operations of a call
 * @param bytes bytes of a call if each operand is moved once
 * @param shapes its operands
 * @param body the call
 * @param tolerance bound of the error, relative to the largest element of an operand
 */
record DeviceOperation(
    String name,
    String size,
    double flops,
    double bytes,
    List<Shape> shapes,
    Body body,
    double tolerance) {
  private static final long SEED = 7;

  /** A prime number of random numbers, enough to notice elements that were mixed up. */
  private static final int PERIOD = 1_000_003;

  /** Of operands so small that more of them take longer to make than to time. */
  private static final int MOST_COPIES = 1000;

  /** The call. */
  interface Body {
    void run(Device device, Matrix[] operands);
  }

  /**
   * What a device offers in float32.
   *
   * @param primitives its primitives
   * @param transforms its primitives of transforms
   * @param depth its primitives of attention over slices
   */
  record Device(Primitives primitives, TransformPrimitives transforms, DepthPrimitives depth) {
    /** Those of a provider, which must have all. */
    static Device of(ComputeProvider provider) {
      return new Device(
          provider.primitives(ElementType.FLOAT32),
          provider.transforms(ElementType.FLOAT32).orElseThrow(),
          provider.depth(ElementType.FLOAT32).orElseThrow());
    }
  }

  /**
   * An operand.
   *
   * @param type element type
   * @param rows rows
   * @param columns columns
   * @param bound numbers are normal where it is 0, squares of normal ones where it is 1, and
   *     indices below it elsewhere
   */
  record Shape(ElementType type, int rows, int columns, int bound) {
    static Shape float32(int rows, int columns) {
      return new Shape(ElementType.FLOAT32, rows, columns, 0);
    }

    static Shape squares(int rows, int columns) {
      return new Shape(ElementType.FLOAT32, rows, columns, 1);
    }

    static Shape scalar() {
      return new Shape(ElementType.FLOAT64, 1, 1, 0);
    }

    long elements() {
      return (long) rows * columns;
    }

    /** Random numbers, which operands repeat after a period that is no multiple of a row. */
    double[] values(Random random) {
      double[] values = new double[(int) Math.min(elements(), PERIOD)];
      for (int i = 0; i < values.length; i++) {
        double normal = random.nextGaussian();
        values[i] = bound == 0 ? normal : bound == 1 ? normal * normal : random.nextInt(bound);
      }
      return values;
    }

    Matrix of(Buffer buffer, double[] values) {
      for (long at = 0; at < elements(); at += values.length) {
        int count = (int) Math.min(values.length, elements() - at);
        Matrix.vector(buffer, at, count)
            .fill(count == values.length ? values : Arrays.copyOf(values, count));
      }
      return Matrix.of(buffer, 0, rows, columns);
    }
  }

  /** The name that the peer knows it by, such as {@code gemm:1024x1024x4096}. */
  String work() {
    return name.replace(' ', '-') + ":" + size;
  }

  private double operandBytes() {
    return shapes.stream().mapToDouble(s -> (double) s.elements() * s.type().bytes()).sum();
  }

  /** Copies of the operands, so that none of them is in a cache when its turn comes. */
  Matrix[][] allocate(ComputeProvider device, double rotatedBytes, Resources resources) {
    double copies = Math.ceil(rotatedBytes / operandBytes());
    return allocate(device, (int) Math.clamp(copies, 2, MOST_COPIES), resources);
  }

  private Matrix[] allocate(ComputeProvider device, Resources resources) {
    return allocate(device, 1, resources)[0];
  }

  private Matrix[][] allocate(ComputeProvider device, int copies, Resources resources) {
    Random random = new Random(SEED);
    Matrix[][] operands = new Matrix[copies][shapes.size()];
    for (int j = 0; j < shapes.size(); j++) {
      Shape s = shapes.get(j);
      double[] values = s.values(random);
      for (Matrix[] copy : operands) {
        copy[j] = s.of(resources.own(device.allocate(s.type(), s.elements())), values);
      }
    }
    return operands;
  }

  /**
   * Calls once on the device and on the reference and compares all operands; of a large product
   * some elements alone are computed again.
   *
   * @throws WrongResultException naming what differs
   */
  void check(ComputeProvider device, ComputeProvider reference, double largeFlops) {
    try (Resources resources = new Resources()) {
      Matrix[] actual = allocate(device, resources);
      body.run(Device.of(device), actual);
      if (name.startsWith("gemm") && flops > largeFlops) {
        DeviceOperations.checkSample(this, actual);
        return;
      }
      Matrix[] right = allocate(reference, resources);
      body.run(Device.of(reference), right);
      for (int j = 0; j < right.length; j++) {
        compare(j, actual[j].toArray(), right[j].toArray());
      }
    }
  }

  private void compare(int operand, double[] actual, double[] expected) {
    double largest = 0;
    for (double value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    for (int i = 0; i < expected.length; i++) {
      int at = i;
      WrongResultException.unlessClose(
          () -> "element " + at + " of operand " + operand + " of " + name + " " + size,
          actual[i],
          expected[i],
          tolerance * largest);
    }
  }

  /** A call on each of the copies, recorded as training steps are. */
  Recording record(ComputeProvider provider, Matrix[][] copies) {
    Device device = Device.of(provider);
    return provider.record(() -> {
      for (Matrix[] operands : copies) {
        body.run(device, operands);
      }
    });
  }
}
