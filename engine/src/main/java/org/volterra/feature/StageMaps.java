package org.volterra.feature;

import java.util.ArrayList;
import java.util.List;
import org.volterra.spi.Activation;

/**
 * Binds stages, several at once where they are faster together: batch normalisation with the
 * function behind it, and both with the product behind them, whose argument is then never stored.
 */
final class StageMaps {
  /** A map and the shape of its result. */
  record Bound(StageMap map, Shape output) {}

  private final FeatureBinding binding;
  private final List<Stage> stages;
  private final int batch;
  private final SeenFeatures seen;

  private StageMaps(FeatureBinding binding, List<Stage> stages, int batch, SeenFeatures seen) {
    this.binding = binding;
    this.stages = stages;
    this.batch = batch;
    this.seen = seen;
  }

  static List<Bound> bind(
      FeatureBinding binding,
      FeatureTransform transform,
      Shape input,
      int batch,
      SeenFeatures seen) {
    return new StageMaps(binding, transform.stages(), batch, seen).all(input);
  }

  private List<Bound> all(Shape input) {
    List<Bound> all = new ArrayList<>();
    Shape shape = input;
    int i = 0;
    if (seen != null && seen.statistics() == null && seen.channels().hasGaps()) {
      all.add(new Bound(new GatherMap(binding.primitives(), seen.channels()), input));
    }
    while (i < stages.size()) {
      int length = 1;
      StageMap map;
      if (stages.get(i) instanceof BatchNorm norm) {
        Activation f = Activation.IDENTITY;
        if (i + length < stages.size()
            && stages.get(i + length) instanceof Stage.Pointwise pointwise) {
          f = pointwise.function();
          length++;
        }
        NormMap normMap = norm(i, norm, f, shape);
        if (i + length < stages.size() && isProduct(stages.get(i + length))) {
          map =
              new NormalizedProductMap(normMap, product(i + length, shape), binding, shape, batch);
          length++;
        } else {
          map = normMap;
        }
      } else {
        map = bind(i, shape);
      }
      for (int j = i; j < i + length; j++) {
        shape = stages.get(j).output(shape);
      }
      all.add(new Bound(map, shape));
      i += length;
    }
    return all;
  }

  private FeatureBinding at(int i) {
    return binding.within(i + ".");
  }

  private NormMap norm(int i, BatchNorm norm, Activation f, Shape shape) {
    return i == 0 && seen != null
        ? new NormMap(at(i), norm, f, seen)
        : new NormMap(
            at(i),
            norm,
            f,
            new SeenFeatures(
                ChannelRuns.all(shape.channels()),
                new ChannelStatistics.Own(at(i), shape.channels(), norm.epsilon())));
  }

  private static boolean isProduct(Stage stage) {
    return stage instanceof Stage.Affine
        || (stage instanceof Convolution convolution && convolution.isPointwise());
  }

  private ProductMap product(int i, Shape shape) {
    boolean hasBias =
        stages.get(i).parameters(shape).stream().anyMatch(p -> p.name().equals("bias"));
    return new ProductMap(at(i), hasBias);
  }

  private StageMap bind(int i, Shape shape) {
    return switch (stages.get(i)) {
      case Stage.Pointwise pointwise ->
          new PointwiseMap(binding.primitives(), pointwise.function());
      case Stage.Affine affine -> product(i, shape);
      case Convolution convolution ->
          convolution.isPointwise()
              ? product(i, shape)
              : new ConvolutionMap(at(i), convolution, shape);
      case Pooling pooling -> new PoolingMap(at(i), pooling, shape);
      case BatchNorm norm -> norm(i, norm, Activation.IDENTITY, shape);
      case RowNorm norm -> new RowNormMap(at(i), norm, shape, batch);
      case Dropout dropout -> new DropoutMap(at(i), dropout);
      case Attention attention -> PairwiseMap.of(at(i), attention, shape, batch);
      case NonLocal block -> PairwiseMap.of(at(i), block, shape, batch);
      case Residual residual -> new ResidualMap(at(i), residual, shape, batch);
      case PositionEmbedding embedding -> new PositionEmbeddingMap(at(i));
      case Sublayers sublayers -> new SublayersMap(at(i), sublayers, shape, batch);
      case DenseBlock block -> new DenseBlockMap(at(i), block, shape, batch);
    };
  }
}
