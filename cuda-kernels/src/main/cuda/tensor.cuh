// The instructions of tensor cores and of asynchronous copies, as functions of a thread or a warp. The CPU
// harness has twins of them with the same names (tensor_on_cpu.hpp), so that the tiles built on them are
// tested where there is no GPU.
//
// Fragments   of m16n8k8 (TF32) and m16n8k16 (bfloat16), with g = lane / 4 and t = lane % 4:
//             c[0..1] = row g, columns 2t, 2t + 1; c[2..3] = row g + 8, the same columns
//             TF32: a = (g, t), (g + 8, t), (g, t + 4), (g + 8, t + 4); b = (t, g), (t + 4, g)
//             bfloat16, two in 32 bits, the first below: a = (g, 2t..), (g + 8, 2t..), (g, 2t + 8..),
//             (g + 8, 2t + 8..); b = (2t.., g), (2t + 8.., g)
// Copies      copy_async moves BYTES (4, 8 or 16, aligned) to shared memory, of which the first `valid` come
//             from memory and the rest are 0. They may be read by the thread that asked for them after
//             wait_async, by others after a barrier behind it.
// Limits      compute capability 8.0.
#pragma once
#include "device.cuh"

#ifdef __CUDACC__

template <int BYTES>
__device__ __forceinline__ void copy_async(void* to, const void* from, int valid) {
  const unsigned address = static_cast<unsigned>(__cvta_generic_to_shared(to));
  if (BYTES == 16) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(address), "l"(from), "r"(valid)
                 : "memory");
  } else {
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;" ::"r"(address), "l"(from), "n"(BYTES),
                 "r"(valid)
                 : "memory");
  }
}

template <int BYTES>
__device__ __forceinline__ void copy_async(void* to, const void* from) {
  const unsigned address = static_cast<unsigned>(__cvta_generic_to_shared(to));
  if (BYTES == 16) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(address), "l"(from) : "memory");
  } else {
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2;" ::"r"(address), "l"(from), "n"(BYTES)
                 : "memory");
  }
}

// Ends a group of copies; a group may be empty.
__device__ __forceinline__ void commit_async() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// Waits until all groups but the last LEFT are there.
template <int LEFT>
__device__ __forceinline__ void wait_async() {
  asm volatile("cp.async.wait_group %0;" ::"n"(LEFT) : "memory");
}

// To nearest, ties away from zero.
__device__ __forceinline__ unsigned round_tf32(float x) {
  unsigned rounded;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(rounded) : "f"(x));
  return rounded;
}

// To nearest, ties to even.
__device__ __forceinline__ unsigned pack_bf16(float low, float high) {
  unsigned pair;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
}

// c += a * b, by a whole warp.
__device__ __forceinline__ void mma_tf32(
    float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
      "{%8, %9}, {%0, %1, %2, %3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

__device__ __forceinline__ void mma_bf16(
    float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
      "{%8, %9}, {%0, %1, %2, %3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

#endif
