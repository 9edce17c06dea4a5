package org.volterra.experiments;

import java.util.HashMap;
import java.util.Map;
import org.volterra.depth.DepthGrid;
import org.volterra.kernel.DepthKernel;
import org.volterra.kernel.LayerWeights;
import org.volterra.kernel.ScalarKernel;

/** What kernels of numbers give earlier layers, row by row. */
final class OnnxCoefficients {
  private final OnnxParameters parameters;
  private final DepthGrid grid;
  private final Map<String, double[]> read = new HashMap<>();

  OnnxCoefficients(OnnxParameters parameters, DepthGrid grid) {
    this.parameters = parameters;
    this.grid = grid;
  }

  private double[] values(String name) {
    return read.computeIfAbsent(name, key -> parameters.get(key).values().get());
  }

  /** a_{l,0} … a_{l,l−1}. */
  double[] scalar(String name, ScalarKernel kernel, int l) {
    double[] row = new double[l];
    for (int k = 0; k < l; k++) {
      row[k] = kernel.trainable() ? trained(name, kernel, l, k) : kernel.coefficient(grid, l, k);
    }
    return row;
  }

  private double trained(String name, ScalarKernel kernel, int l, int k) {
    return switch (kernel) {
      case DepthKernel.Scalar scalar -> values(name + "." + l)[k];
      case ScalarKernel.Convolution lags -> values(name + ".lags")[l - k - 1];
      case ScalarKernel.Exponentials sum -> {
        double[] weights = values(name + ".weights");
        double[] rates = values(name + ".rates");
        double a = 0;
        for (int r = 0; r < weights.length; r++) {
          a += weights[r] * Math.exp(-rates[r] * grid.distance(l, k));
        }
        yield a;
      }
      case ScalarKernel.Separable sum -> {
        double[] outer = values(name + ".outer");
        double[] inner = values(name + ".inner");
        int rank = sum.rank();
        double a = 0;
        for (int r = 0; r < rank; r++) {
          a += outer[(l - 1) * rank + r] * inner[k * rank + r];
        }
        yield a;
      }
      case ScalarKernel.Parametric given ->
          given.function().at(grid.time(l), grid.time(k), values(name + ".parameters"));
      case ScalarKernel.Fractional given -> given.coefficient(grid, l, k);
      case ScalarKernel.Smooth given -> given.coefficient(grid, l, k);
    };
  }

  /** The weights of a depth-weighted average, 0 for layers that it leaves out. */
  double[] averaging(String name, LayerWeights.Averaging kernel, int l) {
    double[] row = new double[l];
    if (kernel.averages(l)) {
      double[] used = values(name + "." + l);
      for (int i = 0; i < used.length; i++) {
        row[kernel.first(l) + i * kernel.dilation()] = used[i];
      }
    } else {
      row[l - 1] = 1;
    }
    return row;
  }
}
