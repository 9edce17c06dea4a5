package org.volterra.experiments;

import static java.util.stream.Collectors.groupingBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Packs an archive that runs on machines of this system and architecture without Java: a folder
 * with a runtime made by jlink, the jars, and a launcher, as {@code .tar.gz}.
 */
final class Bundle {
  /** What the engine, the benchmarks and their charts need of Java. */
  private static final String MODULES =
      "java.base,java.desktop,java.logging,java.management,jdk.incubator.vector,jdk.unsupported";

  /**
   * Of these packages of windows, printers, synthesizers, readers of XML and tools for keys, no
   * class is used.
   */
  private static final List<String> UNUSED =
      List.of(
          "java.base/sun/security/tools",
          "java.desktop/com/sun/java/swing",
          "java.desktop/com/sun/media/sound",
          "java.desktop/java/awt/doc-files",
          "java.desktop/javax/swing/colorchooser",
          "java.desktop/javax/swing/filechooser",
          "java.desktop/javax/swing/plaf",
          "java.desktop/javax/swing/table",
          "java.desktop/javax/swing/text",
          "java.desktop/javax/swing/tree",
          "java.desktop/sun/print",
          "java.desktop/sun/swing",
          "java.xml/com/sun",
          "java.xml/jdk/xml/internal/jdkcatalog");

  /**
   * Libraries that belong to them, and vectors' sines and exponentials, whose bits are not the same
   * everywhere.
   */
  private static final String LIBRARIES_LEFT_OUT =
      "/java.desktop/lib/libsplashscreen.so,/java.desktop/lib/libjsound.so,"
          + "/jdk.incubator.vector/lib/libjsvml.so";

  /** JCuda's natives for other libraries than the driver, 25 MB that nothing here calls. */
  private static final String NATIVES = "jcuda-natives";

  private static final String DRIVER = "lib/libJCudaDriver";
  private static final String LAUNCHER = "bundle.sh";
  private static final String FOLDER = "volterra";

  private final Path home;
  private final List<Path> classPath;
  private final String commit;

  /**
   * Describes a bundle.
   *
   * @param home the project's folder, of which licence, documents and peers are packed
   * @param classPath jars and folders of classes
   * @param commit what the bundle's results will say that they come from
   */
  Bundle(Path home, List<Path> classPath, String commit) {
    this.home = home;
    this.classPath = List.copyOf(classPath);
    this.commit = commit;
  }

  /**
   * Writes the archive.
   *
   * @throws IllegalStateException if this Java has no jlink, or a tool fails
   */
  void write(Path archive) throws IOException {
    Path work = Files.createTempDirectory("volterra-bundle");
    try {
      Path root = Files.createDirectory(work.resolve(FOLDER));
      link(root.resolve("runtime"), work.resolve("left-out"));
      copyJars(Files.createDirectory(root.resolve("lib")));
      copyDocuments(root);
      launcher(root.resolve("volterra"));
      Files.createDirectories(archive.toAbsolutePath().getParent());
      pack(work, archive);
    } finally {
      delete(work);
    }
  }

  private static void link(Path runtime, Path leftOut) throws IOException {
    Files.write(leftOut, unused());
    tool(
        "jlink",
        "--add-modules",
        MODULES,
        "--exclude-resources",
        "@" + leftOut,
        "--exclude-files",
        LIBRARIES_LEFT_OUT,
        "--strip-debug",
        "--no-header-files",
        "--no-man-pages",
        "--compress",
        "zip-0", // the archive is compressed as a whole
        "--output",
        runtime.toString());
  }

  /**
   * All of the unused packages but the smallest file of each: a module has to keep its packages.
   */
  private static List<String> unused() throws IOException {
    Path modules = FileSystems.getFileSystem(URI.create("jrt:/")).getPath("modules");
    List<String> files = new ArrayList<>();
    for (String packages : UNUSED) {
      Map<Path, List<Path>> byPackage;
      try (Stream<Path> found = Files.walk(modules.resolve(packages))) {
        byPackage = found.filter(Files::isRegularFile).collect(groupingBy(Path::getParent));
      }
      for (List<Path> contents : byPackage.values()) {
        contents.sort(Comparator.comparingLong(Bundle::size).thenComparing(Path::toString));
        contents.stream().skip(1).map(file -> "/" + modules.relativize(file)).forEach(files::add);
      }
    }
    return files;
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void tool(String name, String... arguments) {
    ToolProvider tool =
        ToolProvider.findFirst(name)
            .orElseThrow(() ->
                new IllegalStateException(
                    "this Java has no " + name + ": bundles are made with a whole JDK"));
    StringWriter output = new StringWriter();
    PrintWriter writer = new PrintWriter(output);
    int status = tool.run(writer, writer, arguments);
    if (status != 0) {
      throw new IllegalStateException(name + " failed: " + output);
    }
  }

  private void copyJars(Path lib) throws IOException {
    for (int i = 0; i < classPath.size(); i++) {
      Path entry = classPath.get(i);
      if (Files.isDirectory(entry)) {
        Path jar = lib.resolve("classes-" + i + ".jar");
        tool(
            "jar",
            "--create",
            "--no-compress",
            "--file",
            jar.toString(),
            "-C",
            entry.toString(),
            ".");
        continue;
      }
      Path target = lib.resolve(entry.getFileName().toString());
      copy(entry, target, entry.getFileName().toString().startsWith(NATIVES) ? DRIVER : "");
    }
  }

  /** Copies what begins with a prefix, uncompressed: the archive is compressed as a whole. */
  private static void copy(Path jar, Path target, String prefix) throws IOException {
    try (ZipFile from = new ZipFile(jar.toFile());
        ZipOutputStream to = new ZipOutputStream(Files.newOutputStream(target))) {
      to.setLevel(Deflater.NO_COMPRESSION);
      for (ZipEntry entry : Collections.list(from.entries())) {
        if (entry.getName().startsWith(prefix)) {
          to.putNextEntry(new ZipEntry(entry.getName()));
          try (InputStream content = from.getInputStream(entry)) {
            content.transferTo(to);
          }
        }
      }
    }
  }

  private void copyDocuments(Path root) throws IOException {
    for (String name : List.of("LICENSE", "README.md", "CHANGES.md")) {
      Files.copy(home.resolve(name), root.resolve(name));
    }
    Path peers = Files.createDirectories(root.resolve("bench/peers"));
    try (Stream<Path> scripts = Files.list(home.resolve("bench/peers"))) {
      for (Path script : scripts.filter(s -> s.toString().endsWith(".py")).toList()) {
        Files.copy(script, peers.resolve(script.getFileName()));
      }
    }
  }

  private void launcher(Path file) throws IOException {
    try (InputStream text = Bundle.class.getResourceAsStream(LAUNCHER)) {
      String script = new String(text.readAllBytes(), StandardCharsets.UTF_8);
      Files.writeString(file, script.replace("@commit@", commit));
    }
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** A file that is whole or not there. */
  private static void pack(Path work, Path archive) throws IOException {
    Path part = archive.resolveSibling(archive.getFileName() + ".part");
    Process tar =
        new ProcessBuilder("tar", "-cf", "-", "-C", work.toString(), FOLDER)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (OutputStream file = Files.newOutputStream(part);
        OutputStream zip = new BestGzip(file)) {
      tar.getInputStream().transferTo(zip);
    }
    try {
      if (tar.waitFor() != 0) {
        throw new IOException("tar failed to pack " + work);
      }
      Files.move(part, archive, StandardCopyOption.REPLACE_EXISTING);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while packing " + archive, e);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  /** Compresses as well as it can. */
  private static final class BestGzip extends GZIPOutputStream {
    private BestGzip(OutputStream out) throws IOException {
      super(out, 1 << 16);
      def.setLevel(Deflater.BEST_COMPRESSION);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
