package org.volterra.depth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The elliptic operators of the regulariser, and their solvers. */
@Tag("provider-independent")
class DepthOperatorTest {
  private static double[] random(int size, long seed) {
    return new Random(seed).doubles(size, -1, 1).toArray();
  }

  private static double dot(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 1", "3, 2", "4, 1", "5, 3", "17, 2", "64, 1", "101, 1"})
  void solvesWhatItApplies(int count, int width) {
    for (DepthOperator a :
        new DepthOperator[] {
          DepthOperator.line(count, width, 0.01, 3),
          DepthOperator.line(count, width, 2, 0),
          DepthOperator.triangle(count, width, 1e-4, 0.05),
          DepthOperator.triangle(count, width, 3, 0)
        }) {
      double[] x = random(a.size(), count);
      double[] b = new double[a.size()];
      double[] found = new double[a.size()];
      a.apply(x, b);
      a.solve(b, found);
      assertThat(found).containsExactly(x, within(1e-8));
      assertThat(a.energy(x)).isCloseTo(0.5 * dot(x, b), within(1e-12 * a.energy(x)));
    }
  }

  @Test
  void theTriangleIsTheSumOverNeighbouringPairs() {
    int rows = 7;
    double[] x = random(TriangleMesh.index(rows, 0), 3);
    double energy = 0;
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j <= i; j++) {
        double here = x[TriangleMesh.index(i, j)];
        energy += 0.5 * 0.3 * here * here;
        if (i + 1 < rows) {
          energy += 0.5 * 0.7 * Math.pow(x[TriangleMesh.index(i + 1, j)] - here, 2);
        }
        if (j + 1 <= i) {
          energy += 0.5 * 0.7 * Math.pow(x[TriangleMesh.index(i, j + 1)] - here, 2);
        }
      }
    }
    assertThat(DepthOperator.triangle(rows, 1, 0.3, 0.7).energy(x))
        .isCloseTo(energy, within(1e-14));
  }

  /** Mass so small beside stiffness that only the constant mode is determined by it. */
  @ParameterizedTest
  @ValueSource(ints = {10, 33, 160, 512})
  void constantsAreSolvedExactlyHoweverSmallTheMass(int rows) {
    double mass = 1e-3 / rows / rows;
    DepthOperator a = DepthOperator.triangle(rows, 1, mass, 1);
    double[] b = new double[a.size()];
    Arrays.fill(b, mass * 5);
    double[] x = new double[a.size()];
    a.solve(b, x);
    assertThat(x).containsOnly(new double[] {5}, within(1e-6));
  }

  @Test
  void badArguments() {
    assertThatThrownBy(() -> DepthOperator.triangle(0, 1, 1, 1)).hasMessageContaining("rows 0");
    assertThatThrownBy(() -> DepthOperator.line(5, 0, 1, 1)).hasMessageContaining("width 0");
    assertThatThrownBy(() -> DepthOperator.line(5, 1, 0, 1)).hasMessageContaining("mass 0");
    assertThatThrownBy(() -> DepthOperator.line(5, 1, 1, -1)).hasMessageContaining("stiffness -1");
    DepthOperator a = DepthOperator.triangle(5, 1, 1, 1);
    double[] b = new double[a.size()];
    b[3] = Double.NaN;
    assertThatThrownBy(() -> a.solve(b, new double[b.length]))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("must be finite");
  }
}
