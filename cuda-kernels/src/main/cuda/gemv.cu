// Products of a matrix and vectors, for float and double:
//   row_products    y[i] = alpha * sum_j a[i, j] x[j] + beta * y[i]
//   column_products y[j] = alpha * sum_i x[i] a[i, j] + beta * y[j]   (the block axpy)
//   column_sums     y[j] = alpha * sum_i a[i, j] + beta * y[j], summed in float64
//   sum_partials    y[j] = alpha * sum_s partial[s, j] + beta * y[j]
//   rank_one        a[i, j] += (alpha * x[i]) * y[j]
//
// The history of a network with scalar kernels is a matrix whose rows are layers: its sums are
// column_products, their transpose is rank_one, the gradient of the coefficients is row_products.
//
// Tiles     row_products: blocks of (32, 8); one warp on a row, or `warps` = 8 on 4 rows, which share
//           what they read of x; x = row groups, y = pieces of `piece` columns. column_products, column_sums: blocks (bx, by) of up to
//           256 threads, bx of them along the columns with 16 bytes each, by rows at a time;
//           y = pieces of `piece` rows. With more than one piece, sums go to partial[piece, :].
//           sum_partials: blocks of (32, 8), a column for each lane, pieces dealt to the warps.
// Order     fixed by shapes and grid; no atomics.
// Bytes     sizeof(T) per element of a (twice that in rank_one), 16 at a time where rows are aligned.
// Flops     2 per element: bound by memory bandwidth.
// Measured  H200, 64 MB of float32, partial sums added up within the time, in recordings: column_products of
//           128 x 131072 18.6 us (3.62 TB/s), row_products 20.7 (3.24), column_sums of 16384 x 1024 20.1 (3.34).
//           A last block that adds up instead of sum_partials gains nothing for columns and 4% for rows.
#include <type_traits>

#include "device.cuh"

constexpr int kRowsOfBlock = 4;  // of rows that are a block's work

template <typename T>
__device__ __forceinline__ void write_sum(T alpha, T sum, T beta, T* y) {
  *y = beta == T(0) ? alpha * sum : fma(alpha, sum, beta * *y);
}

// R rows at a time share what is read of x.
template <int R, typename T>
__device__ __forceinline__ void row_products(
    T alpha, const T* a, long long a_stride, const T* x, T beta, T* y, double* partial, int warps,
    long long piece, long long rows, long long columns) {
  constexpr int W = Pack<T>::width;
  const int groups = kWarps / warps;
  const long long row0 = (static_cast<long long>(blockIdx.x) * groups + threadIdx.y / warps) * R;
  const int count = row0 + R <= rows ? R : row0 < rows ? static_cast<int>(rows - row0) : 0;
  const long long begin = blockIdx.y * piece;
  const long long end = begin + piece < columns ? begin + piece : columns;
  const int thread = static_cast<int>(threadIdx.y) % warps * kLanes + threadIdx.x;
  const int step = warps * kLanes;
  const bool packed = is_packable(a, a_stride, rows) && is_packable(x, 0, 1) && begin % W == 0;
  const long long packs = packed ? (end - begin) / W : 0;
  const T* row = a + row0 * a_stride + begin;
  const T* along = x + begin;
  T sums[R][W] = {};
  const auto add = [&](auto is_whole) {
    constexpr bool whole = decltype(is_whole)::value;
#pragma unroll 2
    for (long long q = thread; q < packs; q += step) {
      const Pack<T> v = load_pack(along + q * W);
#pragma unroll
      for (int r = 0; r < R; r++) {
        if (!whole && r >= count) continue;
        const Pack<T> u = load_pack(row + r * a_stride + q * W);
#pragma unroll
        for (int w = 0; w < W; w++) sums[r][w] = fma(u.at[w], v.at[w], sums[r][w]);
      }
    }
  };
  // Whole groups of rows go without questions, so that their loads run ahead.
  if (count == R) {
    add(std::true_type());
  } else {
    add(std::false_type());
  }
#pragma unroll
  for (int r = 0; r < R; r++) {
    T sum = 0;
#pragma unroll
    for (int w = 0; w < W; w++) sum += sums[r][w];
#pragma unroll 2
    for (long long j = packs * W + thread; r < count && j < end - begin; j += step) {
      sum = fma(row[r * a_stride + j], along[j], sum);
    }
    sum = group_reduce(sum, Sum(), warps);
    if (thread != 0 || r >= count) continue;
    if (gridDim.y == 1) {
      write_sum(alpha, sum, beta, y + row0 + r);
    } else {
      partial[blockIdx.y * rows + row0 + r] = sum;
    }
  }
}

// A is the type that sums are taken in; x is null for sums without weights.
template <typename T, typename A>
__device__ __forceinline__ void column_products(
    T alpha, const T* a, long long a_stride, const T* x, T beta, T* y, double* partial,
    long long piece, long long rows, long long columns) {
  constexpr int W = Pack<T>::width;
  DYNAMIC_SHARED(A, shared);  // blockDim.y x blockDim.x x W
  const int bx = static_cast<int>(blockDim.x);
  const long long column0 = static_cast<long long>(blockIdx.x) * bx * W;
  const long long begin = blockIdx.y * piece;
  const long long end = begin + piece < rows ? begin + piece : rows;
  const long long mine = column0 + threadIdx.x * W;
  const bool packed = is_packable(a, a_stride, rows) && mine + W <= columns;
  // Where rows are not aligned, neighbouring threads take neighbouring columns.
  const bool spread = !is_packable(a, a_stride, rows);
  A sums[W] = {};
  if (packed) {
#pragma unroll 4
    for (long long i = begin + threadIdx.y; i < end; i += blockDim.y) {
      const Pack<T> u = load_pack(a + i * a_stride + mine);
      const A weight = x == nullptr ? A(1) : A(x[i]);
#pragma unroll
      for (int w = 0; w < W; w++) sums[w] = fma(weight, A(u.at[w]), sums[w]);
    }
  } else {
#pragma unroll 2
    for (long long i = begin + threadIdx.y; i < end; i += blockDim.y) {
      const A weight = x == nullptr ? A(1) : A(x[i]);
#pragma unroll
      for (int w = 0; w < W; w++) {
        const long long j = spread ? column0 + w * bx + threadIdx.x : mine + w;
        if (j < columns) sums[w] = fma(weight, A(a[i * a_stride + j]), sums[w]);
      }
    }
  }
  const int width = bx * W;
#pragma unroll
  for (int w = 0; w < W; w++) {
    const int at = spread ? w * bx + threadIdx.x : threadIdx.x * W + w;
    shared[threadIdx.y * width + at] = sums[w];
  }
  __syncthreads();
  const int threads = bx * static_cast<int>(blockDim.y);
  for (int at = threadIdx.y * bx + threadIdx.x; at < width; at += threads) {
    const long long j = column0 + at;
    if (j >= columns) break;
    A sum = shared[at];
    for (int r = 1; r < static_cast<int>(blockDim.y); r++) sum += shared[r * width + at];
    if (gridDim.y == 1) {
      y[j] = static_cast<T>(
          beta == T(0) ? A(alpha) * sum : fma(A(alpha), sum, A(beta) * A(y[j])));
    } else {
      partial[blockIdx.y * columns + j] = sum;
    }
  }
}

template <typename T>
__device__ __forceinline__ void sum_partials(
    T alpha, const double* partial, T beta, T* y, int pieces, long long count) {
  __shared__ double sums[kWarps][kLanes];
  const long long step = static_cast<long long>(gridDim.x) * kLanes;
  for (long long first = static_cast<long long>(blockIdx.x) * kLanes; first < count; first += step) {
    const long long j = first + threadIdx.x;
    double sum = 0;
#pragma unroll 8
    for (int s = threadIdx.y; j < count && s < pieces; s += kWarps) sum += partial[s * count + j];
    sums[threadIdx.y][threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.y == 0 && j < count) {
#pragma unroll
      for (int w = 1; w < kWarps; w++) sum += sums[w][threadIdx.x];
      write_sum(alpha, static_cast<T>(sum), beta, y + j);
    }
    __syncthreads();
  }
}

template <typename T>
__device__ __forceinline__ void rank_one(
    T alpha, const T* x, const T* y, T* a, long long a_stride, long long rows, long long columns) {
  const Rows<const T> in[] = {{y, 0}, {a, a_stride}};
  const Rows<T> out[] = {{a, a_stride}};
  for_each_element<2, 1>(in, out, rows, columns, [=](long long i, const T* u, T* v) {
    v[0] = fma(alpha * x[i], u[0], u[1]);
  });
}

#define GEMV(T, suffix)                                                                        \
  extern "C" __global__ void __launch_bounds__(kLanes * kWarps) row_products_##suffix(         \
      T alpha, const T* a, long long a_stride, const T* x, T beta, T* y, double* partial,      \
      int warps, long long piece, long long rows, long long columns) {                         \
    if (warps == 1) {                                                                          \
      row_products<1>(alpha, a, a_stride, x, beta, y, partial, warps, piece, rows, columns);   \
    } else {                                                                                   \
      row_products<kRowsOfBlock>(                                                              \
          alpha, a, a_stride, x, beta, y, partial, warps, piece, rows, columns);               \
    }                                                                                          \
  }                                                                                            \
  extern "C" __global__ void __launch_bounds__(kLanes * kWarps) column_products_##suffix(      \
      T alpha, const T* a, long long a_stride, const T* x, T beta, T* y, double* partial,      \
      long long piece, long long rows, long long columns) {                                    \
    column_products<T, T>(alpha, a, a_stride, x, beta, y, partial, piece, rows, columns);      \
  }                                                                                            \
  extern "C" __global__ void __launch_bounds__(kLanes * kWarps, 4) column_sums_##suffix(          \
      T alpha, const T* a, long long a_stride, T beta, T* y, double* partial, long long piece, \
      long long rows, long long columns) {                                                     \
    const T* no_weights = nullptr;                                                             \
    column_products<T, double>(                                                                \
        alpha, a, a_stride, no_weights, beta, y, partial, piece, rows, columns);               \
  }                                                                                            \
  extern "C" __global__ void __launch_bounds__(kLanes * kWarps) sum_partials_##suffix(         \
      T alpha, const double* partial, T beta, T* y, int pieces, long long count) {             \
    sum_partials(alpha, partial, beta, y, pieces, count);                                      \
  }                                                                                            \
  extern "C" __global__ void rank_one_##suffix(                                                \
      T alpha, const T* x, const T* y, T* a, long long a_stride, long long rows,               \
      long long columns) {                                                                     \
    rank_one(alpha, x, y, a, a_stride, rows, columns);                                         \
  }

GEMV(float, f32)
GEMV(double, f64)
