package org.volterra.sum;

import java.util.function.IntToDoubleFunction;
import org.volterra.memory.Views;
import org.volterra.spi.Matrix;
import org.volterra.spi.PassPrimitives;
import org.volterra.spi.Primitives;

/**
 * Coefficients that depend on the lag alone, a_{l,k} = c_{l−k}. They are kept in reversed order
 * too, so that every row of pairs is a part of one vector.
 */
public final class LagCoefficients implements PairCoefficients {
  private final Primitives p;
  private final int layers;
  private final Matrix lags;
  private final Matrix gradient;
  private final Matrix reversal;
  private final Views reversed;
  private final Views reversedGradient;
  private final Matrix spare;
  private final Matrix lagColumn;
  private final Matrix reversedColumn;
  private final BlockScratch scratch;
  private final boolean trainable;

  /**
   * Binds coefficients.
   *
   * @param primitives the device
   * @param lags c_1 … c_L
   * @param gradient where their gradients are added, or null
   * @param memory for copies
   */
  public LagCoefficients(Primitives primitives, Matrix lags, Matrix gradient, SumMemory memory) {
    this(primitives, lags, gradient, memory, true);
  }

  private LagCoefficients(
      Primitives primitives, Matrix lags, Matrix gradient, SumMemory memory, boolean trainable) {
    this.trainable = trainable;
    this.p = primitives;
    this.layers = lags.columns();
    this.lags = lags;
    this.gradient = gradient;
    reversal = memory.reversal(layers);
    reversed = new Views(memory.matrix("reversed", 1, layers));
    reversedGradient =
        gradient == null ? null : new Views(memory.matrix("reversed.gradient", 1, layers));
    spare = gradient == null ? null : memory.matrix("reversed.spare", 1, layers);
    lagColumn = lags.column();
    reversedColumn = reversed.all().column();
    scratch = new BlockScratch(memory, "block", layers);
  }

  /**
   * Given coefficients.
   *
   * @param primitives the device
   * @param layers number of layers L
   * @param function c of a lag from 1 to L
   * @param memory takes them
   * @return the coefficients
   */
  public static LagCoefficients of(
      Primitives primitives, int layers, IntToDoubleFunction function, SumMemory memory) {
    Matrix lags = memory.matrix("lags", 1, layers);
    for (int m = 1; m <= layers; m++) {
      lags.set(0, m - 1, function.applyAsDouble(m));
    }
    return new LagCoefficients(primitives, lags, null, memory, false);
  }

  /** Whether the lags may change from pass to pass. */
  boolean isTrainable() {
    return trainable;
  }

  /** c_1 … c_L. */
  Matrix lags() {
    return lags;
  }

  /** Where the gradients of c_1 … c_L are added, or null. */
  Matrix lagGradient() {
    return gradient;
  }

  @Override
  public void begin() {
    p.gatherRows(lagColumn, reversal, reversedColumn);
  }

  @Override
  public Matrix row(int l, int k, int count) {
    return reversed.columns(layers - l + k, count);
  }

  @Override
  public Matrix block(int l, int rows, int k, int columns) {
    return scratch.copy(p, this, l, rows, k, columns);
  }

  @Override
  public PassPrimitives.Kernel whole() {
    return new PassPrimitives.Lags(reversed.all());
  }

  @Override
  public boolean hasGradient() {
    return gradient != null;
  }

  @Override
  public void beginGradient() {
    p.fill(0, reversedGradient.all());
  }

  @Override
  public Matrix rowGradient(int l, int k, int count) {
    return reversedGradient.columns(layers - l + k, count);
  }

  @Override
  public void endGradient() {
    p.gatherRows(reversedGradient.all().column(), reversal, spare.column());
    p.axpby(1, spare, 1, gradient);
  }
}
