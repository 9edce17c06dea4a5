package org.volterra.experiments;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Shape;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.awt.geom.Rectangle2D;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.LogAxis;
import org.jfree.chart.plot.ValueMarker;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYLineAndShapeRenderer;
import org.jfree.chart.ui.Layer;
import org.jfree.data.xy.XYSeries;
import org.jfree.data.xy.XYSeriesCollection;
import org.volterra.bench.DepthCurve;
import org.volterra.bench.DepthPoint;
import org.volterra.bench.DepthResult;
import org.volterra.bench.ScalingFit;
import org.volterra.bench.Timing;

/**
 * Time against depth with both axes logarithmic: a line for each kernel, provider and pass, with
 * its fitted exponent in the legend. Forward passes are solid with filled marks, forward and
 * backward passes dashed with open ones.
 */
final class ScalingChart {
  private static final int WIDTH = 900;
  private static final int HEIGHT = 640;
  private static final Shape CIRCLE = new Ellipse2D.Double(-4, -4, 8, 8);
  private static final Shape SQUARE = new Rectangle2D.Double(-3.5, -3.5, 7, 7);

  private final DepthResult result;
  private final XYSeriesCollection data = new XYSeriesCollection();
  private final XYLineAndShapeRenderer renderer = new XYLineAndShapeRenderer(true, true);
  private final List<String> kernels = new ArrayList<>();
  private final List<String> providers = new ArrayList<>();
  private double least = Double.POSITIVE_INFINITY;
  private double most;

  private ScalingChart(DepthResult result) {
    this.result = result;
  }

  /**
   * Draws a depth study.
   *
   * @param result the study
   * @param subtitle where it was measured
   * @return the document
   */
  static String svg(DepthResult result, String subtitle) {
    return new ScalingChart(result).draw(subtitle);
  }

  private String draw(String subtitle) {
    for (DepthCurve curve : result.curves()) {
      add(curve, "forward", DepthPoint::forward, curve.forwardFit(), true);
      add(curve, "forward + backward", DepthPoint::gradient, curve.gradientFit(), false);
    }
    XYPlot plot = ChartStyle.styled(new XYPlot(data, depthAxis(), timeAxis(), renderer));
    plot.setRangeGridlinesVisible(false);
    decades(plot);
    renderer.setLegendLine(new Line2D.Double(-16, 0, 16, 0));
    JFreeChart chart = ChartStyle.chart("Time of a pass against depth", subtitle, plot);
    return ChartStyle.svg(chart, "scaling", WIDTH, HEIGHT);
  }

  private void add(
      DepthCurve curve,
      String pass,
      Function<DepthPoint, Timing> timing,
      Optional<ScalingFit> fit,
      boolean forward) {
    String name =
        curve.kernel()
            + ", "
            + curve.provider()
            + ", "
            + pass
            + fit.map(f -> ": L^" + exponent(f)).orElse("");
    XYSeries series = new XYSeries(name);
    for (DepthPoint point : curve.points()) {
      double ms = timing.apply(point).milliseconds();
      series.add(point.layers(), ms);
      least = Math.min(least, ms);
      most = Math.max(most, ms);
    }
    int index = data.getSeriesCount();
    data.addSeries(series);
    Color color = ChartStyle.color(index(kernels, curve.kernel()));
    Shape mark = index(providers, curve.provider()) % 2 == 0 ? CIRCLE : SQUARE;
    renderer.setSeriesPaint(index, color);
    renderer.setSeriesFillPaint(index, forward ? color : Color.WHITE);
    renderer.setUseFillPaint(true);
    renderer.setSeriesShape(index, mark);
    renderer.setSeriesStroke(
        index,
        forward
            ? new BasicStroke(2f)
            : new BasicStroke(
                2f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, new float[] {7, 5}, 0));
    renderer.setDrawSeriesLineAsPath(true);
  }

  private static String exponent(ScalingFit fit) {
    return Double.isNaN(fit.halfWidth()) ? fit.toString() : "(" + fit + ")";
  }

  private static int index(List<String> names, String name) {
    if (!names.contains(name)) {
      names.add(name);
    }
    return names.indexOf(name);
  }

  private LogAxis depthAxis() {
    LogAxis axis = ChartStyle.logarithmic("number of layers L", 2);
    double smallest = result.points().stream().mapToInt(DepthPoint::layers).min().orElse(1);
    double largest = result.points().stream().mapToInt(DepthPoint::layers).max().orElse(1);
    axis.setRange(smallest / 1.2, largest * 1.2);
    return axis;
  }

  private LogAxis timeAxis() {
    LogAxis axis = ChartStyle.logarithmic("milliseconds", 10);
    double margin = 1.02; // so that the axis labels both ends
    axis.setRange(Math.pow(10, firstDecade()) / margin, Math.pow(10, lastDecade()) * margin);
    return axis;
  }

  private int firstDecade() {
    return (int) Math.floor(Math.log10(least));
  }

  private int lastDecade() {
    return (int) Math.ceil(Math.log10(most) + 1e-9);
  }

  /** Grid lines at powers of ten: the axis itself draws only some of them. */
  private void decades(XYPlot plot) {
    for (int k = firstDecade(); k <= lastDecade(); k++) {
      plot.addRangeMarker(
          new ValueMarker(Math.pow(10, k), ChartStyle.GRID, new BasicStroke(0.8f)),
          Layer.BACKGROUND);
    }
  }
}
