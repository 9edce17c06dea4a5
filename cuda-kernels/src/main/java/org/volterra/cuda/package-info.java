/**
 * CUDA for the engine: {@link org.volterra.cuda.CudaProbe} says whether this machine can run the
 * kernels, or in one sentence why not; {@link org.volterra.cuda.KernelImages} holds the compiled
 * kernels of this jar and picks the one for a device.
 *
 * <p>A kernel is one file under {@code src/main/cuda}. Its images are compiled by nvcc and kept
 * under version control beside {@code manifest.txt}, the list of SHA-256 sums of sources and
 * images; a build needs no CUDA toolkit.
 */
package org.volterra.cuda;
