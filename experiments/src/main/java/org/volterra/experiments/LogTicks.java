package org.volterra.experiments;

import java.awt.Graphics2D;
import java.awt.geom.Rectangle2D;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jfree.chart.axis.AxisState;
import org.jfree.chart.axis.LogAxis;
import org.jfree.chart.axis.NumberTick;
import org.jfree.chart.ui.RectangleEdge;
import org.jfree.chart.ui.TextAnchor;

/**
 * A logarithmic axis with ticks at chosen numbers, such as the depths of a study or 1, 2, 5, 10.
 */
final class LogTicks extends LogAxis {
  private static final long serialVersionUID = 1;

  private static final double SMALL_RANGE = 3;

  private final double[] ticks;

  private LogTicks(String label, List<Double> ticks) {
    super(label);
    this.ticks = ticks.stream().mapToDouble(t -> t).toArray();
  }

  /**
   * An axis with ticks at powers of ten, and between them where there are few, over a range; where
   * even these are few, at equal distances.
   */
  static LogTicks decades(String label, double least, double most) {
    double[] steps =
        most / least < 20
            ? new double[] {1, 2, 3, 5, 7}
            : most / least < 1e3 ? new double[] {1, 2, 5} : new double[] {1};
    int apart = (int) Math.max(1, Math.ceil(Math.log10(most / least) / 8));
    List<Double> ticks = new ArrayList<>();
    if (most / least < SMALL_RANGE) {
      double step = roundStep((most - least) / 5);
      for (long i = (long) Math.ceil(least / step); i * step <= most; i++) {
        ticks.add(i * step);
      }
      return at(label, ticks, least, most);
    }
    for (int k = (int) Math.floor(Math.log10(least)); k <= Math.log10(most); k++) {
      for (double step : steps) {
        double tick = step * Math.pow(10, k);
        if (Math.floorMod(k, apart) == 0 && tick >= least && tick <= most) {
          ticks.add(tick);
        }
      }
    }
    return at(label, ticks, least, most);
  }

  /** The largest of 1, 2, 5 times a power of ten that is not above a size. */
  private static double roundStep(double size) {
    double power = Math.pow(10, Math.floor(Math.log10(size)));
    return (size < 2 * power ? 1 : size < 5 * power ? 2 : 5) * power;
  }

  /** An axis with ticks at given numbers; of many, every other one. */
  static LogTicks at(String label, List<Double> ticks, double least, double most) {
    int apart = Math.ceilDiv(ticks.size(), 12);
    List<Double> some = new ArrayList<>();
    for (int i = 0; i < ticks.size(); i += Math.max(1, apart)) {
      some.add(ticks.get(i));
    }
    LogTicks axis = ChartStyle.styled(new LogTicks(label, some));
    axis.setRange(least, most);
    return axis;
  }

  @Override
  public List<NumberTick> refreshTicks(
      Graphics2D graphics, AxisState state, Rectangle2D area, RectangleEdge edge) {
    TextAnchor anchor =
        RectangleEdge.isTopOrBottom(edge) ? TextAnchor.TOP_CENTER : TextAnchor.CENTER_RIGHT;
    return Arrays.stream(ticks)
        .mapToObj(tick -> new NumberTick(tick, text(tick), anchor, anchor, 0))
        .toList();
  }

  /** Numbers as people write them on axes: 0.01, 250, 3e-7. */
  private static String text(double number) {
    if (number < 9.9e-4 || number >= 1e5) {
      String text = String.format(Locale.ROOT, "%.1e", number);
      return text.replace(".0e", "e").replace("e-0", "e-").replace("e+0", "e").replace("e+", "e");
    }
    return String.format(Locale.ROOT, number < 0.1 ? "%.5f" : "%.4f", number)
        .replaceAll("\\.?0+$", "");
  }
}
