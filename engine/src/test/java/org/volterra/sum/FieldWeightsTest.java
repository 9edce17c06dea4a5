package org.volterra.sum;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.volterra.depth.DepthGrid;
import org.volterra.depth.LineMesh;
import org.volterra.memory.HostBuffer;
import org.volterra.memory.Resources;
import org.volterra.spi.Buffer;
import org.volterra.spi.ElementType;
import org.volterra.testing.TestProvider;

/** Weights of blocks that are kept are those that the host computes when they are needed. */
class FieldWeightsTest {
  @ParameterizedTest
  @CsvSource({"12, 3", "13, 4", "5, 7", "40, 6", "1, 1"})
  void theTableHoldsWhatScratchComputes(int layers, int intervals) {
    MeshRows mesh = new MeshRows(new DepthGrid(layers, 2), new LineMesh(intervals, 2));
    int largest = mesh.largest();
    for (ElementType type : new ElementType[] {ElementType.FLOAT32, ElementType.FLOAT64}) {
      try (Resources resources = new Resources()) {
        SumMemory memory = new SumMemory(TestProvider.get(), type, resources);
        Buffer buffer =
            resources.own(TestProvider.allocate(type, FieldScratch.length(largest, 1, 1, 1)));
        HostBuffer staging = resources.own(HostBuffer.allocate(type, (long) largest * largest));
        FieldScratch scratch = new FieldScratch(buffer, staging, largest, 1, 1, 1);
        FieldWeights table = FieldWeights.of(mesh, memory);
        for (int i = 0; i < intervals; i++) {
          for (int j = 0; j < i; j++) {
            if (mesh.layerCount(i) > 0 && mesh.sourceCount(j) > 0) {
              for (int corner = 0; corner < 4; corner++) {
                int a = corner / 2;
                int b = corner % 2;
                assertThat(table.corner(i, j, a, b).toArray())
                    .as("corner " + corner + " of cell " + i + ", " + j)
                    .isEqualTo(scratch.weights(mesh, i, j, a, b).toArray());
              }
            }
          }
        }
        if (intervals > 1) {
          assertThat(FieldWeights.of(mesh, memory, 3)).as("more than 3 elements").isNull();
        }
      }
    }
  }
}
