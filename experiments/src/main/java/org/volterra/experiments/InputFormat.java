package org.volterra.experiments;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.volterra.feature.Shape;
import org.volterra.io.SafetensorsFile;

/**
 * How a network takes its samples, and what its classes are called. This goes with a model, in the
 * metadata of its file.
 *
 * @param normalizer how inputs are scaled
 * @param image the shape of the images that it was trained on, or null if they were none
 * @param classes names of the classes, none if they have no names
 */
record InputFormat(Normalizer normalizer, Shape image, List<String> classes) {
  private static final String IMAGE = "image-shape";
  private static final String CLASSES = "class-names";
  private static final Gson GSON = new Gson();

  InputFormat {
    classes = List.copyOf(classes);
  }

  /** Numbers that are scaled. */
  static InputFormat of(Normalizer normalizer) {
    return new InputFormat(normalizer, null, List.of());
  }

  /** That of the model in a file. */
  static InputFormat ofFile(Path file) throws IOException {
    try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
      return of(tensors.metadata());
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": how it takes inputs is malformed: " + e.getMessage(), e);
    }
  }

  /**
   * What {@link #metadata} wrote.
   *
   * @throws IllegalArgumentException if an entry is malformed
   */
  static InputFormat of(Map<String, String> metadata) {
    String image = metadata.get(IMAGE);
    String names = metadata.get(CLASSES);
    try {
      return new InputFormat(
          Normalizer.of(metadata),
          image == null ? null : Shape.parse(image),
          names == null ? List.of() : List.of(GSON.fromJson(names, String[].class)));
    } catch (JsonParseException | NullPointerException e) {
      throw new IllegalArgumentException(CLASSES + " '" + names + "': must be a list of texts", e);
    }
  }

  /** What {@link #of(Map)} reads. */
  Map<String, String> metadata() {
    Map<String, String> map = new LinkedHashMap<>(normalizer.metadata());
    if (image != null) {
      map.put(IMAGE, image.toString());
    }
    if (!classes.isEmpty()) {
      map.put(CLASSES, GSON.toJson(classes));
    }
    return map;
  }
}
