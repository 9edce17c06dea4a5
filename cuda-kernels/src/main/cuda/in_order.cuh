// Blocks that wait for one another within a launch. A block takes a ticket when it begins, and works on the
// part that the ticket names; it may wait only for parts of smaller tickets. Those are held by blocks
// that have begun, so that no wait lasts for ever, however few blocks run at a time: no cooperative
// launch is needed, and a graph may hold such a launch.
//
// Messages    numbers are their own flags: the place of one holds kUnsent, a NaN, until it is sent, and who
//             needs it reads until it is there. So it takes one way through the second-level cache, where a
//             flag would take a fence behind the numbers and two ways.
// Memory      tickets and messages are kUnsent when the launch begins: filled with NaN by the host.
#pragma once
#include <string.h>

#include "device.cuh"

template <typename T>
struct Message;
template <>
struct Message<float> {
  using Bits = unsigned;
  static constexpr Bits kUnsent = 0x7fc00000u, kOtherNaN = 0xffc00000u;
};
template <>
struct Message<double> {
  using Bits = unsigned long long;
  static constexpr Bits kUnsent = 0x7ff8000000000000ull, kOtherNaN = 0xfff8000000000000ull;
};

template <typename T>
__device__ __forceinline__ bool is_unsent(T value) {
  typename Message<T>::Bits bits;
  memcpy(&bits, &value, sizeof(T));
  return bits == Message<T>::kUnsent;
}

template <typename T>
__device__ __forceinline__ T sendable(T value) {
  constexpr typename Message<T>::Bits other = Message<T>::kOtherNaN;
  if (is_unsent(value)) memcpy(&value, &other, sizeof(T));
  return value;
}

#ifdef __CUDACC__

// What is there of messages of 16 bytes.
__device__ __forceinline__ Pack<float> look(const float* from) {
  Pack<float> p;
  asm volatile("ld.relaxed.gpu.global.v4.f32 {%0, %1, %2, %3}, [%4];"
               : "=f"(p.at[0]), "=f"(p.at[1]), "=f"(p.at[2]), "=f"(p.at[3]) : "l"(from) : "memory");
  return p;
}

__device__ __forceinline__ Pack<double> look(const double* from) {
  Pack<double> p;
  asm volatile("ld.relaxed.gpu.global.v2.f64 {%0, %1}, [%2];"
               : "=d"(p.at[0]), "=d"(p.at[1]) : "l"(from) : "memory");
  return p;
}

__device__ __forceinline__ void write_message(float* to, float value) {
  asm volatile("st.relaxed.gpu.global.f32 [%0], %1;" ::"l"(to), "f"(value) : "memory");
}

__device__ __forceinline__ void write_message(double* to, double value) {
  asm volatile("st.relaxed.gpu.global.f64 [%0], %1;" ::"l"(to), "d"(value) : "memory");
}

__device__ __forceinline__ void write_messages(float* to, const Pack<float>& p) {
  asm volatile("st.relaxed.gpu.global.v4.f32 [%0], {%1, %2, %3, %4};" ::"l"(to), "f"(p.at[0]),
               "f"(p.at[1]), "f"(p.at[2]), "f"(p.at[3]) : "memory");
}

__device__ __forceinline__ void write_messages(double* to, const Pack<double>& p) {
  asm volatile("st.relaxed.gpu.global.v2.f64 [%0], {%1, %2};" ::"l"(to), "d"(p.at[0]), "d"(p.at[1])
               : "memory");
}

__device__ __forceinline__ void rest(unsigned nanoseconds) { __nanosleep(nanoseconds); }

#endif

template <typename T>
__device__ __forceinline__ void send(T* to, T value) {
  write_message(to, sendable(value));
}

// To the place of 16 bytes.
template <typename T>
__device__ __forceinline__ void send(T* to, Pack<T> pack) {
#pragma unroll
  for (int w = 0; w < Pack<T>::width; w++) pack.at[w] = sendable(pack.at[w]);
  write_messages(to, pack);
}

template <typename T>
__device__ __forceinline__ bool is_sent(const Pack<T>& pack) {
  bool whole = true;
#pragma unroll
  for (int w = 0; w < Pack<T>::width; w++) whole = whole && !is_unsent(pack.at[w]);
  return whole;
}

// Messages of 16 bytes, when they are there; rests between looks if it is told how long.
template <typename T>
__device__ __forceinline__ Pack<T> receive(const T* from, unsigned nanoseconds = 0) {
  for (;;) {
    const Pack<T> pack = look(from);
    if (is_sent(pack)) return pack;
    if (nanoseconds > 0) rest(nanoseconds);
  }
}

// The next ticket, for all threads of a block.
template <typename T>
__device__ __forceinline__ int take_ticket(T* tickets) {
  __shared__ int ticket;
  __syncthreads();
  if (threadIdx.x == 0) {
    // The first is the lower half of kUnsent.
    ticket = atomicAdd(reinterpret_cast<int*>(tickets), 1) - static_cast<int>(Message<T>::kUnsent);
  }
  __syncthreads();
  return ticket;
}
