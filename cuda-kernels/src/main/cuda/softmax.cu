// softmax:       y[i, :] = exp(x[i, :] - max) / sum, for float and double.
// cross_entropy: dx[i, :] = scale * (softmax(x[i, :]) - onehot(label[i])),
//                row_loss[i] = log sum_j exp x[i, j] - x[i, label[i]], in float64.
//
// Grid      blocks of (32, 8); `warps` of them, a divisor of 8, work on one row: x = rows * warps / 8
//           rounded up.
// Order     lanes strided over the row, a butterfly over lanes, warps in order: the bits repeat.
// Bytes     2 sizeof(T) per element where a row fits the registers of its threads, kHeld packs each
//           (softmax alone, rows that begin at 16 bytes). Other rows are read three times, of which the
//           caches keep two where they fit: 4 sizeof(T) at worst.
// Flops     about 20 per element.
// Limits    y may be x, dx may be x. Labels are in [0, columns), checked before by check_indices; one
//           that is not is read and written by nobody. NaN and infinity propagate.
#include "device.cuh"

// The maximum and the sum of exp(x - maximum) of the group's row.
template <typename T>
__device__ __forceinline__ void row_sums(
    const T* x, long long columns, bool active, int first, int step, int warps, T* greatest,
    T* sum) {
  T most = -INFINITY;
  if (active) {
    for (long long j = first; j < columns; j += step) most = Max()(most, x[j]);
  }
  most = group_reduce(most, Max(), warps);
  T total = 0;
  if (active) {
    for (long long j = first; j < columns; j += step) total += exp(x[j] - most);
  }
  *greatest = most;
  *sum = group_reduce(total, Sum(), warps);
}

constexpr int kHeld = 4;

// A row that is read once, exponentiated in registers and written; `packs` of them, at most kHeld * step.
template <typename T>
__device__ __forceinline__ void held_softmax(
    const T* x, T* y, bool active, int first, int step, int warps, int packs) {
  constexpr int W = Pack<T>::width;
  Pack<T> held[kHeld];
  T most = -INFINITY;
#pragma unroll
  for (int p = 0; p < kHeld; p++) {
    const int q = first + p * step;
    if (active && q < packs) held[p] = load_pack(x + q * W);
  }
#pragma unroll
  for (int p = 0; p < kHeld; p++) {
    if (!active || first + p * step >= packs) continue;
#pragma unroll
    for (int w = 0; w < W; w++) most = Max()(most, held[p].at[w]);
  }
  most = group_reduce(most, Max(), warps);
  T sum = 0;
#pragma unroll
  for (int p = 0; p < kHeld; p++) {
    if (!active || first + p * step >= packs) continue;
#pragma unroll
    for (int w = 0; w < W; w++) sum += held[p].at[w] = exp(held[p].at[w] - most);
  }
  sum = group_reduce(sum, Sum(), warps);
#pragma unroll
  for (int p = 0; p < kHeld; p++) {
    const int q = first + p * step;
    if (!active || q >= packs) continue;
#pragma unroll
    for (int w = 0; w < W; w++) held[p].at[w] /= sum;
    store_pack(y + q * W, held[p]);
  }
}

template <typename T>
__device__ __forceinline__ void softmax(
    const T* x, long long x_stride, T* y, long long y_stride, int warps, long long rows,
    long long columns) {
  const int groups = kWarps / warps;
  const long long i = static_cast<long long>(blockIdx.x) * groups + threadIdx.y / warps;
  const int first = static_cast<int>(threadIdx.y) % warps * kLanes + threadIdx.x;
  const int step = warps * kLanes;
  const bool active = i < rows;
  constexpr int W = Pack<T>::width;
  if (columns % W == 0 && columns <= kHeld * W * step && is_packable(x, x_stride, rows) &&
      is_packable(y, y_stride, rows)) {
    held_softmax(x + i * x_stride, y + i * y_stride, active, first, step, warps,
                 static_cast<int>(columns) / W);
    return;
  }
  T most, sum;
  row_sums(x + i * x_stride, columns, active, first, step, warps, &most, &sum);
  if (!active) return;
  for (long long j = first; j < columns; j += step) {
    y[i * y_stride + j] = exp(x[i * x_stride + j] - most) / sum;
  }
}

template <typename T>
__device__ __forceinline__ void cross_entropy(
    T scale, const T* x, long long x_stride, const int* labels, double* row_loss, T* dx,
    long long dx_stride, int warps, long long rows, long long columns) {
  const int groups = kWarps / warps;
  const long long i = static_cast<long long>(blockIdx.x) * groups + threadIdx.y / warps;
  const int first = static_cast<int>(threadIdx.y) % warps * kLanes + threadIdx.x;
  const int step = warps * kLanes;
  const bool active = i < rows;
  const int label = active ? labels[i] : 0;
  // Read before the barrier below: dx may be x.
  const bool owner = active && first == 0 && label >= 0 && label < columns;
  const double chosen = owner ? static_cast<double>(x[i * x_stride + label]) : 0;
  T most, sum;
  row_sums(x + i * x_stride, columns, active, first, step, warps, &most, &sum);
  __syncwarp();
  if (!active) return;
  if (owner) {
    row_loss[i] = static_cast<double>(most) - chosen + log(static_cast<double>(sum));
  }
  for (long long j = first; j < columns; j += step) {
    const T y = exp(x[i * x_stride + j] - most) / sum;
    dx[i * dx_stride + j] = scale * (y - (j == label ? T(1) : T(0)));
  }
}

#define SOFTMAX(T, suffix)                                                                      \
  extern "C" __global__ void __launch_bounds__(kLanes * kWarps, 4) softmax_##suffix(               \
      const T* x, long long x_stride, T* y, long long y_stride, int warps, long long rows,      \
      long long columns) {                                                                      \
    softmax(x, x_stride, y, y_stride, warps, rows, columns);                                    \
  }                                                                                             \
  extern "C" __global__ void __launch_bounds__(kLanes * kWarps, 4) cross_entropy_##suffix(         \
      T scale, const T* x, long long x_stride, const int* labels, double* row_loss, T* dx,      \
      long long dx_stride, int warps, long long rows, long long columns) {                      \
    cross_entropy(scale, x, x_stride, labels, row_loss, dx, dx_stride, warps, rows, columns);   \
  }

SOFTMAX(float, f32)
SOFTMAX(double, f64)
