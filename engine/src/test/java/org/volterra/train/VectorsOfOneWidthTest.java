package org.volterra.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIf;
import org.junit.jupiter.api.io.TempDir;
import org.volterra.FeedForwardSpec;
import org.volterra.HistoryType;
import org.volterra.ModelSpec;
import org.volterra.NetworkSpec;
import org.volterra.feature.FeatureTransform;
import org.volterra.feature.Shape;
import org.volterra.kernel.DepthKernel;
import org.volterra.spi.ElementType;
import org.volterra.testing.ChildJvm;
import org.volterra.testing.TestProvider;

/**
 * Vectors of one element type have one width. The compiler takes the class of what {@code
 * FloatVector.fromMemorySegment} gives from a profile that all callers share: where that knows two
 * widths, tiles that are compiled later take twice as long.
 */
class VectorsOfOneWidthTest {
  private static final Pattern VECTOR = Pattern.compile("(Float|Double)(\\d+)Vector'");

  @Test
  @DisabledIf(value = "isReference", disabledReason = "the reference has no vectors")
  void noOtherWidthIsUsed(@TempDir Path folder) throws Exception {
    List<String> options = new ArrayList<>(ChildJvm.sameProvider());
    options.add("-Xlog:class+init=info");
    ChildJvm child = ChildJvm.run(folder, options, Training.class);
    assertThat(child.exit()).as(child.output()).isZero();
    List<String> used =
        VECTOR.matcher(child.output()).results().map(m -> m.group()).distinct().sorted().toList();
    assertThat(used)
        .as("one of each type")
        .satisfiesExactly(
            name -> assertThat(name).startsWith("Double"),
            name -> assertThat(name).startsWith("Float"));
  }

  static boolean isReference() {
    return TestProvider.isReference();
  }

  /** Some steps of all kinds of networks. */
  static final class Training {
    private static final int BATCH = 64;

    private Training() {}

    public static void main(String[] arguments) {
      for (ElementType type : new ElementType[] {ElementType.FLOAT32, ElementType.FLOAT64}) {
        for (String kernel :
            List.of(
                "dense", "field(3)", "fractional(0.4)", "matrix*fractional(0.4)", "attention(3)")) {
          train(spec(kernel).build(), type);
        }
        String layer = "batch-norm,relu,conv(32,1x1),layer-norm,gelu,conv(16,3x3,pad=1)";
        String stages = "affine(32),dense(3," + layer + "),batch-norm,relu,affine(3)";
        train(new FeedForwardSpec(new Shape(1, 1, 2), FeatureTransform.parse(stages)), type);
      }
      train(spec("dense").historyType(HistoryType.BFLOAT16).build(), ElementType.FLOAT32);
    }

    private static NetworkSpec.Builder spec(String kernel) {
      return NetworkSpec.builder(40, 70).inputs(2).outputs(3).kernel(DepthKernel.parse(kernel));
    }

    private static void train(ModelSpec spec, ElementType type) {
      try (TrainingRun run = new TrainingRun(spec, type, 1, BATCH)) {
        for (int i = 0; i < 2; i++) {
          run.step(i);
        }
      }
    }
  }
}
