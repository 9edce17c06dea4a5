package org.volterra;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.volterra.depth.DepthDependence;
import org.volterra.depth.DepthGrid;
import org.volterra.feature.FeatureTransform;
import org.volterra.feature.Shape;
import org.volterra.feature.Stage;
import org.volterra.spi.Buffer;
import org.volterra.spi.Matrix;

/**
 * Where a network's parameters lie in one flat buffer: named matrices, each beginning at a multiple
 * of {@value #ALIGNMENT} elements, the gaps filled with zeros; and the groups of them that are one
 * parameter as a function of depth. Immutable.
 *
 * <p>Matrices act on rows from the right: an affine map is x W + c with W of inputs × outputs. The
 * kernel matrices of layer l form one (l · feature channels) × channels matrix {@code kernel.l}
 * that stacks K_{l,0}ᵀ … K_{l,l−1}ᵀ; a scalar kernel has rows {@code kernel.l} of l coefficients; a
 * kernel field has one matrix {@code kernel.node.i} for each row i of its mesh that stacks the
 * nodes (i, 0) … (i, i). A convolution has {@code kernel.lags} with the coefficients of the lags 1
 * … L; exponentials have {@code kernel.weights} and {@code kernel.rates}; a separable kernel has
 * {@code kernel.outer} and {@code kernel.inner} with a row for each layer; a function with
 * parameters has {@code kernel.parameters}; a shared channel matrix is {@code kernel.matrix}.
 * Attention has queries {@code kernel.query.l} for l ≥ 2, and averaging rows {@code kernel.l} of
 * coefficients, the earliest feature first. The parameters of term i of a sum begin with {@code
 * kernel.term.i}.
 */
public final class ParameterLayout {
  /** Alignment of every parameter in elements. */
  public static final int ALIGNMENT = 16;

  /** Elements that are drawn before they are moved to a provider's memory. */
  private static final int INITIALIZED_TOGETHER = 1 << 14;

  /** How the entries of a {@link Group} are arranged in depth. */
  public enum Arrangement {
    /** One matrix that does not depend on depth. */
    CONSTANT,
    /** One block for each depth, all of the same shape. */
    LINE,
    /** Entry i holds the blocks of row i of the triangle s ≤ t. */
    TRIANGLE
  }

  /**
   * A named matrix.
   *
   * @param name unique name
   * @param offset its first element in the buffer
   * @param rows number of rows
   * @param columns number of columns
   */
  public record Entry(String name, long offset, int rows, int columns) {
    /**
     * The number of elements.
     *
     * @return rows · columns
     */
    public long size() {
      return (long) rows * columns;
    }

    /**
     * The entry's part of a buffer that has this layout.
     *
     * @param buffer parameters, gradients or moments
     * @return the view
     */
    public Matrix in(Buffer buffer) {
      return Matrix.of(buffer, offset, rows, columns);
    }
  }

  /**
   * A parameter as a function of depth.
   *
   * @param name name of the group, the prefix of its entries' names
   * @param arrangement how the entries are arranged in depth
   * @param entries the entries in order of depth
   * @param blockSize elements of the value at one depth or pair of depths; each entry holds a whole
   *     number of such blocks, contiguous
   * @param spacing distance in depth between neighbouring blocks; NaN at the layers of a graded
   *     grid
   * @param firstLayer the layer, or the row of a mesh, of the first entry
   */
  public record Group(
      String name,
      Arrangement arrangement,
      List<Entry> entries,
      int blockSize,
      double spacing,
      int firstLayer) {
    /** Copies the list. */
    public Group {
      entries = List.copyOf(entries);
    }

    /**
     * The distance in depth between neighbouring blocks, where that is the same for all.
     *
     * @return the spacing
     * @throws IllegalArgumentException if the blocks lie at the layers of a graded grid
     */
    public double equalSpacing() {
      if (Double.isNaN(spacing)) {
        throw new IllegalArgumentException(
            "parameter "
                + name
                + ": norms in depth need equal steps, and it lies at the layers of a graded grid;"
                + " make it a field on a mesh, or the grading 1");
      }
      return spacing;
    }

    Matrix[] in(Buffer buffer) {
      return entries.stream().map(e -> e.in(buffer)).toArray(Matrix[]::new);
    }
  }

  /** What the names of the parameters of a network of stages begin with. */
  static final String STAGE = "stage.";

  private final Map<String, Entry> entries;
  private final Map<String, Initializer> initializers;
  private final Map<String, Group> groups;
  private final long length;
  private final long trainedLength;
  private final int trainedEntries;

  private ParameterLayout(LayoutDraft draft) {
    entries = Collections.unmodifiableMap(draft.entries());
    initializers = draft.initializers();
    groups = Collections.unmodifiableMap(draft.groups());
    length = draft.length();
    trainedLength = draft.trainedLength();
    trainedEntries = draft.trainedEntries();
  }

  /**
   * Lays out the parameters of a network.
   *
   * @param spec the network
   * @throws IllegalArgumentException if there are more parameters than one buffer can hold as a
   *     vector, about 2³¹
   */
  public ParameterLayout(NetworkSpec spec) {
    this(draft(spec));
  }

  /**
   * Lays out the parameters of a network of stages.
   *
   * @param spec the network
   * @throws IllegalArgumentException if there are more parameters than one buffer can hold
   */
  public ParameterLayout(FeedForwardSpec spec) {
    this(draft(spec));
  }

  private static LayoutDraft draft(NetworkSpec spec) {
    LayoutDraft draft =
        new LayoutDraft(
            "depth " + spec.depth() + " and channels " + spec.channels(),
            spec.kernel() + " kernel and features " + spec.features(),
            spec.grid());
    int d = spec.channels();
    if (spec.hasInputMap()) {
      map(draft, "input", spec.inputs(), d);
    }
    features(draft, "feature.", spec.features(), spec.shape(), spec.featureDependence());
    new KernelLayout(draft, spec.featureChannels(), d, spec.scaling() == Scaling.UNIT)
        .add("kernel", spec.kernel());
    if (spec.bias() != null) {
      draft.inDepth("bias", spec.bias(), 1, 1, d, Initializer.ZERO);
    }
    if (spec.source() instanceof Source.Linear linear) {
      draft.inDepth("source", linear.dependence(), 1, d, d, Initializer.IDENTITY);
    }
    if (spec.hasOutputMap()) {
      map(draft, "output", d, spec.outputs());
    }
    statistics(draft, "feature.", spec.features(), spec.shape(), DepthDependence.perLayer());
    return draft;
  }

  private static LayoutDraft draft(FeedForwardSpec spec) {
    LayoutDraft draft =
        new LayoutDraft(
            "input " + spec.input(), "stages " + spec.transform().text(), new DepthGrid(1, 1));
    features(draft, STAGE, spec.transform(), spec.input(), DepthDependence.constant());
    statistics(draft, STAGE, spec.transform(), spec.input(), DepthDependence.constant());
    return draft;
  }

  private static void features(
      LayoutDraft draft,
      String prefix,
      FeatureTransform transform,
      Shape input,
      DepthDependence dependence) {
    for (Stage.Parameter p : transform.parameters(input)) {
      if (p.trained()) {
        feature(draft, prefix, p, dependence);
      }
    }
  }

  /** Statistics lie behind all that is trained. */
  private static void statistics(
      LayoutDraft draft,
      String prefix,
      FeatureTransform transform,
      Shape input,
      DepthDependence dependence) {
    draft.endTrained();
    for (Stage.Parameter p : transform.parameters(input)) {
      if (!p.trained()) {
        feature(draft, prefix, p, dependence);
      }
    }
  }

  /** A parameter of layers 0 … L − 1, or of those that use it. */
  private static void feature(
      LayoutDraft draft, String prefix, Stage.Parameter p, DepthDependence dependence) {
    String name = prefix + p.name();
    if (!(dependence instanceof DepthDependence.PerLayer)) {
      draft.inDepth(name, dependence, 0, p.rows(), p.columns(), initial(p));
      return;
    }
    List<Entry> list = new ArrayList<>();
    for (int l = p.first(); l < draft.grid().layers(); l += p.period()) {
      list.add(draft.add(name + "." + l, p.rows(), p.columns(), initial(p)));
    }
    double spacing = p.period() * draft.spacing();
    draft.group(name, Arrangement.LINE, list, p.rows() * p.columns(), spacing, p.first());
  }

  private static Initializer initial(Stage.Parameter p) {
    return p.deviation() == 0
        ? (random, row, column) -> p.mean()
        : Initializer.normal(p.deviation());
  }

  private static void map(LayoutDraft draft, String name, int inputs, int outputs) {
    Entry weight =
        draft.add(name + ".weight", inputs, outputs, Initializer.normal(1 / Math.sqrt(inputs)));
    Entry bias = draft.add(name + ".bias", 1, outputs, Initializer.ZERO);
    draft.group(name + ".weight", Arrangement.CONSTANT, List.of(weight), (int) weight.size(), 1, 0);
    draft.group(name + ".bias", Arrangement.CONSTANT, List.of(bias), outputs, 1, 0);
  }

  /** Writes the initial values. */
  void initialize(Buffer buffer, RandomGenerator random) {
    for (Entry entry : entries.values()) {
      Initializer initial = initializers.get(entry.name());
      Matrix values = entry.in(buffer);
      int height = Math.clamp(INITIALIZED_TOGETHER / entry.columns(), 1, entry.rows());
      for (int first = 0; first < entry.rows(); first += height) {
        int count = Math.min(height, entry.rows() - first);
        double[] drawn = new double[Math.multiplyExact(count, entry.columns())];
        for (int i = 0; i < drawn.length; i++) {
          int row = first + i / entry.columns();
          drawn[i] = initial.value(random, row, i % entry.columns());
        }
        values.rows(first, count).fill(drawn);
      }
    }
  }

  /**
   * All parameters by name, in order of their offsets.
   *
   * @return an unmodifiable map
   */
  public Map<String, Entry> entries() {
    return entries;
  }

  /**
   * A parameter.
   *
   * @param name its name
   * @return where it lies
   * @throws IllegalArgumentException if there is none of that name
   */
  public Entry entry(String name) {
    Entry entry = entries.get(name);
    if (entry == null) {
      throw new IllegalArgumentException(
          "parameter '"
              + name
              + "' does not exist: this network has "
              + (entries.size() <= 20
                  ? entries.keySet()
                  : entries.size() + " others, such as " + entries.keySet().iterator().next()));
    }
    return entry;
  }

  /**
   * The groups by name.
   *
   * @return an unmodifiable map
   */
  public Map<String, Group> groups() {
    return groups;
  }

  /**
   * The length of a buffer with this layout, gaps included.
   *
   * @return elements, at least {@value #ALIGNMENT}
   */
  public long length() {
    return Math.max(length, ALIGNMENT);
  }

  /**
   * The elements at the beginning of the buffer that are trained, gaps included; what lies behind
   * them are statistics, which have no gradient.
   *
   * @return elements, at least {@value #ALIGNMENT}
   */
  public long trainedLength() {
    return Math.max(trainedLength, ALIGNMENT);
  }

  /**
   * The number of parameters that are trained, gaps not counted.
   *
   * @return a count
   */
  public long parameterCount() {
    return parameterCount("");
  }

  /**
   * The number of trained parameters whose names begin with a prefix.
   *
   * @param prefix the first word of the names, such as {@code kernel}
   * @return a count
   */
  public long parameterCount(String prefix) {
    return entries.values().stream()
        .limit(trainedEntries)
        .filter(e -> e.name().startsWith(prefix))
        .mapToLong(Entry::size)
        .sum();
  }
}
