package org.volterra.bench;

import java.util.logging.Level;
import java.util.logging.Logger;
import org.volterra.Engine;
import org.volterra.spi.ComputeProvider;

/**
 * Opens providers without the line that the engine logs each time: a study starts many virtual
 * machines.
 */
final class Providers {
  /** Kept here, since loggers are otherwise collected together with their levels. */
  private static final Logger LOG = Logger.getLogger("org.volterra");

  private Providers() {}

  /** As {@link Engine#open}; only warnings are logged from then on. */
  static ComputeProvider open(String name, int threads) {
    LOG.setLevel(Level.WARNING);
    return Engine.open(name, threads);
  }
}
