package org.volterra.train;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * Random streams that are a function of a seed and counters alone, so that a position in training
 * is their whole state.
 */
final class Seeds {
  private static final RandomGeneratorFactory<RandomGenerator> FACTORY =
      RandomGeneratorFactory.of("L64X128MixRandom");

  private Seeds() {}

  /** The generator of stream {@code counter} of a seed. */
  static RandomGenerator stream(long seed, long counter) {
    return FACTORY.create(mix(seed ^ mix(counter)));
  }

  /** The seed of a sample's variant in an epoch with this seed; never {@link InputSource#PLAIN}. */
  static long draw(long epoch, int sample) {
    return mix(epoch ^ mix(sample)) | 1;
  }

  /** The seed of the variants of an epoch; never {@link InputSource#PLAIN}. */
  static long epoch(long seed, long number) {
    return mix(mix(seed) + number) | 1;
  }

  /** The numbers 0 … count−1 in random order (Fisher–Yates). */
  static int[] permutation(int count, RandomGenerator random) {
    int[] order = new int[count];
    for (int i = 0; i < count; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }

  /** The finaliser of SplitMix64 (Steele, Lea, Flood 2014). */
  private static long mix(long value) {
    long z = value + 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
