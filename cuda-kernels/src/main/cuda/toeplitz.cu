// Products with Toeplitz matrices by Fourier transforms along depth, for float and double. A matrix T
// of N x N, T[j, i] = lags[N - 1 + j - i], is a corner of a circulant of M = 2 N; two real columns are
// the real and imaginary part of one sequence, which a real circulant keeps apart.
//   circulant      c[p] = scale * the first column of the circulant
//   fourier_load   scratch = the first pass of the transform of the columns of x, zero past its rows
//   fourier_block  the second pass forward, times a spectrum or its conjugate, back: each if wanted
//   fourier_store  y = alpha * the last pass of the inverse transform + beta * y
//   toeplitz       load, transform, times a spectrum, back, store in one pass without scratch
//   correlate      g[p] (+)= sum over sequences of d[p] * conj(x[p]), the spectrum of the gradient
//   add_lags       lags[m] += alpha * g[(m - N + 1) mod M]
//
// Tiles     R x 2^log_side elements of Complex<T> in dynamic shared memory, at most 32 KiB: side by
//           side lie neighbouring pairs of columns, so that rows are read in pieces. M up to 4096
//           (float) or 2048 (double) takes one pass (S = 1, R = M), else S = 1024 or 512, R = M / S.
// Grid      x = strips of 2^log_side pairs, y = S (load, store), R (block) or 1; 256 threads.
//           correlate: blocks of (32, 8), a warp for each p. Scratch is [M][pairs].
// Bytes     one pass: sizeof(T) per element of x and of y, twice if beta is not 0. Two passes: 4 times
//           4 N sizeof(T) per column more, of which the second-level cache takes its part.
// Flops     10 N log2(2 N) per column: bound by shared memory.
// Limits    R 2^log_side <= 4096 (float), 2048 (double): N up to 2^21 (float), 2^19 (double).
#include "fourier.cuh"

// The elements of one pass: R of them at p = r * S + s.
template <typename T>
__device__ __forceinline__ Stages<T> outer_pass(
    Complex<T>* z, const Complex<T>* twiddles, int log_R, int log_S, int log_side) {
  return {z, twiddles, log_R, log_side, log_S, static_cast<int>(blockIdx.y), log_R + log_S};
}

template <typename T>
__device__ __forceinline__ void read_columns(
    const T* x, long long x_stride, long long rows, long long columns, const Stages<T>& pass) {
  const int side = 1 << pass.log_side;
  for (int item = threadIdx.x; item < pass.items(); item += blockDim.x) {
    const int r = item >> pass.log_side, c = item & (side - 1);
    const long long p = (static_cast<long long>(r) << pass.log_stride) + pass.shift;
    const long long column = 2 * (static_cast<long long>(blockIdx.x) * side + c);
    const T* from = x + p * x_stride + column;
    pass.z[item].re = p < rows && column < columns ? from[0] : T(0);
    pass.z[item].im = p < rows && column + 1 < columns ? from[1] : T(0);
  }
  __syncthreads();
}

template <typename T>
__device__ __forceinline__ void write_columns(
    T alpha, T beta, T* y, long long y_stride, long long rows, long long columns,
    const Stages<T>& pass) {
  const int side = 1 << pass.log_side;
  for (int item = threadIdx.x; item < pass.items(); item += blockDim.x) {
    const int r = item >> pass.log_side, c = item & (side - 1);
    const long long p = (static_cast<long long>(r) << pass.log_stride) + pass.shift;
    const long long column = 2 * (static_cast<long long>(blockIdx.x) * side + c);
    if (p >= rows) continue;
    const T parts[2] = {pass.z[item].re, pass.z[item].im};
    T* to = y + p * y_stride + column;
    for (int k = 0; k < 2 && column + k < columns; k++) {
      to[k] = beta == T(0) ? alpha * parts[k] : fma(alpha, parts[k], beta * to[k]);
    }
  }
}

// Between shared memory and scratch [M][pairs]; first is the first element, step the distance.
template <typename T, bool TO_SCRATCH>
__device__ __forceinline__ void move_scratch(
    Complex<T>* scratch, long long pairs, long long first, long long step, const Stages<T>& pass) {
  const int side = 1 << pass.log_side;
  for (int item = threadIdx.x; item < pass.items(); item += blockDim.x) {
    const int r = item >> pass.log_side, c = item & (side - 1);
    const long long pair = static_cast<long long>(blockIdx.x) * side + c;
    Complex<T>* outside = scratch + (first + r * step) * pairs + pair;
    if (TO_SCRATCH) {
      if (pair < pairs) *outside = pass.z[item];
    } else {
      pass.z[item] = pair < pairs ? *outside : Complex<T>{T(0), T(0)};
    }
  }
  if (!TO_SCRATCH) __syncthreads();
}

template <typename T>
__device__ __forceinline__ void multiply_spectrum(
    const Complex<T>* spectrum, bool conjugated, long long first, const Stages<T>& pass) {
  for (int item = threadIdx.x; item < pass.items(); item += blockDim.x) {
    const Complex<T> factor = spectrum[first + (item >> pass.log_side)];
    pass.z[item] = pass.z[item] * (conjugated ? conjugate(factor) : factor);
  }
  __syncthreads();
}

template <typename T>
__device__ __forceinline__ void correlate(
    Complex<T>* g, const Complex<T>* x, const Complex<T>* d, long long pairs, int add,
    long long M) {
  const long long p = static_cast<long long>(blockIdx.x) * kWarps + threadIdx.y;
  double re = 0, im = 0;
  if (p < M) {
    for (long long c = threadIdx.x; c < pairs; c += kLanes) {
      const Complex<T> u = x[p * pairs + c], v = d[p * pairs + c];
      const double a = u.re, b = u.im;
      re = fma(static_cast<double>(v.re), a, fma(static_cast<double>(v.im), b, re));
      im = fma(static_cast<double>(v.im), a, fma(static_cast<double>(-v.re), b, im));
    }
  }
  re = warp_reduce(re, Sum());
  im = warp_reduce(im, Sum());
  if (p >= M || threadIdx.x != 0) return;
  if (add != 0) re += g[p].re, im += g[p].im;
  g[p] = {static_cast<T>(re), static_cast<T>(im)};
}

constexpr int kForward = 1, kMultiply = 2, kConjugate = 4, kInverse = 8;  // steps of fourier_block

#define TOEPLITZ(T, suffix)                                                                       \
  extern "C" __global__ void circulant_##suffix(                                                  \
      T scale, const T* lags, int count, T* c, int N) {                                           \
    for (int p = blockIdx.x * blockDim.x + threadIdx.x; p < 2 * N;                                \
         p += gridDim.x * blockDim.x) {                                                           \
      const int m = p < N ? N - 1 + p : p - N - 1;                                                \
      c[p] = m >= 0 && m < count ? scale * lags[m] : T(0);                                        \
    }                                                                                             \
  }                                                                                               \
  extern "C" __global__ void __launch_bounds__(256, 4) fourier_load_##suffix(                        \
      const T* x, long long x_stride, Complex<T>* scratch, const Complex<T>* twiddles, int log_R, \
      int log_S, int log_side, long long rows, long long columns) {                                   \
    DYNAMIC_SHARED(Complex<T>, z);                                                                \
    const Stages<T> pass = outer_pass(z, twiddles, log_R, log_S, log_side);                               \
    read_columns(x, x_stride, rows, columns, pass);                                               \
    pass.forward();                                                                               \
    move_scratch<T, true>(scratch, (columns + 1) / 2, pass.shift, 1LL << log_S, pass);                       \
  }                                                                                               \
  extern "C" __global__ void __launch_bounds__(256, 4) fourier_block_##suffix(                       \
      Complex<T>* scratch, const Complex<T>* spectrum, const Complex<T>* twiddles, int steps,     \
      int log_R, int log_S, int log_side, long long pairs) {                                              \
    DYNAMIC_SHARED(Complex<T>, z);                                                                \
    const Stages<T> pass = {z, twiddles, log_S, log_side, 0, 0, log_R + log_S};                               \
    const long long first = static_cast<long long>(blockIdx.y) << log_S;                               \
    move_scratch<T, false>(scratch, pairs, first, 1, pass);                                       \
    if ((steps & kForward) != 0) pass.forward();                                                  \
    if ((steps & kMultiply) != 0) {                                                               \
      multiply_spectrum(spectrum, (steps & kConjugate) != 0, first, pass);                        \
    }                                                                                             \
    if ((steps & kInverse) != 0) pass.inverse();                                                  \
    move_scratch<T, true>(scratch, pairs, first, 1, pass);                                        \
  }                                                                                               \
  extern "C" __global__ void __launch_bounds__(256, 4) fourier_store_##suffix(                       \
      T alpha, Complex<T>* scratch, const Complex<T>* twiddles, T beta, T* y,                     \
      long long y_stride, int log_R, int log_S, int log_side, long long rows, long long columns) {        \
    DYNAMIC_SHARED(Complex<T>, z);                                                                \
    const Stages<T> pass = outer_pass(z, twiddles, log_R, log_S, log_side);                               \
    move_scratch<T, false>(scratch, (columns + 1) / 2, pass.shift, 1LL << log_S, pass);                      \
    pass.inverse();                                                                               \
    write_columns(alpha, beta, y, y_stride, rows, columns, pass);                                 \
  }                                                                                               \
  extern "C" __global__ void __launch_bounds__(256, 4) toeplitz_##suffix(                            \
      T alpha, const T* x, long long x_stride, const Complex<T>* spectrum, int conjugated,        \
      const Complex<T>* twiddles, T beta, T* y, long long y_stride, int log_M, int log_side,          \
      long long x_rows, long long y_rows, long long columns) {                                    \
    DYNAMIC_SHARED(Complex<T>, z);                                                                \
    const Stages<T> pass = outer_pass(z, twiddles, log_M, 0, log_side);                               \
    read_columns(x, x_stride, x_rows, columns, pass);                                             \
    pass.forward();                                                                               \
    multiply_spectrum(spectrum, conjugated != 0, 0, pass);                                        \
    pass.inverse();                                                                               \
    write_columns(alpha, beta, y, y_stride, y_rows, columns, pass);                               \
  }                                                                                               \
  extern "C" __global__ void __launch_bounds__(kLanes * kWarps) correlate_##suffix(               \
      Complex<T>* g, const Complex<T>* x, const Complex<T>* d, long long pairs, int add,          \
      long long M) {                                                                              \
    correlate(g, x, d, pairs, add, M);                                                            \
  }                                                                                               \
  extern "C" __global__ void add_lags_##suffix(T alpha, const T* g, T* lags, int count, int N) {  \
    for (int m = blockIdx.x * blockDim.x + threadIdx.x; m < count;                                \
         m += gridDim.x * blockDim.x) {                                                           \
      lags[m] = fma(alpha, g[m < N - 1 ? m + N + 1 : m - N + 1], lags[m]);                        \
    }                                                                                             \
  }

TOEPLITZ(float, f32)
TOEPLITZ(double, f64)
