package org.volterra.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.volterra.Network;
import org.volterra.NetworkSpec;
import org.volterra.Workspace;
import org.volterra.depth.DepthDependence;
import org.volterra.kernel.DepthKernel;
import org.volterra.memory.MemoryBudget;
import org.volterra.memory.NativeMemory;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.sum.SumChoice;

/**
 * Steps of networks whose histories lie in memory of the host, beside the same with all of them on
 * the device.
 */
final class OffloadedSteps {
  static final int CHANNELS = 12;
  static final int BATCH = 7;

  private OffloadedSteps() {}

  /** What each test leaves behind: nothing. */
  static void allMemoryIsReturned() {
    FakeCuda.earlyCopies(false);
    assertThat(FakeCuda.liveBytes()).isZero();
    assertThat(NativeMemory.liveBytes()).isZero();
  }

  static NetworkSpec.Builder spec(String kernel, String sum, int depth) {
    return spec(CHANNELS, kernel, sum, depth);
  }

  static NetworkSpec.Builder spec(int channels, String kernel, String sum, int depth) {
    return NetworkSpec.builder(channels, depth)
        .kernel(DepthKernel.parse(kernel))
        .sum(SumChoice.parse(sum))
        .bias(DepthDependence.perLayer());
  }

  /** Everything that a step computes. */
  private static double[] step(Workspace workspace) {
    Network network = workspace.network();
    Random random = new Random(3);
    List<Double> values = new ArrayList<>();
    int rows = workspace.batch() * network.spec().positions();
    int channels = network.spec().channels();
    try (Buffer data = network.provider().allocate(network.type(), (long) rows * channels);
        Buffer slope = network.provider().allocate(network.type(), (long) rows * channels)) {
      Matrix x = Matrix.of(data, 0, rows, channels);
      Matrix dy = Matrix.of(slope, 0, rows, channels);
      x.fill(random.doubles(x.size(), -1, 1).toArray());
      dy.fill(random.doubles(dy.size(), -1, 1).toArray());
      add(values, workspace.forward(x));
      workspace.backward(dy);
      add(values, workspace.initialStateGradient());
      add(values, Matrix.vector(workspace.gradients(), 0, (int) network.layout().length()));
      add(values, workspace.state(2));
    }
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static void add(List<Double> values, Matrix m) {
    for (double value : m.toArray()) {
      values.add(value);
    }
  }

  /** The least budget, as the refusal of a smaller one says. */
  private static long least(Network network) {
    MemoryBudget budget = new MemoryBudget(1);
    try (Workspace possible = network.workspace(BATCH, budget)) {
      throw new AssertionError(possible.memoryPlan());
    } catch (MemoryBudget.MemoryBudgetException e) {
      Matcher number = Pattern.compile("at least ([\\d,]+) bytes").matcher(e.getMessage());
      assertThat(number.find()).as(e.getMessage()).isTrue();
      return Long.parseLong(number.group(1).replace(",", ""));
    }
  }

  /** Whatever the budget, and whenever copies are done, a step computes the same bits. */
  static void compare(NetworkSpec spec, ElementType type) {
    double[] expected;
    double[] smaller;
    try (ComputeProvider cuda = new CudaComputeProvider();
        Network network = Network.create(spec, cuda, type, 11)) {
      long whole;
      try (Workspace stored = network.workspace(BATCH)) {
        assertThat(stored.memoryPlan().isPlain()).isTrue();
        whole = stored.historyBytes();
        expected = step(stored);
        smaller = step(stored.forBatch(BATCH - 2));
      }
      for (boolean early : new boolean[] {false, true}) {
        FakeCuda.earlyCopies(early);
        long least = least(network);
        for (long budget : new long[] {least, least + (whole - least) / 2}) {
          try (Workspace lean = network.workspace(BATCH, new MemoryBudget(budget))) {
            String plan = lean.memoryPlan() + (early ? ", early" : ", late");
            assertThat(lean.memoryPlan().offloadedBytes()).as(plan).isPositive();
            assertThat(lean.usesHost()).isTrue();
            assertThat(step(lean)).as(plan).containsExactly(expected);
            assertThat(step(lean.forBatch(BATCH - 2))).as(plan).containsExactly(smaller);
            assertThat(step(lean)).as(plan).containsExactly(expected);
          }
        }
        FakeCuda.trace();
        FakeCuda.earlyCopies(false);
      }
    }
  }
}
