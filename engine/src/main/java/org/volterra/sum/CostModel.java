package org.volterra.sum;

/**
 * What a pass over all layers costs: flops, bytes of memory traffic, and seconds on a machine of
 * known speed. Counted for one operation; a forward and backward pass with gradients is about
 * three.
 *
 * @param speed the machine
 * @param layers L
 * @param columns n
 * @param bytes of an element
 * @param stored bytes of an element of the history
 */
record CostModel(Calibration speed, int layers, double columns, int bytes, int stored) {
  /** An estimate. */
  record Cost(double flops, double bytes, double seconds) {
    Cost plus(Cost other) {
      return new Cost(flops + other.flops, bytes + other.bytes, seconds + other.seconds);
    }
  }

  /** Bytes of history that a cache holds. */
  private static final double CACHE = 4e6;

  /** Seconds in which the host computes a value of a kernel with parameters. */
  private static final double EVALUATION = 4e-8;

  /** Values of a kernel with parameters that the host computes, in a pass after these changed. */
  static Cost evaluated(long count) {
    return new Cost(0, 0, count * EVALUATION);
  }

  /**
   * The same by primitives of the device, which move so many vectors of values in so many calls.
   */
  Cost computed(long count, int vectors, int calls) {
    double rate = count * bytes > CACHE ? speed.stream() : speed.cached();
    double traffic = (double) count * vectors * bytes;
    return new Cost(0, traffic, traffic / rate + calls * speed.call());
  }

  /** Nominal flops of a Toeplitz product of some size: two transforms of twice the size. */
  static double fourierFlops(int size, double columns) {
    double n = 2.0 * size;
    return 5 * n * Math.log(n) / Math.log(2) * columns;
  }

  /** Reads or writes so many vectors of n elements in the cache, in so many calls, per layer. */
  private Cost perLayer(double flopsPerElement, double vectors, double calls) {
    double traffic = vectors * columns * bytes * layers;
    return new Cost(
        flopsPerElement * columns * layers,
        traffic,
        traffic / speed.cached() + calls * layers * speed.call());
  }

  Cost direct() {
    double read = 0.5 * layers * layers * columns;
    double traffic = read * stored;
    double rate = layers * columns * stored > CACHE ? speed.stream() : speed.cached();
    return new Cost(
            (double) layers * layers * columns, traffic, traffic / rate + layers * speed.call())
        .plus(widening(read));
  }

  /** Writes what was read of the history to a window in the cache, and reads it there. */
  private Cost widening(double elements) {
    double traffic = stored == bytes ? 0 : 2 * elements * bytes;
    return new Cost(0, 0, traffic / speed.cached());
  }

  private Cost near(int block) {
    double within = Math.min(block, layers);
    double flops = within * columns * layers;
    Cost gemm = new Cost(flops, 0, flops / speed.gemm());
    return gemm.plus(perLayer(0, 0.5 * NearField.INNER + 6, 3));
  }

  Cost blocked() {
    int block = BlockedSum.block(layers);
    double flops = (double) layers * Math.max(0, layers - block) * columns;
    double read = flops / (2 * block);
    return near(block)
        .plus(new Cost(flops, read * stored, flops / speed.gemm()))
        .plus(widening(read));
  }

  Cost fourier() {
    Cost cost = near(RelaxedFftSum.BLOCK).plus(perLayer(0, 3, 1));
    for (int size = RelaxedFftSum.BLOCK; size <= layers; size *= 2) {
      double products = Math.max(1, layers / (2.0 * size));
      double flops = products * fourierFlops(size, columns);
      cost =
          cost.plus(
              new Cost(flops, 3 * products * size * columns * bytes, flops / speed.fourier()));
    }
    return cost;
  }

  Cost separable(int rank) {
    return perLayer(4.0 * rank, 3.0 * rank + 3, 2);
  }

  Cost exponentials(int rank) {
    return perLayer(5.0 * rank, 4.0 * rank + 2, rank + 1.0);
  }

  Cost fitted(int rank) {
    return exponentials(rank).plus(perLayer(2.0 * FittedSum.HEAD, FittedSum.HEAD, 1));
  }

  Cost hierarchical(int rank) {
    Cost cost = near(HierarchicalSum.BLOCK).plus(perLayer(0, 3, 1));
    for (int size = HierarchicalSum.BLOCK; size <= layers; size *= 2) {
      double products = Math.max(1, layers / (2.0 * size));
      double flops = products * 4 * size * rank * columns;
      double traffic = 3 * products * size * columns * bytes;
      double seconds = Math.max(2 * flops / speed.gemm(), traffic / speed.stream());
      cost = cost.plus(new Cost(flops, traffic, seconds));
    }
    return cost;
  }
}
