/** Hand-written CUDA kernels, and what finds out whether and how they can run. */
module org.volterra.cuda {
  exports org.volterra.cuda;
}
