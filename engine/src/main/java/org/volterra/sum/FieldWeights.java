package org.volterra.sum;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.volterra.spi.Matrix;

/**
 * The scalar weights of all corners of the cells below the diagonal, on the device: they depend
 * alone on where layers lie in the mesh. Equal ones are kept once. Immutable.
 */
public final class FieldWeights {
  /** The most elements; with more, weights are computed when they are needed. */
  private static final long MOST = 1 << 22;

  private static final int CORNERS = 4;

  /** Where the layers of a cell lie that sum, and those of another whose features are summed. */
  private record Places(List<Double> layers, List<Double> sources) {
    long size() {
      return (long) layers.size() * sources.size();
    }

    double[] weights(int corner) {
      double[] weights = new double[Math.toIntExact(size())];
      int next = 0;
      for (double tau : layers) {
        for (double sigma : sources) {
          weights[next++] = FieldScratch.weight(tau, sigma, corner / 2, corner % 2);
        }
      }
      return weights;
    }
  }

  private final Matrix[][][] corners;

  private FieldWeights(Matrix[][][] corners) {
    this.corners = corners;
  }

  /**
   * Computes the weights.
   *
   * @param mesh where the layers lie
   * @param memory takes them
   * @return the weights, or null where they are too many to be kept
   */
  public static FieldWeights of(MeshRows mesh, SumMemory memory) {
    return of(mesh, memory, MOST);
  }

  static FieldWeights of(MeshRows mesh, SumMemory memory, long most) {
    int cells = mesh.cells();
    Places[][] places = new Places[cells][cells];
    Map<Places, Long> offsets = new HashMap<>();
    long length = 0;
    for (int i = 0; i < cells; i++) {
      List<Double> layers = local(mesh, mesh.firstLayer(i), mesh.layerCount(i));
      for (int j = 0; j < i; j++) {
        Places pair = new Places(layers, local(mesh, mesh.firstSource(j), mesh.sourceCount(j)));
        places[i][j] = pair;
        if (pair.size() > 0 && offsets.putIfAbsent(pair, length) == null) {
          length += CORNERS * pair.size();
        }
        if (length > most) {
          return null;
        }
      }
    }
    Matrix all = memory.matrix("field.weights", 1, (int) Math.max(1, length));
    Map<Places, Matrix[]> filled = new HashMap<>();
    offsets.forEach((pair, offset) -> filled.put(pair, fill(all, offset, pair)));
    Matrix[][][] corners = new Matrix[cells][cells][];
    for (int i = 0; i < cells; i++) {
      for (int j = 0; j < i; j++) {
        corners[i][j] = filled.get(places[i][j]);
      }
    }
    return new FieldWeights(corners);
  }

  private static List<Double> local(MeshRows mesh, int first, int count) {
    List<Double> places = new ArrayList<>();
    for (int l = first; l < first + count; l++) {
      places.add(mesh.local(l));
    }
    return places;
  }

  private static Matrix[] fill(Matrix all, long offset, Places pair) {
    Matrix[] corners = new Matrix[CORNERS];
    int rows = pair.layers.size();
    int columns = pair.sources.size();
    for (int corner = 0; corner < CORNERS; corner++) {
      corners[corner] = Matrix.of(all.buffer(), offset + corner * pair.size(), rows, columns);
      corners[corner].fill(pair.weights(corner));
    }
    return corners;
  }

  /** The weights of corner (a, b) of cell (i, j), layers of block i × features of block j. */
  Matrix corner(int i, int j, int a, int b) {
    return corners[i][j][2 * a + b];
  }
}
