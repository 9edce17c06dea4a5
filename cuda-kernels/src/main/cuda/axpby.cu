// Linear elementwise operations over strided rows, for float and double:
//   axpby   y[i, j] = alpha * x[i, j] + beta * y[i, j]
//   add_row y[i, j] = alpha * row[j] + beta * y[i, j]
//   fill    y[i, j] = value
//   axpby_rows  y[i, j] = alpha[i] * x[i, j] + beta[i] * y[i, j]; a stride of 0 makes x a row for all
//   decays  y[i, j] = e^(-times[i] * rates[j]), in float64, rounded once
//   clip    y[i, j] *= most / sqrt(squares) where that root exceeds most, as axpby with alpha = 0
//
// Computes  y = fma(alpha, x, beta * y), one rounding of the product beta * y and one of the result.
//           Where beta is 0 the old y is not read, so it may hold NaN or nothing at all.
// Layout    x and y are row-major, rows x columns; row i begins at i * stride elements and only its
//           first `columns` elements are touched. x and y are the same view or do not overlap.
// Grid      any grid and any block: both loops stride; the x dimension runs along a row.
// Bytes     per element 2 * sizeof(T) read and sizeof(T) written; sizeof(T) less where beta is 0, and
//           sizeof(T) less for a row, which stays in cache; decays writes sizeof(T) alone. 16 at a time where all rows are aligned.
// Flops     3 per element (1 where beta is 0): bound by memory bandwidth on every device. decays: about
//           40 in float64, for small tables.
// Limits    rows, columns, strides >= 0, stride >= columns; all offsets below 2^63 elements.
#include "device.cuh"

template <typename T>
__device__ __forceinline__ void axpby(
    T alpha, const T* x, long long x_stride, T beta, T* y, long long y_stride, long long rows,
    long long columns) {
  const Rows<const T> in[] = {{x, x_stride}, {y, y_stride}};
  const Rows<T> out[] = {{y, y_stride}};
  if (beta == T(0)) {
    for_each_element<1, 1>(in, out, rows, columns, [=](long long, const T* u, T* v) {
      v[0] = alpha * u[0];
    });
  } else {
    for_each_element<2, 1>(in, out, rows, columns, [=](long long, const T* u, T* v) {
      v[0] = fma(alpha, u[0], beta * u[1]);
    });
  }
}

template <typename T>
__device__ __forceinline__ void axpby_rows(
    const T* alpha, const T* x, long long x_stride, const T* beta, T* y, long long y_stride,
    long long rows, long long columns) {
  const Rows<const T> in[] = {{x, x_stride}, {y, y_stride}};
  const Rows<T> out[] = {{y, y_stride}};
  for_each_element<2, 1>(in, out, rows, columns, [=](long long i, const T* u, T* v) {
    const T b = beta[i];
    v[0] = b == T(0) ? alpha[i] * u[0] : fma(alpha[i], u[0], b * u[1]);
  });
}

template <typename T>
__device__ __forceinline__ void decays(
    const double* times, const T* rates, T* y, long long y_stride, long long rows,
    long long columns) {
  const Rows<const T> in[] = {{rates, 0}};
  const Rows<T> out[] = {{y, y_stride}};
  for_each_element<1, 1>(in, out, rows, columns, [=](long long i, const T* u, T* v) {
    v[0] = static_cast<T>(exp(-times[i] * static_cast<double>(u[0])));
  });
}

template <typename T>
__device__ __forceinline__ void fill(
    T value, T* y, long long y_stride, long long rows, long long columns) {
  const Rows<const T>* nothing = nullptr;
  const Rows<T> out[] = {{y, y_stride}};
  for_each_element<0, 1>(nothing, out, rows, columns, [=](long long, const T*, T* v) {
    v[0] = value;
  });
}

// The factor is computed in float64 and rounded once, as the host would; a norm that is NaN clips
// nothing.
template <typename T>
__device__ __forceinline__ void clip(
    double most, const double* squares, T* y, long long y_stride, long long rows,
    long long columns) {
  const double norm = sqrt(*squares);
  if (norm > most) {
    axpby(T(0), y, y_stride, static_cast<T>(most / norm), y, y_stride, rows, columns);
  }
}

#define LINEAR(T, suffix)                                                                        \
  extern "C" __global__ void axpby_##suffix(                                                     \
      T alpha, const T* x, long long x_stride, T beta, T* y, long long y_stride, long long rows, \
      long long columns) {                                                                       \
    axpby(alpha, x, x_stride, beta, y, y_stride, rows, columns);                                 \
  }                                                                                              \
  extern "C" __global__ void add_row_##suffix(                                                   \
      T alpha, const T* row, T beta, T* y, long long y_stride, long long rows,                   \
      long long columns) {                                                                       \
    axpby(alpha, row, 0LL, beta, y, y_stride, rows, columns);                                    \
  }                                                                                              \
  extern "C" __global__ void axpby_rows_##suffix(                                                \
      const T* alpha, const T* x, long long x_stride, const T* beta, T* y, long long y_stride,   \
      long long rows, long long columns) {                                                       \
    axpby_rows(alpha, x, x_stride, beta, y, y_stride, rows, columns);                            \
  }                                                                                              \
  extern "C" __global__ void decays_##suffix(                                                    \
      const double* times, const T* rates, T* y, long long y_stride, long long rows,             \
      long long columns) {                                                                       \
    decays(times, rates, y, y_stride, rows, columns);                                            \
  }                                                                                              \
  extern "C" __global__ void fill_##suffix(                                                      \
      T value, T* y, long long y_stride, long long rows, long long columns) {                    \
    fill(value, y, y_stride, rows, columns);                                                     \
  }                                                                                              \
  extern "C" __global__ void clip_##suffix(                                                      \
      double most, const double* squares, T* y, long long y_stride, long long rows,              \
      long long columns) {                                                                       \
    clip(most, squares, y, y_stride, rows, columns);                                             \
  }

LINEAR(float, f32)
LINEAR(double, f64)
