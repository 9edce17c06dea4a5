// The scalar functions of networks and their derivatives, for float and double: forms that neither
// overflow nor cancel. Sigmoid, softplus and the derivatives of tanh and sigmoid are taken from e^-|x|,
// GELU from the normal distribution function itself. NaN and infinity propagate.
#pragma once
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
