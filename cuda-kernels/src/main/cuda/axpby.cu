// axpby: y[i, j] = alpha * x[i, j] + beta * y[i, j], elementwise over strided rows.
//
// Computes  y = fma(alpha, x, beta * y), one rounding of the product beta * y and one of the result.
//           Where beta is 0 the old y is not read, so it may hold NaN or nothing at all.
// Layout    x and y are row-major, rows x columns; row i begins at i * stride elements and only its
//           first `columns` elements are touched. x and y are the same view or do not overlap.
// Grid      any grid and any block: both loops stride. Best with blockDim (32, 8): the x dimension
//           runs along a row, so that a warp reads and writes consecutive elements.
// Bytes     per element 2 * sizeof(T) read and sizeof(T) written; sizeof(T) less where beta is 0.
// Flops     3 per element (1 where beta is 0): bound by memory bandwidth on every device.
// Limits    rows, columns, strides >= 0, stride >= columns; all offsets below 2^63 elements. Rows
//           shorter than a warp leave lanes idle; nothing is vectorised, no alignment is needed.

template <typename T>
__device__ __forceinline__ void axpby(
    T alpha, const T* x, long long x_stride, T beta, T* y, long long y_stride, long long rows,
    long long columns) {
  const long long row_step = static_cast<long long>(gridDim.y) * blockDim.y;
  const long long column_step = static_cast<long long>(gridDim.x) * blockDim.x;
  const long long first_row = static_cast<long long>(blockIdx.y) * blockDim.y + threadIdx.y;
  const long long first_column = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (long long i = first_row; i < rows; i += row_step) {
    const T* x_row = x + i * x_stride;
    T* y_row = y + i * y_stride;
    for (long long j = first_column; j < columns; j += column_step) {
      y_row[j] = beta == T(0) ? alpha * x_row[j] : fma(alpha, x_row[j], beta * y_row[j]);
    }
  }
}

extern "C" __global__ void axpby_f32(
    float alpha, const float* x, long long x_stride, float beta, float* y, long long y_stride,
    long long rows, long long columns) {
  axpby(alpha, x, x_stride, beta, y, y_stride, rows, columns);
}

extern "C" __global__ void axpby_f64(
    double alpha, const double* x, long long x_stride, double beta, double* y, long long y_stride,
    long long rows, long long columns) {
  axpby(alpha, x, x_stride, beta, y, y_stride, rows, columns);
}
