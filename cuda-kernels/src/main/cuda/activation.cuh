// The scalar functions of networks and their derivatives, for float and double: forms that neither
// overflow nor cancel. Sigmoid, softplus and the derivatives of tanh and sigmoid are taken from e^-|x|,
// GELU from the normal distribution function itself, which has its relative precision in both tails. NaN and
// infinity propagate.
#pragma once
#include "device.cuh"

// 1 / x for x in [1, 2^126), on a device within two units in the last place.
__device__ __forceinline__ float quick_reciprocal(float x) {
#ifdef __CUDACC__
  return __fdividef(1.0f, x);
#else
  return 1.0f / x;
#endif
}

// The normal distribution function of x, and exp(-x^2 / 2). With a = |x| that of -a is
// exp(-a^2 / 2) / (a + 3) Q((a - 3) / (a + 3)), Q fitted to a relative error of 5.2e-8 for a up to 14.5,
// beyond which it is no normal number. What a^2 loses to rounding is put right behind the exponential.
__device__ __forceinline__ void normal(float x, float& below, float& bell) {
  constexpr float kQ[] = {0.72908366f, -0.50933230f, 0.23001941f, -0.047255285f, -0.010480095f,
                          0.0069200085f, 0.0010747347f, -0.00089775672f, -0.00026299199f};
  const float a = fmin(fabs(x), 40.0f);
  const float half = -0.5f * a, square = half * a, lost = fma(half, a, -square);
  const float e = exp(square);
  bell = fma(e, lost, e);
  const float r = quick_reciprocal(a + 3.0f), u = fma(-6.0f, r, 1.0f);
  float q = kQ[8];
#pragma unroll
  for (int i = 7; i >= 0; i--) q = fma(q, u, kQ[i]);
  const float tail = bell * (r * q);
  below = x < 0.0f ? tail : 1.0f - tail;
}

__device__ __forceinline__ void normal(double x, double& below, double& bell) {
  below = normcdf(x);
  bell = exp(-0.5 * x * x);
}

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
    T below, bell;
    normal(x, below, bell);
    return x * below;
  }
  template <typename T>
  static __device__ __forceinline__ T derivative(T x) {
    T below, bell;
    normal(x, below, bell);
    return below + x * (T(0.3989422804014327) * bell);
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

// The same chosen at run time; the order is that of org.volterra.spi.Activation.
enum : int { kIdentity, kTanh, kRelu, kGelu, kSilu, kSigmoid, kSoftplus };

template <typename T>
__device__ __forceinline__ T value_of(int function, T x) {
  switch (function) {
    case kTanh: return Tanh::value(x);
    case kRelu: return Relu::value(x);
    case kGelu: return Gelu::value(x);
    case kSilu: return Silu::value(x);
    case kSigmoid: return Sigmoid::value(x);
    case kSoftplus: return Softplus::value(x);
    default: return x;
  }
}

template <typename T>
__device__ __forceinline__ T derivative_of(int function, T x) {
  switch (function) {
    case kTanh: return Tanh::derivative(x);
    case kRelu: return Relu::derivative(x);
    case kGelu: return Gelu::derivative(x);
    case kSilu: return Silu::derivative(x);
    case kSigmoid: return Sigmoid::derivative(x);
    case kSoftplus: return Softplus::derivative(x);
    default: return T(1);
  }
}

// The same of several numbers, chosen once for all: at the end of a layer, which others wait for, choosing for
// each of four numbers took 0.8 us longer on an H200.
template <typename F, typename T, int N>
__device__ __forceinline__ void take_values(T (&x)[N]) {
#pragma unroll
  for (int n = 0; n < N; n++) x[n] = F::value(x[n]);
}

template <typename T, int N>
__device__ __forceinline__ void take_values_of(int function, T (&x)[N]) {
  switch (function) {
    case kTanh: return take_values<Tanh>(x);
    case kRelu: return take_values<Relu>(x);
    case kGelu: return take_values<Gelu>(x);
    case kSilu: return take_values<Silu>(x);
    case kSigmoid: return take_values<Sigmoid>(x);
    case kSoftplus: return take_values<Softplus>(x);
    default: return;
  }
}

template <typename F, typename T, int N>
__device__ __forceinline__ void take_derivatives(T (&x)[N]) {
#pragma unroll
  for (int n = 0; n < N; n++) x[n] = F::derivative(x[n]);
}

template <typename T, int N>
__device__ __forceinline__ void take_derivatives_of(int function, T (&x)[N]) {
  switch (function) {
    case kTanh: return take_derivatives<Tanh>(x);
    case kRelu: return take_derivatives<Relu>(x);
    case kGelu: return take_derivatives<Gelu>(x);
    case kSilu: return take_derivatives<Silu>(x);
    case kSigmoid: return take_derivatives<Sigmoid>(x);
    case kSoftplus: return take_derivatives<Softplus>(x);
    default: return take_derivatives<Identity>(x);
  }
}
