package org.volterra.io;

/** JSON strings, read strictly (RFC 8259, well-formed UTF-8 and surrogates only) and written. */
final class JsonText {
  /** The longest string that is read, in UTF-16 units. */
  static final int MAX_LENGTH = 1 << 24;

  private JsonText() {}

  /** Skips blanks and reads a string. */
  static String read(ByteCursor in, String what) throws MalformedFileException {
    in.expect('"', what + ", a string");
    StringBuilder text = new StringBuilder();
    long start = in.position();
    while (true) {
      int first = in.peek();
      if (first == '"') {
        in.next();
        return text.toString();
      }
      if (first < ' ') {
        throw in.unexpected("the rest of " + what + " and its closing '\"'");
      }
      if (text.length() >= MAX_LENGTH) {
        throw in.error(start, "a longer string", "at most " + MAX_LENGTH + " characters");
      }
      text.appendCodePoint(first == '\\' ? escape(in) : utf8(in));
    }
  }

  /** Appends the text as a JSON string. */
  static void quote(String text, StringBuilder out) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < ' ') {
        out.append(String.format("\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    out.append('"');
  }

  private static int utf8(ByteCursor in) throws MalformedFileException {
    long start = in.position();
    int lead = in.next();
    if (lead < 0x80) {
      return lead;
    }
    int following = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    int code = lead & (0x3f >> following);
    boolean valid = lead >= 0xc2 && lead <= 0xf4;
    for (int i = 0; valid && i < following; i++) {
      valid = in.peek() >= 0x80 && in.peek() < 0xc0;
      code = (code << 6) | (in.next() & 0x3f);
    }
    int smallest = following == 3 ? 0x10000 : following == 2 ? 0x800 : 0x80;
    if (!valid || code < smallest || code > 0x10ffff || isSurrogate(code)) {
      throw in.error(start, String.format("byte 0x%02x, which is not UTF-8", lead), "UTF-8 text");
    }
    return code;
  }

  private static int escape(ByteCursor in) throws MalformedFileException {
    long start = in.position();
    in.next();
    int kind = in.next();
    return switch (kind) {
      case '"', '\\', '/' -> kind;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> unicodeEscape(in, start);
      default ->
          throw in.error(
              start, "an unknown escape", "\\\", \\\\, \\/, \\b, \\f, \\n, \\r, \\t, \\u");
    };
  }

  private static int unicodeEscape(ByteCursor in, long start) throws MalformedFileException {
    int unit = hex4(in);
    if (!isSurrogate(unit)) {
      return unit;
    }
    if (Character.isHighSurrogate((char) unit) && in.next() == '\\' && in.next() == 'u') {
      int low = hex4(in);
      if (Character.isLowSurrogate((char) low)) {
        return Character.toCodePoint((char) unit, (char) low);
      }
    }
    throw in.error(start, "half of a surrogate pair", "\\u escapes of whole characters");
  }

  private static int hex4(ByteCursor in) throws MalformedFileException {
    int value = 0;
    for (int i = 0; i < 4; i++) {
      int digit = in.peek() < 0x80 ? Character.digit(in.peek(), 16) : -1;
      if (digit < 0) {
        throw in.unexpected("four hexadecimal digits after \\u");
      }
      in.next();
      value = (value << 4) | digit;
    }
    return value;
  }

  private static boolean isSurrogate(int code) {
    return code >= Character.MIN_SURROGATE && code <= Character.MAX_SURROGATE;
  }
}
