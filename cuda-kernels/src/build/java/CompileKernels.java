import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Compiles the CUDA kernels into the images that are kept under version control, and writes their
 * manifest and the table of the threads of a block that each kernel allows and of the registers and
 * the shared memory that it takes. A kernel that spills registers is an error. Where the machine
 * code for an architecture is that for the one before of the same major number, as for 8.9 and 8.6,
 * only the latter is kept: devices run images of lower minor numbers. The build runs it as a source
 * program, before resources are copied.
 *
 * <p>Nothing happens while the sources are those of the manifest, so a build with and one without
 * nvcc give the same jar. Where they differ and nvcc is found, what has changed, or includes what
 * has, is compiled anew; where it is not found, one line says so and the test of the manifest
 * fails. With {@code force} (the profile {@code nvcc}) they are always compiled and nvcc has to be
 * there.
 */
final class CompileKernels {
  /** Exact architectures; the portable image serves all others from 8.0 on through the driver. */
  private static final List<String> CUBINS = List.of("sm_80", "sm_86", "sm_89", "sm_90a", "sm_100");

  private static final String PORTABLE = "compute_80";
  private static final List<String> OPTIONS =
      List.of("-std=c++17", "-O3", "-Werror", "all-warnings");
  private static final Pattern RESOURCES =
      Pattern.compile(
          "Compiling entry function '(\\w+)' for.*?(\\d+) bytes stack frame, (\\d+) bytes spill"
              + " stores, (\\d+) bytes spill loads.*?Used (\\d+) registers([^\\n]*)",
          Pattern.DOTALL);
  private static final Pattern INCLUDE = Pattern.compile("(?m)^#include \"(\\w+\\.cuh)\"");
  private static final Pattern SHARED = Pattern.compile("(\\d+) bytes smem");
  private static final Pattern ENTRY =
      Pattern.compile("\\.entry (\\w+)\\([^)]*\\)\\s*(?:\\.maxntid (\\d+), 1, 1)?");
  private static final Pattern MAJOR = Pattern.compile("\\.sm_(\\d+)\\d");
  private static final String MOST_THREADS = "1024";

  private final Path sources;
  private final Path images;

  /** For each kernel, what it takes on each architecture, in their order. */
  private final Map<String, List<String>> resources = new TreeMap<>();

  private final List<String> spills = new ArrayList<>();

  /** For each image that is not kept, the one with the same machine code. */
  private final Map<String, String> twins = new TreeMap<>();

  private CompileKernels(Path sources, Path images) {
    this.sources = sources;
    this.images = images;
  }

  public static void main(String[] arguments) throws IOException, InterruptedException {
    if (arguments.length != 3 || !List.of("if-changed", "force").contains(arguments[2])) {
      throw new IllegalArgumentException("usage: CompileKernels SOURCES IMAGES if-changed|force");
    }
    new CompileKernels(Path.of(arguments[0]), Path.of(arguments[1]))
        .run(arguments[2].equals("force"));
  }

  private void run(boolean force) throws IOException, InterruptedException {
    Map<String, String> hashes = sourceHashes();
    if (!force && hashes.equals(recordedHashes())) {
      return;
    }
    Path nvcc = findNvcc();
    if (nvcc == null) {
      String remedy =
          "no nvcc in CUDA_HOME/bin, CUDA_PATH/bin or on the PATH; install the CUDA toolkit"
              + " (https://developer.nvidia.com/cuda-downloads)";
      if (force) {
        System.err.println("The kernels cannot be compiled: " + remedy);
        System.exit(1);
      }
      System.err.println("The kernels differ from their images and stay uncompiled: " + remedy);
      return;
    }
    compile(nvcc, hashes, force);
  }

  private void compile(Path nvcc, Map<String, String> hashes, boolean force)
      throws IOException, InterruptedException {
    Map<String, String> recorded = recordedHashes();
    SortedMap<String, String> changed = new TreeMap<>(hashes);
    changed.entrySet().removeIf(file -> file.getValue().equals(recorded.get(file.getKey())));
    // Aside first: where a kernel does not compile, the old images stay.
    Path fresh = Files.createTempDirectory("kernels");
    for (Path source : list(sources, ".cu")) {
      String file = source.getFileName().toString();
      String operation = operation(file);
      if (!force && Collections.disjoint(changed.keySet(), parts(file))) {
        keepResources(operation);
        keepTwins(operation);
        continue;
      }
      Path before = null;
      for (String architecture : CUBINS) {
        Path image = fresh.resolve(operation + "." + architecture + ".cubin");
        readResources(operation, compile(nvcc, source, image, "--cubin", architecture));
        if (before != null && sameMajor(before, image) && code(before).equals(code(image))) {
          twins.put(image.getFileName().toString(), before.getFileName().toString());
          Files.delete(image);
        } else {
          before = image;
        }
      }
      compile(nvcc, source, fresh.resolve(operation + ".ptx"), "--ptx", PORTABLE);
    }
    if (!spills.isEmpty()) {
      System.err.println("Kernels spill registers:\n" + String.join("\n", spills));
      System.exit(1);
    }
    Files.createDirectories(images);
    for (Path old : list(images, ".cubin", ".ptx")) {
      String name = old.getFileName().toString();
      if (!hashes.containsKey(operation(name) + ".cu") || twins.containsKey(name)) {
        Files.delete(old);
      }
    }
    for (Path image : list(fresh, ".cubin", ".ptx")) {
      Files.move(image, images.resolve(image.getFileName()), StandardCopyOption.REPLACE_EXISTING);
    }
    Files.delete(fresh);
    writeResources();
    writeManifest(version(nvcc), hashes);
    System.out.println("Compiled the CUDA kernels with " + nvcc + " into " + images);
  }

  /** Whether images are for compute capabilities of one major number, such as sm_86 and sm_89. */
  private static boolean sameMajor(Path a, Path b) {
    return major(a).equals(major(b));
  }

  private static String major(Path image) {
    Matcher architecture = MAJOR.matcher(image.getFileName().toString());
    if (!architecture.find()) {
      throw new IllegalArgumentException(image + " names no architecture");
    }
    return architecture.group(1);
  }

  /** The machine code of an image: the contents of its sections .text.KERNEL. */
  private static Map<String, ByteBuffer> code(Path cubin) throws IOException {
    ByteBuffer elf = ByteBuffer.wrap(Files.readAllBytes(cubin)).order(ByteOrder.LITTLE_ENDIAN);
    int headers = (int) elf.getLong(40);
    int names = section(elf, headers, elf.getShort(62)).position();
    Map<String, ByteBuffer> code = new TreeMap<>();
    for (int i = 0; i < elf.getShort(60); i++) {
      int at = names + elf.getInt(headers + 64 * i);
      int end = at;
      while (elf.get(end) != 0) {
        end++;
      }
      String name = new String(elf.array(), at, end - at, StandardCharsets.US_ASCII);
      if (name.startsWith(".text.")) {
        code.put(name, section(elf, headers, i));
      }
    }
    return code;
  }

  private static ByteBuffer section(ByteBuffer elf, int headers, int number) {
    int header = headers + 64 * number;
    int begin = (int) elf.getLong(header + 24);
    return elf.duplicate().position(begin).limit(begin + (int) elf.getLong(header + 32));
  }

  /** The name before the first dot. */
  private static String operation(String file) {
    return file.substring(0, file.indexOf('.'));
  }

  /** A file and all that it includes. */
  private Set<String> parts(String file) throws IOException {
    Set<String> parts = new TreeSet<>(Set.of(file));
    Matcher included = INCLUDE.matcher(Files.readString(sources.resolve(file)));
    while (included.find()) {
      parts.addAll(parts(included.group(1)));
    }
    return parts;
  }

  /** Takes over what the table has about an operation. */
  private void keepResources(String operation) throws IOException {
    for (String line : Files.readAllLines(resourceTable())) {
      if (line.startsWith(operation + ' ')) {
        List<String> fields = List.of(line.split(" "));
        resources.put(fields.get(0) + ' ' + fields.get(1), fields.subList(3, fields.size()));
      }
    }
  }

  /** Takes over what the manifest has about images of an operation that are not kept. */
  private void keepTwins(String operation) throws IOException {
    for (String line : Files.readAllLines(manifest())) {
      if (line.startsWith("twin " + operation + '.')) {
        String[] fields = line.split(" ", 3);
        twins.put(fields[2], fields[1]);
      }
    }
  }

  private Path resourceTable() {
    return images.resolve("resources.txt");
  }

  private static String compile(
      Path nvcc, Path source, Path image, String kind, String architecture)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(nvcc.toString(), kind));
    command.add("-arch=" + architecture);
    command.addAll(OPTIONS);
    if (kind.equals("--cubin")) {
      command.add("-Xptxas=-v");
    }
    command.addAll(
        List.of("-o", image.toAbsolutePath().toString(), source.getFileName().toString()));
    // From the folder of the source: no path of this machine gets into an image.
    Process process =
        new ProcessBuilder(command)
            .directory(source.toAbsolutePath().getParent().toFile())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      System.err.println(String.join(" ", command) + "\n" + output);
      System.exit(1);
    }
    return output;
  }

  /** Reads what the assembler tells about each kernel. */
  private void readResources(String operation, String output) {
    Matcher kernel = RESOURCES.matcher(output);
    while (kernel.find()) {
      Matcher shared = SHARED.matcher(kernel.group(6));
      String name = operation + ' ' + kernel.group(1);
      resources
          .computeIfAbsent(name, key -> new ArrayList<>())
          .add(kernel.group(5) + '/' + (shared.find() ? shared.group(1) : "0"));
      if (!kernel.group(3).equals("0") || !kernel.group(4).equals("0")) {
        String architecture = CUBINS.get(resources.get(name).size() - 1);
        spills.add(
            name
                + " for "
                + architecture
                + ": "
                + kernel.group(3)
                + " bytes, with "
                + kernel.group(5)
                + " registers");
      }
    }
  }

  private void writeResources() throws IOException {
    StringBuilder text = new StringBuilder();
    text.append(
            "# Most threads of a block, registers of a thread / bytes of static shared memory of")
        .append(" a block; no kernel spills; written by CompileKernels\n");
    text.append("# operation kernel threads ").append(String.join(" ", CUBINS)).append('\n');
    Map<String, String> threads = threads();
    for (Map.Entry<String, List<String>> kernel : resources.entrySet()) {
      String name = kernel.getKey();
      text.append(name).append(' ').append(threads.get(name));
      text.append(' ').append(String.join(" ", kernel.getValue())).append('\n');
    }
    Files.writeString(resourceTable(), text);
  }

  /** For each kernel, the launch bound of its image in PTX. */
  private Map<String, String> threads() throws IOException {
    Map<String, String> threads = new TreeMap<>();
    for (Path image : list(images, ".ptx")) {
      String operation = operation(image.getFileName().toString());
      Matcher entry = ENTRY.matcher(Files.readString(image));
      while (entry.find()) {
        String bound = entry.group(2) == null ? MOST_THREADS : entry.group(2);
        threads.put(operation + ' ' + entry.group(1), bound);
      }
    }
    return threads;
  }

  private static String version(Path nvcc) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(nvcc.toString(), "--version").redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return output
        .lines()
        .filter(line -> line.contains("release"))
        .findFirst()
        .orElseThrow(() -> new IOException(nvcc + " --version names no release: " + output));
  }

  private void writeManifest(String compiler, Map<String, String> hashes) throws IOException {
    StringBuilder text = new StringBuilder();
    text.append(
            "# SHA-256 of each kernel source and of each image, and whose machine code images have")
        .append(" that are not here; written by CompileKernels\n");
    text.append("# compiler ").append(compiler).append('\n');
    text.append("# options ").append(String.join(" ", OPTIONS)).append('\n');
    hashes.forEach((name, hash) -> append(text, "source", hash, name));
    for (Path image : list(images, ".cubin", ".ptx")) {
      append(text, "image", hash(image), image.getFileName().toString());
    }
    twins.forEach((name, kept) -> append(text, "twin", kept, name));
    Files.writeString(manifest(), text);
  }

  private static void append(StringBuilder text, String kind, String what, String name) {
    text.append(kind).append(' ').append(what).append(' ').append(name).append('\n');
  }

  private Map<String, String> sourceHashes() throws IOException {
    Map<String, String> hashes = new TreeMap<>();
    for (Path source : list(sources, ".cu", ".cuh")) {
      hashes.put(source.getFileName().toString(), hash(source));
    }
    return hashes;
  }

  private Map<String, String> recordedHashes() throws IOException {
    Map<String, String> hashes = new TreeMap<>();
    if (Files.exists(manifest())) {
      for (String line : Files.readAllLines(manifest())) {
        if (line.startsWith("source ")) {
          String[] fields = line.split(" ", 3);
          hashes.put(fields[2], fields[1]);
        }
      }
    }
    return hashes;
  }

  private Path manifest() {
    return images.resolve("manifest.txt");
  }

  private static List<Path> list(Path folder, String... endings) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> Stream.of(endings).anyMatch(file.toString()::endsWith))
          .sorted()
          .toList();
    }
  }

  private static String hash(Path file) throws IOException {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  private static Path findNvcc() {
    List<String> folders = new ArrayList<>();
    for (String home : new String[] {"CUDA_HOME", "CUDA_PATH"}) {
      if (System.getenv(home) != null) {
        folders.add(System.getenv(home) + File.separator + "bin");
      }
    }
    String path = System.getenv("PATH");
    if (path != null) {
      folders.addAll(List.of(path.split(File.pathSeparator)));
    }
    for (String folder : folders) {
      for (String name : new String[] {"nvcc", "nvcc.exe"}) {
        File file = new File(folder, name);
        if (file.isFile() && file.canExecute()) {
          return file.toPath();
        }
      }
    }
    return null;
  }
}
