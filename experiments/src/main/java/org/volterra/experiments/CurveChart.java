package org.volterra.experiments;

import java.awt.BasicStroke;
import java.awt.Shape;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.LogAxis;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.axis.ValueAxis;
import org.jfree.chart.plot.CombinedDomainXYPlot;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYLineAndShapeRenderer;
import org.jfree.data.Range;
import org.jfree.data.xy.XYSeries;
import org.jfree.data.xy.XYSeriesCollection;
import org.volterra.train.EpochMetrics;

/** Losses, and the accuracy where there are classes, against epochs. */
final class CurveChart {
  private static final int WIDTH = 540;
  private static final int HEIGHT_OF_PLOT = 200;
  private static final int HEIGHT_OF_REST = 130;
  private static final int MOST_MARKS = 12;
  private static final Shape MARK = new Ellipse2D.Double(-2.5, -2.5, 5, 5);

  private final List<EpochMetrics> metrics;

  private CurveChart(List<EpochMetrics> metrics) {
    this.metrics = metrics;
  }

  /**
   * Draws the curves of a run.
   *
   * @param metrics one for each epoch
   * @param subtitle what was trained
   * @return the document
   */
  static String svg(List<EpochMetrics> metrics, String subtitle) {
    return new CurveChart(metrics).draw(subtitle);
  }

  private String draw(String subtitle) {
    NumberAxis epochs = ChartStyle.styled(new NumberAxis("epoch"));
    epochs.setStandardTickUnits(NumberAxis.createIntegerTickUnits());
    epochs.setAutoRangeIncludesZero(false);
    if (metrics.size() == 1) {
      epochs.setRange(0, 2);
    }
    CombinedDomainXYPlot both = new CombinedDomainXYPlot(epochs);
    both.setGap(14);
    XYSeriesCollection losses = new XYSeriesCollection();
    add(losses, "training loss", EpochMetrics::trainLoss);
    add(losses, "test loss", EpochMetrics::testLoss);
    both.add(plot(losses, lossAxis(losses), 0));
    int plots = 1;
    XYSeriesCollection accuracies = new XYSeriesCollection();
    add(accuracies, "test accuracy", m -> 100 * m.testAccuracy());
    if (accuracies.getSeriesCount() > 0) {
      NumberAxis axis = ChartStyle.styled(new NumberAxis("accuracy, %"));
      axis.setAutoRangeIncludesZero(false);
      both.add(plot(accuracies, axis, losses.getSeriesCount()));
      plots++;
    }
    JFreeChart chart = ChartStyle.chart("Training", subtitle, both);
    return ChartStyle.svg(chart, "curve", WIDTH, plots * HEIGHT_OF_PLOT + HEIGHT_OF_REST);
  }

  /** Adds the epochs that have this quantity; none, no series. */
  private void add(XYSeriesCollection data, String name, ToDoubleFunction<EpochMetrics> quantity) {
    XYSeries series = new XYSeries(name);
    for (EpochMetrics m : metrics) {
      double value = quantity.applyAsDouble(m);
      if (Double.isFinite(value)) {
        series.add(m.epoch(), value);
      }
    }
    if (!series.isEmpty()) {
      data.addSeries(series);
    }
  }

  private XYPlot plot(XYSeriesCollection data, ValueAxis axis, int firstColor) {
    XYLineAndShapeRenderer renderer =
        new XYLineAndShapeRenderer(true, metrics.size() <= MOST_MARKS);
    for (int i = 0; i < data.getSeriesCount(); i++) {
      renderer.setSeriesPaint(i, ChartStyle.color(firstColor + i));
      renderer.setSeriesShape(i, MARK);
      renderer.setSeriesStroke(
          i, new BasicStroke(2f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
    }
    renderer.setDrawSeriesLineAsPath(true);
    renderer.setLegendLine(new Line2D.Double(-16, 0, 16, 0));
    return ChartStyle.styled(new XYPlot(data, null, axis, renderer));
  }

  /** Logarithmic, unless a loss is zero or negative or all are of the same magnitude. */
  private static ValueAxis lossAxis(XYSeriesCollection losses) {
    Range range = losses.getRangeBounds(false);
    if (range == null
        || range.getLowerBound() <= 0
        || range.getUpperBound() < 10 * range.getLowerBound()) {
      return ChartStyle.styled(new NumberAxis("loss"));
    }
    LogAxis axis = ChartStyle.logarithmic("loss", 10);
    double margin = 1.1;
    axis.setRange(range.getLowerBound() / margin, range.getUpperBound() * margin);
    return axis;
  }
}
