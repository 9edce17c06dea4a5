// gemm on tensor cores: c = alpha * op(a) * op(b) + beta * c, c of m x n, inner dimension k, all of
// float32 in memory. Kernel gemm_P_SHAPE_AB_f32: operands are rounded to P, tf32 (11 significant bits, to
// nearest, ties away from zero) or bf16 (8, ties to even); products and sums are float32. A and B are n
// (as it lies) or t (transposed); nb: b is transposed and in blocks along k (block_row.cuh), whose length is
// a multiple of 16.
//
// Tiles     wide: 128 x 128 x 16 by 4 warps of 64 x 64; small: 64 x 64 x 16 by 4 warps of 32 x 32. A ring
//           of 4 slices that asynchronous copies fill; see tensor_tile.cuh.
// Grid      x = tiles along n, y = tiles along m, z = pieces of `piece` of the inner dimension, a multiple
//           of 16. With more than one, sum_pieces of gemm.cu adds them in order.
// Shared    dynamic: wide 80 KiB, small 40 KiB.
// Order     slices and pieces in order; within a step of 8 (tf32) or 16 (bf16) as the hardware adds.
// Error     |error| <= |alpha| (2u + u^2 + (k + 32) 2^-24) sum |a| |b|, u = 2^-11 or 2^-8.
// Bytes     4 (m k ceil(n / BN) + k n ceil(m / BM) + 2 m n), of which the second-level cache serves the
//           repeats; plus 8 m n pieces where k is split.
// Flops     2 m n k. A warp reads one float of shared memory for each 32 (wide) multiplications: about what
//           TF32 units of compute capability 8.0 take in the same time, half of what bfloat16 units do.
// Limits    compute capability 8.0; m, n, k at most 2^31 - 129; rows of tiles <= 65535. Copies of 16 bytes
//           need aligned rows; others are copied element by element.
#include "tensor_tile.cuh"

using WideTensor = TensorShape<128, 128, 16, 64, 64, 4>;
using SmallTensor = TensorShape<64, 64, 16, 32, 32, 4>;

#define TENSOR_GEMM(precision, P, shape, S, letters, ta, tb)                                        \
  extern "C" __global__ void __launch_bounds__(S::threads, 2) gemm_##precision##_##shape##_##letters##_f32(   \
      float alpha, const float* a, long long a_stride, const float* b, long long b_stride,          \
      float beta, float* c, long long c_stride, float* partial, int piece, int m, int n, int k) {   \
    tensor_gemm<P, S, ta, tb>(alpha, a, a_stride, b, b_stride, beta, c, c_stride, partial, piece, m, \
                              n, k);                                                                \
  }

#define TENSOR_GEMM_BLOCKS(precision, P, shape, S)                                                  \
  extern "C" __global__ void __launch_bounds__(S::threads, 2) gemm_##precision##_##shape##_nb_f32(   \
      float alpha, const float* a, long long a_stride, const float* b, long long b_stride,          \
      float beta, float* c, long long c_stride, float* partial, int piece, int m, int n, int k,     \
      int length, long long distance, long long growth) {                                           \
    tensor_gemm<P, S, false, true, true>(alpha, a, a_stride, b, b_stride, beta, c, c_stride,        \
                                         partial, piece, m, n, k, {length, distance, growth});      \
  }

#define TENSOR_GEMMS(precision, P, shape, S)                  \
  TENSOR_GEMM_BLOCKS(precision, P, shape, S)                  \
  TENSOR_GEMM(precision, P, shape, S, nn, false, false)       \
  TENSOR_GEMM(precision, P, shape, S, nt, false, true)        \
  TENSOR_GEMM(precision, P, shape, S, tn, true, false)        \
  TENSOR_GEMM(precision, P, shape, S, tt, true, true)

TENSOR_GEMMS(tf32, Tf32, wide, WideTensor)
TENSOR_GEMMS(tf32, Tf32, small, SmallTensor)
TENSOR_GEMMS(bf16, Bf16, wide, WideTensor)
TENSOR_GEMMS(bf16, Bf16, small, SmallTensor)
