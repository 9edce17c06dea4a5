package org.volterra.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResultFileTest {
  private static final Instant TIME = Instant.parse("2026-03-04T23:59:59.5Z");
  private static final Machine MACHINE = new Machine("CPU \"X\"", 4, "Linux", "abc");

  @TempDir private Path folder;

  @Test
  void depthStudyIsWrittenWithItsOrigin() throws IOException {
    Path target = folder.resolve("bench/results");
    Path file = new ResultFile(target, MACHINE, TIME).write(Examples.depth());
    assertThat(file).isEqualTo(target.resolve("2026-03-04-depth.json"));
    JsonObject json = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    assertThat(json.get("cpu").getAsString()).isEqualTo("CPU \"X\"");
    assertThat(json.get("commit").getAsString()).isEqualTo("abc");
    assertThat(json.get("time").getAsString()).isEqualTo("2026-03-04T23:59:59Z");
    assertThat(json.getAsJsonObject("effort").get("name").getAsString()).isEqualTo("short");
    JsonObject last = json.getAsJsonArray("points").get(2).getAsJsonObject();
    assertThat(last.get("layers").getAsInt()).isEqualTo(32);
    assertThat(last.getAsJsonObject("forward").get("milliseconds").getAsDouble()).isEqualTo(1.024);
    assertThat(last.getAsJsonObject("gradient").get("error").isJsonNull()).isTrue();
    JsonObject fit =
        json.getAsJsonArray("fits").get(0).getAsJsonObject().getAsJsonObject("forward");
    assertThat(fit.get("exponent").getAsDouble()).isEqualTo(2);
    assertThat(folder.resolve("bench/results")).isDirectoryNotContaining("glob:**.tmp");
  }

  @Test
  void secondFileOfADayDoesNotReplaceTheFirst() throws IOException {
    ResultFile results = new ResultFile(folder, MACHINE, TIME);
    Path first = results.write(Examples.depth());
    Path second = results.write(Examples.depth());
    assertThat(second).isEqualTo(folder.resolve("2026-03-04-depth-2.json"));
    assertThat(first).hasSameTextualContentAs(second);
  }

  @Test
  void folderThatCannotBeMadeIsNamed() throws IOException {
    Path file = Files.writeString(folder.resolve("occupied"), "");
    assertThatThrownBy(() -> new ResultFile(file.resolve("results"), MACHINE, TIME))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("cannot write to the folder " + file.resolve("results"));
  }

  @Test
  void processorIsReadFromItsDescription() {
    assertThat(Machine.cpuModel(List.of("processor\t: 0", "model name\t: Fast CPU @ 3 GHz")))
        .isEqualTo("Fast CPU @ 3 GHz");
    assertThat(Machine.cpuModel(List.of())).isEqualTo("unknown");
  }

  @Test
  void machineIsDescribed() {
    Machine here = Machine.here();
    assertThat(here.processors()).isPositive();
    assertThat(here.cpu()).isNotBlank();
    assertThat(here.commit()).isNotBlank();
  }
}
