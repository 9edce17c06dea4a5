// What the kernels of attention over slices share: where a thread works, sums over its row's threads, the
// softmax that grows with the slices, and a ring of packs that are on their way.
#pragma once
#include "bfloat16.cuh"
#include "tensor.cuh"

constexpr int kMostWarps = 32;

__device__ __forceinline__ float wide(float x) { return x; }
__device__ __forceinline__ double wide(double x) { return x; }
__device__ __forceinline__ float wide(unsigned short x) {
  float y;
  convert(x, y);
  return y;
}

__device__ __forceinline__ void narrow_to(float x, float& y) { y = x; }
__device__ __forceinline__ void narrow_to(double x, double& y) { y = x; }
__device__ __forceinline__ void narrow_to(float x, unsigned short& y) { convert(x, y); }

// 1 / sqrt(x), on a device within two units in the last place.
template <typename T>
__device__ __forceinline__ T inverse_root(T x) {
#ifdef __CUDACC__
  return rsqrt(x);
#else
  return T(1) / sqrt(x);
#endif
}

// The place of a thread among those of its row: blocks of (kLanes, groups * warps) threads, `warps` of
// which work on one row, 1 or all of them. All groups of a block make the same number of turns.
struct Place {
  int warps, groups, first, step;
  long long group, turn;

  __device__ __forceinline__ explicit Place(int warps_of_row) : warps(warps_of_row) {
    groups = static_cast<int>(blockDim.y) / warps;
    first = static_cast<int>(threadIdx.y) % warps * kLanes + threadIdx.x;
    step = warps * kLanes;
    group = static_cast<long long>(blockIdx.x) * groups + threadIdx.y / warps;
    turn = static_cast<long long>(gridDim.x) * groups;
  }

  __device__ __forceinline__ long long turns(long long rows) const {
    return (rows - static_cast<long long>(blockIdx.x) * groups + turn - 1) / turn;
  }

  // Waits for the threads of the row.
  __device__ __forceinline__ void wait() const {
    if (warps == 1) {
      __syncwarp();
    } else {
      __syncthreads();
    }
  }
};

constexpr int power_of_two(int n) { return n <= 1 ? 1 : 2 * power_of_two((n + 1) / 2); }

// Sums of N values at a time over the threads of a row; each of them gets all sums. Half of the values are
// handed over at each step across the lanes, so that N values take about as many shuffles as lanes.
template <int N, typename T>
struct RowSums {
  static constexpr int M = power_of_two(N), each = kLanes / M;
  static_assert(M <= kLanes, "a lane for each value");
  T* parts;  // 2 x kMostWarps x M in shared memory, used in turns: one barrier for each call
  int parity;

  __device__ __forceinline__ void operator()(T (&v)[N], const Place& place) {
    T u[M];
#pragma unroll
    for (int n = 0; n < M; n++) u[n] = n < N ? v[n] : T(0);
    const int lane = threadIdx.x;
    int bit = kLanes / 2;
#pragma unroll
    for (int count = M / 2; count > 0; count /= 2, bit /= 2) {
      const bool upper = (lane & bit) != 0;
#pragma unroll
      for (int n = 0; n < count; n++) {
        const T given = upper ? u[n] : u[n + count];
        const T kept = upper ? u[n + count] : u[n];
        u[n] = kept + __shfl_xor_sync(kAllLanes, given, bit);
      }
    }
    T sum = over_equals(u[0]);  // value lane / each
    if (place.warps > 1) {
      T* row = parts + parity * (kMostWarps * M);
      parity ^= 1;
      if (lane % each == 0) row[threadIdx.y * M + lane / each] = sum;
      __syncthreads();
      sum = 0;
      for (int w = lane % each; w < place.warps; w += each) sum += row[w * M + lane / each];
      sum = over_equals(sum);
    }
#pragma unroll
    for (int n = 0; n < N; n++) v[n] = __shfl_sync(kAllLanes, sum, n * each);
  }

 private:
  __device__ __forceinline__ static T over_equals(T value) {
#pragma unroll
    for (int bit = each / 2; bit > 0; bit /= 2) value += __shfl_xor_sync(kAllLanes, value, bit);
    return value;
  }
};

// The scores of a row's slices so far, as the softmax needs them.
template <typename T>
struct OnlineSoftmax {
  T most, total;
  T mean;  // of the products dy . z, times total

  __device__ __forceinline__ OnlineSoftmax() : most(-T(1) / T(0)), total(0), mean(0) {}

  // Takes `count` of G slices, of which v has the sums q z, z^2 and, if DOTS is 3, dy z. weight[] of
  // them gets exp(score - most); what was summed before has to be multiplied by the result. Rate, score and
  // product of the slices go to `record`, where it is not null.
  template <int DOTS, int G>
  __device__ __forceinline__ T take(
      const T (&v)[DOTS * G], int count, T share, T epsilon, T (&weight)[G], T* record) {
    const T before = most;
#pragma unroll
    for (int g = 0; g < G; g++) {
      if (g >= count) continue;
      const T rate = inverse_root(fma(v[DOTS * g + 1], share, epsilon));
      weight[g] = v[DOTS * g] * rate;
      if (record != nullptr) {
        record[3 * g] = rate;
        record[3 * g + 1] = weight[g];
        record[3 * g + 2] = v[DOTS * g + DOTS - 1];
      }
      most = Max()(most, weight[g]);
    }
    const T factor = exp(before - most);
    total *= factor, mean *= factor;
#pragma unroll
    for (int g = 0; g < G; g++) {
      if (g >= count) continue;  // where the sums may be of anything
      weight[g] = exp(weight[g] - most);
      total += weight[g];
      if (DOTS == 3) mean = fma(weight[g], v[DOTS * g + 2], mean);
    }
    return factor;
  }
};

// V neighbouring elements, which are moved at once: 16 bytes, or 8 of bfloat16.
template <typename Z, int V>
struct alignas(V * sizeof(Z)) Part {
  Z at[V];
};

// A ring of SLOTS items of PARTS parts of each thread, at 16 bytes each, in dynamic shared memory. A thread
// reads what it asked for itself, so that no barrier is needed.
template <int PARTS, int SLOTS>
struct Ring {
  Pack<float>* mine;
  int threads, front, back;

  __device__ __forceinline__ explicit Ring(unsigned char* shared) : front(0), back(0) {
    threads = kLanes * static_cast<int>(blockDim.y);
    mine = reinterpret_cast<Pack<float>*>(shared) + threadIdx.y * kLanes + threadIdx.x;
  }

  __device__ __forceinline__ int bytes() const { return PARTS * SLOTS * threads * kPackBytes; }

  // The n-th part of the next item.
  template <int V, typename Z>
  __device__ __forceinline__ void ask(int n, const Z* from) {
    constexpr int bytes = V * sizeof(Z), each = bytes == kPackBytes ? kPackBytes : 4;
    float* to = reinterpret_cast<float*>(mine + (back * PARTS + n) * threads);
#pragma unroll
    for (int o = 0; o < bytes / 4; o += each / 4) {
      copy_async<each>(to + o, reinterpret_cast<const float*>(from) + o, each);
    }
  }

  __device__ __forceinline__ void asked() {
    back = after(back);
    commit_async();
  }

  template <int V, typename Z>
  __device__ __forceinline__ Part<Z, V> at(int slot, int n) const {
    return *reinterpret_cast<const Part<Z, V>*>(mine + (slot * PARTS + n) * threads);
  }

  __device__ __forceinline__ void clear() {
#pragma unroll
    for (int n = 0; n < PARTS * SLOTS; n++) mine[n * threads] = Pack<float>{};
  }

  __device__ __forceinline__ static int after(int slot) { return slot + 1 == SLOTS ? 0 : slot + 1; }
};

// Stores what is not read again soon: the caches let it go first.
template <typename T>
__device__ __forceinline__ void store_last(T* to, const Pack<T>& pack) {
#ifdef __CUDACC__
  __stcs(reinterpret_cast<float4*>(to), *reinterpret_cast<const float4*>(&pack));
#else
  store_pack(to, pack);
#endif
}
