/**
 * Files: safetensors, npy and CSV, read strictly and written atomically, with nothing outside the
 * JDK.
 *
 * <ul>
 *   <li>{@link org.volterra.io.SafetensorsFile} maps a safetensors file and hands out its tensors
 *       as read-only views; {@link org.volterra.io.SafetensorsWriter} writes one.
 *   <li>{@link org.volterra.io.NpyFile} reads and writes single NumPy arrays.
 *   <li>{@link org.volterra.io.CsvReader} reads numeric tables, plain or gzip-compressed; {@link
 *       org.volterra.io.CsvWriter} writes them.
 *   <li>{@link org.volterra.io.AtomicFiles} replaces a file as a whole or not at all; {@link
 *       org.volterra.io.Checksums} guards its bytes.
 * </ul>
 *
 * <p><b>Trust.</b> A file is untrusted input. Whatever it holds, a reader either succeeds or throws
 * {@link org.volterra.io.MalformedFileException} with the place, what was found there and what is
 * allowed. Sizes that a file claims are checked against the bytes that it has before anything is
 * allocated from them.
 *
 * <p><b>Layout.</b> {@link org.volterra.io.Tensor} data is little-endian, densely packed and in C
 * order (last index fastest), whatever the file's own order was.
 *
 * <p><b>Threads.</b> Unless a class says otherwise, its methods are stateless and safe from any
 * thread.
 */
package org.volterra.io;
