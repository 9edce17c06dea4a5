// gemm: c = alpha * op(a) * op(b) + beta * c, c of m x n, inner dimension k; float32 by FFMA, float64
// by DFMA. Kernel gemm_SHAPE_AB_TYPE: A and B are n (as it lies) or t (transposed).
// sum_pieces: c = alpha * sum_s partial[s] + beta * c, the end of a product with split k.
//
// Tiles     wide: 128 x 128 x 8 by 256 threads of 8 x 8 (float only); small: 64 x 64 x 16 by 256
//           threads of 4 x 4. See gemm_tile.cuh.
// Grid      x = tiles along n, y = tiles along m, z = pieces of `piece` of the inner dimension.
// Shared    wide 16.5 KiB; small 17.0 KiB (float), 33.0 KiB (double).
// Order     one chain of fused products per element and piece, pieces in order; no atomics.
// Bytes     sizeof(T) (m k ceil(n / BN) + k n ceil(m / BM) + 2 m n), of which the second-level cache
//           serves the repeats; plus 2 sizeof(T) m n pieces where k is split.
// Flops     2 m n k; 128 x 128 does 32 flops for each byte from memory.
// Limits    m, n, k at most 2^31 - 129; rows of tiles <= 65535: m <= 4 194 240 (small), twice that
//           (wide). 16-byte loads need aligned rows; others are loaded element by element.
#include "gemm_tile.cuh"

using WideF32 = GemmShape<float, 128, 128, 8, 8, 8>;
using SmallF32 = GemmShape<float, 64, 64, 16, 4, 4>;
using SmallF64 = GemmShape<double, 64, 64, 16, 4, 4>;

#define GEMM(shape, letters, T, suffix, S, ta, tb)                                                \
  extern "C" __global__ void __launch_bounds__(S::threads, 2) gemm_##shape##_##letters##_##suffix(   \
      T alpha, const T* a, long long a_stride, const T* b, long long b_stride, T beta, T* c,      \
      long long c_stride, T* partial, int piece, int m, int n, int k) {                           \
    gemm<T, S, ta, tb>(alpha, a, a_stride, b, b_stride, beta, c, c_stride, partial, piece, m, n,  \
                       k);                                                                        \
  }

#define GEMMS(shape, T, suffix, S)                \
  GEMM(shape, nn, T, suffix, S, false, false)     \
  GEMM(shape, nt, T, suffix, S, false, true)      \
  GEMM(shape, tn, T, suffix, S, true, false)      \
  GEMM(shape, tt, T, suffix, S, true, true)

GEMMS(wide, float, f32, WideF32)
GEMMS(small, float, f32, SmallF32)
GEMMS(small, double, f64, SmallF64)

template <typename T>
__device__ __forceinline__ void sum_pieces(
    T alpha, const T* partial, T beta, T* c, long long c_stride, int pieces, long long rows,
    long long columns) {
  for (long long i = static_cast<long long>(blockIdx.y) * blockDim.y + threadIdx.y; i < rows;
       i += static_cast<long long>(gridDim.y) * blockDim.y) {
    for (long long j = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x; j < columns;
         j += static_cast<long long>(gridDim.x) * blockDim.x) {
      const T* from = partial + i * columns + j;
      T sum = 0;
      for (int s = 0; s < pieces; s++) sum += from[s * rows * columns];
      T* to = c + i * c_stride + j;
      *to = beta == T(0) ? alpha * sum : fma(alpha, sum, beta * *to);
    }
  }
}

#define SUM_PIECES(T, suffix)                                                              \
  extern "C" __global__ void sum_pieces_##suffix(                                          \
      T alpha, const T* partial, T beta, T* c, long long c_stride, int pieces,             \
      long long rows, long long columns) {                                                 \
    sum_pieces(alpha, partial, beta, c, c_stride, pieces, rows, columns);                  \
  }

SUM_PIECES(float, f32)
SUM_PIECES(double, f64)
