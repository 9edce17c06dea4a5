package org.volterra.experiments;

import com.samskivert.mustache.Mustache;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** Self-contained pages: templates in the resources, filled, with one style sheet for all. */
final class Page {
  private Page() {}

  /** Fills a template; {@code style} is the style sheet. */
  static String render(String template, Map<String, ?> content) throws IOException {
    Map<String, Object> all = new HashMap<>(content);
    all.put("style", resource("page.css"));
    return Mustache.compiler().compile(resource(template)).execute(all);
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = Page.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new FileNotFoundException(name);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
