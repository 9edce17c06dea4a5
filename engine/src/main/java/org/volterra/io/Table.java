package org.volterra.io;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * A table of numbers with named columns.
 *
 * <p>The array is shared with whoever made the table, not copied, because data sets are large:
 * writing to it changes the table. Safe to use from several threads while nobody does that.
 *
 * @param names the columns' names, from left to right; not necessarily different
 * @param rows the number of rows
 * @param columns the number of columns, at least 1
 * @param values the cells, row-major, {@code rows * columns} of them: row r, column c is at {@code
 *     r * columns + c}
 */
@SuppressWarnings("ArrayRecordComponent") // shared on purpose, compared by content below
public record Table(List<String> names, int rows, int columns, double[] values) {
  /**
   * Checks that the sizes fit each other.
   *
   * @throws IllegalArgumentException if they do not
   */
  public Table {
    names = List.copyOf(names);
    if (columns < 1 || names.size() != columns) {
      throw new IllegalArgumentException(
          "columns is " + columns + " with " + names.size() + " names; both must be equal, >= 1");
    }
    if (rows < 0 || values.length != (long) rows * columns) {
      throw new IllegalArgumentException(
          "values has " + values.length + " numbers for " + rows + " rows of " + columns);
    }
  }

  /**
   * One cell.
   *
   * @param row the row, from 0
   * @param column the column, from 0
   * @return its value, NaN or infinite if the file says so
   * @throws IndexOutOfBoundsException if there is no such cell
   */
  public double get(int row, int column) {
    Objects.checkIndex(row, rows);
    return values[row * columns + Objects.checkIndex(column, columns)];
  }

  /**
   * One column.
   *
   * @param column the column, from 0
   * @return a fresh array of its values, from the first row to the last
   * @throws IndexOutOfBoundsException if there is no such column
   */
  public double[] column(int column) {
    Objects.checkIndex(column, columns);
    double[] cells = new double[rows];
    for (int row = 0; row < rows; row++) {
      cells[row] = values[row * columns + column];
    }
    return cells;
  }

  /**
   * The place of a column.
   *
   * @param name the column's name
   * @return its index, from 0
   * @throws IllegalArgumentException if no column, or more than one, has that name
   */
  public int columnIndex(String name) {
    int index = names.indexOf(name);
    if (index < 0 || index != names.lastIndexOf(name)) {
      String count = index < 0 ? "no column has" : "several columns have";
      throw new IllegalArgumentException(
          "name is \"" + name + "\", which " + count + "; the columns are " + names);
    }
    return index;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Table that
        && names.equals(that.names)
        && rows == that.rows
        && columns == that.columns
        && Arrays.equals(values, that.values);
  }

  @Override
  public int hashCode() {
    return 31 * names.hashCode() + Arrays.hashCode(values);
  }

  @Override
  public String toString() {
    return "Table[" + rows + " rows x " + columns + " columns]";
  }
}
