package org.volterra.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.volterra.internal.scalar.ScalarProvider;
import org.volterra.memory.Resources;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.Matrix;

class DeviceStudyTest {
  @TempDir private Path folder;

  private static DeviceStudy.Settings settings(
      List<String> only, List<String> steps, DeviceStudy.Torch torch) {
    return new DeviceStudy.Settings(
        "panama",
        new DeviceStudy.Sizes(4096, 24, List.of(40), 6, 1e5),
        only,
        steps,
        2,
        1e-4,
        torch,
        DeviceStudy.Products.EXACT);
  }

  /** A peer in shell, which cannot do adam and takes 8 ms for all else. */
  private Path peer() throws IOException {
    return Files.writeString(
        folder.resolve("peer.sh"),
        """
        [ "$1" = --products=float32 ] || exit 2
        case $3 in compiled) echo '{"error": "no compiler"}'; exit 1 ;; esac
        echo '{"name": "Peer 1.0"}'
        while read -r command work seconds; do
          case $work in
            adam*) echo '{"error": "no moments"}' ;;
            *) echo '{"milliseconds": 8, "peakBytes": 2000000}' ;;
          esac
        done
        """);
  }

  @Test
  void aStepThatIsTooLargeIsLeftOutAndTheOthersAreKept() {
    List<String> heard = new ArrayList<>();
    List<String> steps = List.of("dense:1x1024x128", "dense:4x3x2");
    DeviceResult result =
        new DeviceStudy(settings(List.of("copy"), steps, null)).run(false, heard::add);
    assertThat(heard)
        .anySatisfy(line ->
            assertThat(line).contains("left out: step dense:1x1024x128", "too many parameters"));
    assertThat(result.points())
        .extracting(DeviceResult.Point::work)
        .contains("step:dense:4x3x2")
        .doesNotContain("step:dense:1x1024x128");
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void everyOperationIsCheckedTimedAndComparedWithThePeer() throws IOException {
    List<String> heard = new ArrayList<>();
    DeviceStudy.Torch torch = new DeviceStudy.Torch("sh", peer(), DeviceStudy.Torch.VARIANTS);
    List<String> steps = List.of("dense:4x3x2", "fractional:4x3x9");
    DeviceResult result = new DeviceStudy(settings(List.of(), steps, torch)).run(false, heard::add);
    assertThat(result.points())
        .allSatisfy(p -> {
          assertThat(p.milliseconds().median()).isPositive();
          assertThat(p.flops() + p.bytes()).isPositive();
        })
        .extracting(DeviceResult.Point::work)
        .contains(
            "copy:4x1024",
            "gemm:24x24x40",
            "gemm-nt:24x40x24",
            "gemm-tn:40x24x24",
            "block-sum:6x1024",
            "step:dense:4x3x2",
            "step:fractional:4x3x9");
    assertThat(result.peers())
        .extracting(DeviceResult.Peer::variant)
        .containsExactly("eager", "graph");
    assertThat(heard).contains("left out: compiled: PyTorch: no compiler");
    assertThat(heard).contains("left out: graph: adam:4x1024: PyTorch: no moments");
    assertThat(result.table().toString())
        .contains("% of copy", "eager / volterra", "step:fractional:4x3x9");
    assertThat(Json.LINE.toJson(result.content()))
        .contains("copyGigabytesPerSecond", "Peer 1.0, graph", "\"ratio\"");
    assertThat(result.measurements()).hasSameSizeAs(result.points());
    ResultFile file = new ResultFile(folder, Machine.here(), Instant.EPOCH);
    assertThat(file.write(result)).content().contains("\"benchmark\": \"gpu\"");
  }

  /** All operations at a small size, and what a wrong one of each kind gives. */
  @Test
  void aWrongResultIsNotTimed() {
    try (ComputeProvider scalar = new ScalarProvider()) {
      for (DeviceOperation operation : DeviceOperations.all(2048, List.of(70), 20, 5, 0)) {
        operation.check(scalar, scalar, Double.POSITIVE_INFINITY);
        DeviceOperation wrong =
            new DeviceOperation(
                operation.name(),
                operation.size(),
                operation.flops(),
                operation.bytes(),
                operation.shapes(),
                new Second(operation.body()),
                operation.tolerance());
        assertThatThrownBy(() -> wrong.check(scalar, scalar, Double.POSITIVE_INFINITY))
            .as(operation.name())
            .isInstanceOf(WrongResultException.class);
      }
    }
  }

  /** Is wrong by 1 in the last operand, the second time. */
  private static final class Second implements DeviceOperation.Body {
    private final DeviceOperation.Body body;
    private int calls;

    private Second(DeviceOperation.Body body) {
      this.body = body;
    }

    @Override
    public void run(DeviceOperation.Device device, Matrix[] operands) {
      body.run(device, operands);
      if (++calls == 2) {
        Matrix last = operands[operands.length - 1];
        last.set(0, 0, last.get(0, 0) + 1);
      }
    }
  }

  @Test
  void samplesOfALargeProductAreComputedAgain() {
    try (ComputeProvider scalar = new ScalarProvider();
        Resources resources = new Resources()) {
      for (DeviceOperation product : DeviceOperations.all(2048, List.of(70), 20, 5, 0)) {
        if (product.name().startsWith("gemm")) {
          product.check(scalar, scalar, 0);
          Matrix[] operands = product.allocate(scalar, 0, resources)[0];
          product.body().run(DeviceOperation.Device.of(scalar), operands);
          Matrix c = operands[2];
          c.set(c.rows() - 1, 0, c.get(c.rows() - 1, 0) + 1e-3);
          c.set(0, 0, c.get(0, 0) + 1e-3);
          assertThatThrownBy(() -> DeviceOperations.checkSample(product, operands))
              .isInstanceOf(WrongResultException.class)
              .hasMessageContaining(product.name());
        }
      }
    }
  }

  @Test
  void someOperationsMayBeChosen() {
    DeviceStudy study = new DeviceStudy(settings(List.of("gemm-n", "dot"), List.of(), null));
    assertThat(study.run(false, text -> {}).points())
        .extracting(DeviceResult.Point::work)
        .containsExactly("copy:4x1024", "dot:4x1024", "gemm-nt:24x40x24");
  }

  @Test
  void mistakesAreRefused() {
    assertThatThrownBy(() -> new DeviceStudy.Sizes(100, 1, List.of(1), 1, 1))
        .hasMessageContaining("100 elements");
    assertThatThrownBy(() -> settings(List.of(), List.of("dense"), null))
        .hasMessageContaining("step 'dense'");
    assertThatThrownBy(() -> new DeviceStudy(settings(List.of("gem-x"), List.of(), null)))
        .hasMessageContaining("operation 'gem-x'")
        .hasMessageContaining("copy, axpby");
    assertThatThrownBy(() -> new DeviceStudy.Torch("python3", Path.of("x"), List.of("jit")))
        .hasMessageContaining("variant 'jit'");
  }
}
