package org.volterra.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.IdentityHashMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;

@Tag("provider-independent")
class ViewsTest {
  @Test
  void aBlockIsTheBlockOfTheMatrixAndTheSameObjectInEveryCall() {
    try (HostBuffer buffer = HostBuffer.allocate(ElementType.FLOAT32, 500)) {
      Matrix all = new Matrix(buffer, 7, 12, 20, 23);
      Views views = new Views(all);
      IdentityHashMap<Matrix, Boolean> made = new IdentityHashMap<>();
      for (int turn = 0; turn < 2; turn++) {
        for (int row = 0; row < 12; row++) {
          for (int column = 0; column < 20; column += 3) {
            for (int height = 1; height <= 12 - row; height++) {
              Matrix block = views.block(row, column, height, 20 - column);
              assertThat(block).isEqualTo(all.block(row, column, height, 20 - column));
              assertThat(made.put(block, true) == null).isEqualTo(turn == 0);
            }
          }
        }
      }
      assertThat(views.all()).isSameAs(all);
      assertThat(views.rows(2, 3)).isEqualTo(all.rows(2, 3)).isSameAs(views.rows(2, 3));
      assertThat(views.columns(4, 5)).isEqualTo(all.block(0, 4, 12, 5));
    }
  }

  @Test
  void rowsThatAreAskedForAgainAreTheSameView() {
    try (HostBuffer buffer = HostBuffer.allocate(ElementType.FLOAT64, 100)) {
      Matrix all = Matrix.of(buffer, 0, 10, 10);
      Matrix last = all.rows(7, 3);
      assertThat(all.rows(7, 3)).isSameAs(last);
      assertThat(all.rows(7, 2)).isEqualTo(all.block(7, 0, 2, 10));
      assertThat(all.rows(6, 2)).isEqualTo(all.block(6, 0, 2, 10));
      assertThatThrownBy(() -> all.rows(8, 3)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void blocksThatExceedTheMatrixAreRefused() {
    try (HostBuffer buffer = HostBuffer.allocate(ElementType.FLOAT64, 100)) {
      Views views = new Views(Matrix.of(buffer, 0, 10, 10));
      views.rows(8, 2);
      assertThatThrownBy(() -> views.rows(8, 3))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("block 3 x 10 at (8, 0) exceeds a matrix of 10 x 10");
    }
  }
}
