/**
 * Off-heap ownership: aligned native memory that is counted, buffers in host memory, and the {@link
 * org.volterra.memory.History} of a dense network.
 *
 * <p>All native memory of the engine comes from {@link org.volterra.memory.NativeMemory}, in arenas
 * that are shared between threads and closed explicitly. Using memory after it was closed is an
 * {@link java.lang.IllegalStateException}; closing twice is harmless.
 */
package org.volterra.memory;
