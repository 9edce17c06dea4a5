// The words and types of CUDA C++ that kernels use, for an ordinary C++ compiler: no toolkit needed.
#pragma once
#include <cstddef>
#include <cstdint>

// ---- Words -------------------------------------------------------------------------------------
#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __grid_constant__
#define __constant__ static
#define __align__(bytes) alignas(bytes)
// Blocks run one after the other, so one copy serves all of them. It keeps the values of the block
// before, as the memory of a GPU may.
#define __shared__ static

// ---- Vectors -----------------------------------------------------------------------------------
#define CUDA_VECTORS(scalar, name, align2, align4)                                          \
  struct alignas(align2) name##2 { scalar x, y; };                                          \
  struct name##3 { scalar x, y, z; };                                                       \
  struct alignas(align4) name##4 { scalar x, y, z, w; };                                    \
  inline name##2 make_##name##2(scalar x, scalar y) { return {x, y}; }                      \
  inline name##3 make_##name##3(scalar x, scalar y, scalar z) { return {x, y, z}; }         \
  inline name##4 make_##name##4(scalar x, scalar y, scalar z, scalar w) { return {x, y, z, w}; }

CUDA_VECTORS(float, float, 8, 16)
CUDA_VECTORS(double, double, 16, 16)
CUDA_VECTORS(int, int, 8, 16)
CUDA_VECTORS(unsigned, uint, 8, 16)
#undef CUDA_VECTORS

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
  constexpr size_t count() const { return size_t{x} * y * z; }
};
