// Numbers of bfloat16, the upper half of a float32, to and from float32.
#pragma once
#include "device.cuh"

// To nearest, ties to even; numbers beyond the largest become infinite, NaN stays NaN and becomes quiet.
__device__ __forceinline__ void convert(float x, unsigned short& y) {
  const unsigned bits = __float_as_uint(x);
  const unsigned upper = bits >> 16;
  const bool is_nan = (bits & 0x7fffffffu) > 0x7f800000u;
  y = static_cast<unsigned short>(is_nan ? upper | 0x40u : (bits + 0x7fffu + (upper & 1u)) >> 16);
}

__device__ __forceinline__ void convert(unsigned short x, float& y) {
  y = __uint_as_float(static_cast<unsigned>(x) << 16);
}
