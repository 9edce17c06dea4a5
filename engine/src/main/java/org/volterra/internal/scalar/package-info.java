/**
 * The reference provider: plain loops with float64 accumulators, never tuned, held against every
 * other provider.
 */
package org.volterra.internal.scalar;
