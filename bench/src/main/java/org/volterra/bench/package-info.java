/**
 * Benchmarks of the engine (JMH), each checked for correctness before it is timed, and what turns
 * their results into a table, a fitted exponent and a file.
 */
package org.volterra.bench;
