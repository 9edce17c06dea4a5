// Reductions of a whole matrix to one float64 number, for float and double:
//   dot         partial[block] = sum of x * y, products and sums in float64
//   non_finite  partial[block] = number of NaN and infinite elements
//   finish      result = alpha * (sum of `count` partial sums) + beta * result
//
// Grid      dot, non_finite: any two-dimensional grid of blocks of (32, 8), x along a row, one
//           partial sum for each block. finish: one block of (32, 8).
// Order     fixed by shapes and grid: each thread in the order of its elements, lanes by a butterfly,
//           warps in order, blocks strided over the threads of finish. No atomics: the bits repeat.
// Bytes     sizeof(T) per element and operand, 16 at a time where all rows are aligned.
// Flops     2 per element in float64: bound by memory bandwidth, on devices with one float64 unit in
//           64 at about the same speed.
#include "device.cuh"

__device__ __forceinline__ void write_partial(double sum, double* partial) {
  sum = group_reduce(sum, Sum(), kWarps);
  if (threadIdx.x == 0 && threadIdx.y == 0) {
    partial[static_cast<long long>(blockIdx.y) * gridDim.x + blockIdx.x] = sum;
  }
}

template <typename T>
__device__ __forceinline__ void dot(
    const T* x, long long x_stride, const T* y, long long y_stride, double* partial,
    long long rows, long long columns) {
  const Rows<const T> in[] = {{x, x_stride}, {y, y_stride}};
  const Rows<T>* nothing = nullptr;
  double sum = 0;
  for_each_element<2, 0>(in, nothing, rows, columns, [&sum](long long, const T* u, T*) {
    sum = fma(static_cast<double>(u[0]), static_cast<double>(u[1]), sum);
  });
  write_partial(sum, partial);
}

template <typename T>
__device__ __forceinline__ void non_finite(
    const T* x, long long x_stride, double* partial, long long rows, long long columns) {
  const Rows<const T> in[] = {{x, x_stride}};
  const Rows<T>* nothing = nullptr;
  int count = 0;
  for_each_element<1, 0>(in, nothing, rows, columns, [&count](long long, const T* u, T*) {
    if (!(u[0] - u[0] == T(0))) count++;
  });
  write_partial(static_cast<double>(count), partial);
}

#define REDUCTION(T, suffix)                                                                \
  extern "C" __global__ void __launch_bounds__(kLanes * kWarps) dot_##suffix(               \
      const T* x, long long x_stride, const T* y, long long y_stride, double* partial,      \
      long long rows, long long columns) {                                                  \
    dot(x, x_stride, y, y_stride, partial, rows, columns);                                  \
  }                                                                                         \
  extern "C" __global__ void __launch_bounds__(kLanes * kWarps) non_finite_##suffix(        \
      const T* x, long long x_stride, double* partial, long long rows, long long columns) { \
    non_finite(x, x_stride, partial, rows, columns);                                        \
  }

REDUCTION(float, f32)
REDUCTION(double, f64)

extern "C" __global__ void __launch_bounds__(kLanes * kWarps) finish(
    double alpha, const double* partial, int count, double beta, double* result) {
  const int thread = static_cast<int>(threadIdx.y * kLanes + threadIdx.x);
  double sum = 0;
#pragma unroll 8
  for (int i = thread; i < count; i += kLanes * kWarps) sum += partial[i];
  sum = group_reduce(sum, Sum(), kWarps);
  if (thread == 0) *result = beta == 0 ? alpha * sum : fma(alpha, sum, beta * *result);
}
