package org.volterra.train;

import java.util.HashMap;
import java.util.Map;
import org.volterra.Network;
import org.volterra.NetworkSpec;
import org.volterra.ParameterLayout;
import org.volterra.Scaling;
import org.volterra.kernel.LayerWeights;

/**
 * Carries a network's parameters to another depth, as functions of depth: training on few layers
 * and continuing on more costs a fraction of training on many from the start (nested iteration).
 *
 * <p>Parameters of each layer, and of each pair of layers, are extended to piecewise-linear
 * functions, constant beyond the first and the last layer, and read at the new layers' depths;
 * fields and parameters that do not depend on depth are copied. A network that discretises smooth
 * functions of depth thereby keeps its output up to O(1/L). Optimisers begin anew at each depth:
 * gradients of a pair scale with h², so that old moments would be in the wrong unit.
 */
public final class Refinement {
  private Refinement() {}

  /**
   * Makes a network of another depth with this one's parameters.
   *
   * @param network what was trained
   * @param target the same specification but for the depth and how sums are computed
   * @return a new network of the same element type on the same device, owned by the caller
   * @throws IllegalArgumentException if the specifications differ in anything else, or sums are not
   *     scaled with h, so that there is no limit in depth
   */
  public static Network prolong(Network network, NetworkSpec target) {
    if (target.scaling() != Scaling.STEP) {
      throw new IllegalArgumentException(
          "scaling "
              + target.scaling()
              + ": only sums scaled with the step have a limit as depth grows");
    }
    if (target.kernel() instanceof LayerWeights) {
      throw new IllegalArgumentException(
          "kernel " + target.kernel() + ": its weights have no limit as depth grows");
    }
    Map<String, String> there = comparable(network.spec());
    Map<String, String> wanted = comparable(target);
    if (!there.equals(wanted)) {
      there.entrySet().removeAll(wanted.entrySet());
      throw new IllegalArgumentException(
          "target differs from the network in more than depth: the network has " + there);
    }
    Network refined = Network.create(target, network.provider(), network.type(), 0);
    boolean complete = false;
    try {
      for (ParameterLayout.Group group : network.layout().groups().values()) {
        ParameterLayout.Group fine = refined.layout().groups().get(group.name());
        double[] values = DepthGroups.read(network.parameters(), group);
        DepthGroups.write(
            refined.parameters(), fine, moved(values, group, fine, network.spec(), target));
      }
      complete = true;
      return refined;
    } finally {
      if (!complete) {
        refined.close();
      }
    }
  }

  private static Map<String, String> comparable(NetworkSpec spec) {
    Map<String, String> properties = new HashMap<>(spec.toProperties());
    properties.remove("depth");
    properties.remove("sum");
    return properties;
  }

  private static double[] moved(
      double[] values,
      ParameterLayout.Group group,
      ParameterLayout.Group fine,
      NetworkSpec from,
      NetworkSpec to) {
    return DepthGroups.size(fine) == values.length
        ? values
        : DepthGroups.restriction(
            DepthGroups.extension(values, group, from.grid()), fine, to.grid());
  }
}
