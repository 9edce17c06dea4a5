package org.volterra;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.volterra.ParameterLayout.Arrangement;
import org.volterra.ParameterLayout.Entry;
import org.volterra.ParameterLayout.Group;
import org.volterra.depth.DepthDependence;
import org.volterra.depth.DepthGrid;
import org.volterra.depth.LineMesh;

/** Puts parameters one behind the other, and those that are one function of depth into groups. */
final class LayoutDraft {
  private final String subject;
  private final String contents;
  private final DepthGrid grid;
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final Map<String, Initializer> initializers = new LinkedHashMap<>();
  private final Map<String, Group> groups = new LinkedHashMap<>();
  private long length;
  private long trainedLength;
  private int trainedEntries;

  /**
   * Nothing yet.
   *
   * @param subject what makes it large, for error messages
   * @param contents what it holds, for error messages
   * @param grid the layers' depths
   */
  LayoutDraft(String subject, String contents, DepthGrid grid) {
    this.subject = subject;
    this.contents = contents;
    this.grid = grid;
  }

  /** The layers' depths. */
  DepthGrid grid() {
    return grid;
  }

  /** All parameters, in order. */
  Map<String, Entry> entries() {
    return entries;
  }

  /** The initial values of each parameter. */
  Map<String, Initializer> initializers() {
    return initializers;
  }

  /** All groups, in order. */
  Map<String, Group> groups() {
    return groups;
  }

  /** The elements of all so far, gaps included. */
  long length() {
    return length;
  }

  /** What follows is not trained. */
  void endTrained() {
    trainedLength = length;
    trainedEntries = entries.size();
  }

  /** The elements of all that is trained. */
  long trainedLength() {
    return trainedLength;
  }

  /** The number of parameters that are trained. */
  int trainedEntries() {
    return trainedEntries;
  }

  /** The distance of neighbouring layers, NaN on a graded grid. */
  double spacing() {
    return grid.isUniform() ? grid.step() : Double.NaN;
  }

  /** A parameter of rows × columns at the layers {@code first}, {@code first} + 1, …, L of them. */
  void inDepth(
      String name,
      DepthDependence dependence,
      int first,
      int rows,
      int columns,
      Initializer initial) {
    List<Entry> list = new ArrayList<>();
    switch (dependence) {
      case DepthDependence.Constant constant -> list.add(add(name, rows, columns, initial));
      case DepthDependence.PerLayer perLayer -> {
        for (int l = first; l < first + grid.layers(); l++) {
          list.add(add(name + "." + l, rows, columns, initial));
        }
      }
      case DepthDependence.Field field -> {
        for (int i = 0; i <= field.intervals(); i++) {
          list.add(add(name + ".node." + i, rows, columns, initial));
        }
      }
    }
    Arrangement arrangement =
        dependence instanceof DepthDependence.Constant ? Arrangement.CONSTANT : Arrangement.LINE;
    double spacing =
        dependence instanceof DepthDependence.Field field
            ? new LineMesh(field.intervals(), grid.horizon()).spacing()
            : spacing();
    int firstLayer = dependence instanceof DepthDependence.PerLayer ? first : 0;
    group(name, arrangement, list, rows * columns, spacing, firstLayer);
  }

  /** One entry that holds a block for each layer. */
  void line(Entry entry, int blockSize, int firstLayer) {
    group(entry.name(), Arrangement.LINE, List.of(entry), blockSize, spacing(), firstLayer);
  }

  /** A parameter that does not depend on depth. */
  void constant(String name, int rows, int columns, Initializer initial) {
    Entry entry = add(name, rows, columns, initial);
    group(name, Arrangement.CONSTANT, List.of(entry), (int) entry.size(), 1, 0);
  }

  /**
   * Puts a matrix behind the others.
   *
   * @throws IllegalArgumentException if one buffer can hold no more
   */
  Entry add(String name, long rows, int columns, Initializer initial) {
    if (rows * columns > Integer.MAX_VALUE - ParameterLayout.ALIGNMENT - length) {
      throw new IllegalArgumentException(
          subject
              + " give too many parameters: "
              + contents
              + " must fit a buffer of "
              + Integer.MAX_VALUE
              + " elements");
    }
    Entry entry = new Entry(name, length, (int) rows, columns);
    entries.put(name, entry);
    initializers.put(name, initial);
    length =
        Math.ceilDiv(length + entry.size(), (long) ParameterLayout.ALIGNMENT)
            * ParameterLayout.ALIGNMENT;
    return entry;
  }

  /** What these entries are together. */
  void group(
      String name,
      Arrangement arrangement,
      List<Entry> list,
      int blockSize,
      double spacing,
      int firstLayer) {
    groups.put(name, new Group(name, arrangement, list, blockSize, spacing, firstLayer));
  }
}
