// block_sum: out[b] = the sum of the elements of x that block b owns, through shuffles and shared
// memory. It exists to test the harness: each macro below breaks it in a way that must be noticed.
//   WITHOUT_BARRIER    the partial sums are read without waiting for the other warps
//   PAST_THE_END       one element past the end of out is written
//   DIVERGENT_BARRIER  half of a warp waits for the other half at the end of the block

#ifndef DYNAMIC_SHARED
#define DYNAMIC_SHARED(type, name) extern __shared__ type name[]
#endif

constexpr unsigned kAllLanes = 0xffffffffu;

__device__ __forceinline__ float warp_sum(float value) {
  for (int delta = 16; delta > 0; delta /= 2) value += __shfl_down_sync(kAllLanes, value, delta);
  return value;
}

// blockDim.x is a multiple of 32; dynamic shared memory holds one float per warp.
extern "C" __global__ void block_sum(const float* x, float* out, int n) {
  DYNAMIC_SHARED(float, partial);
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  const float sum = warp_sum(i < n ? x[i] : 0.0f);
  if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = sum;
#ifndef WITHOUT_BARRIER
  __syncthreads();
#endif
  if (threadIdx.x < 32) {
    const float total = warp_sum(threadIdx.x < blockDim.x / 32 ? partial[threadIdx.x] : 0.0f);
    if (threadIdx.x == 0) {
#ifdef PAST_THE_END
      out[blockIdx.x + 1] = total;
#else
      out[blockIdx.x] = total;
#endif
    }
  }
#ifdef DIVERGENT_BARRIER
  if (threadIdx.x % 32 < 16) {
    __syncwarp();
  } else {
    __syncthreads();
  }
#endif
}

// out[i] for i in one block: what the four shuffles bring to each lane.
extern "C" __global__ void shuffles(const float* x, float* out) {
  const unsigned i = threadIdx.x;
  const float value = x[i];
  out[4 * i] = __shfl_sync(kAllLanes, value, 5);
  out[4 * i + 1] = __shfl_up_sync(kAllLanes, value, 3);
  out[4 * i + 2] = __shfl_xor_sync(kAllLanes, value, 9);
  out[4 * i + 3] = __shfl_down_sync(kAllLanes, value, 2, 8);
}

// counts[0] = threads of the grid, with an atomic addition; the static shared tile is reversed.
extern "C" __global__ void reverse(const float* x, float* out, int* counts) {
  __shared__ float tile[128];
  tile[threadIdx.x] = x[blockIdx.x * blockDim.x + threadIdx.x];
  atomicAdd(counts, 1);
#ifndef WITHOUT_BARRIER
  __syncthreads();
#endif
  out[blockIdx.x * blockDim.x + threadIdx.x] = tile[blockDim.x - 1 - threadIdx.x];
}
