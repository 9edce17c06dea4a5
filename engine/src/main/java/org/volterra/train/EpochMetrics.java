package org.volterra.train;

/**
 * What one epoch of training gave.
 *
 * @param epoch its number, from 1
 * @param trainLoss mean loss of the training batches as they were met, without regularisation
 * @param testLoss mean loss of the test set after the epoch; NaN if there is none
 * @param testAccuracy fraction of test labels that were predicted; NaN if there are none
 * @param learningRate rate of the last step
 * @param gradientNorm Euclidean norm of the last gradient, before clipping
 * @param seconds wall-clock time of the epoch, test included
 * @param historyBytes bytes of all histories of the training workspace
 */
public record EpochMetrics(
    int epoch,
    double trainLoss,
    double testLoss,
    double testAccuracy,
    double learningRate,
    double gradientNorm,
    double seconds,
    long historyBytes) {}
