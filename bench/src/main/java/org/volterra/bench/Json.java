package org.volterra.bench;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.LinkedHashMap;
import java.util.Map;

/** How results are written. */
public final class Json {
  /** For files that people look into. */
  static final Gson PRETTY =
      new GsonBuilder().setPrettyPrinting().serializeNulls().disableHtmlEscaping().create();

  /** For one object on a line. */
  public static final Gson LINE = new GsonBuilder().serializeNulls().disableHtmlEscaping().create();

  private Json() {}

  /**
   * Six significant digits.
   *
   * @param value any
   * @return the number; null for NaN and infinity, which JSON lacks
   */
  public static BigDecimal number(double value) {
    return Double.isFinite(value) ? new BigDecimal(value, new MathContext(6)) : null;
  }

  static Map<String, Object> timing(Timing t) {
    Map<String, Object> timing = new LinkedHashMap<>();
    timing.put("milliseconds", number(t.milliseconds()));
    timing.put("error", number(t.error()));
    timing.put("gigaflops", number(t.gigaflops()));
    timing.put("garbageBytes", number(t.garbageBytes()));
    return timing;
  }
}
