// The kernels of axpby.cu as a library for the CPU.
#include "cuda_on_cpu.hpp"
#include "axpby.cu"

EXPORT_KERNEL(axpby_f32)
EXPORT_KERNEL(axpby_f64)
