// Statistics and normalisation of columns (channels), and what is elementwise about them, for float and
// double. Vectors have one element for each column.
//   deviations          partial sums of (x - mean)^2 of columns
//   moments_backward    dx -= rate / m (sum + (x - mean) rate product)
//   reciprocal_root     y = 1 / sqrt(x + epsilon)
//   multiply            z = x y + beta z
//   normalize           y = f(weight u + bias), u = (x - mean) rate, or x where mean is null; f is ReLU or
//                       the identity
//   normalize_backward  dx = du weight rate + beta dx, du = f'(weight u + bias) dy; partial sums of du u and
//                       of du
//   dropout             y = x scale + beta y where the hash of the element's number and the key is at least
//                       threshold, else beta y; see DropMask. With a stem, two words in memory, the key
//                       is what DropMask makes of stem and key
//
// Grid      elementwise: any grid and any block, x along a row. deviations, normalize_backward: blocks of
//           (32, 8), x = runs of 32 columns, y = pieces of `piece` rows; sums go in float64 to
//           partial[sum, piece, column], and sum_partials of gemv.cu adds the pieces.
// Order     fixed by shapes and grid; no atomics.
// Bytes     elementwise 2 to 4 times sizeof(T) per element (moments_backward 3), 16 at a time where all
//           rows are aligned, vectors from the caches; deviations sizeof(T), normalize_backward 3 or 4.
// Flops     1 to 8 per element: bound by memory bandwidth; sums in float64, on devices with one float64 unit
//           in 64 at about the same speed.
// Limits    rows, columns >= 0, strides >= columns; pieces at most 65535.
#include "device.cuh"

// f(i, j, sums) adds to the sums of column j what element (i, j) has for them.
template <int SUMS, typename F>
__device__ __forceinline__ void channel_sums(
    double* partial, long long piece, long long rows, long long columns, F f) {
  __shared__ double parts[SUMS][kWarps][kLanes];
  const long long j = static_cast<long long>(blockIdx.x) * kLanes + threadIdx.x;
  const long long begin = blockIdx.y * piece;
  const long long end = begin + piece < rows ? begin + piece : rows;
  double sums[SUMS] = {};
  if (j < columns) {
    for (long long i = begin + threadIdx.y; i < end; i += kWarps) f(i, j, sums);
  }
#pragma unroll
  for (int s = 0; s < SUMS; s++) parts[s][threadIdx.y][threadIdx.x] = sums[s];
  __syncthreads();
  if (threadIdx.y != 0 || j >= columns) return;
#pragma unroll
  for (int s = 0; s < SUMS; s++) {
    double sum = parts[s][0][threadIdx.x];
    for (int w = 1; w < kWarps; w++) sum += parts[s][w][threadIdx.x];
    partial[(static_cast<long long>(s) * gridDim.y + blockIdx.y) * columns + j] = sum;
  }
}

template <typename T>
__device__ __forceinline__ void moments_backward(
    T share, const T* x, long long x_stride, const T* mean, const T* rate, const T* sum,
    const T* product, T* dx, long long dx_stride, long long rows, long long columns) {
  const Rows<const T> in[] = {{x, x_stride}, {mean, 0}, {rate, 0}, {sum, 0}, {product, 0},
                              {dx, dx_stride}};
  const Rows<T> out[] = {{dx, dx_stride}};
  for_each_element<6, 1>(in, out, rows, columns, [=](long long, const T* u, T* v) {
    const T unit = (u[0] - u[1]) * u[2];
    v[0] = fma(-share * u[2], fma(unit, u[4], u[3]), u[5]);
  });
}

template <typename T>
__device__ __forceinline__ T relu(T x) {
  return x > T(0) || x != x ? x : T(0);
}

template <typename T>
__device__ __forceinline__ void normalize(
    int is_relu, const T* mean, const T* rate, const T* weight, const T* bias, const T* x,
    long long x_stride, T* y, long long y_stride, long long rows, long long columns) {
  const bool plain = mean == nullptr;
  // Vectors that are not there are not looked at.
  const Rows<const T> in[] = {
      {x, x_stride}, {plain ? weight : mean, 0}, {plain ? weight : rate, 0}, {weight, 0}, {bias, 0}};
  const Rows<T> out[] = {{y, y_stride}};
  for_each_element<5, 1>(in, out, rows, columns, [=](long long, const T* u, T* v) {
    const T unit = plain ? u[0] : (u[0] - u[1]) * u[2];
    const T argument = fma(u[3], unit, u[4]);
    v[0] = is_relu != 0 ? relu(argument) : argument;
  });
}

template <typename T>
__device__ __forceinline__ void normalize_backward(
    int is_relu, const T* mean, const T* rate, const T* weight, const T* bias, const T* x,
    long long x_stride, const T* dy, long long dy_stride, T beta, T* dx, long long dx_stride,
    double* partial, long long piece, long long rows, long long columns) {
  const bool plain = mean == nullptr;
  channel_sums<2>(partial, piece, rows, columns, [=](long long i, long long j, double* sums) {
    const T at = x[i * x_stride + j];
    const T r = plain ? T(1) : rate[j];
    const T unit = plain ? at : (at - mean[j]) * r;
    T slope = dy[i * dy_stride + j];
    if (is_relu != 0) {
      const T argument = fma(weight[j], unit, bias[j]);
      slope *= argument > T(0) ? T(1) : argument != argument ? argument : T(0);
    }
    sums[0] = fma(static_cast<double>(slope), static_cast<double>(unit), sums[0]);
    sums[1] += static_cast<double>(slope);
    T* to = dx + i * dx_stride + j;
    const T value = slope * weight[j] * r;
    *to = beta == T(0) ? value : fma(beta, *to, value);
  });
}

__device__ __forceinline__ unsigned mix(unsigned h) {
  h = (h ^ (h >> 16)) * 0x85ebca6bu;
  h = (h ^ (h >> 13)) * 0xc2b2ae35u;
  return h ^ (h >> 16);
}

__device__ __forceinline__ unsigned long long scramble(unsigned long long value) {
  unsigned long long z = value + 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

template <typename T>
__device__ __forceinline__ void dropout(
    unsigned threshold, const unsigned* stem, unsigned long long key, T scale, const T* x,
    long long x_stride, T beta, T* y, long long y_stride, long long rows, long long columns) {
  if (stem != nullptr) {
    key = scramble((static_cast<unsigned long long>(stem[1]) << 32 | stem[0]) + key);
  }
  const unsigned low = static_cast<unsigned>(key), high = static_cast<unsigned>(key >> 32);
  for (long long i = static_cast<long long>(blockIdx.y) * blockDim.y + threadIdx.y; i < rows;
       i += static_cast<long long>(gridDim.y) * blockDim.y) {
    for (long long j = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x; j < columns;
         j += static_cast<long long>(gridDim.x) * blockDim.x) {
      const unsigned number = static_cast<unsigned>(i * columns + j);
      const bool stays = mix(mix(number * 0x9e3779b9u + low) ^ high) >= threshold;
      const T value = stays ? x[i * x_stride + j] * scale : T(0);
      T* to = y + i * y_stride + j;
      *to = beta == T(0) ? value : fma(beta, *to, value);
    }
  }
}

#define CHANNEL(T, suffix)                                                                       \
  extern "C" __global__ void __launch_bounds__(kLanes * kWarps) deviations_##suffix(             \
      const T* x, long long x_stride, const T* mean, double* partial, long long piece,           \
      long long rows, long long columns) {                                                       \
    channel_sums<1>(partial, piece, rows, columns, [=](long long i, long long j, double* sums) { \
      const double off = static_cast<double>(x[i * x_stride + j]) - static_cast<double>(mean[j]); \
      sums[0] = fma(off, off, sums[0]);                                                          \
    });                                                                                          \
  }                                                                                              \
  extern "C" __global__ void moments_backward_##suffix(                                          \
      T share, const T* x, long long x_stride, const T* mean, const T* rate, const T* sum,       \
      const T* product, T* dx, long long dx_stride, long long rows, long long columns) {         \
    moments_backward(share, x, x_stride, mean, rate, sum, product, dx, dx_stride, rows, columns); \
  }                                                                                              \
  extern "C" __global__ void reciprocal_root_##suffix(                                           \
      T epsilon, const T* x, long long x_stride, T* y, long long y_stride, long long rows,       \
      long long columns) {                                                                       \
    const Rows<const T> in[] = {{x, x_stride}};                                                  \
    const Rows<T> out[] = {{y, y_stride}};                                                       \
    for_each_element<1, 1>(in, out, rows, columns, [=](long long, const T* u, T* v) {            \
      v[0] = T(1) / sqrt(u[0] + epsilon);                                                        \
    });                                                                                          \
  }                                                                                              \
  extern "C" __global__ void multiply_##suffix(                                                  \
      const T* x, long long x_stride, const T* y, long long y_stride, T beta, T* z,              \
      long long z_stride, long long rows, long long columns) {                                   \
    const Rows<const T> in[] = {{x, x_stride}, {y, y_stride}, {z, z_stride}};                    \
    const Rows<T> out[] = {{z, z_stride}};                                                       \
    if (beta == T(0)) {                                                                          \
      for_each_element<2, 1>(in, out, rows, columns, [=](long long, const T* u, T* v) {          \
        v[0] = u[0] * u[1];                                                                      \
      });                                                                                        \
    } else {                                                                                     \
      for_each_element<3, 1>(in, out, rows, columns, [=](long long, const T* u, T* v) {          \
        v[0] = fma(u[0], u[1], beta * u[2]);                                                     \
      });                                                                                        \
    }                                                                                            \
  }                                                                                              \
  extern "C" __global__ void normalize_##suffix(                                                 \
      int is_relu, const T* mean, const T* rate, const T* weight, const T* bias, const T* x,     \
      long long x_stride, T* y, long long y_stride, long long rows, long long columns) {         \
    normalize(is_relu, mean, rate, weight, bias, x, x_stride, y, y_stride, rows, columns);       \
  }                                                                                              \
  extern "C" __global__ void __launch_bounds__(kLanes * kWarps) normalize_backward_##suffix(     \
      int is_relu, const T* mean, const T* rate, const T* weight, const T* bias, const T* x,     \
      long long x_stride, const T* dy, long long dy_stride, T beta, T* dx, long long dx_stride,  \
      double* partial, long long piece, long long rows, long long columns) {                     \
    normalize_backward(is_relu, mean, rate, weight, bias, x, x_stride, dy, dy_stride, beta, dx,  \
                       dx_stride, partial, piece, rows, columns);                                \
  }                                                                                              \
  extern "C" __global__ void dropout_##suffix(                                                   \
      unsigned threshold, const unsigned* stem, unsigned long long key, T scale, const T* x,     \
      long long x_stride, T beta, T* y, long long y_stride, long long rows, long long columns) { \
    dropout(threshold, stem, key, scale, x, x_stride, beta, y, y_stride, rows, columns);         \
  }

CHANNEL(float, f32)
CHANNEL(double, f64)
