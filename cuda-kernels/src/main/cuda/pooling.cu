// Pooling over windows of a grid of positions, for float and double:
//   average_pool           y[o, c] = (sum of the taps that are not padding) / taps
//   average_pool_backward  dx[i, c] = (sum over the windows that see i of dy) / taps + beta dx[i, c]
//   max_pool               y[o, c] = the largest tap; NaN where one is
//   max_pool_backward      dx[i, c] = sum of dy over the windows whose first largest tap i is, + beta dx[i, c]
//
// Grid      any grid and any block: both loops stride; lanes along channels. Backward gathers, so that no
//           two threads add to one element.
// Order     taps in order.
// Bytes     sizeof(T) (taps + 1) per element at most, of which the caches serve most; max_pool_backward
//           reads x taps^2 / stride^2 times.
// Flops     taps per element of y; max_pool_backward taps^2 / stride^2 comparisons per element of dx.
// Limits    rows and columns below 2^31.
#include "window.cuh"

template <typename T, typename F>
__device__ __forceinline__ void for_each_channel(long long rows, long long columns, F f) {
  for (long long row = static_cast<long long>(blockIdx.y) * blockDim.y + threadIdx.y; row < rows;
       row += static_cast<long long>(gridDim.y) * blockDim.y) {
    for (long long c = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x; c < columns;
         c += static_cast<long long>(gridDim.x) * blockDim.x) {
      f(row, c);
    }
  }
}

template <bool FORWARD, typename T>
__device__ __forceinline__ void average_pool(
    const T* x, long long x_stride, T beta, T* y, long long y_stride, long long rows,
    long long columns, const Window& window) {
  for_each_channel<T>(rows, columns, [&](long long row, long long c) {
    const Joined<FORWARD> joined(window, row);
    T sum = 0;
    for (int tap = 0; tap < window.taps(); tap++) {
      const long long source = joined.at(tap);
      if (source >= 0) sum += x[source * x_stride + c];
    }
    const T mean = sum / static_cast<T>(window.taps());
    T* to = y + row * y_stride + c;
    *to = beta == T(0) ? mean : fma(beta, *to, mean);
  });
}

// The first largest tap of a window, -1 if all are padding, and its value; NaN where any tap is.
template <typename T>
struct Largest {
  T value = -INFINITY;
  int tap = -1;

  __device__ __forceinline__ Largest(
      const T* x, long long x_stride, long long c, const FromWindow& joined, int taps) {
    T nothing = 0;  // or NaN
    for (int t = 0; t < taps; t++) {
      const long long source = joined.at(t);
      if (source < 0) continue;
      const T u = x[source * x_stride + c];
      if (tap < 0 || u > value) value = u, tap = t;
      if (u != u) nothing = u;
    }
    value += nothing;
  }
};

template <typename T>
__device__ __forceinline__ void max_pool(
    const T* x, long long x_stride, T* y, long long y_stride, long long rows, long long columns,
    const Window& window) {
  for_each_channel<T>(rows, columns, [&](long long row, long long c) {
    const FromWindow joined(window, row);
    y[row * y_stride + c] = Largest<T>(x, x_stride, c, joined, window.taps()).value;
  });
}

template <typename T>
__device__ __forceinline__ void max_pool_backward(
    const T* x, long long x_stride, const T* dy, long long dy_stride, T beta, T* dx,
    long long dx_stride, long long rows, long long columns, const Window& window) {
  for_each_channel<T>(rows, columns, [&](long long row, long long c) {
    const FromPosition seen(window, row);
    T sum = 0;
    for (int tap = 0; tap < window.taps(); tap++) {
      const long long o = seen.at(tap);
      if (o < 0) continue;
      const FromWindow joined(window, o);
      if (Largest<T>(x, x_stride, c, joined, window.taps()).tap == tap) sum += dy[o * dy_stride + c];
    }
    T* to = dx + row * dx_stride + c;
    *to = beta == T(0) ? sum : fma(beta, *to, sum);
  });
}

#define POOLING(T, suffix)                                                                         \
  extern "C" __global__ void average_pool_##suffix(                                                \
      const T* x, long long x_stride, T* y, long long y_stride, long long rows, long long columns, \
      WINDOW_PARAMETERS) {                                                                         \
    average_pool<true>(x, x_stride, T(0), y, y_stride, rows, columns, WINDOW);                     \
  }                                                                                                \
  extern "C" __global__ void average_pool_backward_##suffix(                                       \
      const T* dy, long long dy_stride, T beta, T* dx, long long dx_stride, long long rows,        \
      long long columns, WINDOW_PARAMETERS) {                                                      \
    average_pool<false>(dy, dy_stride, beta, dx, dx_stride, rows, columns, WINDOW);                \
  }                                                                                                \
  extern "C" __global__ void max_pool_##suffix(                                                    \
      const T* x, long long x_stride, T* y, long long y_stride, long long rows, long long columns, \
      WINDOW_PARAMETERS) {                                                                         \
    max_pool(x, x_stride, y, y_stride, rows, columns, WINDOW);                                     \
  }                                                                                                \
  extern "C" __global__ void max_pool_backward_##suffix(                                           \
      const T* x, long long x_stride, const T* dy, long long dy_stride, T beta, T* dx,             \
      long long dx_stride, long long rows, long long columns, WINDOW_PARAMETERS) {                 \
    max_pool_backward(x, x_stride, dy, dy_stride, beta, dx, dx_stride, rows, columns, WINDOW);     \
  }

POOLING(float, f32)
POOLING(double, f64)
