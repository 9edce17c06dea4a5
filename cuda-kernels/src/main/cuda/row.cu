// Operations on rows by their own sums, and the triangle of masks, for float and double:
//   normalize_rows           y = (x - mean) r, r = 1 / sqrt(variance + epsilon), or without the mean,
//                            y = x / sqrt(sum x^2 / n + epsilon)
//   normalize_rows_backward  dx = r (dy - [mean(dy)] - y mean(dy y)) + beta dx
//   softmax_backward         dx = y (dy - sum y dy)
//   fill_above               x[i, j] = value where j > i + diagonal
//
// Grid      blocks of (32, 8); `warps` of them, 1 or 8, work on one row: x = rows * warps / 8 rounded up.
//           fill_above: any grid and any block, x along a row.
// Order     lanes strided over the row, a butterfly over lanes, warps in order; sums in float64.
// Bytes     a row is read two or three times, of which the caches keep all but one where it fits, and
//           written once: 2 or 3 times sizeof(T) per element from memory at best.
// Flops     5 to 8 per element.
// Limits    dx of softmax_backward may be dy; else nothing overlaps.
#include "device.cuh"

// The row and the columns of it that a thread works on.
struct RowGroup {
  int warps;
  long long row;
  int first, step;

  __device__ __forceinline__ explicit RowGroup(int warps_of_row) : warps(warps_of_row) {
    row = static_cast<long long>(blockIdx.x) * (kWarps / warps) + threadIdx.y / warps;
    first = static_cast<int>(threadIdx.y) % warps * kLanes + threadIdx.x;
    step = warps * kLanes;
  }

  // The sum of f(j) over the row; all threads of the block call it.
  template <typename F>
  __device__ __forceinline__ double sum(long long rows, long long columns, F f) const {
    double total = 0;
    if (row < rows) {
      for (long long j = first; j < columns; j += step) total += f(j);
    }
    return group_reduce(total, Sum(), warps);
  }
};

template <typename T>
struct RowStatistics {
  T mean, rate;

  __device__ __forceinline__ RowStatistics(
      const RowGroup& group, const T* x, bool centered, T epsilon, long long rows,
      long long columns) {
    const double n = static_cast<double>(columns);
    const double middle =
        centered ? group.sum(rows, columns, [=](long long j) { return static_cast<double>(x[j]); }) / n
                 : 0.0;
    const double squares = group.sum(rows, columns, [=](long long j) {
      const double off = static_cast<double>(x[j]) - middle;
      return off * off;
    });
    mean = static_cast<T>(middle);
    rate = static_cast<T>(1.0 / sqrt(squares / n + static_cast<double>(epsilon)));
  }
};

template <typename T>
__device__ __forceinline__ void normalize_rows(
    int centered, T epsilon, const T* x, long long x_stride, T* y, long long y_stride, int warps,
    long long rows, long long columns) {
  const RowGroup group(warps);
  const T* from = x + group.row * x_stride;
  const RowStatistics<T> s(group, from, centered != 0, epsilon, rows, columns);
  if (group.row >= rows) return;
  for (long long j = group.first; j < columns; j += group.step) {
    y[group.row * y_stride + j] = (from[j] - s.mean) * s.rate;
  }
}

template <typename T>
__device__ __forceinline__ void normalize_rows_backward(
    int centered, T epsilon, const T* x, long long x_stride, const T* dy, long long dy_stride,
    T beta, T* dx, long long dx_stride, int warps, long long rows, long long columns) {
  const RowGroup group(warps);
  const T* from = x + group.row * x_stride;
  const T* slope = dy + group.row * dy_stride;
  const RowStatistics<T> s(group, from, centered != 0, epsilon, rows, columns);
  const double n = static_cast<double>(columns);
  const double mean =
      centered != 0
          ? group.sum(rows, columns, [=](long long j) { return static_cast<double>(slope[j]); }) / n
          : 0.0;
  const double product = group.sum(rows, columns, [=](long long j) {
    return static_cast<double>(slope[j]) * static_cast<double>((from[j] - s.mean) * s.rate);
  }) / n;
  if (group.row >= rows) return;
  for (long long j = group.first; j < columns; j += group.step) {
    const T unit = (from[j] - s.mean) * s.rate;
    const T value = s.rate * (slope[j] - static_cast<T>(mean) - unit * static_cast<T>(product));
    T* to = dx + group.row * dx_stride + j;
    *to = beta == T(0) ? value : fma(beta, *to, value);
  }
}

template <typename T>
__device__ __forceinline__ void softmax_backward(
    const T* y, long long y_stride, const T* dy, long long dy_stride, T* dx, long long dx_stride,
    int warps, long long rows, long long columns) {
  const RowGroup group(warps);
  const T* share = y + group.row * y_stride;
  const T* slope = dy + group.row * dy_stride;
  const T sum = static_cast<T>(group.sum(rows, columns, [=](long long j) {
    return static_cast<double>(share[j]) * static_cast<double>(slope[j]);
  }));
  if (group.row >= rows) return;
  for (long long j = group.first; j < columns; j += group.step) {
    dx[group.row * dx_stride + j] = share[j] * (slope[j] - sum);
  }
}

template <typename T>
__device__ __forceinline__ void fill_above(
    T value, long long diagonal, T* x, long long x_stride, long long rows, long long columns) {
  for (long long i = static_cast<long long>(blockIdx.y) * blockDim.y + threadIdx.y; i < rows;
       i += static_cast<long long>(gridDim.y) * blockDim.y) {
    for (long long j = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x; j < columns;
         j += static_cast<long long>(gridDim.x) * blockDim.x) {
      if (j > i + diagonal) x[i * x_stride + j] = value;
    }
  }
}

#define ROW(T, suffix)                                                                             \
  extern "C" __global__ void __launch_bounds__(kLanes * kWarps, 4) normalize_rows_##suffix(        \
      int centered, T epsilon, const T* x, long long x_stride, T* y, long long y_stride, int warps, \
      long long rows, long long columns) {                                                         \
    normalize_rows(centered, epsilon, x, x_stride, y, y_stride, warps, rows, columns);             \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(kLanes * kWarps, 4) normalize_rows_backward_##suffix( \
      int centered, T epsilon, const T* x, long long x_stride, const T* dy, long long dy_stride,   \
      T beta, T* dx, long long dx_stride, int warps, long long rows, long long columns) {          \
    normalize_rows_backward(centered, epsilon, x, x_stride, dy, dy_stride, beta, dx, dx_stride,    \
                            warps, rows, columns);                                                 \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(kLanes * kWarps, 4) softmax_backward_##suffix(      \
      const T* y, long long y_stride, const T* dy, long long dy_stride, T* dx,                     \
      long long dx_stride, int warps, long long rows, long long columns) {                         \
    softmax_backward(y, y_stride, dy, dy_stride, dx, dx_stride, warps, rows, columns);             \
  }                                                                                                \
  extern "C" __global__ void fill_above_##suffix(                                                  \
      T value, long long diagonal, T* x, long long x_stride, long long rows, long long columns) {  \
    fill_above(value, diagonal, x, x_stride, rows, columns);                                       \
  }

ROW(float, f32)
ROW(double, f64)
