package org.volterra.experiments;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Shape;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.util.List;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.axis.ValueAxis;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYLineAndShapeRenderer;
import org.jfree.data.xy.XYSeries;
import org.jfree.data.xy.XYSeriesCollection;

/** Lines in one coordinate system, either axis linear or logarithmic. */
final class LinePlot {
  private static final int WIDTH = 540;
  private static final int HEIGHT = 330;
  private static final int ROW_OF_LEGEND = 22;
  private static final Shape MARK = new Ellipse2D.Double(-3.5, -3.5, 7, 7);

  /** How a line is drawn. */
  enum Line {
    /** A line with a mark at each point. */
    MARKED,
    /** A line alone. */
    PLAIN,
    /** Marks alone, for observations. */
    POINTS,
    /** A dashed line, for what is no measurement. */
    DASHED
  }

  /**
   * An axis: its label, whether it is logarithmic, and where its ticks are then; empty: anywhere.
   */
  record Axis(String label, boolean isLogarithmic, List<Double> ticks) {
    static Axis linear(String label) {
      return new Axis(label, false, List.of());
    }

    static Axis logarithmic(String label) {
      return new Axis(label, true, List.of());
    }

    static Axis logarithmic(String label, List<Double> ticks) {
      return new Axis(label, true, ticks);
    }
  }

  private final String title;
  private final String subtitle;
  private final Axis x;
  private final Axis y;
  private boolean countsX = true;
  private final XYSeriesCollection data = new XYSeriesCollection();
  private final XYLineAndShapeRenderer renderer = new XYLineAndShapeRenderer(true, false);

  LinePlot(String title, String subtitle, Axis x, Axis y) {
    this.title = title;
    this.subtitle = subtitle;
    this.x = x;
    this.y = y;
  }

  /**
   * Adds a line; points that are not finite, or not positive on a logarithmic axis, are left out.
   */
  LinePlot add(String name, List<Double> xs, List<Double> ys, Color color, Line line) {
    XYSeries series = new XYSeries(unused(name), false);
    for (int i = 0; i < xs.size(); i++) {
      if (fits(x, xs.get(i)) && fits(y, ys.get(i))) {
        series.add(xs.get(i), ys.get(i));
        countsX &= xs.get(i) == Math.rint(xs.get(i));
      }
    }
    if (!series.isEmpty()) {
      int index = data.getSeriesCount();
      data.addSeries(series);
      renderer.setSeriesPaint(index, color);
      renderer.setSeriesShape(index, MARK);
      renderer.setSeriesShapesVisible(
          index, line == Line.MARKED || line == Line.POINTS || series.getItemCount() == 1);
      renderer.setSeriesLinesVisible(index, line != Line.POINTS);
      renderer.setSeriesStroke(
          index,
          line == Line.DASHED
              ? new BasicStroke(
                  1.6f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, new float[] {6, 5}, 0)
              : new BasicStroke(2f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
    }
    return this;
  }

  /** Adds thin vertical bars without a legend. */
  void addBars(List<Double> xs, List<Double> low, List<Double> high, Color color) {
    for (int i = 0; i < xs.size(); i++) {
      if (fits(x, xs.get(i)) && fits(y, low.get(i)) && high.get(i) > low.get(i)) {
        XYSeries bar = new XYSeries("bar " + data.getSeriesCount(), false);
        bar.add(xs.get(i), low.get(i));
        bar.add(xs.get(i), high.get(i));
        int index = data.getSeriesCount();
        data.addSeries(bar);
        renderer.setSeriesPaint(index, color);
        renderer.setSeriesShapesVisible(index, false);
        renderer.setSeriesVisibleInLegend(index, false);
        renderer.setSeriesStroke(index, new BasicStroke(1.1f));
      }
    }
  }

  /** Names are keys: one that is there already gets blanks, which nobody sees. */
  private String unused(String name) {
    String key = name;
    while (data.getSeriesIndex(key) >= 0) {
      key += " ";
    }
    return key;
  }

  private static boolean fits(Axis axis, double value) {
    return Double.isFinite(value) && (!axis.isLogarithmic() || value > 0);
  }

  boolean isEmpty() {
    return data.getSeriesCount() == 0;
  }

  /** The document; ids begin with the prefix. */
  String svg(String prefix) {
    renderer.setDrawSeriesLineAsPath(true);
    renderer.setLegendLine(new Line2D.Double(-16, 0, 16, 0));
    XYPlot plot =
        ChartStyle.styled(
            new XYPlot(
                data,
                axis(
                    x,
                    data.getDomainLowerBound(false),
                    data.getDomainUpperBound(false),
                    1.12,
                    countsX),
                axis(
                    y, data.getRangeLowerBound(false), data.getRangeUpperBound(false), 1.25, false),
                renderer));
    return ChartStyle.svg(
        ChartStyle.chart(title, subtitle, plot),
        prefix,
        WIDTH,
        HEIGHT + ROW_OF_LEGEND * rowsOfLegend());
  }

  /** About how many rows the legend takes, by the lengths of its names. */
  private int rowsOfLegend() {
    int rows = 1;
    double used = 0;
    for (int i = 0; i < data.getSeriesCount(); i++) {
      if (!Boolean.FALSE.equals(renderer.getSeriesVisibleInLegend(i))) {
        double width = 48 + 6.6 * data.getSeriesKey(i).toString().length();
        if (used > 0 && used + width > WIDTH - 40) {
          rows++;
          used = 0;
        }
        used += width;
      }
    }
    return rows;
  }

  private static ValueAxis axis(
      Axis axis, double least, double most, double margin, boolean counts) {
    if (!axis.isLogarithmic()) {
      NumberAxis linear = ChartStyle.styled(new NumberAxis(axis.label()));
      linear.setAutoRangeIncludesZero(false);
      if (counts) {
        linear.setStandardTickUnits(NumberAxis.createIntegerTickUnits());
      }
      if (least == most) {
        double room = least == 0 ? 1 : 0.1 * Math.abs(least);
        linear.setRange(least - room, most + room);
      }
      return linear;
    }
    return axis.ticks().isEmpty()
        ? LogTicks.decades(axis.label(), least / margin, most * margin)
        : LogTicks.at(axis.label(), axis.ticks(), least / margin, most * margin);
  }
}
