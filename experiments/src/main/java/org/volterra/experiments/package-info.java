/** The command line {@code volterra}: train, solve, bench, info. */
package org.volterra.experiments;
