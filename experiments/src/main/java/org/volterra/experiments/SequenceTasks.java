package org.volterra.experiments;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.volterra.feature.Shape;
import org.volterra.train.Samples;

/**
 * Sequences of random tokens, one-hot at each position, and what is to be made of them, a label at
 * each position: the tokens in reverse order (reverse), or in ascending order (sort). No position
 * can tell its label from its own token.
 */
final class SequenceTasks {
  /** What tasks there are. */
  static final String NAMES = "reverse, sort";

  private static final int POSITIONS = 10;
  private static final int TOKENS = 8;
  private static final int SAMPLES = 6000;

  private SequenceTasks() {}

  static boolean isTask(String name) {
    return name.equals("reverse") || name.equals("sort");
  }

  /** Positions, and a channel for each token. */
  static Shape shape() {
    return new Shape(1, POSITIONS, TOKENS);
  }

  static Samples make(String task, long seed) {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    double[] inputs = new double[SAMPLES * POSITIONS * TOKENS];
    int[] labels = new int[SAMPLES * POSITIONS];
    for (int sample = 0; sample < SAMPLES; sample++) {
      int[] tokens = random.ints(POSITIONS, 0, TOKENS).toArray();
      for (int i = 0; i < POSITIONS; i++) {
        int row = sample * POSITIONS + i;
        inputs[row * TOKENS + tokens[i]] = 1;
        labels[sample * POSITIONS + POSITIONS - 1 - i] = tokens[i];
      }
      if (task.equals("sort")) {
        Arrays.sort(labels, sample * POSITIONS, (sample + 1) * POSITIONS);
      }
    }
    return Samples.classification(inputs, POSITIONS * TOKENS, labels, TOKENS);
  }
}
