package org.volterra.experiments;

import picocli.CommandLine.IVersionProvider;

/** The version, from the manifest of the jar. */
final class Version implements IVersionProvider {
  /** The version, or "development" outside a jar. */
  static String text() {
    String version = Main.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }

  @Override
  public String[] getVersion() {
    return new String[] {"volterra " + text() + " on Java " + Runtime.version()};
  }
}
