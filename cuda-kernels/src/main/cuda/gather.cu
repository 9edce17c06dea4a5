// gather_rows: target[i, :] = source[indices[i], :], for float and double.
// check_indices: bad[0] = the first position whose index is outside [0, bound), or -1; bad[1] = that
//           index. With `keep` a position that an earlier launch found stays.
//
// Grid      gather_rows: any grid and block, x along a row. check_indices: one block of (32, 8).
// Bytes     sizeof(T) read and written per element, 16 at a time where all rows are aligned; indices
//           stay in cache.
// Limits    gather_rows skips a row whose index is outside, so that nothing outside is ever read.
#include "device.cuh"

template <typename T>
__device__ __forceinline__ void gather_rows(
    const T* source, long long source_stride, const int* indices, T* target,
    long long target_stride, long long source_rows, long long rows, long long columns) {
  constexpr int W = Pack<T>::width;
  const bool packed = is_packable(source, source_stride, source_rows) &&
                      is_packable(target, target_stride, rows);
  const long long packs = packed ? columns / W : 0;
  const long long first = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
  const long long step = static_cast<long long>(gridDim.x) * blockDim.x;
  for (long long i = static_cast<long long>(blockIdx.y) * blockDim.y + threadIdx.y; i < rows;
       i += static_cast<long long>(gridDim.y) * blockDim.y) {
    const int index = indices[i];
    if (index < 0 || index >= source_rows) continue;
    const T* from = source + index * source_stride;
    T* to = target + i * target_stride;
    for (long long q = first; q < packs; q += step) store_pack(to + q * W, load_pack(from + q * W));
    for (long long j = packs * W + first; j < columns; j += step) to[j] = from[j];
  }
}

#define GATHER_ROWS(T, suffix)                                                                  \
  extern "C" __global__ void gather_rows_##suffix(                                              \
      const T* source, long long source_stride, const int* indices, T* target,                  \
      long long target_stride, long long source_rows, long long rows, long long columns) {      \
    gather_rows(source, source_stride, indices, target, target_stride, source_rows, rows,       \
                columns);                                                                       \
  }

GATHER_ROWS(float, f32)
GATHER_ROWS(double, f64)

struct Least {
  __device__ __forceinline__ int operator()(int a, int b) const { return a < b ? a : b; }
};

extern "C" __global__ void __launch_bounds__(kLanes * kWarps) check_indices(
    const int* indices, int count, int bound, int keep, int* bad) {
  const int thread = static_cast<int>(threadIdx.y * kLanes + threadIdx.x);
  int first = count;
#pragma unroll 8  // no early end: the loads do not wait for each other
  for (int i = thread; i < count; i += kLanes * kWarps) {
    if (indices[i] < 0 || indices[i] >= bound) first = Least()(first, i);
  }
  first = group_reduce(first, Least(), kWarps);
  if (thread == 0 && !(keep != 0 && bad[0] >= 0)) {
    bad[0] = first == count ? -1 : first;
    bad[1] = first == count ? 0 : indices[first];
  }
}
