// Whole passes through the layers of a network whose sums have scalar coefficients and whose functions act on
// each element by itself, so that elements never meet: one launch takes all layers.
//   scalar_forward  z_l = f(x_l), u_l = b_l + h sum_{k<l} a[l, k] z_k, x_l = g + p(u_l), l = 1 ... L
//   scalar_adjoint  dz_l = h sum_{m>l} a[m, l] d_m, lambda_l = f'(x_l) dz_l, d_l = p'(u_l) lambda_l,
//                   from lambda_L down to lambda_0 = f'(x_0) dz_0 (+ sum_l lambda_l where g = x_0)
// with g = x_0 or 0. The coefficients are a packed triangle, row l at l (l - 1) / 2, or the lags
// c_L ... c_1 of a convolution, a[l, k] = c_{l - k}.
//
// Tiles     a thread owns one element of a state; its z_k (adjoint: d_l) of all layers lie in shared memory.
//           Layers are taken in groups of 8: what lies before the group is read once for all 8, the pairs
//           within it one by one. Coefficients of a group are staged for the whole block. W = 4 is fastest on
//           an H200; two or four elements for each thread are slower, since fewer warps hide less.
// Grid      x = ceil(channels / 32), y = ceil(rows / W); blocks of (32, W), W at most 8.
// Shared    ((L + 1) 32 W + (L + 8) 8 + L) sizeof(T), dynamic.
// Order     fixed by L alone; no atomics. Sums for the bias: rows of a block in order, blocks by the caller.
// Bytes     sizeof(T) per element and layer for each of x, z, u, dz that is wanted, once; the history is
//           not read again. The adjoint writes sums over W rows of d for the bias.
// Flops     L^2 per element in each pass: bound by shared memory where there are enough elements.
// Limits    histories are slice-major, rows without gaps; L as far as shared memory goes.
#include "activation.cuh"

constexpr int kGroup = 8;

// The shared memory of a block, and the place of a thread.
template <typename T>
struct Columns {
  T* lags;     // c_1 ... c_L at 0 ... L - 1, if coefficients are lags
  T* tile;     // [..][kGroup]
  T* history;  // of this thread: layer l at l * pitch
  int pitch, thread, threads;
  long long row, at;  // at: of the first element in a slice
  int channel;
  bool inside;

  __device__ __forceinline__ Columns(T* shared, int layers, long long rows, int channels) {
    threads = static_cast<int>(blockDim.x * blockDim.y);
    thread = static_cast<int>(threadIdx.y * blockDim.x + threadIdx.x);
    pitch = threads;
    history = shared + thread;
    tile = shared + static_cast<long long>(layers + 1) * pitch;
    lags = tile + (layers + kGroup) * kGroup;
    channel = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    row = static_cast<long long>(blockIdx.y) * blockDim.y + threadIdx.y;
    inside = row < rows && channel < channels;
    at = row * channels + channel;
  }

  __device__ __forceinline__ void read_lags(const T* a, int layers) const {
    for (int m = thread; m < layers; m += threads) lags[m] = a[layers - 1 - m];
  }

  // tile[k][i] = a[first + i, k] for k from 0 to below first + kGroup, 0 where there is no such pair.
  __device__ __forceinline__ void stage_rows(const T* a, bool is_lags, int first, int layers) const {
    const int width = first + kGroup - 1;
    __syncthreads();
    for (int item = thread; item < width * kGroup; item += threads) {
      const int i = item / width, k = item % width, l = first + i;
      T value = T(0);
      if (l <= layers && k < l) value = is_lags ? lags[l - k - 1] : a[l * (l - 1LL) / 2 + k];
      tile[k * kGroup + i] = value;
    }
    __syncthreads();
  }

  // tile[m - (top - kGroup + 1)][j] = a[m, top - j] for m up to L, 0 where there is no such pair.
  __device__ __forceinline__ void stage_columns(const T* a, bool is_lags, int top, int layers) const {
    const int least = top - kGroup + 1;
    __syncthreads();
    for (int item = thread; item < (layers - least + 1) * kGroup; item += threads) {
      const int m = least + item / kGroup, j = item % kGroup, k = top - j;
      T value = T(0);
      if (k >= 0 && k < m) value = is_lags ? lags[m - k - 1] : a[m * (m - 1LL) / 2 + k];
      tile[item] = value;
    }
    __syncthreads();
  }
};

// sums[i] += element i of the tile's row of layer k, times what the history holds of layer k.
template <typename T>
__device__ __forceinline__ void accumulate(
    const T* history, int pitch, const T* tile, int count, T (&sums)[kGroup]) {
  constexpr int W = Pack<T>::width;
#pragma unroll 4
  for (int k = 0; k < count; k++) {
    const T value = history[static_cast<long long>(k) * pitch];
#pragma unroll
    for (int p = 0; p < kGroup / W; p++) {
      const Pack<T> a = load_pack(tile + k * kGroup + p * W);
#pragma unroll
      for (int w = 0; w < W; w++) sums[p * W + w] = fma(a.at[w], value, sums[p * W + w]);
    }
  }
}

// The layer of sums[0] is done and holds `value`: adds it to the others, which move up.
template <typename T>
__device__ __forceinline__ void advance(T value, const T* row, int done, T (&sums)[kGroup]) {
#pragma unroll
  for (int q = 1; q < kGroup; q++) {
    const T a = done + q < kGroup ? row[done + q] : T(0);
    sums[q - 1] = fma(a, value, sums[q]);
  }
}

template <typename T>
__device__ __forceinline__ void scalar_forward(
    const T* a, int is_lags, T scale, const T* bias, int feature, int activation, int from_initial,
    T* x, T* z, T* u, long long slice, int layers, long long rows, int channels) {
  DYNAMIC_SHARED(T, shared);
  const Columns<T> mine(shared, layers, rows, channels);
  if (is_lags != 0) mine.read_lags(a, layers);
  const T initial = mine.inside ? x[mine.at] : T(0);
  T value = value_of(feature, initial);
  if (mine.inside && z != nullptr) z[mine.at] = value;
  mine.history[0] = value;
  const bool biased = bias != nullptr && mine.inside;
  T next = biased ? bias[mine.channel] : T(0);
  for (int first = 1; first <= layers; first += kGroup) {
    mine.stage_rows(a, is_lags != 0, first, layers);
    T sums[kGroup] = {};
    accumulate(mine.history, mine.pitch, mine.tile, first, sums);
    const int last = first + kGroup <= layers + 1 ? kGroup : layers + 1 - first;
#pragma unroll 1
    for (int i = 0; i < last; i++) {
      const int l = first + i;
      const T sum = fma(scale, sums[0], next);
      if (biased && l < layers) next = bias[static_cast<long long>(l) * channels + mine.channel];
      T state = value_of(activation, sum);
      if (from_initial != 0) state += initial;
      value = value_of(feature, state);
      if (mine.inside) {
        if (u != nullptr) u[(l - 1) * slice + mine.at] = sum;
        x[l * slice + mine.at] = state;
        if (z != nullptr && l < layers) z[l * slice + mine.at] = value;
      }
      mine.history[static_cast<long long>(l) * mine.pitch] = value;
      advance(value, mine.tile + l * kGroup, i, sums);
    }
  }
}

template <typename T>
__device__ __forceinline__ void scalar_adjoint(
    const T* a, int is_lags, T scale, int feature, int activation, int from_initial, const T* x,
    const T* u, const T* last_costate, T* dz, T* initial_costate, T* bias_partial, long long slice,
    int layers, long long rows, int channels) {
  DYNAMIC_SHARED(T, shared);
  const Columns<T> mine(shared, layers, rows, channels);
  if (is_lags != 0) mine.read_lags(a, layers);
  // The states wait where the d_l will be.
#pragma unroll 8
  for (int l = 0; l <= layers; l++) {
    mine.history[static_cast<long long>(l) * mine.pitch] =
        mine.inside ? x[l * slice + mine.at] : T(0);
  }
  const bool derives = activation != kIdentity && mine.inside;
  T next = derives ? u[(layers - 1) * slice + mine.at] : T(0);
  T total = mine.inside ? last_costate[mine.at] : T(0);
  for (int top = layers; top >= 0; top -= kGroup) {
    mine.stage_columns(a, is_lags != 0, top, layers);
    T sums[kGroup] = {};
    accumulate(
        mine.history + static_cast<long long>(top + 1) * mine.pitch, mine.pitch,
        mine.tile + kGroup * kGroup, layers - top, sums);
    const int last = top + 1 < kGroup ? top + 1 : kGroup;
#pragma unroll 1
    for (int j = 0; j < last; j++) {
      const int l = top - j;
      T* place = mine.history + static_cast<long long>(l) * mine.pitch;
      const T sum = next, slope = scale * sums[0];
      if (derives && l > 1) next = u[(l - 2) * slice + mine.at];
      if (mine.inside && dz != nullptr) dz[l * slice + mine.at] = slope;
      const T costate = l == layers ? total : derivative_of(feature, *place) * slope;
      if (l == layers) {
        total = from_initial != 0 ? costate : T(0);
      } else if (from_initial != 0 || l == 0) {
        total += costate;
      }
      if (l == 0) break;
      const T delta = derivative_of(activation, sum) * costate;
      *place = delta;
      advance(delta, mine.tile + (kGroup - 1 - j) * kGroup, j, sums);
    }
  }
  if (mine.inside) initial_costate[mine.at] = total;
  if (bias_partial == nullptr) return;
  __syncthreads();
  const int first = static_cast<int>(blockIdx.x) * kLanes;
  for (int item = mine.thread; item < layers * kLanes; item += mine.threads) {
    const int l = 1 + item / kLanes, c = item % kLanes;
    if (first + c >= channels) continue;
    T sum = T(0);
    for (int w = 0; w < static_cast<int>(blockDim.y); w++) {
      sum += shared[static_cast<long long>(l) * mine.pitch + w * kLanes + c];
    }
    bias_partial[(static_cast<long long>(blockIdx.y) * layers + l - 1) * channels + first + c] = sum;
  }
}

#define SCALAR_PASS(T, suffix)                                                                      \
  extern "C" __global__ void __launch_bounds__(kLanes * kWarps, 1) scalar_forward_##suffix(         \
      const T* a, int is_lags, T scale, const T* bias, int feature, int activation,                 \
      int from_initial, T* x, T* z, T* u, long long slice, int layers, long long rows,              \
      int channels) {                                                                               \
    scalar_forward(a, is_lags, scale, bias, feature, activation, from_initial, x, z, u, slice,      \
                   layers, rows, channels);                                                         \
  }                                                                                                 \
  extern "C" __global__ void __launch_bounds__(kLanes * kWarps, 1) scalar_adjoint_##suffix(         \
      const T* a, int is_lags, T scale, int feature, int activation, int from_initial, const T* x,  \
      const T* u, const T* last_costate, T* dz, T* initial_costate, T* bias_partial,                \
      long long slice, int layers, long long rows, int channels) {                                  \
    scalar_adjoint(a, is_lags, scale, feature, activation, from_initial, x, u, last_costate, dz,    \
                   initial_costate, bias_partial, slice, layers, rows, channels);                   \
  }

SCALAR_PASS(float, f32)
SCALAR_PASS(double, f64)
