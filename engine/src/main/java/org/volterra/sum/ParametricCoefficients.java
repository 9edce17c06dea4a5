package org.volterra.sum;

import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * The coefficients a(t_l, t_k; θ) of all pairs, L(L+1)/2 numbers that the host computes whenever θ
 * has changed. The gradients of all pairs are collected, and end in that of θ.
 */
final class ParametricCoefficients implements PairCoefficients {
  private final Primitives p;
  private final int layers;
  private final ParametricValues values;
  private final StagedMatrix table;
  private final StagedMatrix slopes;
  private final TriangleCoefficients pairs;

  ParametricCoefficients(
      Primitives primitives, int layers, ParametricValues values, SumMemory memory) {
    this.p = primitives;
    this.layers = layers;
    this.values = values;
    int length = Math.toIntExact(layers * (layers + 1L) / 2);
    table = memory.staged("coefficients", 1, length);
    slopes = values.hasGradient() ? memory.staged("coefficients.gradient", 1, length) : null;
    pairs =
        new TriangleCoefficients(
            primitives, rows(table), slopes == null ? null : rows(slopes), memory);
  }

  private Matrix[] rows(StagedMatrix all) {
    Matrix[] rows = new Matrix[layers];
    for (int l = 1; l <= layers; l++) {
      rows[l - 1] = all.device().block(0, Math.toIntExact(l * (l - 1L) / 2), 1, l);
    }
    return rows;
  }

  @Override
  public boolean usesHost() {
    return true;
  }

  @Override
  public void begin() {
    if (!values.refresh()) {
      return;
    }
    for (int l = 1; l <= layers; l++) {
      for (int k = 0; k < l; k++) {
        table.set(l * (l - 1L) / 2 + k, values.at(values.time(l), values.time(k)));
      }
    }
    table.upload();
  }

  @Override
  public Matrix row(int l, int k, int count) {
    return pairs.row(l, k, count);
  }

  @Override
  public Matrix block(int l, int rows, int k, int columns) {
    return pairs.block(l, rows, k, columns);
  }

  @Override
  public boolean hasGradient() {
    return values.hasGradient();
  }

  @Override
  public void beginGradient() {
    p.fill(0, slopes.device());
  }

  @Override
  public Matrix rowGradient(int l, int k, int count) {
    return pairs.rowGradient(l, k, count);
  }

  @Override
  public void endGradient() {
    slopes.download();
    for (int l = 1; l <= layers; l++) {
      for (int k = 0; k < l; k++) {
        values.add(values.time(l), values.time(k), slopes.get(l * (l - 1L) / 2 + k));
      }
    }
    values.endGradient();
  }
}
