// Windows that slide over grids of positions, row-major, sample after sample; padding is the same on
// both sides.
#pragma once
#include "device.cuh"

struct Window {
  int height, width, kernel_height, kernel_width, stride_y, stride_x, pad_y, pad_x, dilation_y,
      dilation_x;

  __device__ __forceinline__ int taps() const { return kernel_height * kernel_width; }
  __device__ __forceinline__ int output_height() const {
    return (height + 2 * pad_y - dilation_y * (kernel_height - 1) - 1) / stride_y + 1;
  }
  __device__ __forceinline__ int output_width() const {
    return (width + 2 * pad_x - dilation_x * (kernel_width - 1) - 1) / stride_x + 1;
  }
};

// The way from one row of a matrix over a grid to the rows of the other that a window joins it with.
// FORWARD: from a window to the position that a tap sees; else from a position to the window whose
// tap sees it. -1 where there is none.
template <bool FORWARD>
struct Joined {
  Window w;
  int outputs_high, outputs_wide, sample, y, x;

  __device__ __forceinline__ Joined(const Window& window, long long row) : w(window) {
    outputs_high = w.output_height(), outputs_wide = w.output_width();
    const int high = FORWARD ? outputs_high : w.height, wide = FORWARD ? outputs_wide : w.width;
    const int index = static_cast<int>(row);
    sample = index / (high * wide);
    const int place = index % (high * wide);
    y = place / wide, x = place % wide;
  }

  __device__ __forceinline__ long long at(int tap) const {
    const int tap_y = tap / w.kernel_width * w.dilation_y - w.pad_y;
    const int tap_x = tap % w.kernel_width * w.dilation_x - w.pad_x;
    if (FORWARD) {
      const int at_y = y * w.stride_y + tap_y, at_x = x * w.stride_x + tap_x;
      if (at_y < 0 || at_y >= w.height || at_x < 0 || at_x >= w.width) return -1;
      return (static_cast<long long>(sample) * w.height + at_y) * w.width + at_x;
    }
    const int from_y = y - tap_y, from_x = x - tap_x;
    if (from_y < 0 || from_y % w.stride_y != 0 || from_x < 0 || from_x % w.stride_x != 0) return -1;
    const int at_y = from_y / w.stride_y, at_x = from_x / w.stride_x;
    if (at_y >= outputs_high || at_x >= outputs_wide) return -1;
    return (static_cast<long long>(sample) * outputs_high + at_y) * outputs_wide + at_x;
  }
};

using FromWindow = Joined<true>;
using FromPosition = Joined<false>;

#define WINDOW_PARAMETERS                                                                        \
  int height, int width, int kernel_height, int kernel_width, int stride_y, int stride_x, int pad_y, \
      int pad_x, int dilation_y, int dilation_x
#define WINDOW                                                                                   \
  Window { height, width, kernel_height, kernel_width, stride_y, stride_x, pad_y, pad_x, dilation_y, \
           dilation_x }
