// Conversions between float32 and bfloat16, the upper half of a float32, over strided rows:
//   narrow y[i, j] = bfloat16(x[i, j])
//   widen  y[i, j] = float32(x[i, j])
//
// Computes  narrow rounds to nearest, ties to even; numbers beyond the largest become infinite,
//           denormal ones keep their bits, NaN stays NaN and becomes quiet. widen is exact.
// Layout    x and y are row-major, rows x columns; row i begins at i * stride elements of its own
//           type and only its first `columns` elements are touched. They do not overlap.
// Grid      any grid and any block: both loops stride; the x dimension runs along a row, and so do
//           all threads of a block where there is one row alone.
// Bytes     6 per element. Where all rows begin at 16 bytes a thread moves 4 elements at a time, an
//           access of 16 bytes to float32 and one of 8 to bfloat16, so that neighbouring threads access
//           neighbouring bytes of both; two such loads are on their way at once.
// Flops     none; some 4 integer operations per element: bound by memory bandwidth on every device.
// Limits    rows, columns, strides >= 0, stride >= columns; all offsets below 2^63 elements.
#include "device.cuh"

constexpr int kTogether = 4;
constexpr int kLoads = 2;

template <typename T>
struct alignas(kTogether * sizeof(T)) Together {
  T at[kTogether];
};

__device__ __forceinline__ void convert(float x, unsigned short& y) {
  const unsigned bits = __float_as_uint(x);
  const unsigned upper = bits >> 16;
  const bool is_nan = (bits & 0x7fffffffu) > 0x7f800000u;
  y = static_cast<unsigned short>(is_nan ? upper | 0x40u : (bits + 0x7fffu + (upper & 1u)) >> 16);
}

__device__ __forceinline__ void convert(unsigned short x, float& y) {
  y = __uint_as_float(static_cast<unsigned>(x) << 16);
}

template <typename From, typename To>
__device__ __forceinline__ void convert_rows(
    Rows<const From> x, Rows<To> y, long long rows, long long columns) {
  const bool packed =
      is_packable(x.data, x.stride, rows) && is_packable(y.data, y.stride, rows);
  const long long groups = packed ? columns / kTogether : 0;
  const bool single = rows == 1;
  const int across = single ? blockDim.x * blockDim.y : blockDim.x;
  const int along = single ? threadIdx.y * blockDim.x + threadIdx.x : threadIdx.x;
  const int high = single ? 1 : blockDim.y;
  const long long row_step = static_cast<long long>(gridDim.y) * high;
  const long long step = static_cast<long long>(gridDim.x) * across;
  const long long first = static_cast<long long>(blockIdx.x) * across + along;
  for (long long i = static_cast<long long>(blockIdx.y) * high + (single ? 0 : threadIdx.y);
       i < rows; i += row_step) {
    const From* from = x.row(i);
    To* to = y.row(i);
    const Together<From>* in = reinterpret_cast<const Together<From>*>(from);
    Together<To>* out = reinterpret_cast<Together<To>*>(to);
    for (long long q = first; q < groups; q += kLoads * step) {
      Together<From> u[kLoads];
#pragma unroll
      for (int e = 0; e < kLoads; e++) {
        if (q + e * step < groups) u[e] = in[q + e * step];
      }
#pragma unroll
      for (int e = 0; e < kLoads; e++) {
        if (q + e * step >= groups) continue;
        Together<To> v;
#pragma unroll
        for (int k = 0; k < kTogether; k++) convert(u[e].at[k], v.at[k]);
        out[q + e * step] = v;
      }
    }
#pragma unroll 1
    for (long long j = groups * kTogether + first; j < columns; j += step) convert(from[j], to[j]);
  }
}

extern "C" __global__ void narrow_f32(
    const float* x, long long x_stride, unsigned short* y, long long y_stride, long long rows,
    long long columns) {
  convert_rows(Rows<const float>{x, x_stride}, Rows<unsigned short>{y, y_stride}, rows, columns);
}

extern "C" __global__ void widen_f32(
    const unsigned short* x, long long x_stride, float* y, long long y_stride, long long rows,
    long long columns) {
  convert_rows(Rows<const unsigned short>{x, x_stride}, Rows<float>{y, y_stride}, rows, columns);
}
