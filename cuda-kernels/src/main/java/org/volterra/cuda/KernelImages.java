package org.volterra.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The compiled kernels of this jar. An operation, such as {@code axpby}, has a cubin for each of
 * several architectures and one image in PTX, which the driver compiles for any other. Immutable
 * and safe for use from any thread.
 */
public final class KernelImages {
  private static final String FOLDER = "/org/volterra/cuda/kernels/";
  private static final String PTX = ".ptx";

  private final KernelManifest manifest;

  private KernelImages(KernelManifest manifest) {
    this.manifest = manifest;
  }

  /**
   * Reads the manifest of this jar.
   *
   * @return its images
   * @throws IllegalStateException if the jar has no manifest of kernels
   */
  public static KernelImages bundled() {
    String text = new String(read("manifest.txt"), StandardCharsets.UTF_8);
    return new KernelImages(KernelManifest.parse(text));
  }

  /**
   * What the images are and what they were compiled from.
   *
   * @return the manifest
   */
  public KernelManifest manifest() {
    return manifest;
  }

  /**
   * The operations there are.
   *
   * @return their names, in order
   */
  public SortedSet<String> operations() {
    SortedSet<String> names = new TreeSet<>();
    for (String image : manifest.images().keySet()) {
      if (image.endsWith(PTX)) {
        names.add(image.substring(0, image.length() - PTX.length()));
      }
    }
    return names;
  }

  /**
   * The file name of the image for a device: the cubin for exactly its compute capability, with
   * architecture-specific features (such as sm_90a) before without, or the one of a lower minor
   * number with the same machine code, or else the PTX.
   *
   * @param operation one of {@link #operations}
   * @param major major number of the device's compute capability, at least 8
   * @param minor minor number of it, 0 to 9
   * @return a name in the manifest
   * @throws IllegalArgumentException if there is no such operation, or the device is too old
   */
  public String imageFor(String operation, int major, int minor) {
    if (!operations().contains(operation)) {
      throw new IllegalArgumentException(
          "operation is \"" + operation + "\", allowed are " + operations());
    }
    if (major < CudaProbe.LEAST_CAPABILITY_MAJOR || minor < 0 || minor > 9) {
      throw new IllegalArgumentException(
          "compute capability is "
              + major
              + "."
              + minor
              + ", allowed is "
              + CudaProbe.LEAST_CAPABILITY_MAJOR
              + ".0 or newer");
    }
    String exact = operation + ".sm_" + major + minor;
    for (String image : new String[] {exact + "a.cubin", exact + ".cubin"}) {
      if (manifest.images().containsKey(image)) {
        return image;
      }
      if (manifest.twins().containsKey(image)) {
        return manifest.twins().get(image);
      }
    }
    return operation + PTX;
  }

  /**
   * Reads an image as {@code cuModuleLoadData} takes it and compares it with its sum.
   *
   * @param image a name that {@link #imageFor} gave
   * @return the bytes; PTX, which is text, ends with a byte 0
   * @throws IllegalArgumentException if the manifest has no such image
   * @throws IllegalStateException if it is missing from the jar or is not what was compiled
   */
  public byte[] load(String image) {
    String expected = manifest.images().get(image);
    if (expected == null) {
      throw new IllegalArgumentException(
          "image is \"" + image + "\", allowed are " + manifest.images().keySet());
    }
    byte[] bytes = read(image);
    String found = sha256(bytes);
    if (!found.equals(expected)) {
      throw new IllegalStateException(
          "the kernel image "
              + image
              + " is damaged: its SHA-256 is "
              + found
              + ", not "
              + expected);
    }
    return image.endsWith(PTX) ? Arrays.copyOf(bytes, bytes.length + 1) : bytes;
  }

  static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  private static byte[] read(String name) {
    try (InputStream stream = KernelImages.class.getResourceAsStream(FOLDER + name)) {
      if (stream == null) {
        throw new IllegalStateException("the jar of the CUDA kernels lacks " + FOLDER + name);
      }
      return stream.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + FOLDER + name, e);
    }
  }
}
