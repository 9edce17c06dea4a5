// Fourier transforms in shared memory, several sequences side by side.
//
// A transform of length M = R * S runs in one pass (S = 1) or in two: the stages whose butterflies
// span at least S elements, on the R elements p = r * S + s of each s; then the rest, on blocks of S
// neighbouring elements. Forward transforms decimate in frequency, inverse ones in time: spectra stay
// in the order of their bits and no element is moved for its own sake. Two stages at a time.
#pragma once
#include "device.cuh"

template <typename T>
struct alignas(2 * sizeof(T)) Complex {
  T re, im;
};

template <typename T>
__device__ __forceinline__ Complex<T> operator+(Complex<T> a, Complex<T> b) {
  return {a.re + b.re, a.im + b.im};
}
template <typename T>
__device__ __forceinline__ Complex<T> operator-(Complex<T> a, Complex<T> b) {
  return {a.re - b.re, a.im - b.im};
}
template <typename T>
__device__ __forceinline__ Complex<T> operator*(Complex<T> a, Complex<T> b) {
  return {fma(a.re, b.re, -(a.im * b.im)), fma(a.re, b.im, a.im * b.re)};
}
template <typename T>
__device__ __forceinline__ Complex<T> conjugate(Complex<T> a) {
  return {a.re, -a.im};
}
template <typename T>
__device__ __forceinline__ Complex<T> times_i(Complex<T> a) {
  return {-a.im, a.re};
}

// The stages of one pass over sequences that lie in shared memory as [2^log_length][2^log_side].
// Element r of the pass is element r * 2^log_stride + shift of a transform of 2^log_M.
template <typename T>
struct Stages {
  Complex<T>* z;
  const Complex<T>* twiddles;  // exp(-2 pi i k / M), k < M / 2
  int log_length, log_side, log_stride, shift, log_M;

  __device__ __forceinline__ int items() const { return 1 << (log_length + log_side); }

  // The factor of butterfly j of a stage whose butterflies span 2^log_span elements of the pass.
  __device__ __forceinline__ Complex<T> twiddle(int j, int log_span) const {
    return twiddles[((j << log_stride) + shift) << (log_M - 1 - log_span - log_stride)];
  }

  __device__ __forceinline__ void one_stage(int log_span, bool inverse) const {
    const int step = 1 << (log_span + log_side);
    for (int item = threadIdx.x; item < items() / 2; item += blockDim.x) {
      const int b = item >> log_side, c = item & ((1 << log_side) - 1);
      const int j = b & ((1 << log_span) - 1);
      Complex<T>* at = z + ((((b >> log_span) << (log_span + 1)) + j) << log_side) + c;
      const Complex<T> w = twiddle(j, log_span), u = at[0], v = at[step];
      if (inverse) {
        const Complex<T> t = v * conjugate(w);
        at[0] = u + t, at[step] = u - t;
      } else {
        at[0] = u + v, at[step] = (u - v) * w;
      }
    }
    __syncthreads();
  }

  // The stages of 2^log_span and of half of it.
  __device__ __forceinline__ void two_stages(int log_span, bool inverse) const {
    const int log_quarter = log_span - 1;
    const int step = 1 << (log_quarter + log_side);
    for (int item = threadIdx.x; item < items() / 4; item += blockDim.x) {
      const int b = item >> log_side, c = item & ((1 << log_side) - 1);
      const int j = b & ((1 << log_quarter) - 1);
      Complex<T>* at = z + ((((b >> log_quarter) << (log_span + 1)) + j) << log_side) + c;
      const Complex<T> w = twiddle(j, log_span), w2 = twiddle(j, log_quarter);
      const Complex<T> u0 = at[0], u1 = at[step], u2 = at[2 * step], u3 = at[3 * step];
      if (inverse) {
        const Complex<T> t1 = u1 * conjugate(w2), t3 = u3 * conjugate(w2);
        const Complex<T> v0 = u0 + t1, v1 = u0 - t1;
        const Complex<T> v2 = (u2 + t3) * conjugate(w), v3 = times_i((u2 - t3) * conjugate(w));
        at[0] = v0 + v2, at[step] = v1 + v3, at[2 * step] = v0 - v2, at[3 * step] = v1 - v3;
      } else {
        const Complex<T> v0 = u0 + u2, v1 = u1 + u3;
        const Complex<T> v2 = (u0 - u2) * w, v3 = times_i((u3 - u1) * w);
        at[0] = v0 + v1, at[step] = (v0 - v1) * w2;
        at[2 * step] = v2 + v3, at[3 * step] = (v2 - v3) * w2;
      }
    }
    __syncthreads();
  }

  // All threads of the block, after a barrier; they end with one.
  __device__ __forceinline__ void forward() const {
    int log_span = log_length - 1;
    if (log_length % 2 != 0) one_stage(log_span--, false);
    for (; log_span >= 1; log_span -= 2) two_stages(log_span, false);
  }

  __device__ __forceinline__ void inverse() const {
    for (int log_span = 1; log_span < log_length; log_span += 2) two_stages(log_span, true);
    if (log_length % 2 != 0) one_stage(log_length - 1, true);
  }
};
