package org.volterra.experiments;

import java.awt.BasicStroke;
import java.awt.Shape;
import java.awt.geom.Ellipse2D;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.LogAxis;
import org.jfree.chart.axis.SymbolAxis;
import org.jfree.chart.plot.ValueMarker;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYErrorRenderer;
import org.jfree.chart.ui.Layer;
import org.jfree.data.xy.XYIntervalSeries;
import org.jfree.data.xy.XYIntervalSeriesCollection;
import org.volterra.bench.PeerResult;

/**
 * How many times faster Volterra is than PyTorch: a row for each case, a mark for each way to write
 * it in PyTorch, with quartiles, on a logarithmic axis.
 */
final class RatioChart {
  private static final int WIDTH = 900;
  private static final int ROW_HEIGHT = 34;
  private static final int REST_HEIGHT = 190;
  private static final double OFFSET = 0.16;
  private static final Shape MARK = new Ellipse2D.Double(-4.5, -4.5, 9, 9);

  private RatioChart() {}

  /**
   * Draws a comparison.
   *
   * @param result the comparison
   * @param origin where it was measured
   * @return the document
   */
  static String svg(PeerResult result, String origin) {
    List<String> rows =
        new ArrayList<>(result.points().stream().map(RatioChart::row).distinct().toList());
    Map<String, XYIntervalSeries> series = new LinkedHashMap<>();
    double least = 1;
    double most = 1;
    for (PeerResult.Point p : result.points()) {
      List<String> variants = p.work().kind().variants();
      double shift = OFFSET * (variants.indexOf(p.variant()) - (variants.size() - 1) / 2.0);
      double y = rows.indexOf(row(p)) + shift;
      series
          .computeIfAbsent(p.variant(), name -> new XYIntervalSeries("PyTorch, " + name))
          .add(p.ratio().median(), p.ratio().low(), p.ratio().high(), y, y, y);
      least = Math.min(least, p.ratio().low());
      most = Math.max(most, p.ratio().high());
    }
    XYIntervalSeriesCollection data = new XYIntervalSeriesCollection();
    XYErrorRenderer renderer = new XYErrorRenderer();
    renderer.setDrawYError(false);
    for (XYIntervalSeries s : series.values()) {
      renderer.setSeriesPaint(data.getSeriesCount(), ChartStyle.color(data.getSeriesCount()));
      renderer.setSeriesShape(data.getSeriesCount(), MARK);
      data.addSeries(s);
    }
    LogAxis ratio = ChartStyle.logarithmic("time of PyTorch / time of Volterra", 2);
    ratio.setRange(least / 1.15, most * 1.15);
    SymbolAxis names = ChartStyle.styled(new SymbolAxis(null, rows.toArray(String[]::new)));
    names.setInverted(true);
    names.setGridBandsVisible(false);
    names.setRange(-0.5, rows.size() - 0.5);
    XYPlot plot = ChartStyle.styled(new XYPlot(data, ratio, names, renderer));
    plot.addDomainMarker(
        new ValueMarker(1, ChartStyle.TEXT, new BasicStroke(1.2f)), Layer.BACKGROUND);
    String subtitle =
        String.format(
            Locale.ROOT,
            "%s, float32; right of 1 Volterra is faster; medians with quartiles of %d pairs%n%s",
            result.peer(),
            result.points().getFirst().ratio().count(),
            origin);
    JFreeChart chart =
        ChartStyle.chart("Volterra against PyTorch on the same work", subtitle, plot);
    return ChartStyle.svg(chart, "ratio", WIDTH, REST_HEIGHT + ROW_HEIGHT * rows.size());
  }

  private static String row(PeerResult.Point p) {
    return String.format(
        Locale.ROOT,
        "%s %s, %d thread%s",
        p.work(),
        p.what(),
        p.threads(),
        p.threads() == 1 ? "" : "s");
  }
}
