/**
 * What a device offers: buffers, strided matrices over them, and the primitives that every network,
 * sum, adjoint and optimiser of the engine is written in.
 *
 * <p>An algorithm of this engine exists once, as a sequence of {@link org.volterra.spi.Primitives}
 * calls; a {@link org.volterra.spi.ComputeProvider} makes the sequence run on a device. Providers
 * are found through {@link java.util.ServiceLoader} or are built in; {@code org.volterra.Engine}
 * chooses one.
 */
package org.volterra.spi;
