package org.volterra.spi;

/**
 * Which elements dropout keeps: a function of a key and the number of the element alone, so that
 * masks need not be stored, and are the same on every device and for any number of threads.
 *
 * <p>An element is kept if a 32-bit hash of its number and the key is at least {@link #threshold}.
 * The hash is the finaliser of MurmurHash3 (Appleby) over the number times the golden ratio, added
 * to the lower half of the key, and once more with the upper half.
 */
public final class DropMask {
  private static final int GOLDEN = 0x9e3779b9;

  private DropMask() {}

  /**
   * The bound below which an element is dropped, to be compared as an unsigned number.
   *
   * @param rate probability of being dropped, in [0, 1)
   * @return rate · 2³², rounded down
   * @throws IllegalArgumentException if the rate is out of range
   */
  public static int threshold(double rate) {
    if (!(rate >= 0 && rate < 1)) {
      throw new IllegalArgumentException("rate " + rate + ": must be in [0, 1)");
    }
    return (int) (long) (rate * 0x1p32);
  }

  /**
   * The hash of an element.
   *
   * @param key seed of the mask
   * @param number number of the element
   * @return 32 bits
   */
  public static int hash(long key, int number) {
    return mix(mix(number * GOLDEN + (int) key) ^ (int) (key >>> 32));
  }

  private static int mix(int bits) {
    int h = bits;
    h = (h ^ (h >>> 16)) * 0x85ebca6b;
    h = (h ^ (h >>> 13)) * 0xc2b2ae35;
    return h ^ (h >>> 16);
  }

  /**
   * The key of one use of a mask.
   *
   * @param seed seed of the training
   * @param step number of the step
   * @param place number of the stage and layer
   * @return 64 bits
   */
  public static long key(long seed, long step, long place) {
    return key(stem(seed, step), place);
  }

  /**
   * What all keys of a step have in common.
   *
   * @param seed seed of the training
   * @param step number of the step
   * @return 64 bits
   */
  public static long stem(long seed, long step) {
    return scramble(scramble(seed) + step);
  }

  /**
   * The key of one use of a mask in a step.
   *
   * @param stem what {@link #stem} gave for the step
   * @param place number of the stage and layer
   * @return 64 bits
   */
  public static long key(long stem, long place) {
    return scramble(stem + place);
  }

  /** The finaliser of SplitMix64 (Steele, Lea, Flood, 2014). */
  private static long scramble(long value) {
    long z = value + 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
