// flat_gemm: c = alpha * op(a) * b + beta * c, c of m x n, inner dimension k, for few rows m or a short
// k, and many columns: the block sums of networks with scalar kernels, whose history is b. For float
// and double; flat_gemm_A_TYPE: A is n (op(a) = a) or t (its transpose).
//
// Tiles     16 x (128 packs of 16 bytes) by 128 threads of 16 x one pack. b goes from memory to
//           registers, once for each 16 rows of c, 4 packs at a time; 64 steps of op(a) lie in shared
//           memory, from where all threads read the same.
// Grid      x = row tiles, the next ones first, so that the second-level cache serves b to all but one
//           of them, times column tiles.
// Shared    4 KiB (float), 8 KiB (double).
// Order     one chain of fused products for each element.
// Bytes     sizeof(T) (k n + 2 m n), m n less where beta is 0: bound by memory bandwidth where m or k
//           is at most about 16. 16 at a time where rows are aligned. On an H200 16 x 294912 x 64 in 48 us
//           (2.0 TB/s), 8 x 294912 x 32 in 26 us.
// Flops     2 m n k, m rounded up to 16.
// Limits    as gemm.cu.
#include "gemm_tile.cuh"

constexpr int kFlatRows = 16;
constexpr int kFlatSteps = 64;
constexpr int kFlatThreads = 128;

// sums[i] += the column `step` of the slice of op(a) times a pack of b.
template <typename T>
__device__ __forceinline__ void add_outer(
    const T* slice, int step, const Pack<T>& x, Pack<T> (&sums)[kFlatRows]) {
  constexpr int W = Pack<T>::width;
#pragma unroll
  for (int i = 0; i < kFlatRows; i += W) {
    const Pack<T> u = load_pack(slice + step * kFlatRows + i);
#pragma unroll
    for (int r = 0; r < W; r++) {
#pragma unroll
      for (int w = 0; w < W; w++) sums[i + r].at[w] = fma(u.at[r], x.at[w], sums[i + r].at[w]);
    }
  }
}

template <typename T, bool TRANSPOSE_A>
__device__ __forceinline__ void flat_gemm(
    T alpha, const T* a, long long a_stride, const T* b, long long b_stride, T beta, T* c,
    long long c_stride, int m, int n, int k) {
  constexpr int W = Pack<T>::width, ahead = 4;
  __align__(16) __shared__ T slice[kFlatSteps * kFlatRows];
  const int thread = static_cast<int>(threadIdx.x);
  const int row_tiles = (m + kFlatRows - 1) / kFlatRows;
  const int row0 = static_cast<int>(blockIdx.x) % row_tiles * kFlatRows;
  const int column = (static_cast<int>(blockIdx.x) / row_tiles * kFlatThreads + thread) * W;
  const int left = n - column;
  const bool packed = is_packable(b, b_stride, 2);
  Pack<T> sums[kFlatRows] = {};
  for (int k0 = 0; k0 < k; k0 += kFlatSteps) {
    const int steps = k - k0 < kFlatSteps ? k - k0 : kFlatSteps;
    __syncthreads();
    for (int at = thread; at < kFlatSteps * kFlatRows; at += kFlatThreads) {
      // Neighbouring threads read along rows of a.
      const int i = TRANSPOSE_A ? at % kFlatRows : at / kFlatSteps;
      const int step = TRANSPOSE_A ? at / kFlatRows : at % kFlatSteps;
      const long long line = TRANSPOSE_A ? k0 + step : row0 + i;
      const int along = TRANSPOSE_A ? row0 + i : k0 + step;
      const bool inside = row0 + i < m && step < steps;
      slice[step * kFlatRows + i] = inside ? a[line * a_stride + along] : T(0);
    }
    __syncthreads();
    if (left <= 0) continue;
    const T* from = b + k0 * b_stride + column;
    int step = 0;
    for (; step + ahead <= steps; step += ahead) {
      Pack<T> x[ahead];
#pragma unroll
      for (int s = 0; s < ahead; s++) x[s] = load_part(from + s * b_stride, packed, left);
      from += ahead * b_stride;
#pragma unroll
      for (int s = 0; s < ahead; s++) add_outer(slice, step + s, x[s], sums);
    }
#pragma unroll 1
    for (; step < steps; step++) {
      add_outer(slice, step, load_part(from, packed, left), sums);
      from += b_stride;
    }
  }
  if (left <= 0) return;
  const bool whole = is_packable(c, c_stride, 2);
#pragma unroll
  for (int r = 0; r < kFlatRows; r += 4) {
    T* to = c + (row0 + r) * c_stride + column;
    // All old packs of four rows before the first is stored: they come from memory together.
    Pack<T> old[4];
    if (beta != T(0)) {
#pragma unroll
      for (int i = 0; i < 4; i++) {
        old[i] = load_part<T>(to + i * c_stride, whole, row0 + r + i < m ? left : 0);
      }
    }
#pragma unroll
    for (int i = 0; i < 4; i++) {
      Pack<T> out;
#pragma unroll
      for (int w = 0; w < W; w++) {
        const T sum = sums[r + i].at[w];
        out.at[w] = beta == T(0) ? alpha * sum : fma(alpha, sum, beta * old[i].at[w]);
      }
      store_part(to + i * c_stride, out, whole, row0 + r + i < m ? left : 0);
    }
  }
}

#define FLAT_GEMM(T, suffix, letter, ta)                                                          \
  extern "C" __global__ void __launch_bounds__(kFlatThreads, 3) flat_gemm_##letter##_##suffix(    \
      T alpha, const T* a, long long a_stride, const T* b, long long b_stride, T beta, T* c,      \
      long long c_stride, int m, int n, int k) {                                                  \
    flat_gemm<T, ta>(alpha, a, a_stride, b, b_stride, beta, c, c_stride, m, n, k);                \
  }

FLAT_GEMM(float, f32, n, false)
FLAT_GEMM(float, f32, t, true)
FLAT_GEMM(double, f64, n, false)
FLAT_GEMM(double, f64, t, true)
