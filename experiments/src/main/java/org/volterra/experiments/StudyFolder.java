package org.volterra.experiments;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.reflect.TypeToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.volterra.depth.DepthField;
import org.volterra.depth.LineField;
import org.volterra.depth.TriangleField;
import org.volterra.depth.TriangleMesh;
import org.volterra.io.AtomicFiles;
import org.volterra.io.NpyFile;
import org.volterra.io.Tensor;
import org.volterra.study.Curve;
import org.volterra.study.StudyPoint;

/**
 * The folder of a study: study.json says what it is, points/ holds a JSON file for each depth and
 * seed with an npy file for each field of the minimiser. A point is there as a whole or not at all:
 * its JSON file is written last.
 */
final class StudyFolder {
  private static final Gson GSON =
      new GsonBuilder()
          .setPrettyPrinting()
          .disableHtmlEscaping()
          .serializeSpecialFloatingPointValues()
          .create();

  private final Path folder;

  private StudyFolder(Path folder) {
    this.folder = folder;
  }

  /**
   * Makes or continues a folder.
   *
   * @param folder where
   * @param name of the study
   * @param settings all that its results depend on
   * @throws IOException if it cannot be written or holds another study
   */
  static StudyFolder open(Path folder, String name, Map<String, String> settings)
      throws IOException {
    JsonObject identity = new JsonObject();
    identity.addProperty("study", name);
    identity.add("settings", GSON.toJsonTree(settings));
    Path file = folder.resolve("study.json");
    if (Files.exists(file)) {
      JsonObject there = read(file);
      if (!there.equals(identity)) {
        throw new IOException(
            folder
                + " holds another study, "
                + there.toString().replace("\"", "")
                + ": choose another --out, or the same settings to continue it");
      }
    } else {
      Files.createDirectories(folder.resolve("points"));
      AtomicFiles.writeString(file, GSON.toJson(identity) + "\n");
    }
    return new StudyFolder(folder);
  }

  private static JsonObject read(Path file) throws IOException {
    try {
      return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    } catch (JsonParseException | IllegalStateException e) {
      throw new IOException(file + " is damaged: " + e.getMessage(), e);
    }
  }

  Path file(String name) {
    return folder.resolve(name);
  }

  private Path point(int depth, long seed) {
    return folder.resolve("points").resolve("L" + depth + "-seed" + seed + ".json");
  }

  private Path field(int depth, long seed, String name) {
    return folder.resolve("points").resolve("L" + depth + "-seed" + seed + "." + name + ".npy");
  }

  /** How a field is kept beside its values. */
  private record Shape(String kind, int width, List<Double> nodes) {
    static Shape of(DepthField field) {
      return switch (field) {
        case LineField line -> {
          List<Double> nodes = new ArrayList<>();
          for (double node : line.nodes()) {
            nodes.add(node);
          }
          yield new Shape("line", line.width(), nodes);
        }
        case TriangleField triangle ->
            new Shape(
                "triangle",
                triangle.width(),
                List.of((double) triangle.mesh().intervals(), triangle.mesh().horizon()));
      };
    }

    DepthField field(double[] values) {
      return kind.equals("line")
          ? new LineField(nodes.stream().mapToDouble(t -> t).toArray(), width, values)
          : new TriangleField(
              new TriangleMesh(nodes.get(0).intValue(), nodes.get(1)), width, values);
    }
  }

  void write(StudyPoint point, double seconds) throws IOException {
    JsonObject object = new JsonObject();
    object.addProperty("depth", point.depth());
    object.addProperty("seed", point.seed());
    object.addProperty("value", point.value());
    object.addProperty("seconds", seconds);
    object.add("measures", GSON.toJsonTree(point.measures()));
    Map<String, Shape> shapes = new LinkedHashMap<>();
    for (Map.Entry<String, DepthField> entry : point.minimiser().entrySet()) {
      DepthField field = entry.getValue();
      double[] values = field.values();
      NpyFile.write(
          field(point.depth(), point.seed(), entry.getKey()),
          Tensor.ofDoubles(values, values.length / field.width(), field.width()));
      shapes.put(entry.getKey(), Shape.of(field));
    }
    object.add("minimiser", GSON.toJsonTree(shapes));
    object.add("curves", GSON.toJsonTree(point.curves()));
    AtomicFiles.writeString(point(point.depth(), point.seed()), GSON.toJson(object) + "\n");
  }

  /** Reads a point that was finished. */
  Optional<StudyPoint> find(int depth, long seed) throws IOException {
    Path file = point(depth, seed);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    JsonObject object = read(file);
    try {
      Map<String, DepthField> minimiser = new LinkedHashMap<>();
      Map<String, Shape> shapes =
          GSON.fromJson(object.get("minimiser"), new TypeToken<Map<String, Shape>>() {});
      for (Map.Entry<String, Shape> entry : shapes.entrySet()) {
        double[] values = NpyFile.read(field(depth, seed, entry.getKey())).toDoubleArray();
        minimiser.put(entry.getKey(), entry.getValue().field(values));
      }
      return Optional.of(
          new StudyPoint(
              object.get("depth").getAsInt(),
              object.get("seed").getAsLong(),
              object.get("value").getAsDouble(),
              GSON.fromJson(object.get("measures"), new TypeToken<Map<String, Double>>() {}),
              minimiser,
              GSON.fromJson(object.get("curves"), new TypeToken<List<Curve>>() {})));
    } catch (JsonParseException | NullPointerException | IllegalArgumentException e) {
      throw new IOException(file + " is damaged: " + e.getMessage(), e);
    }
  }
}
