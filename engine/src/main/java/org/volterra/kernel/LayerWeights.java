package org.volterra.kernel;

/**
 * Kernels that are a learned weight for each pair of layers times the identity, in the way of
 * Transformers: by softmax over earlier layers, or as averages with a dilation and a period.
 */
public sealed interface LayerWeights extends DepthKernel {
  /**
   * Softmax over earlier layers. Sources are the features z_k, or z_0 and the sums of blocks of S
   * features z_1 … z_S, z_{S+1} … z_2S and so on, the last as far as it goes.
   *
   * @param block S, how many layers are summed to one source, at least 1
   */
  record Attention(int block) implements LayerWeights {
    private static final double EPSILON = 1e-6;

    /**
     * Checks the argument.
     *
     * @throws IllegalArgumentException if {@code block} is not positive
     */
    public Attention {
      atLeastOne("block", block);
    }

    /**
     * What is added to the mean squares of keys.
     *
     * @return a small number
     */
    public double epsilon() {
      return EPSILON;
    }

    /**
     * The source that holds feature z_k.
     *
     * @param k from 0
     * @return its number, from 0
     */
    public int source(int k) {
      return Math.ceilDiv(k, block);
    }

    /**
     * The first feature of a source.
     *
     * @param source its number
     * @return k
     */
    public int firstOf(int source) {
      return source == 0 ? 0 : 1 + (source - 1) * block;
    }

    /**
     * How many sources the last layer sees.
     *
     * @param layers number of layers L
     * @return a count
     */
    public int sources(int layers) {
      return source(layers - 1) + 1;
    }

    @Override
    public String toString() {
      return block == 1 ? "attention" : "attention(" + block + ")";
    }
  }

  /**
   * Depth-weighted averaging.
   *
   * @param dilation D: of the features, every D-th back from the last is taken
   * @param period P: every P-th layer averages
   */
  record Averaging(int dilation, int period) implements LayerWeights {
    /**
     * Checks the arguments.
     *
     * @throws IllegalArgumentException if one is not positive
     */
    public Averaging {
      atLeastOne("dilation", dilation);
      atLeastOne("period", period);
    }

    /**
     * Whether layer l averages.
     *
     * @param l from 1
     * @return false if it takes the last feature alone
     */
    public boolean averages(int l) {
      return (l - 1) % period == 0;
    }

    /**
     * The earliest feature that layer l averages.
     *
     * @param l from 1
     * @return k
     */
    public int first(int l) {
      return (l - 1) % dilation;
    }

    /**
     * How many features layer l averages.
     *
     * @param l from 1
     * @return a count
     */
    public int count(int l) {
      return (l - 1) / dilation + 1;
    }

    @Override
    public String toString() {
      return dilation == 1 && period == 1
          ? "averaging"
          : "averaging(" + dilation + "x" + period + ")";
    }
  }

  private static void atLeastOne(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " " + value + ": must be at least 1");
    }
  }
}
