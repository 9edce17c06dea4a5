// What the kernels share: dynamic shared memory, 16-byte packs, views of rows, reductions.
#pragma once

#ifndef DYNAMIC_SHARED
// One name for every type: nvcc wants all declarations of dynamic shared memory to agree.
#define DYNAMIC_SHARED(type, name)                                  \
  extern __shared__ __align__(16) unsigned char dynamic_shared[];   \
  type* name = reinterpret_cast<type*>(dynamic_shared)
#endif

constexpr int kPackBytes = 16;
constexpr int kLanes = 32;
constexpr int kWarps = 8;  // blocks that reduce have (kLanes, kWarps) threads
constexpr unsigned kAllLanes = 0xffffffffu;

// What one thread loads or stores at a time.
template <typename T>
struct alignas(kPackBytes) Pack {
  static constexpr int width = kPackBytes / sizeof(T);
  T at[width];
};

template <typename T>
__device__ __forceinline__ Pack<T> load_pack(const T* from) {
  return *reinterpret_cast<const Pack<T>*>(from);
}

template <typename T>
__device__ __forceinline__ void store_pack(T* to, const Pack<T>& pack) {
  *reinterpret_cast<Pack<T>*>(to) = pack;
}

// A row-major matrix; a stride of 0 repeats one row.
template <typename T>
struct Rows {
  T* data;
  long long stride;
  __device__ __forceinline__ T* row(long long i) const { return data + i * stride; }
};

// Whether every row begins at a multiple of 16 bytes.
template <typename T>
__device__ __forceinline__ bool is_packable(const T* data, long long stride, long long rows) {
  return reinterpret_cast<size_t>(data) % kPackBytes == 0 &&
         (rows <= 1 || stride * static_cast<long long>(sizeof(T)) % kPackBytes == 0);
}

// Calls f(i, in, out) for each element of a rows x columns matrix: in[] holds the elements of the
// operands that are read, out[] receives those that are written. Rows that all begin at 16 bytes
// are moved in packs. Any two-dimensional grid: x runs along a row, and so do all threads of a block
// where there is one row alone.
template <int IN, int OUT, typename T, typename F>
__device__ __forceinline__ void for_each_element(
    const Rows<const T>* in, const Rows<T>* out, long long rows, long long columns, F f) {
  constexpr int W = Pack<T>::width;
  bool packed = true;
#pragma unroll
  for (int k = 0; k < IN; k++) packed = packed && is_packable(in[k].data, in[k].stride, rows);
#pragma unroll
  for (int k = 0; k < OUT; k++) packed = packed && is_packable(out[k].data, out[k].stride, rows);
  const long long packs = packed ? columns / W : 0;
  const bool single = rows == 1;
  const int across = single ? blockDim.x * blockDim.y : blockDim.x;
  const int along = single ? threadIdx.y * blockDim.x + threadIdx.x : threadIdx.x;
  const int high = single ? 1 : blockDim.y;
  const long long row_step = static_cast<long long>(gridDim.y) * high;
  const long long step = static_cast<long long>(gridDim.x) * across;
  const long long first = static_cast<long long>(blockIdx.x) * across + along;
  T u[IN > 0 ? IN : 1];
  T v[OUT > 0 ? OUT : 1];
  for (long long i = static_cast<long long>(blockIdx.y) * high + (single ? 0 : threadIdx.y);
       i < rows; i += row_step) {
#pragma unroll 2
    for (long long q = first; q < packs; q += step) {
      Pack<T> from[IN > 0 ? IN : 1];
      Pack<T> to[OUT > 0 ? OUT : 1];
#pragma unroll
      for (int k = 0; k < IN; k++) from[k] = load_pack(in[k].row(i) + q * W);
#pragma unroll
      for (int w = 0; w < W; w++) {
#pragma unroll
        for (int k = 0; k < IN; k++) u[k] = from[k].at[w];
        f(i, u, v);
#pragma unroll
        for (int k = 0; k < OUT; k++) to[k].at[w] = v[k];
      }
#pragma unroll
      for (int k = 0; k < OUT; k++) store_pack(out[k].row(i) + q * W, to[k]);
    }
#pragma unroll 1
    for (long long j = packs * W + first; j < columns; j += step) {
#pragma unroll
      for (int k = 0; k < IN; k++) u[k] = in[k].row(i)[j];
      f(i, u, v);
#pragma unroll
      for (int k = 0; k < OUT; k++) out[k].row(i)[j] = v[k];
    }
  }
}

struct Sum {
  template <typename T>
  __device__ __forceinline__ T operator()(T a, T b) const {
    return a + b;
  }
};

struct Max {
  template <typename T>
  __device__ __forceinline__ T operator()(T a, T b) const {
    return a > b ? a : b;
  }
};

// Every lane gets the same bits: a butterfly of a commutative operation.
template <typename T, typename Operation>
__device__ __forceinline__ T warp_reduce(T value, Operation operation) {
#pragma unroll
  for (int bit = kLanes / 2; bit > 0; bit /= 2) {
    value = operation(value, __shfl_xor_sync(kAllLanes, value, bit));
  }
  return value;
}

// Reduces over groups of `warps` neighbouring warps (1 to kWarps, a divisor of it) of a block of
// (kLanes, kWarps) threads, in a fixed order. All threads of the block call it; each gets the
// result of its group.
template <typename T, typename Operation>
__device__ __forceinline__ T group_reduce(T value, Operation operation, int warps) {
  __shared__ T parts[kWarps];
  value = warp_reduce(value, operation);
  if (warps == 1) return value;
  __syncthreads();  // an earlier call may still be read
  if (threadIdx.x == 0) parts[threadIdx.y] = value;
  __syncthreads();
  const int first = static_cast<int>(threadIdx.y) / warps * warps;
  value = parts[first];
  for (int w = 1; w < warps; w++) value = operation(value, parts[first + w]);
  return value;
}
