// Blocks that wait for one another within a launch. A block takes a ticket when it begins, and works on the
// part that the ticket names; it may wait only for parts of smaller tickets. Those are held by blocks
// that have begun, so that no wait lasts for ever, however few blocks run at a time: no cooperative
// launch is needed, and a graph may hold such a launch.
//
// Memory      tickets and flags are int32 and 0 when the launch begins.
// Visibility  what a block wrote to memory before `publish` is seen by those behind `await`, if they
//             read it past the first-level cache (load_fresh): the barrier orders the writes of all
//             threads before the release of the one that writes the flag.
#pragma once
#include "device.cuh"

#ifdef __CUDACC__

__device__ __forceinline__ int read_flag(const int* flag) {
  int value;
  asm volatile("ld.acquire.gpu.global.s32 %0, [%1];" : "=r"(value) : "l"(flag) : "memory");
  return value;
}

__device__ __forceinline__ void write_flag(int* flag, int value) {
  asm volatile("st.release.gpu.global.s32 [%0], %1;" ::"l"(flag), "r"(value) : "memory");
}

__device__ __forceinline__ void rest(unsigned nanoseconds) {
  if (nanoseconds > 0) __nanosleep(nanoseconds);
}

// 16 bytes that another block may just have written.
template <typename T>
__device__ __forceinline__ Pack<T> load_fresh(const T* from) {
  const float4 bits = __ldcg(reinterpret_cast<const float4*>(from));
  return *reinterpret_cast<const Pack<T>*>(&bits);
}

#endif

// The next ticket, for all threads of a block.
__device__ __forceinline__ int take_ticket(int* tickets) {
  __shared__ int ticket;
  __syncthreads();
  if (threadIdx.x == 0) ticket = atomicAdd(tickets, 1);
  __syncthreads();
  return ticket;
}

// Waits until the part is done; all threads of the block call it. Who needs it for a part that is far from
// being next asks less often, out of the way of who needs it most.
__device__ __forceinline__ void await(const int* flag, int distance) {
  if (threadIdx.x == 0) {
    while (read_flag(flag) == 0) rest(distance > 1 ? 500 : 0);
  }
  __syncthreads();
}

// Tells that the block's part is done; all threads of the block call it.
__device__ __forceinline__ void publish(int* flag) {
  __syncthreads();
  if (threadIdx.x == 0) write_flag(flag, 1);
}
