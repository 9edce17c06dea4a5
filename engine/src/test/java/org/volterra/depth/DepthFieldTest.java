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

/** Piecewise-linear fields: moving them between meshes, their norms and distances. */
@Tag("provider-independent")
class DepthFieldTest {
  private static TriangleField triangle(int intervals, int width, long seed) {
    TriangleMesh mesh = new TriangleMesh(intervals, 2);
    return new TriangleField(
        mesh, width, new Random(seed).doubles((long) mesh.nodes() * width, -1, 1).toArray());
  }

  private static LineField line(int width, double... nodes) {
    return new LineField(
        nodes, width, new Random(5).doubles((long) nodes.length * width, -1, 1).toArray());
  }

  @ParameterizedTest
  @CsvSource({"1, 3", "4, 2", "5, 4", "7, 1"})
  void prolongationOfATriangleIsExactAndRestrictionItsInverse(int intervals, int factor) {
    TriangleField coarse = triangle(intervals, 2, 1);
    TriangleField fine = coarse.onto(new TriangleMesh(intervals * factor, 2));
    assertThat(coarse.distanceTo(fine).h1()).isLessThan(1e-12);
    assertThat(fine.norm().l2()).isCloseTo(coarse.norm().l2(), within(1e-13));
    assertThat(fine.norm().gradient()).isCloseTo(coarse.norm().gradient(), within(1e-12));
    assertThat(fine.onto(coarse.mesh()).values()).containsExactly(coarse.values(), within(1e-14));
  }

  @Test
  void prolongationOfALineIsExactOnAnyFinerNodes() {
    LineField coarse = line(3, 0, 0.1, 0.5, 2);
    LineField fine = coarse.onto(0, 0.05, 0.1, 0.3, 0.5, 1.7, 2);
    assertThat(coarse.distanceTo(fine).h1()).isLessThan(1e-13);
    assertThat(fine.onto(coarse.nodes())).isEqualTo(coarse);
    LineField uniform = LineField.of(new LineMesh(4, 2), 1, new double[] {1, 2, 0, 5, 1});
    assertThat(uniform.onto(new LineMesh(2, 2)).values()).containsExactly(1, 0, 1);
    assertThat(uniform.onto(new LineMesh(12, 2)).distanceTo(uniform).h1()).isLessThan(1e-13);
  }

  @Test
  void normsOfKnownFunctions() {
    // f = 1 + t − 2s on 0 ≤ s ≤ t ≤ 1 and g = 3t − 1 on [0, 1]
    TriangleMesh mesh = new TriangleMesh(3, 1);
    double[] values = new double[mesh.nodes()];
    for (int i = 0; i <= 3; i++) {
      for (int j = 0; j <= i; j++) {
        values[TriangleMesh.index(i, j)] = 1 + i / 3.0 - 2 * j / 3.0;
      }
    }
    FieldNorm norm = new TriangleField(mesh, 1, values).norm();
    assertThat(norm.l2()).isCloseTo(Math.sqrt(7.0 / 12), within(1e-14));
    assertThat(norm.gradient()).isCloseTo(Math.sqrt(2.5), within(1e-14));
    assertThat(norm.h1()).isCloseTo(Math.sqrt(7.0 / 12 + 2.5), within(1e-14));
    assertThat(norm.weighted(2, 3)).isCloseTo(Math.sqrt(7.0 / 6 + 7.5), within(1e-14));
    FieldNorm line = new LineField(new double[] {0, 0.3, 1}, 1, new double[] {-1, -0.1, 2}).norm();
    assertThat(line.l2()).isCloseTo(1, within(1e-14));
    assertThat(line.gradient()).isCloseTo(3, within(1e-14));
  }

  @Test
  void weightedNormsAreExactForQuinticIntegrands() {
    // ∫∫ t s³ over the triangle = 1/4 · 1/6
    TriangleMesh mesh = new TriangleMesh(2, 1);
    double[] ones = new double[mesh.nodes()];
    Arrays.fill(ones, 1);
    FieldNorm norm =
        FieldNorm.of(new TriangleField(mesh, 1, ones), null, mesh, (t, s) -> t * s * s * s);
    assertThat(norm.l2() * norm.l2()).isCloseTo(1.0 / 24, within(1e-15));
    LineField one = new LineField(new double[] {0, 1}, 1, new double[] {1, 1});
    FieldNorm inOne = FieldNorm.of(one, null, new double[] {0, 0.4, 1}, t -> Math.pow(t, 5));
    assertThat(inOne.l2() * inOne.l2()).isCloseTo(1.0 / 6, within(1e-15));
  }

  @Test
  void valuesAndSlopesAgreeWithTheStencilsOfTheMesh() {
    TriangleField field = triangle(5, 1, 8);
    Random random = new Random(2);
    double[] value = new double[1];
    double[] byT = new double[1];
    double[] byS = new double[1];
    double[] moved = new double[1];
    double step = 1e-9;
    for (int n = 0; n < 200; n++) {
      double t = 1.99 * random.nextDouble();
      double s = t * random.nextDouble();
      field.evaluate(t, s, value, byT, byS);
      Stencil stencil = field.mesh().locate(t, s);
      double expected = 0;
      for (int p = 0; p < stencil.size(); p++) {
        expected += stencil.weight(p) * field.values()[stencil.node(p)];
      }
      assertThat(value[0]).isCloseTo(expected, within(1e-13));
      field.evaluate(t + step, s, moved, new double[1], new double[1]);
      assertThat((moved[0] - value[0]) / step).isCloseTo(byT[0], within(1e-4));
      field.evaluate(t, s - step, moved, new double[1], new double[1]);
      assertThat((value[0] - moved[0]) / step).isCloseTo(byS[0], within(1e-4));
    }
  }

  @Test
  void pairsAreExtendedToTheDiagonalAndRead() {
    double[] pairs = {1, 2, 3, 4, 5, 6};
    TriangleField field = TriangleField.ofPairs(3, 1, 1, pairs);
    assertThat(field.values()).containsExactly(0, 1, 2, 2, 3, 4, 4, 5, 6, 7);
    assertThat(field.pairs(3)).containsExactly(pairs, within(1e-14));
    assertThat(field.pairs(1)).containsExactly(4);
  }

  @Test
  void whatDoesNotFitIsRefused() {
    assertThatThrownBy(() -> new LineField(new double[] {0, 1, 1}, 1, new double[3]))
        .hasMessageContaining("node 2 at 1.0");
    assertThatThrownBy(() -> new LineField(new double[] {1, 2}, 1, new double[2]))
        .hasMessageContaining("begin at 0");
    assertThatThrownBy(() -> new LineField(new double[] {0, 1}, 2, new double[2]))
        .hasMessageContaining("2 values");
    assertThatThrownBy(() -> line(1, 0, 1).onto(0, 2)).hasMessageContaining("T = 1.0");
    assertThatThrownBy(() -> line(1, 0, 1).distanceTo(triangle(1, 1, 1)))
        .hasMessageContaining("other");
    assertThatThrownBy(() -> triangle(2, 1, 1).onto(new TriangleMesh(2, 1)))
        .hasMessageContaining("horizon 1.0");
    assertThatThrownBy(() -> triangle(2, 1, 1).distanceTo(triangle(2, 3, 1)))
        .hasMessageContaining("1 and 3 components");
    assertThatThrownBy(() -> TriangleField.ofPairs(2, 1, 1, new double[4]))
        .hasMessageContaining("4 values");
  }
}
