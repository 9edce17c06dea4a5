package org.volterra.feature;

import java.util.List;
import java.util.Objects;
import org.volterra.spi.Activation;

/**
 * An elementary part of a {@link FeatureTransform}. Its {@code toString} is what {@link
 * FeatureTransform#parse} reads.
 */
public sealed interface Stage
    permits Stage.Pointwise,
        Stage.Affine,
        Convolution,
        Pooling,
        BatchNorm,
        RowNorm,
        Dropout,
        PositionEmbedding,
        Attention,
        NonLocal,
        Residual,
        DenseBlock,
        Sublayers {
  /**
   * The shape of the result.
   *
   * @param input the shape of the argument
   * @return the shape
   * @throws IllegalArgumentException if the stage does not take such an argument
   */
  Shape output(Shape input);

  /**
   * The parameters.
   *
   * @param input the shape of the argument
   * @return their names and shapes, in the order in which they are laid out
   */
  default List<Parameter> parameters(Shape input) {
    return List.of();
  }

  /**
   * Whether the device needs {@link org.volterra.spi.TransformPrimitives}.
   *
   * @return true, but for stages that are local
   */
  default boolean isNonLocal() {
    return true;
  }

  /**
   * A parameter of a stage, or a statistic that it keeps.
   *
   * @param name its name within the stage
   * @param rows rows of its matrix
   * @param columns columns of its matrix
   * @param mean mean of its initial values
   * @param deviation standard deviation of its initial values
   * @param trained false for statistics, which have no gradient
   * @param first the first layer that uses it, of a network in depth
   * @param period it is used by the layers first, first + period …
   */
  record Parameter(
      String name,
      int rows,
      int columns,
      double mean,
      double deviation,
      boolean trained,
      int first,
      int period) {
    private static Parameter of(
        String name, int rows, int columns, double mean, double deviation, boolean trained) {
      return new Parameter(name, rows, columns, mean, deviation, trained, 0, 1);
    }

    /** A matrix that begins as normal random numbers. */
    static Parameter weight(String name, int rows, int columns, double deviation) {
      return of(name, rows, columns, 0, deviation, true);
    }

    /** A vector that begins as a constant. */
    static Parameter vector(String name, int columns, double value) {
      return of(name, 1, columns, value, 0, true);
    }

    /** A vector of statistics. */
    static Parameter statistic(String name, int columns, double value) {
      return of(name, 1, columns, value, 0, false);
    }

    /** The same of a stage within a stage. */
    Parameter within(String prefix) {
      return new Parameter(prefix + name, rows, columns, mean, deviation, trained, first, period);
    }

    /** The same, used by some layers alone. */
    Parameter everyOther(int from, int every) {
      return new Parameter(name, rows, columns, mean, deviation, trained, from, every);
    }
  }

  /**
   * A scalar function on every element.
   *
   * @param function the function
   */
  record Pointwise(Activation function) implements Stage {
    /** Checks the argument. */
    public Pointwise {
      Objects.requireNonNull(function, "function");
    }

    @Override
    public Shape output(Shape input) {
      return input;
    }

    @Override
    public boolean isNonLocal() {
      return false;
    }

    @Override
    public String toString() {
      return function.toString();
    }
  }

  /**
   * An affine map of the channels of each position, z = x W + c with W of inputs × width and c of
   * width elements.
   *
   * @param width the number of output channels, at least 1
   */
  record Affine(int width) implements Stage {
    /**
     * Checks the argument.
     *
     * @throws IllegalArgumentException if {@code width} is not positive
     */
    public Affine {
      if (width < 1) {
        throw new IllegalArgumentException(
            "width " + width + ": an affine map has at least 1 output");
      }
    }

    @Override
    public Shape output(Shape input) {
      return input.withChannels(width);
    }

    @Override
    public List<Parameter> parameters(Shape input) {
      double deviation = 1 / Math.sqrt(input.channels());
      return List.of(
          Parameter.weight("weight", input.channels(), width, deviation),
          Parameter.vector("bias", width, 0));
    }

    @Override
    public boolean isNonLocal() {
      return false;
    }

    @Override
    public String toString() {
      return "affine(" + width + ")";
    }
  }
}
