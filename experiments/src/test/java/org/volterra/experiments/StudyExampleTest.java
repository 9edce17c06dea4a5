package org.volterra.experiments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayOutputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.volterra.study.ConvergenceStudy;
import org.volterra.study.LimitFit;

/** The study of one's own in docs/studies.md compiles as it stands there, and converges. */
class StudyExampleTest {
  private static final Pattern EXAMPLE = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL);
  private static final String IMPORTS = "import java.util.*;\nimport org.volterra.study.*;\n";
  private static final int[] DEPTHS = {64, 128, 256};

  @TempDir private Path folder;

  @Test
  void compilesAndConverges() throws Exception {
    Matcher example = EXAMPLE.matcher(Files.readString(Path.of("..", "docs", "studies.md")));
    assertThat(example.find()).isTrue();
    Path source = Files.writeString(folder.resolve("Doubling.java"), IMPORTS + example.group(1));
    Path engine =
        Path.of(ConvergenceStudy.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    ByteArrayOutputStream messages = new ByteArrayOutputStream();
    int code =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                messages,
                messages,
                "-cp",
                engine.toString(),
                "-d",
                folder.toString(),
                source.toString());
    assertThat(code).as(messages.toString(StandardCharsets.UTF_8)).isZero();
    try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
      ConvergenceStudy study =
          (ConvergenceStudy)
              loader.loadClass("Doubling").getConstructor(Map.class).newInstance(Map.of());
      double[] values = new double[DEPTHS.length];
      for (int i = 0; i < DEPTHS.length; i++) {
        values[i] = study.run(DEPTHS[i], 1, Optional.empty()).value();
      }
      LimitFit fit = LimitFit.of(DEPTHS, values);
      assertThat(fit.limit()).isCloseTo(study.limit().orElseThrow(), within(1e-3));
      assertThat(fit.order()).isCloseTo(1, within(0.05));
    }
  }
}
