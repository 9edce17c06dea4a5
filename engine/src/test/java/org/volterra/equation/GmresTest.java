package org.volterra.equation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** GMRES against the matrix that it solves with. */
@Tag("provider-independent")
class GmresTest {
  private static final long SEED = 20261126;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 40})
  void solvesWithUnsymmetricMatrices(int n) {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(SEED);
    double[] a = random.doubles((long) n * n, -1, 1).toArray();
    for (int i = 0; i < n; i++) {
      a[i * n + i] += n;
    }
    Gmres.Map map =
        (x, y) -> {
          Arrays.fill(y, 0);
          for (int i = 0; i < n * n; i++) {
            y[i / n] += a[i] * x[i % n];
          }
        };
    double[] b = random.doubles(n, -1, 1).toArray();
    double[] product = new double[n];
    map.apply(Gmres.solve(map, b, 1e-14), product);
    assertThat(product).containsExactly(b, within(1e-12));
    assertThat(Gmres.solve(map, new double[n], 1e-14)).containsOnly(0);
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 50})
  void endsWhereTheKrylovSpaceDoes(int n) {
    double[] b = new double[n];
    b[1] = 3;
    double[] x = Gmres.solve((v, y) -> Arrays.setAll(y, i -> 2 * v[i]), b, 0);
    b[1] = 1.5;
    assertThat(x).containsExactly(b, within(1e-15));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 5})
  void singularMapsLeaveTheBest(int n) {
    double[] b = new double[n];
    b[0] = 1;
    assertThat(Gmres.solve((v, y) -> Arrays.fill(y, 0), b, 1e-12)).containsOnly(0);
  }
}
