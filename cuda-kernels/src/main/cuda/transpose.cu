// transpose: y[j, i] = x[i, j] for x of rows x columns, for float and double.
//
// Tiles     32 x 32 through shared memory, padded by one column, 16 bytes at a time in memory where both
//           matrices lie so, else along rows.
// Grid      (tiles along columns, tiles along rows); blocks of 128 threads. Tiles along rows may be
//           fewer than needed: blocks stride.
// Bytes     sizeof(T) read and sizeof(T) written per element.
// Measured  H200, 16384 x 1024 in float32, in a graph: 37.4 us (3.59 TB/s, 93% of a copy); an element at a
//           time 42.7; tiles of 64 x 64 48 to 53.
// Limits    x and y do not overlap; strides in elements.
#include "device.cuh"

constexpr int kTransposeTile = 32, kTransposeThreads = 128;

// Calls f(row, first column) for packs of W elements of a tile, a few of them for each thread.
template <int W, typename F>
__device__ __forceinline__ void for_each_of_tile(F f) {
  constexpr int packs = kTransposeTile / W, step = kTransposeThreads / packs;
  const int thread = static_cast<int>(threadIdx.x), j = thread % packs * W;
#pragma unroll
  for (int i = 0; i < kTransposeTile; i += step) f(i + thread / packs, j);
}

template <int W, typename T>
__device__ __forceinline__ void transpose(
    const T* x, long long x_stride, T* y, long long y_stride, long long rows, long long columns) {
  __shared__ T tile[kTransposeTile][kTransposeTile + 1];
  const long long column0 = static_cast<long long>(blockIdx.x) * kTransposeTile;
  for (long long row0 = static_cast<long long>(blockIdx.y) * kTransposeTile; row0 < rows;
       row0 += static_cast<long long>(gridDim.y) * kTransposeTile) {
    for_each_of_tile<W>([&](int r, int j) {
      if (row0 + r >= rows || column0 + j >= columns) return;
      const T* from = x + (row0 + r) * x_stride + column0 + j;
      if (W > 1) {
        const Pack<T> pack = load_pack(from);
#pragma unroll
        for (int w = 0; w < W; w++) tile[r][j + w] = pack.at[w];
      } else {
        tile[r][j] = *from;
      }
    });
    __syncthreads();
    for_each_of_tile<W>([&](int r, int j) {
      if (column0 + r >= columns || row0 + j >= rows) return;
      T* to = y + (column0 + r) * y_stride + row0 + j;
      if (W > 1) {
        Pack<T> pack;
#pragma unroll
        for (int w = 0; w < W; w++) pack.at[w] = tile[j + w][r];
        store_pack(to, pack);
      } else {
        *to = tile[j][r];
      }
    });
    __syncthreads();
  }
}

#define TRANSPOSE(T, suffix)                                                                   \
  extern "C" __global__ void __launch_bounds__(kTransposeThreads) transpose_##suffix(          \
      const T* x, long long x_stride, T* y, long long y_stride, long long rows,                \
      long long columns) {                                                                     \
    constexpr int W = Pack<T>::width;                                                          \
    if (rows % W == 0 && columns % W == 0 && is_packable(x, x_stride, rows) &&                 \
        is_packable(y, y_stride, columns)) {                                                   \
      transpose<W>(x, x_stride, y, y_stride, rows, columns);                                   \
    } else {                                                                                   \
      transpose<1>(x, x_stride, y, y_stride, rows, columns);                                   \
    }                                                                                          \
  }

TRANSPOSE(float, f32)
TRANSPOSE(double, f64)
