// The sums that a product leaves: partial[piece, i, j] over pieces of the inner dimension, added in order,
// or every blockDim.y-th of them by one thread and then those sums.
#pragma once
#include "device.cuh"

constexpr int kSumThreads = 256;

// Calls f(i, j, sum) for W neighbouring elements of a row each; columns are a multiple of W. Any grid of one
// dimension; blocks of at most kSumThreads, of which y shares the pieces.
template <typename T, int W, typename F>
__device__ __forceinline__ void for_each_sum(
    const T* partial, int pieces, long long rows, long long columns, F f) {
  __shared__ Pack<T> parts[kSumThreads];
  const long long size = rows * columns;
  const int x = static_cast<int>(threadIdx.x), y = static_cast<int>(threadIdx.y);
  const int across = static_cast<int>(blockDim.x), down = static_cast<int>(blockDim.y);
  const long long step = static_cast<long long>(gridDim.x) * across * W;
  for (long long first = static_cast<long long>(blockIdx.x) * across * W; first < size; first += step) {
    const long long at = first + x * W;
    Pack<T> sum = {};
    if (at < size) {
#pragma unroll 4
      for (int s = y; s < pieces; s += down) {
        const T* from = partial + s * size + at;
        if (W > 1) {
          const Pack<T> part = load_pack(from);
#pragma unroll
          for (int w = 0; w < W; w++) sum.at[w] += part.at[w];
        } else {
          sum.at[0] += *from;
        }
      }
    }
    if (down > 1) {
      parts[y * across + x] = sum;
      __syncthreads();
      if (y == 0) {
        for (int r = 1; r < down; r++) {
#pragma unroll
          for (int w = 0; w < W; w++) sum.at[w] += parts[r * across + x].at[w];
        }
      }
      __syncthreads();
    }
    if (y == 0 && at < size) f(at / columns, at % columns, sum);
  }
}
