package org.volterra.train;

import java.util.Arrays;

/**
 * A network held against samples. Arrays are the caller's.
 *
 * @param loss mean loss
 * @param accuracy fraction of labels that were predicted (the largest output); NaN for real targets
 * @param confusion counts by [label][prediction]; empty for real targets
 * @param outputs all outputs in row-major order
 */
@SuppressWarnings("ArrayRecordComponent") // compared by content below
public record Evaluation(double loss, double accuracy, int[][] confusion, double[] outputs) {
  @Override
  public boolean equals(Object other) {
    return other instanceof Evaluation e
        && Double.compare(loss, e.loss) == 0
        && Double.compare(accuracy, e.accuracy) == 0
        && Arrays.deepEquals(confusion, e.confusion)
        && Arrays.equals(outputs, e.outputs);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(outputs);
  }

  @Override
  public String toString() {
    return "loss " + loss + ", accuracy " + accuracy + ", " + outputs.length + " outputs";
  }
}
