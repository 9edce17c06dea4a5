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
//           float64 units excepted.
// Limits    y may be x, dx may be dy where beta is 0; no fast-math: NaN and infinity propagate.
#include "device.cuh"

__device__ __forceinline__ float normal_distribution(float x) { return normcdff(x); }
__device__ __forceinline__ double normal_distribution(double x) { return normcdf(x); }

// e / (1 + e)^2 of e = exp(-x), x >= 0.
template <typename T>
__device__ __forceinline__ T bell(T x) {
  const T e = exp(-x);
  return e / ((T(1) + e) * (T(1) + e));
}

struct Identity {
  template <typename T>
  static __device__ __forceinline__ T value(T x) {
    return x;
  }
  template <typename T>
  static __device__ __forceinline__ T derivative(T) {
    return T(1);
  }
};

struct Tanh {
  template <typename T>
  static __device__ __forceinline__ T value(T x) {
    return tanh(x);
  }
  template <typename T>
  static __device__ __forceinline__ T derivative(T x) {
    return T(4) * bell(T(2) * fabs(x));
  }
};

struct Relu {
  template <typename T>
  static __device__ __forceinline__ T value(T x) {
    return x > T(0) || x != x ? x : T(0);
  }
  template <typename T>
  static __device__ __forceinline__ T derivative(T x) {
    return x > T(0) ? T(1) : x != x ? x : T(0);
  }
};

struct Gelu {
  template <typename T>
  static __device__ __forceinline__ T value(T x) {
    return x * normal_distribution(x);
  }
  template <typename T>
  static __device__ __forceinline__ T derivative(T x) {
    const T density = T(0.3989422804014327) * exp(T(-0.5) * x * x);
    return normal_distribution(x) + x * density;
  }
};

struct Sigmoid {
  template <typename T>
  static __device__ __forceinline__ T value(T x) {
    const T e = exp(-fabs(x));
    return (x >= T(0) ? T(1) : e) / (T(1) + e);
  }
  template <typename T>
  static __device__ __forceinline__ T derivative(T x) {
    return bell(fabs(x));
  }
};

struct Silu {
  template <typename T>
  static __device__ __forceinline__ T value(T x) {
    return x * Sigmoid::value(x);
  }
  template <typename T>
  static __device__ __forceinline__ T derivative(T x) {
    return Sigmoid::value(x) + x * bell(fabs(x));
  }
};

struct Softplus {
  template <typename T>
  static __device__ __forceinline__ T value(T x) {
    return (x > T(0) ? x : T(0)) + log1p(exp(-fabs(x)));
  }
  template <typename T>
  static __device__ __forceinline__ T derivative(T x) {
    return Sigmoid::value(x);
  }
};

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
