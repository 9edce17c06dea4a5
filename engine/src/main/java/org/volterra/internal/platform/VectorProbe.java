package org.volterra.internal.platform;

import java.util.Locale;
import org.volterra.internal.panama.VectorWidth;

/**
 * Whether the vector provider can be used in this virtual machine, and if not, why and what to do
 * about it.
 *
 * @param usable whether it can
 * @param reason a sentence for people: what was found, and the remedy if vectors cannot be used
 */
public record VectorProbe(boolean usable, String reason) {
  private static final String MODULE = "jdk.incubator.vector";
  private static final int LEAST_BITS = 128;

  /**
   * Looks at the running virtual machine. No class of the vector API is touched unless its module
   * is present.
   *
   * @return the finding
   */
  public static VectorProbe probe() {
    boolean module = ModuleLayer.boot().findModule(MODULE).isPresent();
    return of(
        module, System.getProperty("java.vm.info", ""), module ? VectorWidth.preferredBits() : 0);
  }

  /**
   * The finding for given facts.
   *
   * @param module whether the vector module is in the boot layer
   * @param vmInfo system property {@code java.vm.info}
   * @param bits preferred vector width, 0 if unknown
   * @return the finding
   */
  static VectorProbe of(boolean module, String vmInfo, int bits) {
    String info = vmInfo.toLowerCase(Locale.ROOT);
    if (!module) {
      return new VectorProbe(
          false,
          "the module " + MODULE + " is not loaded: start java with --add-modules " + MODULE);
    }
    if (info.contains("interpreted") || info.contains("emulated-client")) {
      return new VectorProbe(
          false,
          "the optimising compiler C2 is off (java.vm.info is '"
              + vmInfo
              + "'): start java without -Xint, -client and -XX:TieredStopAtLevel");
    }
    if (bits < LEAST_BITS) {
      return new VectorProbe(
          false,
          "the preferred vectors of this CPU have "
              + bits
              + " bits: "
              + LEAST_BITS
              + " are needed; remove -XX:UseAVX, -XX:UseSSE or -XX:MaxVectorSize if they are set");
    }
    return new VectorProbe(true, "vectors of " + bits + " bits");
  }
}
