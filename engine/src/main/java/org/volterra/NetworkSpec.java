package org.volterra;

import java.util.Map;
import java.util.Objects;
import org.volterra.depth.DepthDependence;
import org.volterra.depth.DepthGrid;
import org.volterra.feature.FeatureTransform;
import org.volterra.feature.Shape;
import org.volterra.feature.Stage;
import org.volterra.kernel.DepthKernel;
import org.volterra.kernel.LayerWeights;
import org.volterra.kernel.ScalarKernel;
import org.volterra.memory.History;
import org.volterra.spi.Activation;
import org.volterra.spi.ElementType;
import org.volterra.sum.SumChoice;

/**
 * What a dense non-local network is: x_l = g_l + ψ(b_l + h Σ_{k&lt;l} K_{l,k} φ_k(x_k)), l = 1 … L,
 * between a linear input map and a linear output map. Immutable and thread-safe; {@link #toString}
 * prints it as a table.
 *
 * <p>States have the shape batch × positions × channels; sums and the input and output maps act on
 * the channels of each position, feature transforms may join positions.
 */
public final class NetworkSpec implements ModelSpec {
  private final int inputs;
  private final int outputs;
  private final int height;
  private final int width;
  private final int channels;
  private final DepthGrid grid;
  private final Scaling scaling;
  private final DepthKernel kernel;
  private final FeatureTransform features;
  private final DepthDependence featureDependence;
  private final Activation activation;
  private final DepthDependence bias;
  private final Source source;
  private final SumChoice sum;
  private final HistoryType historyType;

  private NetworkSpec(Builder b) {
    inputs = b.inputs;
    outputs = b.outputs;
    height = b.height;
    width = b.width;
    channels = b.channels;
    grid = new DepthGrid(b.depth, b.horizon, b.grading);
    scaling = b.scaling;
    kernel = b.kernel;
    features = b.features;
    featureDependence = b.featureDependence;
    activation = b.activation;
    bias = b.bias;
    source = b.source;
    sum = b.sum;
    historyType = b.historyType;
  }

  /**
   * Begins a specification. Without further calls: dense kernel, φ = tanh, ψ = identity, bias for
   * each layer, h = T/L with T = 1, g = x_0, no input or output map, one position.
   *
   * @param channels channels d of the state
   * @param depth number of layers L
   * @return a builder
   */
  public static Builder builder(int channels, int depth) {
    return new Builder(channels, depth);
  }

  /**
   * A builder that begins with this specification's values, for example to change the depth alone.
   *
   * @return a new builder
   */
  public Builder toBuilder() {
    Builder b = new Builder(channels, grid.layers());
    b.inputs = inputs;
    b.outputs = outputs;
    b.height = height;
    b.width = width;
    b.horizon = grid.horizon();
    b.grading = grid.grading();
    b.scaling = scaling;
    b.kernel = kernel;
    b.features = features;
    b.featureDependence = featureDependence;
    b.activation = activation;
    b.bias = bias;
    b.source = source;
    b.sum = sum;
    b.historyType = historyType;
    return b;
  }

  /** Collects the parts of a {@link NetworkSpec}. Not thread-safe. */
  public static final class Builder {
    private final int channels;
    private int depth;
    private int inputs;
    private int outputs;
    private int height = 1;
    private int width = 1;
    private double horizon = 1;
    private double grading = 1;
    private Scaling scaling = Scaling.STEP;
    private DepthKernel kernel = DepthKernel.dense();
    private FeatureTransform features = FeatureTransform.activation(Activation.TANH);
    private DepthDependence featureDependence = DepthDependence.constant();
    private Activation activation = Activation.IDENTITY;
    private DepthDependence bias = DepthDependence.perLayer();
    private Source source = Source.initialState();
    private SumChoice sum = SumChoice.auto();
    private HistoryType historyType = HistoryType.NATIVE;

    private Builder(int channels, int depth) {
      this.channels = channels;
      this.depth = depth;
    }

    /**
     * The number of layers L.
     *
     * @param layers at least 1
     * @return this
     */
    public Builder depth(int layers) {
      depth = layers;
      return this;
    }

    /**
     * Adds a linear input map x_0 = v W + c for data v of another width.
     *
     * @param width channels of the data at each position; 0 for no map, the data then being x_0
     * @return this
     */
    public Builder inputs(int width) {
      inputs = width;
      return this;
    }

    /**
     * Adds a linear output map x_L W + c.
     *
     * @param width outputs at each position; 0 for no map, the output then being x_L
     * @return this
     */
    public Builder outputs(int width) {
      outputs = width;
      return this;
    }

    /**
     * The number of positions N of each sample, a sequence.
     *
     * @param count at least 1
     * @return this
     */
    public Builder positions(int count) {
      return positions(1, count);
    }

    /**
     * The positions of each sample as a grid, row-major; convolutions and pooling need to know.
     *
     * @param rows at least 1
     * @param columns at least 1
     * @return this
     */
    public Builder positions(int rows, int columns) {
      height = rows;
      width = columns;
      return this;
    }

    /**
     * The end T of the depth interval.
     *
     * @param end positive and finite
     * @return this
     */
    public Builder horizon(double end) {
      horizon = end;
      return this;
    }

    /**
     * The layers' depths t_l = T (l/L)^r. With {@link Scaling#STEP} the feature of layer k then
     * counts with the length of its step, t_{k+1} − t_k.
     *
     * @param exponent r: 1 for equal steps, which is the default, more for short ones at first
     * @return this
     */
    public Builder grading(double exponent) {
      grading = exponent;
      return this;
    }

    /**
     * The factor h of the sum.
     *
     * @param factor T/L or 1
     * @return this
     */
    public Builder scaling(Scaling factor) {
      scaling = Objects.requireNonNull(factor, "scaling");
      return this;
    }

    /**
     * The kernel K(t, s).
     *
     * @param k the kernel; a scalar one needs features of as many channels as the state
     * @return this
     */
    public Builder kernel(DepthKernel k) {
      kernel = Objects.requireNonNull(k, "kernel");
      return this;
    }

    /**
     * The feature transform φ, the same at every layer.
     *
     * @param phi the transform
     * @return this
     */
    public Builder features(FeatureTransform phi) {
      return features(phi, DepthDependence.constant());
    }

    /**
     * The feature transform φ_k.
     *
     * @param phi the transform
     * @param dependence how its parameters depend on depth
     * @return this
     */
    public Builder features(FeatureTransform phi, DepthDependence dependence) {
      features = Objects.requireNonNull(phi, "features");
      featureDependence = Objects.requireNonNull(dependence, "dependence");
      return this;
    }

    /**
     * The outer activation ψ, applied to the sum: φ = identity and ψ = an activation is the
     * classical order of a DenseNet, φ = an activation and ψ = identity the Hammerstein order.
     *
     * @param psi the function
     * @return this
     */
    public Builder activation(Activation psi) {
      activation = Objects.requireNonNull(psi, "activation");
      return this;
    }

    /**
     * The bias b_l.
     *
     * @param dependence how it depends on depth
     * @return this
     */
    public Builder bias(DepthDependence dependence) {
      bias = Objects.requireNonNull(dependence, "dependence");
      return this;
    }

    /**
     * Leaves the bias out.
     *
     * @return this
     */
    public Builder noBias() {
      bias = null;
      return this;
    }

    /**
     * The source term g_l.
     *
     * @param g the source
     * @return this
     */
    public Builder source(Source g) {
      source = Objects.requireNonNull(g, "source");
      return this;
    }

    /**
     * How sums with scalar kernels are computed; by default the planner chooses among exact
     * algorithms.
     *
     * @param choice the choice
     * @return this
     */
    public Builder sum(SumChoice choice) {
      sum = Objects.requireNonNull(choice, "choice");
      return this;
    }

    /**
     * How the history is stored; by default in the type that the network computes in.
     *
     * @param type the type; {@link HistoryType#BFLOAT16} needs a network of float32 with a dense
     *     kernel, or one of numbers that is summed direct or blocked
     * @return this
     */
    public Builder historyType(HistoryType type) {
      historyType = Objects.requireNonNull(type, "historyType");
      return this;
    }

    /**
     * Checks that the parts fit and makes the specification.
     *
     * @return the specification
     * @throws IllegalArgumentException naming the part, its value and what is allowed
     */
    public NetworkSpec build() {
      atLeast("channels", channels, 1);
      atLeast("depth", depth, 1);
      atLeast("positions", Math.min(height, width), 1);
      atLeast("inputs", inputs, 0);
      atLeast("outputs", outputs, 0);
      NetworkSpec spec = new NetworkSpec(this);
      Shape result = features.output(spec.shape());
      if (result.height() != height || result.width() != width) {
        throw new IllegalArgumentException(
            "features "
                + features
                + " make "
                + result
                + " of "
                + spec.shape()
                + ": the history needs the same positions at every layer");
      }
      if (needsEqualWidths(kernel) && spec.featureChannels() != channels) {
        throw new IllegalArgumentException(
            "features "
                + features
                + " give "
                + spec.featureChannels()
                + " channels: a scalar kernel needs as many as the state has, "
                + channels);
      }
      historyType.require(kernel);
      for (Stage.Parameter p : features.parameters(spec.shape())) {
        if (p.first() >= depth) {
          throw new IllegalArgumentException(
              "depth " + depth + ": no layer takes the last of the " + features);
        }
      }
      requireGrid(kernel, spec.grid);
      return spec;
    }

    private static void requireGrid(DepthKernel kernel, DepthGrid grid) {
      switch (kernel) {
        case ScalarKernel.Convolution lags when lags.trainable() && !grid.isUniform() ->
            throw new IllegalArgumentException(
                "grading "
                    + grid.grading()
                    + ": must be 1 for the kernel "
                    + kernel
                    + ", whose parameters are samples at equal steps");
        case DepthKernel.WithMatrix product -> requireGrid(product.scalar(), grid);
        case DepthKernel.Terms sum -> sum.terms().forEach(term -> requireGrid(term, grid));
        default -> {} // any grid will do
      }
    }

    private static boolean needsEqualWidths(DepthKernel kernel) {
      return kernel instanceof ScalarKernel
          || kernel instanceof LayerWeights
          || (kernel instanceof DepthKernel.Terms sum
              && sum.terms().stream().anyMatch(ScalarKernel.class::isInstance));
    }

    private static void atLeast(String name, int value, int least) {
      if (value < least) {
        throw new IllegalArgumentException(name + " " + value + ": must be at least " + least);
      }
    }
  }

  /**
   * The width of the data at each position.
   *
   * @return the input map's width, or the channels if there is none
   */
  @Override
  public int inputs() {
    return hasInputMap() ? inputs : channels;
  }

  /**
   * Whether there is a linear input map.
   *
   * @return false if the data are x_0
   */
  public boolean hasInputMap() {
    return inputs > 0;
  }

  /**
   * The width of the output at each position.
   *
   * @return the output map's width, or the channels if there is none
   */
  @Override
  public int outputs() {
    return hasOutputMap() ? outputs : channels;
  }

  /**
   * Whether there is a linear output map.
   *
   * @return false if the output is x_L
   */
  public boolean hasOutputMap() {
    return outputs > 0;
  }

  /**
   * Positions N of each sample.
   *
   * @return at least 1
   */
  @Override
  public int positions() {
    return Math.multiplyExact(height, width);
  }

  @Override
  public int outputPositions() {
    return positions();
  }

  /**
   * The shape of a state.
   *
   * @return the grid of positions, and the channels
   */
  public Shape shape() {
    return new Shape(height, width, channels);
  }

  /**
   * Channels d of the state.
   *
   * @return at least 1
   */
  public int channels() {
    return channels;
  }

  /**
   * Channels e of the features φ(x), which the history holds.
   *
   * @return at least 1
   */
  public int featureChannels() {
    return features.output(shape()).channels();
  }

  /**
   * Number of layers L.
   *
   * @return at least 1
   */
  public int depth() {
    return grid.layers();
  }

  /**
   * The depths of the layers.
   *
   * @return the grid
   */
  public DepthGrid grid() {
    return grid;
  }

  /**
   * The factor h as a rule.
   *
   * @return T/L or 1
   */
  public Scaling scaling() {
    return scaling;
  }

  /**
   * The factor h as a number.
   *
   * @return T/L or 1
   */
  public double scale() {
    return scaling == Scaling.STEP ? grid.step() : 1;
  }

  /**
   * The factor that features are stored with, so that every sum over them is the left-rectangle
   * rule of the grid.
   *
   * @param k layer, from 0 to L − 1
   * @return (t_{k+1} − t_k)/h, or 1 where steps do not count
   */
  double featureWeight(int k) {
    return scaling == Scaling.STEP ? grid.weight(k) : 1;
  }

  /** Whether z_k = x_k for all layers, so that one history holds both. */
  boolean featuresAreStates() {
    return features.isIdentity() && (grid.isUniform() || scaling == Scaling.UNIT);
  }

  /**
   * The kernel K.
   *
   * @return the kernel
   */
  public DepthKernel kernel() {
    return kernel;
  }

  /**
   * The feature transform φ.
   *
   * @return the transform
   */
  public FeatureTransform features() {
    return features;
  }

  /**
   * How the parameters of φ depend on depth.
   *
   * @return the dependence
   */
  public DepthDependence featureDependence() {
    return featureDependence;
  }

  /**
   * The outer activation ψ.
   *
   * @return the function
   */
  public Activation activation() {
    return activation;
  }

  /**
   * How the bias depends on depth.
   *
   * @return the dependence, or null if there is no bias
   */
  public DepthDependence bias() {
    return bias;
  }

  /**
   * The source g.
   *
   * @return the source
   */
  public Source source() {
    return source;
  }

  /**
   * How sums with scalar kernels are computed.
   *
   * @return the choice
   */
  public SumChoice sum() {
    return sum;
  }

  /**
   * How the history is stored.
   *
   * @return the type
   */
  public HistoryType historyType() {
    return historyType;
  }

  /**
   * The layout in which this kernel's sums read the history.
   *
   * @return interleaved for dense kernels, slice-major for fields and scalar ones
   */
  public History.Layout historyLayout() {
    return kernel instanceof DepthKernel.Dense
        ? History.Layout.INTERLEAVED
        : History.Layout.SLICE_MAJOR;
  }

  /**
   * The bytes of the history of features that one forward pass keeps.
   *
   * @param type element type that the network computes in
   * @param batch samples
   * @return (L + 1) · batch · positions · feature channels · bytes of an element as it is stored
   * @throws IllegalArgumentException if {@link #historyType} does not go with the type
   */
  public long historyBytes(ElementType type, int batch) {
    return History.bytes(historyType.of(type), depth() + 1, batch, positions(), featureChannels());
  }

  /**
   * The specification as text, as it stands in the metadata of model files.
   *
   * @return an ordered map from names to values; the initial values of a trainable scalar kernel
   *     and the function of a fixed one are not part of it
   */
  @Override
  public Map<String, String> toProperties() {
    return SpecProperties.write(this);
  }

  @Override
  public ParameterLayout layout() {
    return new ParameterLayout(this);
  }

  /**
   * The specification that {@link #toProperties} wrote.
   *
   * @param properties all of its entries; others are ignored
   * @return the specification
   * @throws IllegalArgumentException if one is missing, malformed, or names a kernel that holds a
   *     given function, which is not text
   */
  public static NetworkSpec fromProperties(Map<String, String> properties) {
    return SpecProperties.read(properties);
  }

  /**
   * The specification as a table with shapes, parameter counts and the bytes of history.
   *
   * @return several lines
   */
  @Override
  public String toString() {
    return SpecTable.of(this);
  }
}
