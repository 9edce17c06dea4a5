package org.volterra.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.volterra.cuda.CudaProbe.Available;
import org.volterra.cuda.CudaProbe.Device;
import org.volterra.cuda.CudaProbe.Unavailable;

/** What the probe makes of drivers that are missing, broken, old, or fine. */
final class CudaProbeTest {
  private static final Path FAKE = Path.of("src/test/cpp/fake_driver.cpp");

  @TempDir Path folder;

  /** The probe as a program of its own. */
  static final class Main {
    private Main() {}

    public static void main(String[] arguments) {
      System.out.println(CudaDriverProbe.run(arguments[0]));
    }
  }

  @Test
  void thisMachineIsAnswered() {
    switch (CudaProbe.run()) {
      case Available found -> assertThat(found.devices()).isNotEmpty();
      case Unavailable missing -> assertThat(missing.reason()).isNotBlank();
    }
  }

  @Test
  void missingLibraryIsNamedWithItsRemedy() {
    assumeLinux();
    assertThat(reason("libcuda-that-is-not-there.so.1"))
        .contains("libcuda-that-is-not-there.so.1", "No such file", "r580", "nvidia.com/drivers");
  }

  @Test
  void fileThatIsNoLibraryIsNamed() {
    assumeLinux();
    Path text = folder.resolve("libcuda.so.1");
    NativeCompiler.write(text, "no library");
    assertThat(reason(text.toString())).contains(text.toString(), "cannot be loaded");
  }

  @Test
  void otherSystemsAreNamed() {
    assertThat(CudaDriverProbe.run("libcuda.so.1", "Mac OS X", "aarch64"))
        .isEqualTo(
            new Unavailable(
                "CUDA is supported on Linux on x86-64 only, and this is Mac OS X on aarch64"));
  }

  @Test
  void devicesThatCanRunTheKernelsAreListed() {
    assertThat(CudaDriverProbe.run(fake()))
        .isEqualTo(new Available(13000, List.of(new Device(0, "Imaginary GPU 40", 9, 0))));
  }

  @Test
  void devicesThatAreAllTooOldAreNamed() {
    assertThat(reason(fake("-DMAJOR=6")))
        .contains("8.0 or newer", "Imaginary GPU 40 has 6.0", "Imaginary GPU 41 has 7.5");
  }

  @Test
  void refusalToStartIsGivenInCudasWords() {
    assertThat(reason(fake("-DINIT=100")))
        .contains(
            "cuInit gives error 100",
            "CUDA_ERROR_NO_DEVICE: no CUDA-capable device is detected",
            "nvidia-smi");
  }

  @Test
  void errorWithoutWordsIsGivenByNumberWithWhatHelps() {
    assertThat(reason(fake("-DINIT=34"))).contains("error 34;", "LD_LIBRARY_PATH");
    assertThat(reason(fake("-DINIT=802"))).contains("error 802;", "nvidia-fabricmanager");
    assertThat(reason(fake("-DINIT=803"))).contains("error 803;", "restart");
    assertThat(reason(fake("-DINIT=999"))).contains("error 999;", "nvidia_uvm");
    assertThat(reason(fake("-DINIT=7"))).endsWith("cuInit gives error 7");
  }

  @Test
  void oldDriverIsNamedWithTheVersionThatIsNeeded() {
    assertThat(reason(fake("-DVERSION=12080")))
        .contains("too old", "offers CUDA 12.8", "need 13.0", "r580");
  }

  @Test
  void newerDriverIsFine() {
    assertThat(CudaDriverProbe.run(fake("-DVERSION=14010"))).isInstanceOf(Available.class);
  }

  @Test
  void noDeviceIsNamed() {
    assertThat(reason(fake("-DCOUNT=0"))).contains("sees no CUDA device", "CUDA_VISIBLE_DEVICES");
  }

  @Test
  void refusedQuestionIsNamed() {
    assertThat(reason(fake("-DCOUNT_STATUS=3"))).contains("cuDeviceGetCount gives error 3");
  }

  @Test
  void libraryWithoutTheFunctionsIsNoDriver() {
    assertThat(reason(fake("-DWITHOUT_COUNT")))
        .contains("lacks the function cuDeviceGetCount", "no CUDA driver");
  }

  @Test
  void availableNeedsADevice() {
    assertThatIllegalArgumentException().isThrownBy(() -> new Available(13000, List.of()));
  }

  @Test
  void deniedNativeAccessIsAReason() {
    assumeLinux();
    assertThat(program("--illegal-native-access=deny").output())
        .contains("Unavailable", "native access is denied", "--enable-native-access");
  }

  @Test
  void noClassOfJcudaIsLoadedThoughItIsThere() throws ClassNotFoundException {
    // Found, not initialised: its initialiser needs the driver.
    Class.forName("jcuda.driver.JCudaDriver", false, getClass().getClassLoader());
    NativeCompiler.Result result =
        program("--enable-native-access=ALL-UNNAMED", "-Xlog:class+load:stdout");
    assertThat(result.output()).contains("org.volterra.cuda.CudaProbe", "Unavailable");
    assertThat(result.output().lines().filter(line -> line.contains("jcuda.")).toList()).isEmpty();
  }

  @Test
  void nativesOfJcudaAreThere() {
    assertThat(getClass().getResource("/lib/libJCudaDriver-12.6.0-linux-x86_64.so")).isNotNull();
  }

  private String fake(String... options) {
    NativeCompiler.assumePresent();
    assumeLinux();
    return NativeCompiler.library(FAKE, folder, options).toString();
  }

  private static String reason(String library) {
    CudaProbe result = CudaDriverProbe.run(library);
    assertThat(result).isInstanceOf(Unavailable.class);
    return ((Unavailable) result).reason();
  }

  private static NativeCompiler.Result program(String... options) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(options));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(Main.class.getName(), "libcuda-that-is-not-there.so.1"));
    return NativeCompiler.run(command.toArray(String[]::new));
  }

  private static void assumeLinux() {
    assumeTrue(
        System.getProperty("os.name").equals("Linux")
            && System.getProperty("os.arch").equals("amd64"),
        "CUDA is supported on Linux on x86-64 only");
  }
}
