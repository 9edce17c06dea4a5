// softmax:       y[i, :] = exp(x[i, :] - max) / sum, for float and double.
// cross_entropy: dx[i, :] = scale * (softmax(x[i, :]) - onehot(label[i])),
//                row_loss[i] = log sum_j exp x[i, j] - x[i, label[i]], in float64.
//
// Grid      blocks of (32, 8); `warps` of them, a divisor of 8, work on one row: x = rows * warps / 8
//           rounded up.
// Order     lanes strided over the row, a butterfly over lanes, warps in order: the bits repeat.
// Bytes     2 sizeof(T) per element where a row begins at 16 bytes and fits the registers of its
//           threads, kHeld packs each: on an H200 the rate of a copy. Other rows are read three times, of which the
//           caches keep two where they fit: 4 sizeof(T) at worst.
// Flops     about 20 per element.
// Limits    y may be x, dx may be x. Labels are in [0, columns), checked before by check_indices; one
//           that is not is read and written by nobody. NaN and infinity propagate.
#include "device.cuh"

constexpr int kHeld = 4;

// Whether rows begin at 16 bytes and fit the registers of a group of `step` lanes.
template <typename T>
__device__ __forceinline__ bool is_held(
    const T* x, long long x_stride, const T* y, long long y_stride, int step, long long rows,
    long long columns) {
  constexpr int W = Pack<T>::width;
  return columns % W == 0 && columns <= kHeld * W * step && is_packable(x, x_stride, rows) &&
         is_packable(y, y_stride, rows);
}

// A row that is read once, exponentiated in registers and written: y[j] = end(j, softmax(x)[j]).
template <typename T, typename F>
__device__ __forceinline__ void held_softmax(
    const T* x, T* y, long long columns, bool active, int first, int step, int warps, T* greatest,
    T* sum, F end) {
  constexpr int W = Pack<T>::width;
  const int packs = active ? static_cast<int>(columns) / W : 0;
  Pack<T> held[kHeld];
  T most = -INFINITY;
#pragma unroll
  for (int p = 0; p < kHeld; p++) {
    const int q = first + p * step;
    if (q < packs) held[p] = load_pack(x + q * W);
  }
#pragma unroll
  for (int p = 0; p < kHeld; p++) {
    if (first + p * step >= packs) continue;
#pragma unroll
    for (int w = 0; w < W; w++) most = Max()(most, held[p].at[w]);
  }
  most = group_reduce(most, Max(), warps);
  T total = 0;
#pragma unroll
  for (int p = 0; p < kHeld; p++) {
    if (first + p * step >= packs) continue;
#pragma unroll
    for (int w = 0; w < W; w++) total += held[p].at[w] = exp(held[p].at[w] - most);
  }
  total = group_reduce(total, Sum(), warps);
#pragma unroll
  for (int p = 0; p < kHeld; p++) {
    const int q = first + p * step;
    if (q >= packs) continue;
#pragma unroll
    for (int w = 0; w < W; w++) held[p].at[w] = end(q * W + w, held[p].at[w] / total);
    store_pack(y + q * W, held[p]);
  }
  *greatest = most;
  *sum = total;
}

// Any row, read three times.
template <typename T, typename F>
__device__ __forceinline__ void read_softmax(
    const T* x, T* y, long long columns, bool active, int first, int step, int warps, T* greatest,
    T* sum, F end) {
  T most = -INFINITY;
  if (active) {
    for (long long j = first; j < columns; j += step) most = Max()(most, x[j]);
  }
  most = group_reduce(most, Max(), warps);
  T total = 0;
  if (active) {
    for (long long j = first; j < columns; j += step) total += exp(x[j] - most);
  }
  total = group_reduce(total, Sum(), warps);
  __syncwarp();  // y may be x: all have read
  if (active) {
    for (long long j = first; j < columns; j += step) y[j] = end(j, exp(x[j] - most) / total);
  }
  *greatest = most;
  *sum = total;
}

// The maximum and the sum of exp(x - maximum) of the group's row, of which it writes end(j, softmax).
template <typename T, typename F>
__device__ __forceinline__ void softmax_row(
    const T* x, long long x_stride, T* y, long long y_stride, int warps, long long rows,
    long long columns, long long i, T* greatest, T* sum, F end) {
  const int first = static_cast<int>(threadIdx.y) % warps * kLanes + threadIdx.x;
  const int step = warps * kLanes;
  const bool active = i < rows;
  const T* from = x + i * x_stride;
  T* to = y + i * y_stride;
  if (is_held(x, x_stride, y, y_stride, step, rows, columns)) {
    held_softmax(from, to, columns, active, first, step, warps, greatest, sum, end);
  } else {
    read_softmax(from, to, columns, active, first, step, warps, greatest, sum, end);
  }
}

// The row of this thread's group.
__device__ __forceinline__ long long row_of_group(int warps) {
  return static_cast<long long>(blockIdx.x) * (kWarps / warps) + threadIdx.y / warps;
}

template <typename T>
__device__ __forceinline__ void softmax(
    const T* x, long long x_stride, T* y, long long y_stride, int warps, long long rows,
    long long columns) {
  T most, sum;
  softmax_row(x, x_stride, y, y_stride, warps, rows, columns, row_of_group(warps), &most, &sum,
              [](long long, T value) { return value; });
}

template <typename T>
__device__ __forceinline__ void cross_entropy(
    T scale, const T* x, long long x_stride, const int* labels, double* row_loss, T* dx,
    long long dx_stride, int warps, long long rows, long long columns) {
  const long long i = row_of_group(warps);
  const int label = i < rows ? labels[i] : 0;
  // Read before the barriers: dx may be x.
  const bool owner = i < rows && static_cast<int>(threadIdx.y) % warps == 0 && threadIdx.x == 0 &&
                     label >= 0 && label < columns;
  const double chosen = owner ? static_cast<double>(x[i * x_stride + label]) : 0;
  T most, sum;
  softmax_row(x, x_stride, dx, dx_stride, warps, rows, columns, i, &most, &sum,
              [scale, label](long long j, T y) { return scale * (y - (j == label ? T(1) : T(0))); });
  if (owner) {
    row_loss[i] = static_cast<double>(most) - chosen + log(static_cast<double>(sum));
  }
}

#define SOFTMAX(T, suffix)                                                                      \
  extern "C" __global__ void __launch_bounds__(kLanes * kWarps, 16 / sizeof(T))                 \
  softmax_##suffix(const T* x, long long x_stride, T* y, long long y_stride, int warps,         \
                   long long rows, long long columns) {                                         \
    softmax(x, x_stride, y, y_stride, warps, rows, columns);                                    \
  }                                                                                             \
  extern "C" __global__ void __launch_bounds__(kLanes * kWarps, 16 / sizeof(T))                 \
  cross_entropy_##suffix(T scale, const T* x, long long x_stride, const int* labels,            \
                         double* row_loss, T* dx, long long dx_stride, int warps,               \
                         long long rows, long long columns) {                                   \
    cross_entropy(scale, x, x_stride, labels, row_loss, dx, dx_stride, warps, rows, columns);   \
  }

SOFTMAX(float, f32)
SOFTMAX(double, f64)
