package org.volterra.depth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Steps and bilinear fields on graded meshes: moves between meshes, norms, distances. */
@Tag("provider-independent")
class TensorFieldTest {
  private static double[] random(long count, long seed) {
    return new Random(seed).doubles(count, -1, 1).toArray();
  }

  private static BilinearField bilinear(TensorMesh mesh, int width) {
    int nodes = TriangleMesh.index(mesh.intervals() + 1, 0);
    return new BilinearField(mesh, width, random((long) nodes * width, 3));
  }

  private static TriangleSteps steps(TensorMesh mesh, int width) {
    return new TriangleSteps(mesh, width, random((long) mesh.cells() * width, 4));
  }

  /** f = 2 + 3t − s on the triangle. */
  private static TriangleFunction linear() {
    return new TriangleFunction() {
      @Override
      public int width() {
        return 1;
      }

      @Override
      public void evaluate(double t, double s, double[] value, double[] byT, double[] byS) {
        value[0] = 2 + 3 * t - s;
        byT[0] = 3;
        byS[0] = -1;
      }
    };
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, 2, 3.5})
  void prolongationIsExactAndRestrictionItsInverse(double grading) {
    for (int intervals : new int[] {1, 2, 5}) {
      TensorMesh coarse = TensorMesh.graded(intervals, 2, grading);
      TensorMesh fine = coarse.with(new TensorMesh(0, 0.3, 0.31, 1.2, 2));
      BilinearField field = bilinear(coarse, 2);
      BilinearField finer = field.onto(fine);
      assertThat(finer.distanceTo(field).h1()).isLessThan(1e-12);
      assertThat(finer.norm().l2()).isCloseTo(field.norm().l2(), within(1e-13));
      assertThat(finer.norm().h1()).isCloseTo(field.norm().h1(), within(1e-10));
      assertThat(finer.onto(coarse).values()).containsExactly(field.values(), within(1e-13));

      TriangleSteps step = steps(coarse, 2);
      TriangleSteps split = step.onto(fine);
      assertThat(split.distanceTo(step, coarse)).isLessThan(1e-13);
      assertThat(split.l2()).isCloseTo(step.l2(), within(1e-13));
      assertThat(split.onto(coarse).values()).containsExactly(step.values(), within(1e-13));
    }
  }

  @Test
  void linearFunctionsAreBilinearFields() {
    TensorMesh mesh = TensorMesh.graded(4, 1.5, 2);
    BilinearField field = BilinearField.interpolate(linear(), mesh);
    assertThat(FieldNorm.of(field, linear(), mesh, (t, s) -> 1).h1()).isLessThan(1e-13);
    // Over the triangle of side T = 3/2: ∫ f² = ∫∫ (2 + 3t − s)², ∫ |∇f|² = 10 T²/2.
    double side = 1.5;
    double square =
        2 * Math.pow(side, 2)
            + 4 * 2.5 / 3 * Math.pow(side, 3)
            + (9 - 3 + 1.0 / 3) / 4 * Math.pow(side, 4);
    assertThat(field.norm().l2()).isCloseTo(Math.sqrt(square), within(1e-12));
    assertThat(field.norm().gradient()).isCloseTo(Math.sqrt(5 * side * side), within(1e-12));
    // Weighted with t: ∫∫ t |∇f|² = 10 T³/3.
    double weighted = FieldNorm.of(field, null, mesh, (t, s) -> t).gradient();
    assertThat(weighted).isCloseTo(Math.sqrt(10 * Math.pow(side, 3) / 3), within(1e-12));
    // A piecewise-linear field of the same function.
    TriangleField cut = TriangleField.ofPairs(2, 1.5, 1, new double[] {4.25, 6.5, 5.75});
    assertThat(FieldNorm.of(field, cut, mesh, (t, s) -> 1).h1()).isLessThan(1e-12);
  }

  @Test
  void interpolantsOfBilinearFieldsConvergeOnGradedMeshes() {
    // f = √t + s: H¹ fails at 0 on uniform meshes, L² has order 1, and 2 with grading 2.
    TriangleFunction root =
        new TriangleFunction() {
          @Override
          public int width() {
            return 1;
          }

          @Override
          public void evaluate(double t, double s, double[] value, double[] byT, double[] byS) {
            value[0] = Math.pow(t, 0.25) + s;
            byT[0] = 0.25 * Math.pow(t, -0.75);
            byS[0] = 1;
          }
        };
    double[] errors = new double[2];
    for (int n = 0; n < 2; n++) {
      TensorMesh mesh = TensorMesh.graded(16 << n, 1, 4);
      TensorMesh cells = mesh.with(TensorMesh.graded(64, 1, 4));
      BilinearField f = BilinearField.interpolate(root, mesh);
      errors[n] = FieldNorm.of(f, root, cells, (t, s) -> 1).l2();
    }
    assertThat(Math.log(errors[0] / errors[1]) / Math.log(2)).isCloseTo(2, within(0.2));
  }

  @Test
  void valuesAndDerivatives() {
    BilinearField field =
        new BilinearField(new TensorMesh(0, 1, 3), 1, new double[] {0, 1, 2, 4, 8, 5});
    double[] value = new double[1];
    double[] byT = new double[1];
    double[] byS = new double[1];
    // The rectangle [1, 3] × [0, 1] with 1, 2 at t = 1 and 4, 8 at t = 3.
    field.evaluate(2, 0.5, value, byT, byS);
    assertThat(value[0]).isCloseTo((1 + 2 + 4 + 8) / 4.0, within(1e-14));
    assertThat(byT[0]).isCloseTo((6 - 1.5) / 2, within(1e-14));
    assertThat(byS[0]).isCloseTo(6 - 3.5 + 0.0, within(1e-14));
    // The triangle at the end, with 2, 8 and 5.
    field.evaluate(3, 1, value, byT, byS);
    assertThat(value[0]).isEqualTo(8);
    field.evaluate(3, 3, value, byT, byS);
    assertThat(value[0]).isEqualTo(5);
    assertThat(byS[0]).isCloseTo(-1.5, within(1e-14));
    TriangleSteps steps = TriangleSteps.ofPairs(2, 3, 1, new double[] {7, 8, 9});
    steps.evaluate(2, 1, value, byT, byS);
    assertThat(value[0]).isEqualTo(8);
    assertThat(byT[0]).isZero();
    // ∫ over two triangles and one square of side 3/2.
    assertThat(steps.l2()).isCloseTo(Math.sqrt(2.25 * (49 / 2.0 + 64 + 81 / 2.0)), within(1e-12));
  }

  @Test
  void restrictionOfStepsTakesMeans() {
    TriangleSteps steps = TriangleSteps.ofPairs(2, 2, 1, new double[] {1, 2, 3});
    // Areas 1/2, 1, 1/2.
    assertThat(steps.onto(new TensorMesh(0, 2)).values())
        .containsExactly(new double[] {2}, within(1e-15));
    LineSteps line = new LineSteps(new double[] {0, 1, 4}, 2, new double[] {1, 2, 3, 4});
    assertThat(line.onto(0, 4).values()).containsExactly(new double[] {2.5, 3.5}, within(1e-15));
    assertThat(line.onto(0, 0.5, 1, 2, 4).values()).containsExactly(1, 2, 1, 2, 3, 4, 3, 4);
    assertThat(line.onto(0, 0.5, 1, 2, 4).onto(0, 1, 4)).isEqualTo(line);
    assertThat(line.onto(0, 2, 4).values())
        .containsExactly(new double[] {2, 3, 3, 4}, within(1e-15));
    assertThat(line.l2()).isCloseTo(Math.sqrt(5 + 3 * 25), within(1e-13));
    // t − 1 and t − 2 against a linear function: ∫ over [0, 1] and [1, 4].
    LineField t = new LineField(new double[] {0, 4}, 2, new double[] {0, 0, 4, 4});
    double square = 1 / 3.0 + (8 - 1) / 3.0 + ((1 + 8) + 27) / 3.0;
    assertThat(line.distanceTo(t, 0, 4)).isCloseTo(Math.sqrt(square), within(1e-12));
  }

  @Test
  void stepsApproachTheExtensionOfTheirPairs() {
    double[] errors = new double[2];
    for (int n = 0; n < 2; n++) {
      int layers = 16 << n;
      double[] pairs = new double[TriangleMesh.index(layers, 0)];
      for (int l = 1; l <= layers; l++) {
        for (int k = 0; k < l; k++) {
          pairs[TriangleMesh.index(l - 1, k)] = Math.sin(3.0 * l / layers) + (double) k / layers;
        }
      }
      TensorMesh mesh = TensorMesh.graded(layers, 1, 1);
      errors[n] =
          TriangleSteps.ofPairs(layers, 1, 1, pairs)
              .distanceTo(TriangleField.ofPairs(layers, 1, 1, pairs), mesh);
    }
    assertThat(Math.log(errors[0] / errors[1]) / Math.log(2)).isCloseTo(1, within(0.1));
  }

  @Test
  void refusals() {
    TensorMesh mesh = TensorMesh.graded(3, 1, 2);
    assertThat(mesh).isEqualTo(new TensorMesh(mesh.nodes())).hasSameHashCodeAs(mesh);
    assertThat(mesh.toString()).contains("3 intervals");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TensorMesh(0, 2, 1))
        .withMessageContaining("behind 2.0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TensorMesh.graded(3, 1, 0))
        .withMessageContaining("grading 0.0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TensorMesh.graded(3, -1, 1))
        .withMessageContaining("horizon -1.0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new BilinearField(mesh, 1, new double[3]))
        .withMessageContaining("10 nodes");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TriangleSteps(mesh, 1, new double[3]))
        .withMessageContaining("6 cells");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new LineSteps(new double[] {0, 1}, 1, new double[2]))
        .withMessageContaining("1 intervals");
    TensorMesh longer = TensorMesh.graded(3, 2, 2);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> bilinear(mesh, 1).onto(longer))
        .withMessageContaining("horizon 2.0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> steps(mesh, 1).onto(longer))
        .withMessageContaining("horizon 2.0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new LineSteps(new double[] {0, 1}, 1, new double[1]).onto(0, 2))
        .withMessageContaining("T = 1.0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> bilinear(mesh, 1).distanceTo(bilinear(mesh, 2)))
        .withMessageContaining("1 and 2 components");
    assertThat(steps(mesh, 2)).isEqualTo(steps(mesh, 2)).hasSameHashCodeAs(steps(mesh, 2));
    assertThat(bilinear(mesh, 2)).isEqualTo(bilinear(mesh, 2)).isNotEqualTo(bilinear(mesh, 1));
    assertThat(bilinear(mesh, 2).toString()).contains("bilinear field of 2");
    assertThat(steps(mesh, 1).toString()).contains("steps of 1");
  }
}
