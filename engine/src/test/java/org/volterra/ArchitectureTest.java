package org.volterra;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The borders between packages and modules, read off the sources. */
@Tag("provider-independent")
class ArchitectureTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path ENGINE = ROOT.resolve("engine/src/main/java");
  private static final String PANAMA = "org.volterra.internal.panama";
  private static final Pattern COMMENT = Pattern.compile("/\\*.*?\\*/|//[^\\n]*", Pattern.DOTALL);
  private static final Pattern STRING = Pattern.compile("\"(?:[^\"\\\\\\n]|\\\\.)*\"");
  private static final Pattern PACKAGE = Pattern.compile("(?m)^package ([\\w.]+);");
  private static final Pattern DEPENDENCY =
      Pattern.compile("<dependency>(.*?)</dependency>", Pattern.DOTALL);

  /** What measures the speed of vector operations as such. */
  private static final String PEAK = "bench/src/main/java/org/volterra/bench/FusedProducts.java";

  /** A source file without comments and strings. */
  private record Source(Path file, String packageName, String code) {
    boolean mentions(String name) {
      return Pattern.compile("\\b" + Pattern.quote(name) + "\\b").matcher(code).find();
    }

    @Override
    public String toString() {
      return ROOT.relativize(file).toString();
    }
  }

  private static List<Source> sources(Path folder) {
    List<Source> all = new ArrayList<>();
    for (Path file : files(folder, f -> f.toString().endsWith(".java"))) {
      if (!file.endsWith("module-info.java")) {
        String text = read(file);
        Matcher matcher = PACKAGE.matcher(text);
        assertThat(matcher.find()).as("package of %s", file).isTrue();
        String code = COMMENT.matcher(STRING.matcher(text).replaceAll("\"\"")).replaceAll("");
        all.add(new Source(file, matcher.group(1), code));
      }
    }
    return all;
  }

  private static List<Path> files(Path folder, Predicate<Path> which) {
    try (Stream<Path> walk = Files.walk(folder)) {
      return walk.filter(Files::isRegularFile).filter(which).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Source> engineExcept(String... packages) {
    return sources(ENGINE).stream()
        .filter(s -> !List.of(packages).contains(s.packageName()))
        .toList();
  }

  @Test
  void theSourcesAreFound() {
    assertThat(sources(ENGINE)).hasSizeGreaterThan(80);
    assertThat(sources(ENGINE)).filteredOn(s -> s.mentions("jdk.incubator.vector")).isNotEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"engine", "bench", "cuda-kernels", "experiments"})
  void onlyThePanamaPackageUsesTheVectorModule(String module) {
    assertThat(sources(ROOT.resolve(module).resolve("src/main/java")))
        .filteredOn(s -> !s.packageName().equals(PANAMA))
        .filteredOn(s -> !s.toString().equals(PEAK))
        .filteredOn(s -> s.mentions("jdk.incubator.vector"))
        .isEmpty();
  }

  @Test
  void noClassOfThePanamaPackageIsTouchedButByTheProbe() {
    assertThat(engineExcept(PANAMA, "org.volterra.internal.platform"))
        .filteredOn(s -> s.mentions(PANAMA))
        .isEmpty();
  }

  @Test
  void nothingInTheEngineKnowsJcuda() throws IOException {
    List<Path> everything =
        files(ROOT.resolve("engine/src"), f -> !f.endsWith("ArchitectureTest.java"));
    for (Path file : everything) {
      if (file.toString().matches(".*\\.(java|xml|properties|txt)")) {
        assertThat(read(file)).as(file.toString()).doesNotContainIgnoringCase("jcuda");
      }
    }
    assertThat(read(ROOT.resolve("engine/pom.xml"))).doesNotContainIgnoringCase("jcuda");
  }

  @Test
  void theEngineHasNoDependenciesButForTests() {
    Matcher dependencies = DEPENDENCY.matcher(read(ROOT.resolve("engine/pom.xml")));
    int count = 0;
    while (dependencies.find()) {
      assertThat(dependencies.group(1)).contains("<scope>test</scope>");
      count++;
    }
    assertThat(count).isPositive();
    String parent = read(ROOT.resolve("pom.xml"));
    assertThat(parent.replaceAll("(?s)<dependencyManagement>.*?</dependencyManagement>", ""))
        .as("the parent gives no module a dependency")
        .doesNotContain("<dependencies>");
    assertThat(read(ENGINE.resolve("module-info.java")))
        .containsOnlyOnce("requires ")
        .contains("requires jdk.incubator.vector;");
  }

  @Test
  void theServiceInterfaceStandsAlone() {
    assertThat(sources(ENGINE))
        .filteredOn(s -> s.packageName().equals("org.volterra.spi"))
        .filteredOn(
            s -> s.code().replaceAll("org\\.volterra\\.spi\\b", "").contains("org.volterra"))
        .isEmpty();
  }

  @Test
  void filesStandAlone() {
    assertThat(sources(ENGINE))
        .filteredOn(s -> s.packageName().equals("org.volterra.io"))
        .filteredOn(s -> s.code().replaceAll("org\\.volterra\\.io\\b", "").contains("org.volterra"))
        .isEmpty();
  }

  @Test
  void lowerPackagesDoNotUseHigherOnes() {
    refuse("org.volterra.memory", "sum", "feature", "kernel", "train", "equation", "internal");
    refuse("org.volterra.kernel", "sum", "feature", "memory", "train", "equation", "internal");
    refuse("org.volterra.depth", "sum", "feature", "kernel", "memory", "train", "internal");
    refuse("org.volterra.feature", "sum", "kernel", "memory", "train", "equation", "internal");
    refuse("org.volterra.sum", "feature", "train", "equation", "internal");
    refuse("org.volterra.equation", "feature", "train", "internal");
    refuse("org.volterra", "train", "equation");
  }

  private static void refuse(String packageName, String... higher) {
    List<Source> members =
        sources(ENGINE).stream().filter(s -> s.packageName().equals(packageName)).toList();
    assertThat(members).as(packageName).isNotEmpty();
    for (String other : higher) {
      assertThat(members)
          .as("%s uses %s", packageName, other)
          .filteredOn(s -> s.code().contains("org.volterra." + other + "."))
          .isEmpty();
    }
  }

  /** Mapped files, and arrays that a caller asks for in an arena of his own, are not counted. */
  @Test
  void nativeMemoryIsAllocatedInOnePlace() {
    assertThat(engineExcept("org.volterra.io"))
        .filteredOn(s -> s.code().matches("(?s).*\\bArena\\.(of|global).*"))
        .extracting(s -> s.file().getFileName().toString())
        .containsExactlyInAnyOrder("NativeMemory.java", "MappedMemory.java");
    assertThat(sources(ENGINE))
        .filteredOn(s -> s.packageName().equals("org.volterra.io"))
        .filteredOn(s -> s.code().matches("(?s).*\\bArena\\.(of|global).*"))
        .extracting(s -> s.file().getFileName().toString())
        .containsExactly("NpyFile.java", "SafetensorsFile.java");
  }

  @ParameterizedTest
  @ValueSource(strings = {"engine", "bench", "cuda-kernels", "experiments"})
  void everyPackageIsDescribed(String module) {
    TreeSet<Path> folders = new TreeSet<>();
    for (Source source : sources(ROOT.resolve(module).resolve("src/main/java"))) {
      folders.add(source.file().getParent());
    }
    assertThat(folders).isNotEmpty();
    for (Path folder : folders) {
      Path info = folder.resolve("package-info.java");
      assertThat(info).exists();
      assertThat(read(info)).as(info.toString()).contains("/**");
    }
  }

  @Test
  void everyPackageButTheInternalOnesIsExported() {
    TreeSet<String> exported = new TreeSet<>();
    Matcher exports =
        Pattern.compile("exports ([\\w.]+);").matcher(read(ENGINE.resolve("module-info.java")));
    while (exports.find()) {
      exported.add(exports.group(1));
    }
    TreeSet<String> packages = new TreeSet<>();
    for (Source source : sources(ENGINE)) {
      if (!source.packageName().startsWith("org.volterra.internal")) {
        packages.add(source.packageName());
      }
    }
    assertThat(exported).isEqualTo(packages);
  }
}
