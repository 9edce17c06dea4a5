package org.volterra.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.volterra.memory.History.Layout;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.testing.TestProvider;

@Tag("provider-independent")
class HistoryTest {
  private static final int SLICES = 4;
  private static final int BATCH = 3;
  private static final int POSITIONS = 2;
  private static final int CHANNELS = 5;

  private static History history(Layout layout) {
    return History.allocate(
        TestProvider.get(), ElementType.FLOAT32, layout, SLICES, BATCH, POSITIONS, CHANNELS);
  }

  private static double value(int slice, int row, int channel) {
    return 1000 * slice + 10 * row + channel;
  }

  private static void write(History history) {
    for (int k = 0; k < history.slices(); k++) {
      Matrix slice = history.slice(k);
      for (int r = 0; r < slice.rows(); r++) {
        for (int c = 0; c < slice.columns(); c++) {
          slice.set(r, c, value(k, r, c));
        }
      }
    }
  }

  /** Element (slice, row, channel) read through {@code first(count)}. */
  private static double read(History history, int count, int slice, int row, int channel) {
    Matrix first = history.first(count);
    return history.layout() == Layout.INTERLEAVED
        ? first.get(row, slice * history.channels() + channel)
        : first.get(slice, row * history.channels() + channel);
  }

  private static void assertHolds(History history) {
    int rows = history.batch() * history.positions();
    for (int count = 1; count <= history.slices(); count++) {
      for (int k = 0; k < count; k++) {
        for (int r = 0; r < rows; r++) {
          for (int c = 0; c < history.channels(); c++) {
            assertThat(read(history, count, k, r, c))
                .as("first(%d) at slice %d, row %d, channel %d", count, k, r, c)
                .isEqualTo(value(k, r, c));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Layout.class)
  void slicesAreWrittenInPlaceAndReadAsOneMatrix(Layout layout) {
    try (History history = history(layout)) {
      assertThat(history.first(SLICES).toArray()).containsOnly(0);
      write(history);
      assertHolds(history);
      for (int count = 1; count <= SLICES; count++) {
        Matrix first = history.first(count);
        boolean interleaved = layout == Layout.INTERLEAVED;
        assertThat(first.rows()).isEqualTo(interleaved ? BATCH * POSITIONS : count);
        assertThat(first.columns())
            .isEqualTo(interleaved ? count * CHANNELS : BATCH * POSITIONS * CHANNELS);
        assertThat(first.buffer()).isSameAs(history.slice(count - 1).buffer());
        assertThat(history.first(count)).isSameAs(first);
        assertThat(history.slice(count - 1)).isSameAs(history.slice(count - 1));
      }
      history.slice(2).set(5, 4, -1);
      assertThat(read(history, 3, 2, 5, 4)).isEqualTo(-1);
    }
  }

  @ParameterizedTest
  @EnumSource(Layout.class)
  void itSaysWhatItIs(Layout layout) {
    try (History history = history(layout)) {
      assertThat(history.slices()).isEqualTo(SLICES);
      assertThat(history.batch()).isEqualTo(BATCH);
      assertThat(history.positions()).isEqualTo(POSITIONS);
      assertThat(history.channels()).isEqualTo(CHANNELS);
      assertThat(history.layout()).isEqualTo(layout);
      assertThat(history.bytes()).isEqualTo(4L * SLICES * BATCH * POSITIONS * CHANNELS);
      assertThat(history.slice(0).rows()).isEqualTo(BATCH * POSITIONS);
      assertThat(history.slice(0).columns()).isEqualTo(CHANNELS);
    }
  }

  @ParameterizedTest
  @EnumSource(Layout.class)
  void aSmallerBatchIsAViewOfTheSameMemory(Layout layout) {
    try (History history = history(layout)) {
      write(history);
      History two = history.forBatch(2);
      assertThat(two.batch()).isEqualTo(2);
      assertThat(two.slices()).isEqualTo(SLICES);
      assertThat(two.first(1).buffer()).isSameAs(history.first(1).buffer());
      assertHolds(two);
      History one = two.forBatch(1);
      assertHolds(one);
      one.slice(3).set(1, 2, 77);
      assertThat(history.slice(3).get(1, 2)).isEqualTo(77);
      two.close();
      one.close();
      assertThat(history.slice(3).get(1, 2)).as("views own nothing").isEqualTo(77);
      for (int bad : new int[] {0, -1, BATCH + 1}) {
        assertThatIllegalArgumentException()
            .isThrownBy(() -> history.forBatch(bad))
            .withMessage("batch " + bad + ": this history holds 1..3 samples");
      }
      assertThatIllegalArgumentException().isThrownBy(() -> one.forBatch(2));
    }
  }

  @Test
  void neighbouringSlicesAreRowsOfASliceMajorHistoryOnly() {
    try (History major = history(Layout.SLICE_MAJOR);
        History interleaved = history(Layout.INTERLEAVED)) {
      write(major);
      Matrix middle = major.slices(1, 2);
      assertThat(middle.rows()).isEqualTo(2);
      assertThat(middle.get(0, 3 * CHANNELS + 1)).isEqualTo(value(1, 3, 1));
      assertThat(middle.get(1, 0)).isEqualTo(value(2, 0, 0));
      assertThatIllegalArgumentException().isThrownBy(() -> major.slices(3, 2));
      assertThatIllegalStateException()
          .isThrownBy(() -> interleaved.slices(1, 2))
          .withMessageContaining("slice-major");
    }
  }

  @ParameterizedTest
  @EnumSource(Layout.class)
  void indicesOutOfRangeAreRefused(Layout layout) {
    try (History history = history(layout)) {
      for (int bad : new int[] {-1, SLICES}) {
        assertThatThrownBy(() -> history.slice(bad)).isInstanceOf(IndexOutOfBoundsException.class);
      }
      for (int bad : new int[] {-1, 0, SLICES + 1}) {
        assertThatIllegalArgumentException()
            .isThrownBy(() -> history.first(bad))
            .withMessage("count " + bad + ": must be in 1..4");
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0,1,1,1,slices 0",
    "-1,1,1,1,slices -1",
    "1,0,1,1,batch 0",
    "1,-7,1,1,batch -7",
    "1,1,0,1,positions 0",
    "1,1,1,0,channels 0",
    "1,1,1,-2147483648,channels -2147483648"
  })
  void sizesMustBePositive(int slices, int batch, int positions, int channels, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> History.bytes(ElementType.FLOAT64, slices, batch, positions, channels))
        .withMessage(message + ": must be at least 1");
    long before = NativeMemory.liveBytes();
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            History.allocate(
                TestProvider.get(),
                ElementType.FLOAT64,
                Layout.INTERLEAVED,
                slices,
                batch,
                positions,
                channels));
    assertThat(NativeMemory.liveBytes()).isEqualTo(before);
  }

  @ParameterizedTest
  @CsvSource({
    "1,65536,65536,1",
    "1,65536,32768,1",
    "65536,1,1,65536",
    "2147483647,1,1,2",
    "2147483647,2147483647,2147483647,2147483647"
  })
  void sizesThatOverflowAreRefused(int slices, int batch, int positions, int channels) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> History.bytes(ElementType.FLOAT64, slices, batch, positions, channels))
        .withMessageContaining(slices + " slices x " + batch + " batch")
        .withMessageContaining("must each be below 2^31");
  }

  @Test
  void bytesAreCountedInFull() {
    assertThat(History.bytes(ElementType.FLOAT64, 1 << 15, 1 << 14, 2, 1 << 15))
        .isEqualTo(1L << 48);
    int most = Integer.MAX_VALUE;
    assertThatIllegalArgumentException()
        .isThrownBy(() -> History.bytes(ElementType.FLOAT32, most, most, 1, 1))
        .withMessageContaining("count " + (long) most * most);
  }

  @ParameterizedTest
  @EnumSource(Layout.class)
  void useAfterCloseIsRefusedAndClosingTwiceIsHarmless(Layout layout) {
    long before = NativeMemory.liveBytes();
    History history = history(layout);
    assertThat(NativeMemory.liveBytes()).isEqualTo(before + history.bytes());
    History view = history.forBatch(1);
    Matrix slice = history.slice(0);
    history.close();
    history.close();
    assertThat(NativeMemory.liveBytes()).isEqualTo(before);
    for (Matrix closed : new Matrix[] {slice, history.first(2), view.slice(1)}) {
      assertThatIllegalStateException()
          .isThrownBy(() -> closed.get(0, 0))
          .withMessageContaining("closed");
      assertThatIllegalStateException().isThrownBy(() -> closed.set(0, 0, 1));
      assertThatIllegalStateException()
          .isThrownBy(() -> TestProvider.get().primitives(ElementType.FLOAT32).fill(0, closed));
    }
  }
}
