package org.volterra;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example in the README compiles and runs as it stands there, on the class path of a user. */
@Tag("provider-independent")
class ReadmeTest {
  private static final Pattern EXAMPLE = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL);
  private static final Pattern ERROR = Pattern.compile("mean squared error (0\\.\\d+)");

  @Test
  void exampleRuns(@TempDir Path folder) throws IOException, InterruptedException {
    Matcher matcher = EXAMPLE.matcher(Files.readString(Path.of("..", "README.md")));
    assertThat(matcher.find()).isTrue();
    Path source = Files.writeString(folder.resolve("Embedding.java"), matcher.group(1));
    Path output = folder.resolve("output.txt");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules",
                "jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                Path.of("target", "classes").toAbsolutePath().toString(),
                source.toString())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    String text = Files.readString(output, StandardCharsets.UTF_8);
    assertThat(process.exitValue()).as(text).isZero();
    assertThat(text).contains("x_l = x_0 + b_l + h Σ_{k<l} K_{l,k} φ(x_k),  l = 1..64");
    Matcher error = ERROR.matcher(text);
    assertThat(error.find()).as(text).isTrue();
    assertThat(Double.parseDouble(error.group(1))).isLessThan(0.001);
  }
}
