package org.volterra;

import java.util.ArrayList;
import java.util.List;
import org.volterra.ParameterLayout.Arrangement;
import org.volterra.ParameterLayout.Entry;
import org.volterra.depth.DepthGrid;
import org.volterra.depth.TriangleMesh;
import org.volterra.kernel.DepthKernel;
import org.volterra.kernel.LayerWeights;
import org.volterra.kernel.ScalarKernel;

/** Lays out the parameters of kernels, from {@code features} to {@code channels} channels. */
record KernelLayout(LayoutDraft draft, int features, int channels, boolean isUnscaled) {
  /** Adds the parameters of a kernel, whose names begin with {@code name}. */
  void add(String name, DepthKernel kernel) {
    switch (kernel) {
      case DepthKernel.Dense dense -> {
        List<Entry> list = new ArrayList<>();
        for (int l = 1; l <= grid().layers(); l++) {
          double deviation = 1 / Math.sqrt(isUnscaled ? (double) l * features : features);
          list.add(
              draft.add(
                  name + "." + l, (long) l * features, channels, Initializer.normal(deviation)));
        }
        draft.group(name, Arrangement.TRIANGLE, list, features * channels, draft.spacing(), 1);
      }
      case DepthKernel.Field field -> {
        List<Entry> list = new ArrayList<>();
        TriangleMesh mesh = new TriangleMesh(field.intervals(), grid().horizon());
        double deviation =
            1 / Math.sqrt(isUnscaled ? (double) grid().layers() * features : features);
        for (int i = 0; i <= field.intervals(); i++) {
          list.add(
              draft.add(
                  name + ".node." + i,
                  (i + 1L) * features,
                  channels,
                  Initializer.normal(deviation)));
        }
        draft.group(name, Arrangement.TRIANGLE, list, features * channels, mesh.spacing(), 0);
      }
      case LayerWeights.Attention attention -> {
        List<Entry> list = new ArrayList<>();
        for (int l = 2; l <= grid().layers(); l++) {
          list.add(draft.add(name + ".query." + l, 1, channels, Initializer.ZERO));
        }
        draft.group(name + ".query", Arrangement.LINE, list, channels, draft.spacing(), 2);
      }
      case LayerWeights.Averaging averaging -> averaging(name, averaging);
      case ScalarKernel scalar -> {
        if (scalar.trainable()) {
          scalarKernel(name, scalar);
        }
      }
      case DepthKernel.WithMatrix product -> {
        add(name, product.scalar());
        Initializer initial = Initializer.normal(1 / Math.sqrt(features));
        draft.constant(name + ".matrix", features, channels, initial);
      }
      case DepthKernel.Terms sum -> {
        for (int i = 0; i < sum.terms().size(); i++) {
          add(name + ".term." + i, sum.terms().get(i));
        }
      }
    }
  }

  private DepthGrid grid() {
    return draft.grid();
  }

  /** Rows of coefficients; all layers' together are a triangle. */
  private void averaging(String name, LayerWeights.Averaging kernel) {
    List<Entry> rows = new ArrayList<>();
    for (int l = 1; l <= grid().layers(); l++) {
      if (kernel.averages(l)) {
        int last = kernel.count(l) - 1;
        rows.add(
            draft.add(name + "." + l, 1, last + 1, (r, row, column) -> column == last ? 1 : 0));
      }
    }
    if (kernel.dilation() == 1 && kernel.period() == 1) {
      draft.group(name, Arrangement.TRIANGLE, rows, 1, draft.spacing(), 1);
    } else {
      for (Entry row : rows) {
        draft.group(row.name(), Arrangement.CONSTANT, List.of(row), row.columns(), 1, 0);
      }
    }
  }

  private void scalarKernel(String name, ScalarKernel kernel) {
    DepthGrid grid = grid();
    int layers = grid.layers();
    switch (kernel) {
      case DepthKernel.Scalar scalar -> {
        List<Entry> list = new ArrayList<>();
        for (int l = 1; l <= layers; l++) {
          int layer = l;
          list.add(
              draft.add(name + "." + l, 1, l, (r, row, k) -> scalar.coefficient(grid, layer, k)));
        }
        draft.group(name, Arrangement.TRIANGLE, list, 1, draft.spacing(), 1);
      }
      case ScalarKernel.Convolution lags ->
          draft.line(
              draft.add(
                  name + ".lags",
                  1,
                  layers,
                  (r, row, column) -> lags.coefficient(grid, column + 1, 0)),
              1,
              1);
      case ScalarKernel.Exponentials sum -> {
        draft.constant(name + ".weights", 1, sum.rank(), (r, row, i) -> sum.weights().get(i));
        draft.constant(name + ".rates", 1, sum.rank(), (r, row, i) -> sum.rates().get(i));
      }
      case ScalarKernel.Separable sum -> {
        int rank = sum.rank();
        draft.line(
            draft.add(
                name + ".outer",
                layers,
                rank,
                (r, row, i) -> sum.outer().get(i).applyAsDouble(grid.time(row + 1))),
            rank,
            1);
        draft.line(
            draft.add(
                name + ".inner",
                layers,
                rank,
                (r, row, i) -> sum.inner().get(i).applyAsDouble(grid.time(row))),
            rank,
            0);
      }
      case ScalarKernel.Parametric given ->
          draft.constant(
              name + ".parameters",
              1,
              given.initial().size(),
              (r, row, i) -> given.initial().get(i));
      case ScalarKernel.Fractional given -> throw notTrainable(given);
      case ScalarKernel.Smooth given -> throw notTrainable(given);
    }
  }

  private static IllegalStateException notTrainable(ScalarKernel kernel) {
    return new IllegalStateException(kernel + " has no parameters");
  }
}
