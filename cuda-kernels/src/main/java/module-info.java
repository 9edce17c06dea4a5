/** Hand-written CUDA kernels, and the provider that runs them on an NVIDIA GPU. */
@SuppressWarnings("requires-automatic") // JCuda is no named module
module org.volterra.cuda {
  requires java.logging; // JCuda logs with it and cannot say so
  requires jcuda;
  requires transitive org.volterra.engine;

  exports org.volterra.cuda;
  exports org.volterra.cuda.parity;

  provides org.volterra.spi.ComputeProvider with
      org.volterra.cuda.CudaComputeProvider;
}
