// gemm: c = alpha * op(a) * op(b) + beta * c, c of m x n, inner dimension k; float32 by FFMA, float64
// by DFMA. Kernel gemm_SHAPE_AB_TYPE: A and B are n (as it lies) or t (transposed); nb: b is transposed and
// in blocks along k (block_row.cuh), whose length is a multiple of 16.
// sum_pieces: c = alpha * sum_s partial[s] + beta * c, the end of a product with split k.
//
// Tiles     float: wide 128 x 128 x 16 by 256 threads of 8 x 8, two blocks on a multiprocessor; long 128
//           x 128 x 8 by 128 threads of 8 x 16, two, for a long inner dimension; small 64 x 64 x 16 by 64
//           threads of 8 x 8, six. double: wide 128 x 128 x 8 by 256 threads of 8 x 8, one; small 64 x
//           64 x 8 by 128 threads of 8 x 4, three. See gemm_tile.cuh; ProductPlan chooses.
// Grid      x = tiles along n, y = tiles along m, z = pieces of `piece` of the inner dimension, a
//           multiple of 16 unless there is one. sum_pieces: x = elements, in packs of 16 bytes where
//           rows are aligned; threads along y share the pieces.
// Shared    dynamic: float wide 49.5, long 33, small 25.5 KiB; double wide 66, small 25.5 KiB.
// Order     one chain of fused products per element and piece; pieces in order, or every blockDim.y-th
//           of them and then those sums; no atomics.
// Bytes     sizeof(T) (m k ceil(n / BN) + k n ceil(m / BM) + 2 m n), of which the second-level cache
//           serves the repeats; plus 2 sizeof(T) m n pieces where k is split.
// Flops     2 m n k; 128 x 128 does 32 flops for each byte from memory. On an H200 (peak 66.9 TFLOP/s, cuBLAS
//           48 to 52): 1024 x 1024 x 4096 in 201 us, x 16384 in 758 us (45 TFLOP/s, long, 4 pieces); 4096 x
//           1024 x 1024 in 189 us; double 1024 x 1024 x 4096 in 399 us (21.5 TFLOP/s, without tensor cores).
// Limits    compute capability 8.0; m, n, k at most 2^31 - 129; rows of tiles <= 65535. Copies of 16
//           bytes need aligned rows; others are copied element by element.
#include "gemm_tile.cuh"
#include "pieces.cuh"

using WideF32 = GemmShape<float, 128, 128, 16, 8, 8, 4, 3, false>;
using LongF32 = GemmShape<float, 128, 128, 8, 8, 16, 8, 4, true>;
using SmallF32 = GemmShape<float, 64, 64, 16, 8, 8, 8, 3, false>;
using WideF64 = GemmShape<double, 128, 128, 8, 8, 8, 4, 4, false>;
using SmallF64 = GemmShape<double, 64, 64, 8, 8, 4, 4, 3, false>;

#define GEMM(shape, letters, T, suffix, S, blocks, ta, tb)                                         \
  extern "C" __global__ void __launch_bounds__(S::threads, blocks)                                 \
      gemm_##shape##_##letters##_##suffix(                                                         \
          T alpha, const T* a, long long a_stride, const T* b, long long b_stride, T beta, T* c,   \
          long long c_stride, T* partial, int piece, int m, int n, int k) {                        \
    gemm<T, S, ta, tb>(                                                                            \
        alpha, a, a_stride, b, b_stride, beta, c, c_stride, partial, piece, m, n, k);              \
  }

// The same with b transposed and in blocks.
#define GEMM_BLOCKS(shape, T, suffix, S, blocks)                                                   \
  extern "C" __global__ void __launch_bounds__(S::threads, blocks)                                 \
      gemm_##shape##_nb_##suffix(                                                                  \
          T alpha, const T* a, long long a_stride, const T* b, long long b_stride, T beta, T* c,   \
          long long c_stride, T* partial, int piece, int m, int n, int k, int length,              \
          long long distance, long long growth) {                                                  \
    gemm<T, S, false, true, true>(                                                                 \
        alpha, a, a_stride, b, b_stride, beta, c, c_stride, partial, piece, m, n, k,               \
        {length, distance, growth});                                                               \
  }

#define GEMMS(shape, T, suffix, S, blocks)            \
  GEMM_BLOCKS(shape, T, suffix, S, blocks)            \
  GEMM(shape, nn, T, suffix, S, blocks, false, false) \
  GEMM(shape, nt, T, suffix, S, blocks, false, true)  \
  GEMM(shape, tn, T, suffix, S, blocks, true, false)  \
  GEMM(shape, tt, T, suffix, S, blocks, true, true)

GEMMS(wide, float, f32, WideF32, 2)
GEMMS(long, float, f32, LongF32, 2)
GEMMS(small, float, f32, SmallF32, 6)
GEMMS(wide, double, f64, WideF64, 1)
GEMMS(small, double, f64, SmallF64, 3)

template <typename T, int W>
__device__ __forceinline__ void sum_pieces(
    T alpha, const T* partial, T beta, T* c, long long c_stride, int pieces, long long rows,
    long long columns) {
  for_each_sum<T, W>(
      partial, pieces, rows, columns, [=](long long i, long long j, const Pack<T>& sum) {
        T* to = c + i * c_stride + j;
        const Pack<T> old = beta == T(0) ? Pack<T>{} : load_part(to, W > 1, W);
        Pack<T> out;
#pragma unroll
        for (int w = 0; w < W; w++) {
          out.at[w] = beta == T(0) ? alpha * sum.at[w] : fma(alpha, sum.at[w], beta * old.at[w]);
        }
        store_part(to, out, W > 1, W);
      });
}

#define SUM_PIECES(T, suffix)                                                                     \
  extern "C" __global__ void __launch_bounds__(kSumThreads) sum_pieces_##suffix(                  \
      T alpha, const T* partial, T beta, T* c, long long c_stride, int pieces, long long rows,    \
      long long columns) {                                                                        \
    constexpr int W = Pack<T>::width;                                                             \
    if (columns % W == 0 && is_packable(c, c_stride, rows)) {                                     \
      sum_pieces<T, W>(alpha, partial, beta, c, c_stride, pieces, rows, columns);                 \
    } else {                                                                                      \
      sum_pieces<T, 1>(alpha, partial, beta, c, c_stride, pieces, rows, columns);                 \
    }                                                                                             \
  }

SUM_PIECES(float, f32)
SUM_PIECES(double, f64)
