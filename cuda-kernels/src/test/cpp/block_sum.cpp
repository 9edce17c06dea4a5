// The kernels of block_sum.cu, whole or broken, as a library for the CPU.
#include "cuda_on_cpu.hpp"
#include "block_sum.cu"

EXPORT_KERNEL(block_sum)
EXPORT_KERNEL(shuffles)
EXPORT_KERNEL(reverse)
