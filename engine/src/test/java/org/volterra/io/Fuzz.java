package org.volterra.io;

import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Feeds seeded random mutations of a valid file to a reader. */
final class Fuzz {
  private static final byte[] TOKENS =
      "{}[]()\"',:;#\\-+.eEnN019 \r\n".getBytes(StandardCharsets.UTF_8);

  private Fuzz() {}

  interface Reader {
    void read(Path file) throws IOException;
  }

  /** How many mutated files were read and refused. */
  record Outcome(int accepted, int refused) {}

  /**
   * Fails, naming the seed, if the reader ends otherwise than well or in MalformedFileException.
   */
  static Outcome run(Path folder, byte[] valid, int rounds, long seed, Reader reader)
      throws IOException {
    Path file = folder.resolve("fuzz.bin");
    int accepted = 0;
    for (int round = 0; round < rounds; round++) {
      byte[] mutated = mutate(valid, new SplittableRandom(seed + round));
      Files.write(file, mutated);
      try {
        reader.read(file);
        accepted++;
      } catch (MalformedFileException expected) {
        if (!expected.getMessage().startsWith(file.toString())) {
          fail("seed %d: message without the path: %s", seed + round, expected.getMessage());
        }
      } catch (Throwable other) {
        fail("seed " + (seed + round) + ": " + other, other);
      }
    }
    return new Outcome(accepted, rounds - accepted);
  }

  private static byte[] mutate(byte[] valid, SplittableRandom random) {
    byte[] bytes = valid.clone();
    int edits = random.nextInt(1, 5);
    for (int edit = 0; edit < edits && bytes.length > 0; edit++) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(7)) {
        case 0 -> bytes[at] = (byte) random.nextInt(256);
        case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 2 -> bytes[at] = TOKENS[random.nextInt(TOKENS.length)];
        case 3 -> bytes = Arrays.copyOf(bytes, at);
        case 4 -> bytes = splice(bytes, at, TOKENS[random.nextInt(TOKENS.length)]);
        case 5 -> bytes = remove(bytes, at, Math.min(bytes.length, at + random.nextInt(1, 9)));
        default -> bytes = repeat(bytes, at, Math.min(bytes.length, at + random.nextInt(1, 33)));
      }
    }
    return bytes;
  }

  private static byte[] splice(byte[] bytes, int at, byte inserted) {
    byte[] longer = new byte[bytes.length + 1];
    System.arraycopy(bytes, 0, longer, 0, at);
    longer[at] = inserted;
    System.arraycopy(bytes, at, longer, at + 1, bytes.length - at);
    return longer;
  }

  private static byte[] remove(byte[] bytes, int from, int to) {
    byte[] shorter = Arrays.copyOf(bytes, bytes.length - (to - from));
    System.arraycopy(bytes, to, shorter, from, bytes.length - to);
    return shorter;
  }

  private static byte[] repeat(byte[] bytes, int from, int to) {
    byte[] longer = Arrays.copyOf(bytes, bytes.length + (to - from));
    System.arraycopy(bytes, from, longer, to, bytes.length - from);
    return longer;
  }
}
