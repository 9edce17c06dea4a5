package org.volterra.bench;

/**
 * Both timings of {@link DepthScaling} for one set of parameters.
 *
 * @param kernel name of the kernel
 * @param provider name of the provider
 * @param layers number of layers L
 * @param forward a forward pass
 * @param gradient a forward and a backward pass
 * @param historyBytes bytes of the history of features of the batch
 */
public record DepthPoint(
    String kernel,
    String provider,
    int layers,
    Timing forward,
    Timing gradient,
    long historyBytes) {}
