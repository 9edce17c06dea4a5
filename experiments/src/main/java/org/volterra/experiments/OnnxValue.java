package org.volterra.experiments;

import org.volterra.feature.Shape;

/**
 * A value of a graph with the shape of a state.
 *
 * @param name its name
 * @param shape grid and channels
 * @param isChannelsFirst whether it is batch × channels × height × width, as ONNX's convolutions
 *     take it, and not batch × height × width × channels
 */
record OnnxValue(String name, Shape shape, boolean isChannelsFirst) {
  OnnxValue named(String other) {
    return new OnnxValue(other, shape, isChannelsFirst);
  }

  /** The axis of the channels. */
  int channelAxis() {
    return isChannelsFirst ? 1 : 3;
  }

  /** The axes of the grid. */
  long[] gridAxes() {
    return isChannelsFirst ? new long[] {2, 3} : new long[] {1, 2};
  }
}
