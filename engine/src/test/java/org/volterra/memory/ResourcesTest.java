package org.volterra.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("provider-independent")
class ResourcesTest {
  private final List<String> closed = new ArrayList<>();

  private AutoCloseable named(String name) {
    return () -> closed.add(name);
  }

  @Test
  void theLastIsClosedFirstAndEachOnce() {
    Resources resources = new Resources();
    AutoCloseable first = named("first");
    assertThat(resources.own(first)).isSameAs(first);
    resources.own(named("second"));
    resources.close();
    resources.close();
    assertThat(closed).containsExactly("second", "first");
  }

  @Test
  void aFailureDoesNotKeepTheOthersOpen() {
    Resources resources = new Resources();
    resources.own(named("first"));
    resources.own(failing("a"));
    resources.own(named("third"));
    resources.own(failing("b"));
    assertThatThrownBy(resources::close)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("could not close resource b")
        .hasRootCauseMessage("b")
        .satisfies(e ->
            assertThat(e.getSuppressed()).extracting(Throwable::getMessage).containsExactly("a"));
    assertThat(closed).containsExactly("third", "first");
    resources.close();
  }

  private static AutoCloseable failing(String name) {
    return new AutoCloseable() {
      @Override
      public void close() throws IOException {
        throw new IOException(name);
      }

      @Override
      public String toString() {
        return "resource " + name;
      }
    };
  }
}
