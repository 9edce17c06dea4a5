package org.volterra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.volterra.internal.scalar.ScalarProvider;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Primitives;
import org.volterra.testing.ChildJvm;

/** The choice of the provider: inside this virtual machine, and in others that lack something. */
@Tag("provider-independent")
class EngineTest {
  private static final Logger LOG = Logger.getLogger("org.volterra");

  private final List<LogRecord> records = new ArrayList<>();
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord record) {
          records.add(record);
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };
  private String provider;
  private String threads;

  @BeforeEach
  void listen() {
    provider = System.getProperty(Engine.PROVIDER);
    threads = System.getProperty(Engine.THREADS);
    LOG.addHandler(handler);
    LOG.setUseParentHandlers(false);
  }

  @AfterEach
  void restore() {
    LOG.removeHandler(handler);
    LOG.setUseParentHandlers(true);
    set(Engine.PROVIDER, provider);
    set(Engine.THREADS, threads);
  }

  private static void set(String property, String value) {
    if (value == null) {
      System.clearProperty(property);
    } else {
      System.setProperty(property, value);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"scalar", "panama"})
  void aProviderThatIsAskedForIsTheOneThatOpensAndIsLoggedInOneLine(String name) {
    set(Engine.PROVIDER, name);
    set(Engine.THREADS, "3");
    try (ComputeProvider chosen = Engine.select()) {
      assertThat(chosen.name()).isEqualTo(name);
      assertThat(chosen.threads()).isEqualTo(name.equals("scalar") ? 1 : 3);
      assertThat(records).hasSize(1);
      assertThat(records.getFirst().getLevel()).isEqualTo(Level.INFO);
      assertThat(records.getFirst().getMessage())
          .isEqualTo("provider " + name + ": " + chosen.description())
          .doesNotContain("\n");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"auto", ""})
  void withoutAWishTheFastestOpens(String name) {
    set(Engine.PROVIDER, name.isEmpty() ? null : name);
    set(Engine.THREADS, null);
    try (ComputeProvider chosen = Engine.select()) {
      assertThat(chosen.name()).isEqualTo(Engine.candidates().getFirst().name());
      assertThat(chosen.threads()).isEqualTo(Runtime.getRuntime().availableProcessors());
    }
    assertThat(records).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"cuda", "Scalar", " scalar", "", " ", "panama,scalar"})
  void anUnknownNameIsRefusedWithTheNamesThatThereAre(String name) {
    set(Engine.PROVIDER, name);
    assertThatIllegalArgumentException()
        .isThrownBy(Engine::select)
        .withMessage("provider '" + name + "' is unknown: choose one of auto, panama, scalar");
    assertThat(records).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "two", "", " 2", "2.5", "99999999999"})
  void aBadNumberOfThreadsIsRefused(String text) {
    set(Engine.THREADS, text);
    assertThatIllegalArgumentException()
        .isThrownBy(Engine::select)
        .withMessage("volterra.threads '" + text + "': must be a whole number of at least 1");
  }

  @Test
  void aNegativeNumberOfThreadsIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Engine.open("scalar", -1))
        .withMessage("threads -1: must be positive, or 0 for all processors");
  }

  @Test
  void candidatesSayWhatTheyWouldRunOn() {
    assertThat(Engine.candidates())
        .extracting(Engine.Candidate::name)
        .containsExactly("panama", "scalar");
    assertThat(Engine.candidates()).allSatisfy(c -> assertThat(c.reason()).isNotBlank());
  }

  /** Providers of other modules are found through ServiceLoader; one that cannot load is loud. */
  @Test
  void providersOfOthersAreFoundByName(@TempDir Path folder) throws IOException {
    withService(
        folder,
        Guest.class,
        () -> {
          try (ComputeProvider guest = Engine.open("guest", 1)) {
            assertThat(guest).isInstanceOf(Guest.class);
            assertThat(records.getFirst().getMessage()).isEqualTo("provider guest: a guest");
          }
          assertThatIllegalArgumentException()
              .isThrownBy(() -> Engine.open("stranger", 1))
              .withMessageContaining("provider 'stranger' is unknown");
        });
    withService(
        folder,
        Broken.class,
        () ->
            assertThatThrownBy(() -> Engine.open("broken", 1))
                .isInstanceOf(ServiceConfigurationError.class)
                .hasRootCauseMessage("no device"));
  }

  private static void withService(Path folder, Class<?> type, Runnable body) throws IOException {
    Path services = Files.createDirectories(folder.resolve("META-INF/services"));
    Files.writeString(services.resolve(ComputeProvider.class.getName()), type.getName());
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()}, before)) {
      thread.setContextClassLoader(loader);
      body.run();
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  @Test
  void aForcedProviderThatCannotRunFailsLoudly(@TempDir Path folder) throws Exception {
    ChildJvm noModule = child(folder, "-Dvolterra.provider=panama");
    assertThat(noModule.exit()).isNotZero();
    assertThat(noModule.output())
        .contains("IllegalStateException: provider 'panama' cannot run here")
        .contains("start java with --add-modules jdk.incubator.vector")
        .doesNotContain("chosen");
    ChildJvm noCompiler =
        child(
            folder, "--add-modules", "jdk.incubator.vector", "-Xint", "-Dvolterra.provider=panama");
    assertThat(noCompiler.exit()).isNotZero();
    assertThat(noCompiler.output())
        .contains("provider 'panama' cannot run here")
        .contains("start java without -Xint")
        .doesNotContain("chosen");
  }

  @Test
  void withoutTheVectorModuleTheScalarProviderIsChosenAndTheReasonLogged(@TempDir Path folder)
      throws Exception {
    ChildJvm child = child(folder);
    assertThat(child.exit()).as(child.output()).isZero();
    assertThat(child.output())
        .contains("chosen scalar")
        .contains(
            "provider panama is not used: the module jdk.incubator.vector is not loaded: start"
                + " java with --add-modules jdk.incubator.vector")
        .contains("provider scalar: scalar reference loops, 1 thread");
    assertThat(child.output().lines().filter(line -> line.contains("provider "))).hasSize(2);
  }

  private static ChildJvm child(Path folder, String... options) throws Exception {
    return ChildJvm.run(folder, List.of(options), Selection.class);
  }

  /** Chooses a provider as a user's program does. */
  static final class Selection {
    private Selection() {}

    public static void main(String[] arguments) {
      try (ComputeProvider provider = Engine.select()) {
        System.out.println("chosen " + provider.name());
      }
    }
  }

  /** A provider of another module. */
  public static class Guest implements ComputeProvider {
    private final ScalarProvider scalar = new ScalarProvider();

    @Override
    public String name() {
      return "guest";
    }

    @Override
    public String description() {
      return "a guest";
    }

    @Override
    public int threads() {
      return 1;
    }

    @Override
    public Buffer allocate(ElementType type, long length) {
      return scalar.allocate(type, length);
    }

    @Override
    public Primitives primitives(ElementType type) {
      return scalar.primitives(type);
    }

    @Override
    public void close() {
      scalar.close();
    }
  }

  /** A provider whose device is missing. */
  public static final class Broken extends Guest {
    /** Fails. */
    public Broken() {
      throw new IllegalStateException("no device");
    }
  }
}
