// activate_FUNCTION:  y = f(x); derive_FUNCTION: dx = f'(x) * dy + beta * dx; for float and double and
// the functions identity, tanh, relu, gelu, silu, sigmoid and softplus.
//
// Computes  forms that neither overflow nor cancel: sigmoid, softplus and the derivatives of tanh
//           and sigmoid from e^-|x|; GELU from the normal distribution function itself. The
//           derivative is rounded, then the product with dy, then fused with beta * dx.
// Grid      any grid and any block: both loops stride; the x dimension runs along a row.
// Bytes     activate 2, derive 3 (4 where beta is not 0) times sizeof(T) per element, 16 at a time
//           where all rows are aligned.
// Flops     1 to about 40 per element: bound by memory bandwidth, GELU in double on devices with few
//           float64 units excepted. On an H200 GELU in float32 takes 1.03 times as long as tanh, its derivative
//           3.45 TB/s.
// Limits    y may be x, dx may be dy where beta is 0; no fast-math: NaN and infinity propagate.
#include "activation.cuh"

template <typename F, typename T>
__device__ __forceinline__ void activate(
    const T* x, long long x_stride, T* y, long long y_stride, long long rows, long long columns) {
  const Rows<const T> in[] = {{x, x_stride}};
  const Rows<T> out[] = {{y, y_stride}};
  for_each_element<1, 1>(in, out, rows, columns, [](long long, const T* u, T* v) {
    v[0] = F::value(u[0]);
  });
}

template <typename F, typename T>
__device__ __forceinline__ void derive(
    const T* x, long long x_stride, const T* dy, long long dy_stride, T beta, T* dx,
    long long dx_stride, long long rows, long long columns) {
  const Rows<const T> in[] = {{x, x_stride}, {dy, dy_stride}, {dx, dx_stride}};
  const Rows<T> out[] = {{dx, dx_stride}};
  if (beta == T(0)) {
    for_each_element<2, 1>(in, out, rows, columns, [](long long, const T* u, T* v) {
      v[0] = F::derivative(u[0]) * u[1];
    });
  } else {
    for_each_element<3, 1>(in, out, rows, columns, [=](long long, const T* u, T* v) {
      v[0] = fma(beta, u[2], F::derivative(u[0]) * u[1]);
    });
  }
}

#define ACTIVATION(F, name, T, suffix)                                                        \
  extern "C" __global__ void activate_##name##_##suffix(                                      \
      const T* x, long long x_stride, T* y, long long y_stride, long long rows,               \
      long long columns) {                                                                    \
    activate<F>(x, x_stride, y, y_stride, rows, columns);                                     \
  }                                                                                           \
  extern "C" __global__ void derive_##name##_##suffix(                                        \
      const T* x, long long x_stride, const T* dy, long long dy_stride, T beta, T* dx,        \
      long long dx_stride, long long rows, long long columns) {                               \
    derive<F>(x, x_stride, dy, dy_stride, beta, dx, dx_stride, rows, columns);                \
  }

#define ACTIVATIONS(T, suffix)             \
  ACTIVATION(Identity, identity, T, suffix) \
  ACTIVATION(Tanh, tanh, T, suffix)         \
  ACTIVATION(Relu, relu, T, suffix)         \
  ACTIVATION(Gelu, gelu, T, suffix)         \
  ACTIVATION(Silu, silu, T, suffix)         \
  ACTIVATION(Sigmoid, sigmoid, T, suffix)   \
  ACTIVATION(Softplus, softplus, T, suffix)

ACTIVATIONS(float, f32)
ACTIVATIONS(double, f64)
