package org.volterra.cuda;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The list that the kernel compiler writes beside the images: the SHA-256 sum of each source and of
 * each image, as 64 lower-case hexadecimal digits by file name, and the images that are not kept
 * since another has the same machine code.
 *
 * @param sources sums of the CUDA sources
 * @param images sums of the compiled kernels
 * @param twins for each image that is not kept, the name of the one that stands for it
 */
public record KernelManifest(
    SortedMap<String, String> sources,
    SortedMap<String, String> images,
    SortedMap<String, String> twins) {
  /** Keeps copies of the maps, which cannot be changed. */
  public KernelManifest {
    sources = Collections.unmodifiableSortedMap(new TreeMap<>(sources));
    images = Collections.unmodifiableSortedMap(new TreeMap<>(images));
    twins = Collections.unmodifiableSortedMap(new TreeMap<>(twins));
  }

  /**
   * Reads the text of a manifest: lines {@code source SUM NAME}, {@code image SUM NAME} and {@code
   * twin IMAGE NAME}; those that begin with # are comments.
   *
   * @param text the whole text
   * @return its entries
   * @throws IllegalArgumentException if a line is none of these, with its number
   */
  public static KernelManifest parse(String text) {
    Map<String, TreeMap<String, String>> kinds =
        Map.of("source", new TreeMap<>(), "image", new TreeMap<>(), "twin", new TreeMap<>());
    int number = 0;
    for (String line : text.lines().toList()) {
      number++;
      if (line.startsWith("#") || line.isBlank()) {
        continue;
      }
      String[] fields = line.split(" ", 3);
      if (fields.length != 3
          || !kinds.containsKey(fields[0])
          || !isKnown(fields, kinds)
          || kinds.get(fields[0]).put(fields[2], fields[1]) != null) {
        throw new IllegalArgumentException(
            "line "
                + number
                + " of the kernel manifest is \""
                + line
                + "\", allowed is \"source\" or \"image\", a SHA-256 sum and a new file name,"
                + " or \"twin\", an image above and a new file name");
      }
    }
    return new KernelManifest(kinds.get("source"), kinds.get("image"), kinds.get("twin"));
  }

  /** Whether the second field is a sum, or for a twin the name of an image. */
  private static boolean isKnown(String[] fields, Map<String, TreeMap<String, String>> kinds) {
    return fields[0].equals("twin")
        ? kinds.get("image").containsKey(fields[1])
        : fields[1].matches("[0-9a-f]{64}");
  }
}
