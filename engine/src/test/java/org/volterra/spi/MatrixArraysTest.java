package org.volterra.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.volterra.testing.TestProvider;

/** {@link Matrix#fill} and {@link Matrix#toArray}, in pieces and over gaps between rows. */
class MatrixArraysTest {
  /** More than is converted at a time. */
  private static final int LONG = 40_003;

  /** Whole numbers that every type has. */
  private static double[] numbers(int count) {
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      values[i] = i % 251 - 125;
    }
    return values;
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  void longVectorsComeBackAndNothingElseIsTouched(ElementType type) {
    try (Buffer buffer = TestProvider.allocate(type, LONG + 2)) {
      Matrix vector = Matrix.vector(buffer, 1, LONG);
      vector.fill(numbers(LONG));
      assertThat(vector.toArray()).isEqualTo(numbers(LONG));
      assertThat(buffer.get(0)).isZero();
      assertThat(buffer.get(LONG + 1)).isZero();
      assertThat(buffer.get(LONG)).isEqualTo(numbers(LONG)[LONG - 1]);
    }
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  void rowsWithGapsComeBackAndTheGapsAreNotTouched(ElementType type) {
    try (Buffer buffer = TestProvider.allocate(type, 30)) {
      Matrix block = Matrix.of(buffer, 0, 5, 6).block(1, 2, 3, 3);
      block.fill(numbers(9));
      assertThat(block.toArray()).isEqualTo(numbers(9));
      double[] all = Matrix.vector(buffer, 0, 30).toArray();
      for (int i = 0; i < 30; i++) {
        int row = i / 6 - 1;
        int column = i % 6 - 2;
        boolean inside = row >= 0 && row < 3 && column >= 0 && column < 3;
        assertThat(all[i]).isEqualTo(inside ? numbers(9)[3 * row + column] : 0);
      }
    }
  }

  @Test
  void numbersAreRoundedOnceAndArraysOfOtherLengthsRefused() {
    double value = 1 + 0x1p-8 + 0x1p-40;
    for (ElementType type : ElementType.values()) {
      try (Buffer buffer = TestProvider.allocate(type, 2)) {
        Matrix pair = Matrix.vector(buffer, 0, 2);
        pair.fill(new double[] {value, -value});
        double first = buffer.get(0);
        buffer.set(0, value);
        assertThat(first).isEqualTo(buffer.get(0));
        assertThat(pair.toArray()).containsExactly(first, -first);
        assertThatIllegalArgumentException()
            .isThrownBy(() -> pair.fill(new double[3]))
            .withMessageContaining("got 3");
      }
    }
  }
}
