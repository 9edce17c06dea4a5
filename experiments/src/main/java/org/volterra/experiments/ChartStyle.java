package org.volterra.experiments;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.geom.Rectangle2D;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.Locale;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.LogAxis;
import org.jfree.chart.axis.NumberTickUnit;
import org.jfree.chart.axis.ValueAxis;
import org.jfree.chart.plot.Plot;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.title.LegendTitle;
import org.jfree.chart.title.TextTitle;
import org.jfree.chart.ui.HorizontalAlignment;
import org.jfree.chart.ui.RectangleEdge;
import org.jfree.chart.ui.RectangleInsets;
import org.jfree.svg.MeetOrSlice;
import org.jfree.svg.PreserveAspectRatio;
import org.jfree.svg.SVGGraphics2D;
import org.jfree.svg.ViewBox;

/** What all charts look like: the same fonts, colours and margins, written as SVG. */
final class ChartStyle {
  static final Color GRID = new Color(0xD9D9D9);
  static final Color TEXT = new Color(0x222222);

  /** Okabe and Ito's colours, told apart with any colour vision. */
  private static final Color[] COLORS = {
    new Color(0x0072B2),
    new Color(0xD55E00),
    new Color(0x009E73),
    new Color(0xCC79A7),
    new Color(0xE69F00),
    new Color(0x56B4E9)
  };

  private ChartStyle() {}

  /** The colour of the index-th series; they repeat after six. */
  static Color color(int index) {
    return COLORS[index % COLORS.length];
  }

  /** The colour of the index-th of some ordered series: from light to dark. */
  static Color shade(int index, int count) {
    float share = count == 1 ? 1 : (float) index / (count - 1);
    return Color.getHSBColor(0.56f + 0.1f * share, 0.45f + 0.5f * share, 0.92f - 0.5f * share);
  }

  static Font font(int style, int size) {
    return new Font(Font.SANS_SERIF, style, size);
  }

  static <A extends ValueAxis> A styled(A axis) {
    axis.setMinorTickMarksVisible(false);
    axis.setLabelFont(font(Font.PLAIN, 13));
    axis.setTickLabelFont(font(Font.PLAIN, 12));
    axis.setLabelPaint(TEXT);
    axis.setTickLabelPaint(TEXT);
    axis.setTickLabelInsets(new RectangleInsets(4, 6, 4, 6)); // fewer ticks than would just fit
    return axis;
  }

  /** A logarithmic axis with labels at the powers of its base, written as plain numbers. */
  static LogAxis logarithmic(String label, double base) {
    LogAxis axis = styled(new LogAxis(label));
    axis.setBase(base);
    axis.setTickUnit(new NumberTickUnit(1));
    axis.setNumberFormatOverride(
        new DecimalFormat("0.########", DecimalFormatSymbols.getInstance(Locale.ROOT)));
    return axis;
  }

  static XYPlot styled(XYPlot plot) {
    plot.setBackgroundPaint(Color.WHITE);
    plot.setDomainGridlinePaint(GRID);
    plot.setDomainGridlineStroke(new BasicStroke(0.8f));
    plot.setRangeGridlinePaint(GRID);
    plot.setRangeGridlineStroke(new BasicStroke(0.8f));
    plot.setOutlineVisible(false);
    return plot;
  }

  /**
   * A chart on white with a title, a line below it that may be empty, and a legend at the bottom.
   */
  static JFreeChart chart(String title, String subtitle, Plot plot) {
    JFreeChart chart = new JFreeChart(null, null, plot, false);
    chart.setBackgroundPaint(Color.WHITE);
    chart.setTitle(left(title, Font.BOLD, 16));
    TextTitle origin = left(subtitle, Font.PLAIN, 12);
    origin.setTextAlignment(HorizontalAlignment.LEFT);
    origin.setMargin(0, 0, 14, 0);
    chart.addSubtitle(origin);
    LegendTitle legend = new LegendTitle(plot);
    legend.setPosition(RectangleEdge.BOTTOM);
    legend.setItemFont(font(Font.PLAIN, 12));
    chart.addSubtitle(legend);
    chart.setPadding(new RectangleInsets(10, 10, 10, 20));
    return chart;
  }

  private static TextTitle left(String text, int style, int size) {
    TextTitle title = new TextTitle(text, font(style, size));
    title.setHorizontalAlignment(HorizontalAlignment.LEFT);
    title.setPaint(TEXT);
    return title;
  }

  /**
   * The chart as an {@code svg} element that scales with its surroundings, for a file of its own or
   * a page; ids begin with the prefix, so that two fit on one page.
   */
  static String svg(JFreeChart chart, String prefix, int width, int height) {
    SVGGraphics2D graphics = new SVGGraphics2D(width, height);
    graphics.setDefsKeyPrefix(prefix);
    graphics.setGeomDoubleConverter(ChartStyle::coordinate);
    graphics.setTransformDoubleConverter(ChartStyle::coordinate);
    chart.draw(graphics, new Rectangle2D.Double(0, 0, width, height));
    ViewBox box = new ViewBox(0, 0, width, height);
    return graphics.getSVGElement(
            prefix, true, box, PreserveAspectRatio.XMID_YMID, MeetOrSlice.MEET)
        + "\n";
  }

  /** A tenth of a pixel is enough, and keeps files small. */
  private static String coordinate(double value) {
    double rounded = Math.rint(10 * value) / 10;
    return rounded == Math.rint(rounded) ? String.valueOf((long) rounded) : String.valueOf(rounded);
  }
}
