// Convolution over grids of positions with groups of channels, for float and double:
//   convolve             y[o, :] = sum_tap x[position(o, tap), :] weight[tap] + beta y[o, :]
//   convolve_transposed  dx[i, :] = sum_tap dy[window(i, tap), :] weight[tap]^T + beta dx[i, :]
//   convolve_gradient    dweight[tap] += sum_o x[position(o, tap), :]^T dy[o, :]
// and the same three for as many groups as channels: depthwise, depthwise_transposed,
// depthwise_gradient. Padding counts as 0.
//
// Layout    a row for each position and a column for each channel; weights (taps * inputs / groups) x
//           outputs. Run g of `inputs` columns goes with run g of `outputs` columns.
// Tiles     32 x 32 elements by blocks of (32, 8), a thread has 4 rows of one column. Slices of 32 of the
//           inner dimension, one tap at a time, through shared memory. depthwise: a thread for each
//           element, lanes along channels.
// Grid      convolve: x = runs of columns of all groups, y = tiles of rows, which stride. gradient: x
//           likewise, y = taps * runs of inputs, z = pieces of `piece` windows, added to dweight where
//           there is one, else written to partial[piece, :, :] for sum_pieces. depthwise: any; its
//           gradient x = runs of channels, y = taps, z = pieces.
// Shared    8.3 KiB (float), 16.5 KiB (double).
// Order     taps, then channels, in order; rows in order of the thread; no atomics.
// Bytes     x is read once for each tap and run of 32 outputs, weights once for each tile of rows; the
//           caches serve most of it.
// Flops     2 * rows of y * taps * inputs / groups * outputs; shared memory, 5 loads for 4 products, bounds it.
// Limits    rows, taps * channels below 2^31; taps * runs of inputs and pieces at most 65535.
#include "window.cuh"

constexpr int kConvolutionTile = 32;
constexpr int kRowsEach = kConvolutionTile / kWarps;

// A run of 32 columns of one group: of the result it has `count`, beginning at `first` of the run.
struct Run {
  int group, first;
  __device__ __forceinline__ Run(int index, int columns) {
    const int runs = (columns + kConvolutionTile - 1) / kConvolutionTile;
    group = index / runs, first = index % runs * kConvolutionTile;
  }
};

// FORWARD: x and weights make y; else dy and transposed weights make dx. `from_each` and `to_each` are the
// channels of a group of what is read and of what is written.
template <bool FORWARD, typename T>
__device__ __forceinline__ void convolve(
    const T* x, long long x_stride, const T* weight, long long weight_stride, T beta, T* y,
    long long y_stride, int from_each, int to_each, long long rows, const Window& window) {
  __shared__ T taken[kConvolutionTile][kConvolutionTile + 1];   // [row][inner]
  __shared__ T weights[kConvolutionTile][kConvolutionTile + 1];  // [inner][column]
  const int lane = static_cast<int>(threadIdx.x), warp = static_cast<int>(threadIdx.y);
  const Run run(static_cast<int>(blockIdx.x), to_each);
  const int column = run.first + lane;
  for (long long row0 = static_cast<long long>(blockIdx.y) * kConvolutionTile; row0 < rows;
       row0 += static_cast<long long>(gridDim.y) * kConvolutionTile) {
    T sums[kRowsEach] = {};
    for (int tap = 0; tap < window.taps(); tap++) {
      long long source[kRowsEach];
#pragma unroll
      for (int r = 0; r < kRowsEach; r++) {
        const long long row = row0 + warp * kRowsEach + r;
        source[r] = row < rows ? Joined<FORWARD>(window, row).at(tap) : -1;
      }
      for (int inner0 = 0; inner0 < from_each; inner0 += kConvolutionTile) {
        const int inner = inner0 + lane;
        __syncthreads();
#pragma unroll
        for (int r = 0; r < kRowsEach; r++) {
          taken[warp * kRowsEach + r][lane] =
              source[r] >= 0 && inner < from_each
                  ? x[source[r] * x_stride + run.group * from_each + inner]
                  : T(0);
        }
        // Lanes go along the rows of the weights, which are outputs.
#pragma unroll
        for (int r = 0; r < kRowsEach; r++) {
          const int other = warp * kRowsEach + r;
          const int input = FORWARD ? inner0 + other : run.first + other;
          const int output = FORWARD ? column : inner;
          const int inputs = FORWARD ? from_each : to_each, outputs = FORWARD ? to_each : from_each;
          const T value =
              input < inputs && output < outputs
                  ? weight[(static_cast<long long>(tap) * inputs + input) * weight_stride +
                           run.group * outputs + output]
                  : T(0);
          if (FORWARD) {
            weights[other][lane] = value;
          } else {
            weights[lane][other] = value;
          }
        }
        __syncthreads();
#pragma unroll 8
        for (int q = 0; q < kConvolutionTile; q++) {
          const T factor = weights[q][lane];
#pragma unroll
          for (int r = 0; r < kRowsEach; r++) {
            sums[r] = fma(taken[warp * kRowsEach + r][q], factor, sums[r]);
          }
        }
      }
    }
#pragma unroll
    for (int r = 0; r < kRowsEach; r++) {
      const long long row = row0 + warp * kRowsEach + r;
      if (row < rows && column < to_each) {
        T* to = y + row * y_stride + run.group * to_each + column;
        *to = beta == T(0) ? sums[r] : fma(beta, *to, sums[r]);
      }
    }
  }
}

template <typename T>
__device__ __forceinline__ void convolve_gradient(
    const T* x, long long x_stride, const T* dy, long long dy_stride, T* dweight,
    long long dweight_stride, T* partial, int inputs, int outputs, int groups, long long piece,
    long long rows, const Window& window) {
  __shared__ T taken[kConvolutionTile][kConvolutionTile + 1];   // [window][input]
  __shared__ T slopes[kConvolutionTile][kConvolutionTile + 1];  // [window][output]
  const int lane = static_cast<int>(threadIdx.x), warp = static_cast<int>(threadIdx.y);
  const Run run(static_cast<int>(blockIdx.x), outputs);
  const int input_runs = (inputs + kConvolutionTile - 1) / kConvolutionTile;
  const int tap = static_cast<int>(blockIdx.y) / input_runs;
  const int input0 = static_cast<int>(blockIdx.y) % input_runs * kConvolutionTile;
  const long long begin = blockIdx.z * piece;
  const long long end = begin + piece < rows ? begin + piece : rows;
  T sums[kRowsEach] = {};
  for (long long o0 = begin; o0 < end; o0 += kConvolutionTile) {
    __syncthreads();
#pragma unroll
    for (int r = 0; r < kRowsEach; r++) {
      const int line = warp * kRowsEach + r;
      const long long o = o0 + line;
      const long long i = o < end ? FromWindow(window, o).at(tap) : -1;
      taken[line][lane] = i >= 0 && input0 + lane < inputs
                              ? x[i * x_stride + run.group * inputs + input0 + lane]
                              : T(0);
      slopes[line][lane] = i >= 0 && run.first + lane < outputs
                               ? dy[o * dy_stride + run.group * outputs + run.first + lane]
                               : T(0);
    }
    __syncthreads();
#pragma unroll 8
    for (int q = 0; q < kConvolutionTile; q++) {
      const T slope = slopes[q][lane];
#pragma unroll
      for (int r = 0; r < kRowsEach; r++) {
        sums[r] = fma(taken[q][warp * kRowsEach + r], slope, sums[r]);
      }
    }
  }
  const bool split = gridDim.z > 1;
  const int columns = groups * outputs, column = run.group * outputs + run.first + lane;
#pragma unroll
  for (int r = 0; r < kRowsEach; r++) {
    const int input = input0 + warp * kRowsEach + r;
    if (input >= inputs || run.first + lane >= outputs) continue;
    const long long row = static_cast<long long>(tap) * inputs + input;
    if (split) {
      const long long all = static_cast<long long>(window.taps()) * inputs;
      partial[(blockIdx.z * all + row) * columns + column] = sums[r];
    } else {
      dweight[row * dweight_stride + column] += sums[r];
    }
  }
}

template <bool FORWARD, typename T>
__device__ __forceinline__ void depthwise(
    const T* x, long long x_stride, const T* weight, long long weight_stride, T beta, T* y,
    long long y_stride, long long rows, long long columns, const Window& window) {
  for (long long row = static_cast<long long>(blockIdx.y) * blockDim.y + threadIdx.y; row < rows;
       row += static_cast<long long>(gridDim.y) * blockDim.y) {
    const Joined<FORWARD> joined(window, row);
    for (long long c = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x; c < columns;
         c += static_cast<long long>(gridDim.x) * blockDim.x) {
      T sum = 0;
      for (int tap = 0; tap < window.taps(); tap++) {
        const long long source = joined.at(tap);
        if (source >= 0) sum = fma(x[source * x_stride + c], weight[tap * weight_stride + c], sum);
      }
      T* to = y + row * y_stride + c;
      *to = beta == T(0) ? sum : fma(beta, *to, sum);
    }
  }
}

template <typename T>
__device__ __forceinline__ void depthwise_gradient(
    const T* x, long long x_stride, const T* dy, long long dy_stride, T* dweight,
    long long dweight_stride, T* partial, int channels, long long piece, long long rows,
    const Window& window) {
  __shared__ T parts[kWarps][kLanes];
  const int tap = static_cast<int>(blockIdx.y);
  const int c = static_cast<int>(blockIdx.x * kLanes + threadIdx.x);
  const long long begin = blockIdx.z * piece;
  const long long end = begin + piece < rows ? begin + piece : rows;
  T sum = 0;
  if (c < channels) {
    for (long long o = begin + threadIdx.y; o < end; o += kWarps) {
      const long long i = FromWindow(window, o).at(tap);
      if (i >= 0) sum = fma(x[i * x_stride + c], dy[o * dy_stride + c], sum);
    }
  }
  parts[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y != 0 || c >= channels) return;
  for (int w = 1; w < kWarps; w++) sum += parts[w][threadIdx.x];
  if (gridDim.z > 1) {
    partial[(static_cast<long long>(blockIdx.z) * window.taps() + tap) * channels + c] = sum;
  } else {
    dweight[tap * dweight_stride + c] += sum;
  }
}

#define CONVOLUTION(T, suffix)                                                                     \
  extern "C" __global__ void __launch_bounds__(kLanes * kWarps, 2) convolve_##suffix(                 \
      const T* x, long long x_stride, const T* weight, long long weight_stride, T beta, T* y,      \
      long long y_stride, int inputs, int outputs, long long rows, WINDOW_PARAMETERS) {            \
    convolve<true>(x, x_stride, weight, weight_stride, beta, y, y_stride, inputs, outputs, rows,   \
                   WINDOW);                                                                        \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(kLanes * kWarps, 2) convolve_transposed_##suffix(      \
      const T* dy, long long dy_stride, const T* weight, long long weight_stride, T beta, T* dx,   \
      long long dx_stride, int outputs, int inputs, long long rows, WINDOW_PARAMETERS) {           \
    convolve<false>(dy, dy_stride, weight, weight_stride, beta, dx, dx_stride, outputs, inputs,    \
                    rows, WINDOW);                                                                 \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(kLanes * kWarps, 2) convolve_gradient_##suffix(        \
      const T* x, long long x_stride, const T* dy, long long dy_stride, T* dweight,                \
      long long dweight_stride, T* partial, int inputs, int outputs, int groups, long long piece,  \
      long long rows, WINDOW_PARAMETERS) {                                                         \
    convolve_gradient(x, x_stride, dy, dy_stride, dweight, dweight_stride, partial, inputs,        \
                      outputs, groups, piece, rows, WINDOW);                                       \
  }                                                                                                \
  extern "C" __global__ void depthwise_##suffix(                                                   \
      const T* x, long long x_stride, const T* weight, long long weight_stride, T beta, T* y,      \
      long long y_stride, long long rows, long long columns, WINDOW_PARAMETERS) {                  \
    depthwise<true>(x, x_stride, weight, weight_stride, beta, y, y_stride, rows, columns, WINDOW); \
  }                                                                                                \
  extern "C" __global__ void depthwise_transposed_##suffix(                                        \
      const T* dy, long long dy_stride, const T* weight, long long weight_stride, T beta, T* dx,   \
      long long dx_stride, long long rows, long long columns, WINDOW_PARAMETERS) {                 \
    depthwise<false>(dy, dy_stride, weight, weight_stride, beta, dx, dx_stride, rows, columns,     \
                     WINDOW);                                                                      \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(kLanes * kWarps) depthwise_gradient_##suffix(       \
      const T* x, long long x_stride, const T* dy, long long dy_stride, T* dweight,                \
      long long dweight_stride, T* partial, int channels, long long piece, long long rows,         \
      WINDOW_PARAMETERS) {                                                                         \
    depthwise_gradient(x, x_stride, dy, dy_stride, dweight, dweight_stride, partial, channels,     \
                       piece, rows, WINDOW);                                                       \
  }

CONVOLUTION(float, f32)
CONVOLUTION(double, f64)
