// transpose: y[j, i] = x[i, j] for x of rows x columns, for float and double.
//
// Tiles     32 x 32 through shared memory, padded by one column, so that reads and writes both run
//           along rows of memory.
// Grid      (tiles along columns, tiles along rows); blocks of (32, 8). Tiles along rows may be
//           fewer than needed: blocks stride.
// Bytes     sizeof(T) read and sizeof(T) written per element.
// Limits    x and y do not overlap; strides in elements.
#include "device.cuh"

constexpr int kTransposeTile = 32;

template <typename T>
__device__ __forceinline__ void transpose(
    const T* x, long long x_stride, T* y, long long y_stride, long long rows, long long columns) {
  __shared__ T tile[kTransposeTile][kTransposeTile + 1];
  const long long column0 = static_cast<long long>(blockIdx.x) * kTransposeTile;
  for (long long row0 = static_cast<long long>(blockIdx.y) * kTransposeTile; row0 < rows;
       row0 += static_cast<long long>(gridDim.y) * kTransposeTile) {
    for (int r = threadIdx.y; r < kTransposeTile; r += kWarps) {
      if (row0 + r < rows && column0 + threadIdx.x < columns) {
        tile[r][threadIdx.x] = x[(row0 + r) * x_stride + column0 + threadIdx.x];
      }
    }
    __syncthreads();
    for (int r = threadIdx.y; r < kTransposeTile; r += kWarps) {
      if (column0 + r < columns && row0 + threadIdx.x < rows) {
        y[(column0 + r) * y_stride + row0 + threadIdx.x] = tile[threadIdx.x][r];
      }
    }
    __syncthreads();
  }
}

#define TRANSPOSE(T, suffix)                                                                   \
  extern "C" __global__ void __launch_bounds__(kLanes * kWarps) transpose_##suffix(            \
      const T* x, long long x_stride, T* y, long long y_stride, long long rows,                \
      long long columns) {                                                                     \
    transpose(x, x_stride, y, y_stride, rows, columns);                                        \
  }

TRANSPOSE(float, f32)
TRANSPOSE(double, f64)
