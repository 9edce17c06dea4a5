// One step of an optimiser in one pass over parameters, gradient and state, for float and double:
//   sgd   g' = g + decay * p; v = momentum * v + g'; p -= rate * (nesterov ? g' + momentum * v : v)
//   adam  m = beta1 * m + (1 - beta1) * g; v = beta2 * v + (1 - beta2) * g^2;
//         p = shrink * p - rate * (m / correction1) / (sqrt(v / correction2) + epsilon)
//         with shrink = 1 - rate * decay and corrections 1 - beta^step, which the host computes.
//
// Where one of `guards` float64 numbers is NaN or infinite, nothing is written: a step whose loss or
// gradient is not finite leaves parameters and states as they were, without asking the host.
//
// Grid      any grid and any block: both loops stride; the x dimension runs along a row.
// Bytes     sgd 5, adam 7 times sizeof(T) per element, 16 at a time where all rows are aligned.
// Flops     6 and 14 per element: bound by memory bandwidth.
// Limits    p, g and the states do not overlap.
#include "device.cuh"

// x - x is 0 for finite x and NaN for all others.
__device__ __forceinline__ bool all_finite(const double* guard, int guards) {
  bool finite = true;
  for (int i = 0; i < guards; i++) finite = finite && guard[i] - guard[i] == 0;
  return finite;
}

template <typename T>
__device__ __forceinline__ void sgd(
    T* p, long long p_stride, const T* g, long long g_stride, T* v, long long v_stride, T rate,
    T momentum, T decay, int nesterov, long long rows, long long columns) {
  const Rows<const T> in[] = {{p, p_stride}, {g, g_stride}, {v, v_stride}};
  const Rows<T> out[] = {{p, p_stride}, {v, v_stride}};
  for_each_element<3, 2>(in, out, rows, columns, [=](long long, const T* u, T* w) {
    const T slope = fma(decay, u[0], u[1]);
    const T moved = fma(momentum, u[2], slope);
    w[1] = moved;
    w[0] = fma(-rate, nesterov != 0 ? fma(momentum, moved, slope) : moved, u[0]);
  });
}

template <typename T>
__device__ __forceinline__ void adam(
    T* p, long long p_stride, const T* g, long long g_stride, T* m, long long m_stride, T* v,
    long long v_stride, T rate, T shrink, T beta1, T rest1, T beta2, T rest2, T correction1,
    T correction2, T epsilon, long long rows, long long columns) {
  const Rows<const T> in[] = {{p, p_stride}, {g, g_stride}, {m, m_stride}, {v, v_stride}};
  const Rows<T> out[] = {{p, p_stride}, {m, m_stride}, {v, v_stride}};
  for_each_element<4, 3>(in, out, rows, columns, [=](long long, const T* u, T* w) {
    const T slope = u[1];
    const T mean = fma(beta1, u[2], rest1 * slope);
    const T square = fma(beta2, u[3], rest2 * slope * slope);
    w[1] = mean;
    w[2] = square;
    const T move = mean / correction1 / (sqrt(square / correction2) + epsilon);
    w[0] = fma(-rate, move, shrink * u[0]);
  });
}

#define OPTIMIZER(T, suffix)                                                                      \
  extern "C" __global__ void sgd_##suffix(                                                        \
      T* p, long long p_stride, const T* g, long long g_stride, T* v, long long v_stride, T rate, \
      T momentum, T decay, int nesterov, const double* guard, int guards, long long rows,         \
      long long columns) {                                                                        \
    if (!all_finite(guard, guards)) return;                                                       \
    sgd(p, p_stride, g, g_stride, v, v_stride, rate, momentum, decay, nesterov, rows, columns);   \
  }                                                                                               \
  extern "C" __global__ void adam_##suffix(                                                       \
      T* p, long long p_stride, const T* g, long long g_stride, T* m, long long m_stride, T* v,   \
      long long v_stride, T rate, T shrink, T beta1, T rest1, T beta2, T rest2, T correction1,    \
      T correction2, T epsilon, const double* guard, int guards, long long rows,                  \
      long long columns) {                                                                        \
    if (!all_finite(guard, guards)) return;                                                       \
    adam(p, p_stride, g, g_stride, m, m_stride, v, v_stride, rate, shrink, beta1, rest1, beta2,   \
         rest2, correction1, correction2, epsilon, rows, columns);                                \
  }

OPTIMIZER(float, f32)
OPTIMIZER(double, f64)
