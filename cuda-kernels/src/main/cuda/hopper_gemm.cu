// gemm by warpgroups, for compute capability 9.0: c = alpha * op(a) * op(b) + beta * c, c of m x n, inner
// dimension k, all of float32 in memory. Kernel gemm_P_hopper_AB_f32: operands are rounded to P, tf32 (11
// significant bits) or bf16 (8), to nearest, ties to even; products and sums are float32. A and B are n (as
// it lies) or t (transposed); a and b are tensor maps. nb: b is transposed and in blocks along k (block_row.cuh),
// whose length is a multiple of 32; its map shows all rows from the first block on, distances are in rows.
//
// Tiles     128 x 256 x 32 by 2 warpgroups of 128 x 128 and a ring of 4 slices that the tensor memory
//           accelerator fills; see hopper_tile.cuh.
// Maps      boxes of 32 elements by 128 rows where the operand lies along k (a n, b t), by 32 rows where
//           it lies across; type TFLOAT32, which rounds, for tf32 and FLOAT32 for bf16.
// Grid      x = tiles along n, y = tiles along m, z = pieces of `piece` of the inner dimension, a multiple
//           of 32, none empty. With more than one, sum_pieces of gemm.cu adds them in order.
// Threads   384; 512 for bf16, and where a is transposed: a warpgroup more turns its slices.
// Shared    dynamic: 193 KiB. Barriers: 96 bytes.
// Order     slices and pieces in order; within a step of 8 (tf32) or 16 (bf16) as the hardware adds.
// Error     as tensor_gemm.cu.
// Bytes     4 (m k ceil(n / 256) + k n ceil(m / 128) + 2 m n), of which the second-level cache serves the
//           repeats; plus 8 m n pieces where k is split.
// Flops     2 m n k. On an H200, operands not in its caches, adding up pieces included: tf32 1024 x 1024 x
//           4096 236 TFLOP/s, k = 32768 340 to 380; its tensor cores are then busy 90% of the time. bf16
//           240 and 412: half of what they take, since the second-level cache delivers no more float32.
//           For n = 32768 and k = 1024 bands of tiles bring nt from 211 to 295, where blocks that ran
//           together had read all of b eight times.
// Limits    compute capability 9.0 exactly; elsewhere the kernels end with an error. Operands and their rows
//           begin at multiples of 16 bytes. Rows of tiles and pieces <= 65535.
#include "hopper_tile.cuh"

#if defined(__CUDACC__) && !defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define HOPPER_BODY(P, ta, tb, blocks, row) __trap()
#else
#define HOPPER_BODY(P, ta, tb, blocks, row) \
  hopper_gemm<P, ta, tb, blocks>(alpha, &a, &b, beta, c, c_stride, partial, piece, m, n, k, row)
#endif

#define HOPPER_GEMM(precision, P, letters, ta, tb)                                                \
  extern "C" __global__ void __launch_bounds__(HopperShape<P, ta>::threads, 1)                    \
      gemm_##precision##_hopper_##letters##_f32(                                                  \
          float alpha, const __grid_constant__ TensorMap a, const __grid_constant__ TensorMap b,  \
          float beta, float* c, long long c_stride, float* partial, int piece, int m, int n,      \
          int k) {                                                                                \
    HOPPER_BODY(P, ta, tb, false, {});                                                            \
  }

#define HOPPER_BLOCKS(precision, P)                                                               \
  extern "C" __global__ void __launch_bounds__(HopperShape<P, false>::threads, 1)                 \
      gemm_##precision##_hopper_nb_f32(                                                           \
          float alpha, const __grid_constant__ TensorMap a, const __grid_constant__ TensorMap b,  \
          float beta, float* c, long long c_stride, float* partial, int piece, int m, int n,      \
          int k, int length, long long distance, long long growth) {                              \
    HOPPER_BODY(P, false, true, true, (BlockRow{length, distance, growth}));                                                       \
  }

#define HOPPER_GEMMS(precision, P)             \
  HOPPER_BLOCKS(precision, P)                  \
  HOPPER_GEMM(precision, P, nn, false, false)  \
  HOPPER_GEMM(precision, P, nt, false, true)   \
  HOPPER_GEMM(precision, P, tn, true, false)   \
  HOPPER_GEMM(precision, P, tt, true, true)

HOPPER_GEMMS(tf32, HopperTf32)
HOPPER_GEMMS(bf16, HopperBf16)
