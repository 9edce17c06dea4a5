/**
 * The kernel K(t, s) of the depth integral as mathematics: immutable values that say what K is, not
 * how its sums are computed.
 */
package org.volterra.kernel;
