package org.volterra;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.volterra.depth.DepthDependence;
import org.volterra.depth.DepthGrid;
import org.volterra.depth.LineMesh;
import org.volterra.depth.TriangleMesh;
import org.volterra.feature.FeatureTransform;
import org.volterra.feature.Shape;
import org.volterra.feature.Stage;
import org.volterra.kernel.DepthKernel;
import org.volterra.kernel.LayerWeights;
import org.volterra.kernel.ScalarKernel;
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
 * {@code kernel.outer} and {@code kernel.inner} with a row for each layer; a shared channel matrix
 * is {@code kernel.matrix}. Attention has queries {@code kernel.query.l} for l ≥ 2, and averaging
 * rows {@code kernel.l} of coefficients, the earliest feature first. The parameters of term i of a
 * sum begin with {@code kernel.term.i}.
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

  private final String subject;
  private final String contents;
  private final DepthGrid grid;
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final Map<String, Initializer> initializers = new LinkedHashMap<>();
  private final Map<String, Group> groups = new LinkedHashMap<>();
  private long length;
  private long trainedLength;
  private int trainedEntries;

  /**
   * Lays out the parameters of a network.
   *
   * @param spec the network
   * @throws IllegalArgumentException if there are more parameters than one buffer can hold as a
   *     vector, about 2³¹
   */
  public ParameterLayout(NetworkSpec spec) {
    this.subject = "depth " + spec.depth() + " and channels " + spec.channels();
    this.contents = spec.kernel() + " kernel and features " + spec.features();
    this.grid = spec.grid();
    int d = spec.channels();
    if (spec.hasInputMap()) {
      map("input", spec.inputs(), d);
    }
    features("feature.", spec.features(), spec.shape(), spec.featureDependence());
    int width = spec.featureChannels();
    kernel("kernel", spec.kernel(), width, d, spec.scaling() == Scaling.UNIT);
    if (spec.bias() != null) {
      inDepth("bias", spec.bias(), grid, 1, 1, d, Initializer.ZERO);
    }
    if (spec.source() instanceof Source.Linear linear) {
      inDepth("source", linear.dependence(), grid, 1, d, d, Initializer.IDENTITY);
    }
    if (spec.hasOutputMap()) {
      map("output", d, spec.outputs());
    }
    statistics("feature.", spec.features(), spec.shape(), DepthDependence.perLayer());
  }

  /**
   * Lays out the parameters of a network of stages.
   *
   * @param spec the network
   * @throws IllegalArgumentException if there are more parameters than one buffer can hold
   */
  public ParameterLayout(FeedForwardSpec spec) {
    this.subject = "input " + spec.input();
    this.contents = "stages " + spec.transform().text();
    this.grid = new DepthGrid(1, 1);
    features(STAGE, spec.transform(), spec.input(), DepthDependence.constant());
    statistics(STAGE, spec.transform(), spec.input(), DepthDependence.constant());
  }

  private void features(
      String prefix, FeatureTransform transform, Shape input, DepthDependence dependence) {
    for (Stage.Parameter p : transform.parameters(input)) {
      if (p.trained()) {
        feature(prefix, p, dependence);
      }
    }
  }

  /** Statistics lie behind all that is trained. */
  private void statistics(
      String prefix, FeatureTransform transform, Shape input, DepthDependence dependence) {
    trainedLength = length;
    trainedEntries = entries.size();
    for (Stage.Parameter p : transform.parameters(input)) {
      if (!p.trained()) {
        feature(prefix, p, dependence);
      }
    }
  }

  /** A parameter of layers 0 … L − 1, or of those that use it. */
  private void feature(String prefix, Stage.Parameter p, DepthDependence dependence) {
    String name = prefix + p.name();
    if (!(dependence instanceof DepthDependence.PerLayer)) {
      inDepth(name, dependence, grid, 0, p.rows(), p.columns(), initial(p));
      return;
    }
    List<Entry> list = new ArrayList<>();
    for (int l = p.first(); l < grid.layers(); l += p.period()) {
      list.add(add(name + "." + l, p.rows(), p.columns(), initial(p)));
    }
    double spacing = p.period() * spacing(grid);
    group(name, Arrangement.LINE, list, p.rows() * p.columns(), spacing, p.first());
  }

  private static Initializer initial(Stage.Parameter p) {
    return p.deviation() == 0
        ? (random, row, column) -> p.mean()
        : Initializer.normal(p.deviation());
  }

  private void map(String name, int inputs, int outputs) {
    Entry weight =
        add(name + ".weight", inputs, outputs, Initializer.normal(1 / Math.sqrt(inputs)));
    Entry bias = add(name + ".bias", 1, outputs, Initializer.ZERO);
    group(name + ".weight", Arrangement.CONSTANT, List.of(weight), (int) weight.size(), 1, 0);
    group(name + ".bias", Arrangement.CONSTANT, List.of(bias), outputs, 1, 0);
  }

  /** A parameter of rows × columns at the layers {@code first}, {@code first} + 1, …, L of them. */
  private void inDepth(
      String name,
      DepthDependence dependence,
      DepthGrid grid,
      int first,
      int rows,
      int columns,
      Initializer initial) {
    List<Entry> list = new ArrayList<>();
    switch (dependence) {
      case DepthDependence.Constant constant -> list.add(add(name, rows, columns, initial));
      case DepthDependence.PerLayer perLayer -> {
        for (int l = first; l < first + grid.layers(); l++) {
          list.add(add(name + "." + l, rows, columns, initial));
        }
      }
      case DepthDependence.Field field -> {
        for (int i = 0; i <= field.intervals(); i++) {
          list.add(add(name + ".node." + i, rows, columns, initial));
        }
      }
    }
    Arrangement arrangement =
        dependence instanceof DepthDependence.Constant ? Arrangement.CONSTANT : Arrangement.LINE;
    double spacing =
        dependence instanceof DepthDependence.Field field
            ? new LineMesh(field.intervals(), grid.horizon()).spacing()
            : spacing(grid);
    int firstLayer = dependence instanceof DepthDependence.PerLayer ? first : 0;
    group(name, arrangement, list, rows * columns, spacing, firstLayer);
  }

  private void kernel(String name, DepthKernel kernel, int features, int channels, boolean unit) {
    switch (kernel) {
      case DepthKernel.Dense dense -> {
        List<Entry> list = new ArrayList<>();
        for (int l = 1; l <= grid.layers(); l++) {
          double deviation = 1 / Math.sqrt(unit ? (double) l * features : features);
          list.add(
              add(name + "." + l, (long) l * features, channels, Initializer.normal(deviation)));
        }
        group(name, Arrangement.TRIANGLE, list, features * channels, spacing(grid), 1);
      }
      case DepthKernel.Field field -> {
        List<Entry> list = new ArrayList<>();
        TriangleMesh mesh = new TriangleMesh(field.intervals(), grid.horizon());
        double deviation = 1 / Math.sqrt(unit ? (double) grid.layers() * features : features);
        for (int i = 0; i <= field.intervals(); i++) {
          list.add(
              add(
                  name + ".node." + i,
                  (i + 1L) * features,
                  channels,
                  Initializer.normal(deviation)));
        }
        group(name, Arrangement.TRIANGLE, list, features * channels, mesh.spacing(), 0);
      }
      case LayerWeights.Attention attention -> {
        List<Entry> list = new ArrayList<>();
        for (int l = 2; l <= grid.layers(); l++) {
          list.add(add(name + ".query." + l, 1, channels, Initializer.ZERO));
        }
        group(name + ".query", Arrangement.LINE, list, channels, spacing(grid), 2);
      }
      case LayerWeights.Averaging averaging -> averaging(name, averaging);
      case ScalarKernel scalar -> {
        if (scalar.trainable()) {
          scalarKernel(name, scalar, grid);
        }
      }
      case DepthKernel.WithMatrix product -> {
        kernel(name, product.scalar(), features, channels, unit);
        Initializer initial = Initializer.normal(1 / Math.sqrt(features));
        constant(name + ".matrix", features, channels, initial);
      }
      case DepthKernel.Terms sum -> {
        for (int i = 0; i < sum.terms().size(); i++) {
          kernel(name + ".term." + i, sum.terms().get(i), features, channels, unit);
        }
      }
    }
  }

  /** Rows of coefficients; all layers' together are a triangle. */
  private void averaging(String name, LayerWeights.Averaging kernel) {
    List<Entry> rows = new ArrayList<>();
    for (int l = 1; l <= grid.layers(); l++) {
      if (kernel.averages(l)) {
        int last = kernel.count(l) - 1;
        rows.add(add(name + "." + l, 1, last + 1, (r, row, column) -> column == last ? 1 : 0));
      }
    }
    if (kernel.dilation() == 1 && kernel.period() == 1) {
      group(name, Arrangement.TRIANGLE, rows, 1, spacing(grid), 1);
    } else {
      for (Entry row : rows) {
        group(row.name(), Arrangement.CONSTANT, List.of(row), row.columns(), 1, 0);
      }
    }
  }

  private void scalarKernel(String name, ScalarKernel kernel, DepthGrid grid) {
    int layers = grid.layers();
    switch (kernel) {
      case DepthKernel.Scalar scalar -> {
        List<Entry> list = new ArrayList<>();
        for (int l = 1; l <= layers; l++) {
          int layer = l;
          list.add(add(name + "." + l, 1, l, (r, row, k) -> scalar.coefficient(grid, layer, k)));
        }
        group(name, Arrangement.TRIANGLE, list, 1, spacing(grid), 1);
      }
      case ScalarKernel.Convolution lags ->
          line(
              add(
                  name + ".lags",
                  1,
                  layers,
                  (r, row, column) -> lags.coefficient(grid, column + 1, 0)),
              1,
              grid,
              1);
      case ScalarKernel.Exponentials sum -> {
        constant(name + ".weights", 1, sum.rank(), (r, row, i) -> sum.weights().get(i));
        constant(name + ".rates", 1, sum.rank(), (r, row, i) -> sum.rates().get(i));
      }
      case ScalarKernel.Separable sum -> {
        int rank = sum.rank();
        line(
            add(
                name + ".outer",
                layers,
                rank,
                (r, row, i) -> sum.outer().get(i).applyAsDouble(grid.time(row + 1))),
            rank,
            grid,
            1);
        line(
            add(
                name + ".inner",
                layers,
                rank,
                (r, row, i) -> sum.inner().get(i).applyAsDouble(grid.time(row))),
            rank,
            grid,
            0);
      }
      case ScalarKernel.Fractional given -> throw notTrainable(given);
      case ScalarKernel.Smooth given -> throw notTrainable(given);
    }
  }

  private static IllegalStateException notTrainable(ScalarKernel kernel) {
    return new IllegalStateException(kernel + " has no parameters");
  }

  private static double spacing(DepthGrid grid) {
    return grid.isUniform() ? grid.step() : Double.NaN;
  }

  /** One entry that holds a block for each layer. */
  private void line(Entry entry, int blockSize, DepthGrid grid, int firstLayer) {
    group(entry.name(), Arrangement.LINE, List.of(entry), blockSize, spacing(grid), firstLayer);
  }

  private void constant(String name, int rows, int columns, Initializer initial) {
    Entry entry = add(name, rows, columns, initial);
    group(name, Arrangement.CONSTANT, List.of(entry), (int) entry.size(), 1, 0);
  }

  private Entry add(String name, long rows, int columns, Initializer initial) {
    if (rows * columns > Integer.MAX_VALUE - ALIGNMENT - length) {
      throw new IllegalArgumentException(
          subject
              + " give too many parameters: "
              + contents
              + " must fit a buffer of "
              + Integer.MAX_VALUE
              + " elements");
    }
    Entry entry = new Entry(name, length, (int) rows, columns);
    entries.put(name, entry);
    initializers.put(name, initial);
    length = Math.ceilDiv(length + entry.size(), (long) ALIGNMENT) * ALIGNMENT;
    return entry;
  }

  private void group(
      String name,
      Arrangement arrangement,
      List<Entry> list,
      int blockSize,
      double spacing,
      int firstLayer) {
    groups.put(name, new Group(name, arrangement, list, blockSize, spacing, firstLayer));
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
    return Collections.unmodifiableMap(entries);
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
    return Collections.unmodifiableMap(groups);
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
