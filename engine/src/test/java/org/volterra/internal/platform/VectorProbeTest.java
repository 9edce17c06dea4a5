package org.volterra.internal.platform;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class VectorProbeTest {
  @Test
  void acceptsAnOptimisingMachineWithVectors() {
    assertTrue(VectorProbe.of(true, "mixed mode, sharing", 256).usable());
  }

  @Test
  void refusalsNameTheRemedy() {
    refused(VectorProbe.of(false, "mixed mode", 512), "--add-modules jdk.incubator.vector");
    refused(VectorProbe.of(true, "interpreted mode, sharing", 512), "-Xint");
    refused(VectorProbe.of(true, "mixed mode, emulated-client, sharing", 512), "TieredStopAtLevel");
    refused(VectorProbe.of(true, "mixed mode", 64), "MaxVectorSize");
  }

  private static void refused(VectorProbe probe, String remedy) {
    assertFalse(probe.usable());
    assertTrue(probe.reason().contains(remedy), probe.reason());
  }
}
