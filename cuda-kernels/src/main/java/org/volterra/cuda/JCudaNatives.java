package org.volterra.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import jcuda.driver.JCudaDriver;

/**
 * Loads the native part of JCuda from a folder that only this user can read and write.
 *
 * <p>JCuda itself unpacks it under a fixed name in {@code java.io.tmpdir} and loads whatever file
 * is already there, so another user could put code of his own there. Here the file is unpacked into
 * a new private folder, its sum is compared with that of the release, {@code java.io.tmpdir} points
 * there while JCuda's class is initialised, and then the folder is removed: the loaded library
 * needs its file no more.
 */
final class JCudaNatives {
  static final String FILE = "libJCudaDriver-12.6.0-linux-x86_64.so";
  private static final String SHA_256 =
      "fdc3b4b4fca4f0fab54ff12c0b4d6ad1c5e8d55015b4950834c705e5db301255";
  private static final String TEMPORARY_FOLDER = "java.io.tmpdir";
  private static boolean loaded;

  private JCudaNatives() {}

  /**
   * Makes {@link JCudaDriver} usable; the driver library must be there, or its static initialiser
   * fails for good.
   *
   * @throws IllegalStateException if the library is missing, damaged or cannot be unpacked
   */
  static synchronized void load() {
    if (loaded) {
      return;
    }
    try {
      Path folder =
          Files.createTempDirectory(
              "volterra-jcuda",
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      Path file = folder.resolve(FILE);
      try {
        Files.write(file, checkedLibrary());
        initialise(folder);
      } finally {
        Files.deleteIfExists(file);
        Files.delete(folder);
      }
      loaded = true;
    } catch (IOException e) {
      throw new IllegalStateException("cannot unpack " + FILE + ": " + e.getMessage(), e);
    }
  }

  private static void initialise(Path folder) {
    String before = System.getProperty(TEMPORARY_FOLDER);
    System.setProperty(TEMPORARY_FOLDER, folder.toString());
    try {
      JCudaDriver.setExceptionsEnabled(false);
    } catch (LinkageError e) {
      throw new IllegalStateException("JCuda cannot be loaded: " + e.getMessage(), e);
    } finally {
      System.setProperty(TEMPORARY_FOLDER, before);
    }
  }

  private static byte[] checkedLibrary() throws IOException {
    try (InputStream stream =
        JCudaNatives.class.getClassLoader().getResourceAsStream("lib/" + FILE)) {
      if (stream == null) {
        throw new IllegalStateException(
            "jcuda-natives is not on the class path: it has lib/" + FILE);
      }
      byte[] bytes = stream.readAllBytes();
      String found = KernelImages.sha256(bytes);
      if (!found.equals(SHA_256)) {
        throw new IllegalStateException(
            FILE + " is not the one of the release: its SHA-256 is " + found + ", not " + SHA_256);
      }
      return bytes;
    }
  }
}
