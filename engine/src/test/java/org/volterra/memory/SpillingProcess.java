package org.volterra.memory;

import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/** A process that keeps a mapped file: it says so, and waits to be killed. */
final class SpillingProcess {
  private SpillingProcess() {}

  /** Arguments: the folder, the bytes. */
  @SuppressWarnings("SystemOut") // the test reads it
  public static void main(String[] arguments) throws InterruptedException {
    try (MappedMemory memory =
        MappedMemory.create(Path.of(arguments[0]), Long.parseLong(arguments[1]))) {
      memory.segment().set(ValueLayout.JAVA_BYTE, memory.bytes() - 1, (byte) 7);
      System.out.println("mapped " + ProcessHandle.current().pid());
      Thread.sleep(60_000);
    } catch (UncheckedIOException e) {
      System.out.println(e.getMessage());
    }
  }
}
