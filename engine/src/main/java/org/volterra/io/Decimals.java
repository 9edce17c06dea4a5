package org.volterra.io;

/** Decimal numbers as text files write them; stricter than {@link Double#parseDouble}. */
final class Decimals {
  private Decimals() {}

  /** A sign, digits with at most one point, an exponent; or nan, inf, infinity in any case. */
  static boolean isNumber(String text) {
    int end = text.length();
    int start = signEnd(text, 0);
    if (isWord(text, start)) {
      return true;
    }
    int whole = digitsEnd(text, start);
    int at = whole;
    int digits = whole - start;
    if (at < end && text.charAt(at) == '.') {
      at = digitsEnd(text, whole + 1);
      digits += at - whole - 1;
    }
    if (digits == 0) {
      return false;
    }
    if (at < end && (text.charAt(at) == 'e' || text.charAt(at) == 'E')) {
      int exponent = signEnd(text, at + 1);
      at = digitsEnd(text, exponent);
      return at > exponent && at == end;
    }
    return at == end;
  }

  /** The nearest float64 to a text that {@link #isNumber}. */
  static double parse(String text) {
    int start = signEnd(text, 0);
    if (isWord(text, start)) {
      boolean nan = text.regionMatches(true, start, "nan", 0, 3);
      double value = nan ? Double.NaN : Double.POSITIVE_INFINITY;
      return text.charAt(0) == '-' ? -value : value;
    }
    return Double.parseDouble(text);
  }

  private static boolean isWord(String text, int start) {
    int length = text.length() - start;
    return (length == 3 && text.regionMatches(true, start, "nan", 0, 3))
        || (length == 3 && text.regionMatches(true, start, "inf", 0, 3))
        || (length == 8 && text.regionMatches(true, start, "infinity", 0, 8));
  }

  private static int signEnd(String text, int at) {
    boolean sign = at < text.length() && (text.charAt(at) == '-' || text.charAt(at) == '+');
    return sign ? at + 1 : at;
  }

  private static int digitsEnd(String text, int at) {
    int end = at;
    while (end < text.length() && text.charAt(end) >= '0' && text.charAt(end) <= '9') {
      end++;
    }
    return end;
  }
}
