package org.volterra.internal.panama;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class VectorWidthTest {
  @Test
  void readsItsProperty() {
    String before = System.getProperty(VectorWidth.PROPERTY);
    try {
      System.setProperty(VectorWidth.PROPERTY, "128");
      assertEquals(128, VectorWidth.bits());
      System.setProperty(VectorWidth.PROPERTY, "preferred");
      assertEquals(VectorWidth.preferredBits(), VectorWidth.bits());
      for (String bad : new String[] {"64", "1024", "wide", ""}) {
        System.setProperty(VectorWidth.PROPERTY, bad);
        IllegalArgumentException e =
            assertThrows(IllegalArgumentException.class, VectorWidth::bits);
        assertTrue(e.getMessage().contains("128"), e.getMessage());
      }
    } finally {
      if (before == null) {
        System.clearProperty(VectorWidth.PROPERTY);
      } else {
        System.setProperty(VectorWidth.PROPERTY, before);
      }
    }
  }
}
