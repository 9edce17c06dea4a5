// The instructions of compute capability 9.0 that products of a warpgroup are built on, as functions of a
// thread, a warp or a warpgroup. The CPU harness has twins of them with the same names (hopper_on_cpu.hpp),
// so that the tiles built on them are tested where there is no GPU.
//
// Barriers    lie in shared memory and go through phases: one is over when all arrivals have come and all
//             bytes that were announced. wait_barrier waits until the phase of a parity is over; the first
//             has parity 0.
// Tiles       copy_tile brings the box of a tensor map whose first element is (x, y), x along the rows of
//             memory, and counts its bytes on the barrier. Elements past the edges are 0. Rows of a box are
//             128 bytes and begin at multiples of 1024 in eights; the 16-byte chunk c of row r lies in
//             place c ^ r % 8.
// Products    of a warpgroup, asynchronous: m64n128k8 (TF32) or m64n128k16 (bfloat16). a comes from
//             registers: warp w of the group has rows 16 w to 16 w + 15, as the fragments of tensor.cuh. b
//             comes from shared memory, 128 rows along k that lie as a tile does. c[4 j + 2 h + e] is row
//             g + 8 h, column 8 j + 2 t + e. Neither c, a nor b may be touched until wait_products.
// Limits      compute capability 9.0, code for sm_90a; nothing else may call these.
#pragma once
#include "tensor.cuh"

#ifdef __CUDACC__

// What cuTensorMapEncodeTiled writes.
struct alignas(64) TensorMap {
  unsigned char opaque[128];
};

struct Barrier {
  unsigned long long state;
};

__device__ __forceinline__ unsigned shared_address(const void* p) {
  return static_cast<unsigned>(__cvta_generic_to_shared(p));
}

__device__ __forceinline__ void init_barrier(Barrier* barrier, int arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared_address(barrier)), "r"(arrivals)
               : "memory");
}

// Shows barriers that one thread initialised to copies; a barrier of the block has to follow.
__device__ __forceinline__ void publish_barriers() {
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
}

__device__ __forceinline__ void arrive(Barrier* barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(shared_address(barrier)) : "memory");
}

// Arrives and announces bytes.
__device__ __forceinline__ void arrive_expecting(Barrier* barrier, int bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(shared_address(barrier)),
               "r"(bytes)
               : "memory");
}

__device__ __forceinline__ void wait_barrier(Barrier* barrier, int parity) {
  asm volatile(
      "{\n"
      ".reg .pred over;\n"
      "again:\n"
      "mbarrier.try_wait.parity.shared::cta.b64 over, [%0], %1;\n"
      "@!over bra again;\n"
      "}" ::"r"(shared_address(barrier)),
      "r"(parity)
      : "memory");
}

__device__ __forceinline__ void copy_tile(
    void* to, const TensorMap* map, int x, int y, Barrier* barrier) {
  asm volatile(
      "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes "
      "[%0], [%1, {%2, %3}], [%4];" ::"r"(shared_address(to)),
      "l"(map), "r"(x), "r"(y), "r"(shared_address(barrier))
      : "memory");
}

// Shows what this thread wrote to shared memory to products and copies; an arrival has to follow.
__device__ __forceinline__ void publish_shared() {
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

// A barrier of the 128 threads of a warpgroup. Number 0 is __syncthreads.
__device__ __forceinline__ void sync_warpgroup(int number) {
  asm volatile("bar.sync %0, 128;" ::"r"(number) : "memory");
}

// The registers of each thread of a warpgroup from now on.
template <int COUNT>
__device__ __forceinline__ void take_registers() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(COUNT));
}

template <int COUNT>
__device__ __forceinline__ void leave_registers() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(COUNT));
}

// Four 8 x 4 matrices of 32-bit elements: lane l names row l % 8 of matrix l / 8 and gets element
// (l / 4, l % 4) of each.
__device__ __forceinline__ void load_matrices(unsigned (&to)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(shared_address(row))
               : "memory");
}

// Where the operand b of a product lies: rows of a tile, of which the first 32 bytes are meant.
struct SharedRows {
  unsigned long long descriptor;
};

__device__ __forceinline__ SharedRows shared_rows(const void* tile) {
  constexpr unsigned long long swizzle_128 = 1, bytes_of_eight_rows = 1024;
  return {swizzle_128 << 62 | bytes_of_eight_rows / 16 << 32 | 1ull << 16 |
          (shared_address(tile) & 0x3ffff) / 16};
}

// The 32 bytes of each row that lie so many bytes behind, a multiple of 32 below 128.
__device__ __forceinline__ SharedRows behind(SharedRows rows, int bytes) {
  return {rows.descriptor + bytes / 16};
}

// Before the first product, and after registers of a or c were written.
__device__ __forceinline__ void begin_products() {
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}

// Ends a group of products.
__device__ __forceinline__ void commit_products() {
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}

// Waits until all groups but the last LEFT are done.
template <int LEFT>
__device__ __forceinline__ void wait_products() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(LEFT) : "memory");
}

#define HOPPER_EIGHT(c, i)                                                                        \
  "+f"(c[i]), "+f"(c[i + 1]), "+f"(c[i + 2]), "+f"(c[i + 3]), "+f"(c[i + 4]), "+f"(c[i + 5]),     \
      "+f"(c[i + 6]), "+f"(c[i + 7])
#define HOPPER_SUMS(c)                                                                            \
  HOPPER_EIGHT(c, 0), HOPPER_EIGHT(c, 8), HOPPER_EIGHT(c, 16), HOPPER_EIGHT(c, 24),               \
      HOPPER_EIGHT(c, 32), HOPPER_EIGHT(c, 40), HOPPER_EIGHT(c, 48), HOPPER_EIGHT(c, 56)
#define HOPPER_PRODUCT(shape, transposed)                                                         \
  asm volatile("wgmma.mma_async.sync.aligned." shape                                              \
               " {%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, "    \
               "%17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, " \
               "%33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, " \
               "%49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63}, "     \
               "{%64, %65, %66, %67}, %68, 1, 1, 1" transposed ";"                                \
               : HOPPER_SUMS(c)                                                                   \
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b.descriptor))

// c += a * b^T, of which the low 13 bits of a and of b do not count.
__device__ __forceinline__ void multiply_tf32(
    float (&c)[64], const unsigned (&a)[4], SharedRows b) {
  HOPPER_PRODUCT("m64n128k8.f32.tf32.tf32", "");
}

__device__ __forceinline__ void multiply_bf16(
    float (&c)[64], const unsigned (&a)[4], SharedRows b) {
  HOPPER_PRODUCT("m64n128k16.f32.bf16.bf16", ", 0");
}

#undef HOPPER_PRODUCT
#undef HOPPER_SUMS
#undef HOPPER_EIGHT

#endif
