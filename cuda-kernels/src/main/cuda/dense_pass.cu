// Whole passes through the layers of a small network with matrix-valued kernels: a few launches take all layers.
//   dense_forward   z_l = f(x_l), u_l = b_l + h sum_{k<l} z_k K[l, k], x_l = g + p(u_l), l = 1 ... L
//   dense_adjoint   dz_k = h sum_{l>k} d_l K[l, k]^T, lambda_k = f'(x_k) dz_k, d_k = p'(u_k) lambda_k,
//                   from lambda_L down to lambda_0 = f'(x_0) dz_0
//   dense_gradient  dK[l, k] = h z_k^T d_l and db_l += column sums of d_l, for all pairs of layers
// with g = x_0 or 0. K[l, k] is d x d and lies in rows k d ... of W_l; the W_l lie one behind the other.
//
// Tiles     forward, adjoint: a block owns 16 rows of one layer. Rows of a batch never meet, so it waits only
//           for the same rows of the layers before it (in_order.cuh), multiplies what is there already, and
//           has one product of 16 x d x d left when the last of them comes. 128 threads, 2 x 4 elements each;
//           matrices K come through a ring of two in shared memory (cp.async). gradient: a block for each
//           pair of layers, 256 threads, 4 x 4 elements each, over all rows.
// Grid      forward x = L ceil(rows / 16), adjoint x = (L + 1) ceil(rows / 16), gradient x = L (L + 1) / 2.
// Shared    forward, adjoint (2 d + 16) (d + W) sizeof(T), W the elements of 16 bytes, dynamic; gradient
//           32 (2 d) sizeof(T).
// Order     one chain of fused products per element, layers in order; no atomics but tickets.
// Bytes     sizeof(T) d^2 L^2 / 2 for each 16 rows, from the second-level cache after the first.
// Flops     rows d^2 L^2 in each of the three.
// Limits    d a multiple of W, at most 64; histories and their rows aligned to 16 bytes. Kernels that are not
//           are copied and written element by element.
#include "activation.cuh"
#include "in_order.cuh"
#include "tensor.cuh"

constexpr int kRows = 16, kMostChannels = 64, kPassThreads = 128;

// Where the elements of a history lie.
template <typename T>
struct Layers {
  T* data;
  long long slice, row;
  __device__ __forceinline__ T* at(int l, long long r) const { return data + l * slice + r * row; }
};

template <typename T>
struct DenseTile {
  static constexpr int W = Pack<T>::width;
  static constexpr int columns = 4;

  T* kernels;  // [2][d][pitch]
  T* operand;  // [kRows][pitch]
  int d, pitch, tx, ty, thread;
  T sums[2][columns];

  __device__ __forceinline__ DenseTile(T* shared, int channels)
      : kernels(shared), d(channels), pitch(channels + W), thread(static_cast<int>(threadIdx.x)) {
    operand = shared + 2 * d * pitch;
    tx = thread % 16, ty = thread / 16;
#pragma unroll
    for (int c = 0; c < columns; c++) sums[0][c] = sums[1][c] = T(0);
  }

  // Begins to copy a matrix K to its place in the ring.
  __device__ __forceinline__ void fetch(const T* kernel, int place) const {
    const int packs = d / W;
    T* to = kernels + place * d * pitch;
    if (!is_packable(kernel, 0, 1)) {
      constexpr int words = sizeof(T) / sizeof(float);
      for (int p = thread; p < d * d * words; p += kPassThreads) {
        const int i = p / (d * words), j = p % (d * words);
        copy_async<4>(reinterpret_cast<float*>(to + i * pitch) + j,
                      reinterpret_cast<const float*>(kernel + i * d) + j, 4);
      }
      return;
    }
    for (int p = thread; p < d * packs; p += kPassThreads) {
      const int i = p / packs, j = p % packs * W;
      copy_async<16>(reinterpret_cast<float*>(to + i * pitch + j),
                     reinterpret_cast<const float*>(kernel + i * d + j), 16);
    }
  }

  // Reads the rows that another block wrote.
  __device__ __forceinline__ void read(const T* from, long long stride, int count) const {
    const int packs = d / W;
    for (int p = thread; p < kRows * packs; p += kPassThreads) {
      const int r = p / packs, j = p % packs * W;
      Pack<T> pack = {};
      if (r < count) pack = load_fresh(from + r * stride + j);
      store_pack(operand + r * pitch + j, pack);
    }
  }

  // sums += operand K; this thread's columns are 4 tx ... 4 tx + 3.
  __device__ __forceinline__ void multiply(int place) {
    const T* kernel = kernels + place * d * pitch + tx * columns;
    if (tx * columns >= d) return;
#pragma unroll 2
    for (int k = 0; k < d; k += W) {
      const Pack<T> u = load_pack(operand + 2 * ty * pitch + k);
      const Pack<T> v = load_pack(operand + (2 * ty + 1) * pitch + k);
#pragma unroll
      for (int w = 0; w < W; w++) {
#pragma unroll
        for (int p = 0; p < columns / W; p++) {
          const Pack<T> b = load_pack(kernel + (k + w) * pitch + p * W);
#pragma unroll
          for (int c = 0; c < W; c++) {
            sums[0][p * W + c] = fma(u.at[w], b.at[c], sums[0][p * W + c]);
            sums[1][p * W + c] = fma(v.at[w], b.at[c], sums[1][p * W + c]);
          }
        }
      }
    }
  }

  // sums += operand K^T; this thread's columns are tx, tx + 16, tx + 32, tx + 48.
  __device__ __forceinline__ void multiply_transposed(int place) {
    const T* kernel = kernels + place * d * pitch + tx * pitch;
#pragma unroll 2
    for (int k = 0; k < d; k += W) {
      const Pack<T> u = load_pack(operand + 2 * ty * pitch + k);
      const Pack<T> v = load_pack(operand + (2 * ty + 1) * pitch + k);
#pragma unroll
      for (int c = 0; c < columns; c++) {
        if (tx + 16 * c >= d) break;
        const Pack<T> b = load_pack(kernel + 16 * c * pitch + k);
#pragma unroll
        for (int w = 0; w < W; w++) {
          sums[0][c] = fma(u.at[w], b.at[w], sums[0][c]);
          sums[1][c] = fma(v.at[w], b.at[w], sums[1][c]);
        }
      }
    }
  }
};

template <typename T>
__device__ __forceinline__ long long kernel_at(int l, int k, int d) {
  return (l * (l - 1LL) / 2 + k) * d * d;
}

template <typename T>
__device__ __forceinline__ void dense_forward(
    const T* kernels, T scale, const T* bias, int feature, int activation,
    int from_initial, T* x, long long x_slice, long long x_row, T* z, long long z_slice,
    long long z_row, T* u, long long u_slice, int* order, int layers, int rows, int d) {
  DYNAMIC_SHARED(T, shared);
  const Layers<T> states = {x, x_slice, x_row}, features = {z, z_slice, z_row}, sums = {u, u_slice, d};
  const int tiles = (rows + kRows - 1) / kRows;
  const int ticket = take_ticket(order);
  const int l = 1 + ticket / tiles, t = ticket % tiles, row0 = t * kRows;
  const int count = rows - row0 < kRows ? rows - row0 : kRows;
  int* flags = order + 1 + t;  // of layer l at l * tiles
  DenseTile<T> tile(shared, d);
  // What the end of the layer needs is on its way while it waits for other layers.
  T initial[2][tile.columns], constant[tile.columns];
#pragma unroll
  for (int c = 0; c < tile.columns; c++) {
    const int j = tile.tx * tile.columns + c;
    constant[c] = bias != nullptr && j < d ? bias[(l - 1LL) * d + j] : T(0);
#pragma unroll
    for (int i = 0; i < 2; i++) {
      const int r = 2 * tile.ty + i;
      initial[i][c] = from_initial != 0 && r < count && j < d ? states.at(0, row0 + r)[j] : T(0);
    }
  }
  const T* matrix = kernels + kernel_at<T>(l, 0, d);
  tile.fetch(matrix, 0);
  commit_async();
  for (int k = 0; k < l; k++) {
    if (k + 1 < l) tile.fetch(matrix + (k + 1LL) * d * d, (k + 1) % 2);
    commit_async();
    if (k > 0) await(flags + static_cast<long long>(k) * tiles, l - k);
    tile.read(features.at(k, row0), z_row, count);
    wait_async<1>();
    __syncthreads();
    tile.multiply(k % 2);
    __syncthreads();
  }
#pragma unroll
  for (int i = 0; i < 2; i++) {
    const int r = 2 * tile.ty + i;
#pragma unroll
    for (int c = 0; c < tile.columns; c++) {
      const int j = tile.tx * tile.columns + c;
      if (r >= count || j >= d) continue;
      const T sum = fma(scale, tile.sums[i][c], constant[c]);
      const T state = value_of(activation, sum) + initial[i][c];
      if (z != x && l < layers) features.at(l, row0 + r)[j] = value_of(feature, state);
      if (u != nullptr) sums.at(l - 1, row0 + r)[j] = sum;
      states.at(l, row0 + r)[j] = state;
    }
  }
  publish(flags + static_cast<long long>(l) * tiles);
}

// delta and lambda are [L][rows][d], of layer l at l - 1; lambda may be delta where p is the identity.
template <typename T>
__device__ __forceinline__ void dense_adjoint(
    const T* kernels, T scale, int feature, int activation, const T* x, long long x_slice,
    long long x_row, const T* u, long long u_slice, const T* last_costate, T* dz, long long dz_slice,
    long long dz_row, T* delta, T* lambda, T* initial_costate, int* order, int layers, int rows,
    int d) {
  DYNAMIC_SHARED(T, shared);
  const Layers<const T> states = {x, x_slice, x_row}, sums = {u, u_slice, d};
  const Layers<T> slopes = {dz, dz_slice, dz_row};
  const Layers<T> deltas = {delta, static_cast<long long>(rows) * d, d};
  const Layers<T> lambdas = {lambda, static_cast<long long>(rows) * d, d};
  const int tiles = (rows + kRows - 1) / kRows;
  const int ticket = take_ticket(order);
  const int k = layers - ticket / tiles, t = ticket % tiles, row0 = t * kRows;
  const int count = rows - row0 < kRows ? rows - row0 : kRows;
  int* flags = order + 1 + t;
  DenseTile<T> tile(shared, d);
  T slopes_f[2][tile.columns], slopes_p[2][tile.columns];
#pragma unroll
  for (int i = 0; i < 2; i++) {
#pragma unroll
    for (int c = 0; c < tile.columns; c++) {
      const int r = 2 * tile.ty + i, j = tile.tx + 16 * c;
      const bool inside = r < count && j < d;
      slopes_f[i][c] = inside ? derivative_of(feature, states.at(k, row0 + r)[j]) : T(0);
      slopes_p[i][c] = inside && k > 0 && activation != kIdentity
                           ? derivative_of(activation, sums.at(k - 1, row0 + r)[j]) : T(1);
    }
  }
  if (k < layers) tile.fetch(kernels + kernel_at<T>(layers, k, d), 0);
  commit_async();
  for (int l = layers, turn = 0; l > k; l--, turn++) {
    if (l - 1 > k) tile.fetch(kernels + kernel_at<T>(l - 1, k, d), (turn + 1) % 2);
    commit_async();
    await(flags + static_cast<long long>(l) * tiles, l - k);
    tile.read(deltas.at(l - 1, row0), d, count);
    wait_async<1>();
    __syncthreads();
    tile.multiply_transposed(turn % 2);
    __syncthreads();
  }
#pragma unroll
  for (int i = 0; i < 2; i++) {
    const int r = 2 * tile.ty + i;
#pragma unroll
    for (int c = 0; c < tile.columns; c++) {
      const int j = tile.tx + 16 * c;
      if (r >= count || j >= d) continue;
      const long long row = row0 + r;
      const T slope = scale * tile.sums[i][c];
      const T costate = k == layers ? last_costate[row * d + j] : slopes_f[i][c] * slope;
      if (k == 0) {
        initial_costate[row * d + j] = costate;
      } else {
        deltas.at(k - 1, row)[j] = slopes_p[i][c] * costate;
        if (lambda != delta) lambdas.at(k - 1, row)[j] = costate;
      }
      slopes.at(k, row)[j] = slope;
    }
  }
  publish(flags + static_cast<long long>(k) * tiles);
}

template <typename T>
__device__ __forceinline__ void dense_gradient(
    T scale, const T* z, long long z_slice, long long z_row, const T* delta, T* kernel_gradient,
    T* bias_gradient, int rows, int d) {
  constexpr int W = Pack<T>::width, kDeep = 32;
  __align__(16) __shared__ T left[kDeep][kMostChannels];
  __align__(16) __shared__ T right[kDeep][kMostChannels];
  const long long pair = blockIdx.x;
  int l = static_cast<int>((1 + sqrt(8.0 * static_cast<double>(pair) + 1)) / 2);
  while (l * (l - 1LL) / 2 > pair) l--;
  while (l * (l + 1LL) / 2 <= pair) l++;
  const int k = static_cast<int>(pair - l * (l - 1LL) / 2);
  const int thread = static_cast<int>(threadIdx.x), tx = thread % 16, ty = thread / 16, packs = d / W;
  T sums[4][4] = {};
  double column = 0;
  for (int row0 = 0; row0 < rows; row0 += kDeep) {
    const int count = rows - row0 < kDeep ? rows - row0 : kDeep;
    for (int p = thread; p < count * packs; p += 256) {
      const int r = p / packs, j = p % packs * W;
      store_pack(&left[r][j], load_pack(z + k * z_slice + (row0 + r) * z_row + j));
      store_pack(&right[r][j], load_pack(delta + ((l - 1LL) * rows + row0 + r) * d + j));
    }
    __syncthreads();
#pragma unroll 2
    for (int r = 0; r < count; r++) {
      Pack<T> a[4 / W], b[4 / W];
#pragma unroll
      for (int p = 0; p < 4 / W; p++) {
        a[p] = load_pack(&left[r][ty * 4 + p * W]);
        b[p] = load_pack(&right[r][tx * 4 + p * W]);
      }
#pragma unroll
      for (int i = 0; i < 4; i++) {
#pragma unroll
        for (int j = 0; j < 4; j++) {
          sums[i][j] = fma(a[i / W].at[i % W], b[j / W].at[j % W], sums[i][j]);
        }
      }
      if (k == 0 && thread < d) column += right[r][thread];
    }
    __syncthreads();
  }
  T* to = kernel_gradient + pair * d * d;
  const bool packed = is_packable(kernel_gradient, 0, 1);
  if (tx * 4 < d) {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      if (ty * 4 + i >= d) break;
#pragma unroll
      for (int p = 0; p < 4 / W; p++) {
        Pack<T> pack;
#pragma unroll
        for (int w = 0; w < W; w++) pack.at[w] = scale * sums[i][p * W + w];
        if (tx * 4 + p * W >= d) break;
        T* at = to + (ty * 4 + i) * d + tx * 4 + p * W;
        if (packed) {
          store_pack(at, pack);
        } else {
#pragma unroll
          for (int w = 0; w < W; w++) at[w] = pack.at[w];
        }
      }
    }
  }
  if (k == 0 && thread < d && bias_gradient != nullptr) {
    bias_gradient[(l - 1LL) * d + thread] += static_cast<T>(column);
  }
}

#define DENSE_PASS(T, suffix, each)                                                                       \
  extern "C" __global__ void __launch_bounds__(kPassThreads, 4) dense_forward_##suffix(                \
      const T* kernels, T scale, const T* bias, int feature, int activation, \
      int from_initial, T* x, long long x_slice, long long x_row, T* z, long long z_slice,          \
      long long z_row, T* u, long long u_slice, int* order, int layers, int rows, int d) {          \
    dense_forward(kernels, scale, bias, feature, activation, from_initial, x, x_slice, \
                  x_row, z, z_slice, z_row, u, u_slice, order, layers, rows, d);                    \
  }                                                                                                 \
  extern "C" __global__ void __launch_bounds__(kPassThreads, 4) dense_adjoint_##suffix(                \
      const T* kernels, T scale, int feature, int activation, const T* x, long long x_slice,        \
      long long x_row, const T* u, long long u_slice, const T* last_costate, T* dz,                 \
      long long dz_slice, long long dz_row, T* delta, T* lambda, T* initial_costate, int* order,    \
      int layers, int rows, int d) {                                                                \
    dense_adjoint(kernels, scale, feature, activation, x, x_slice, x_row, u, u_slice, last_costate, \
                  dz, dz_slice, dz_row, delta, lambda, initial_costate, order, layers, rows, d);    \
  }                                                                                                 \
  extern "C" __global__ void __launch_bounds__(256, each) dense_gradient_##suffix(                        \
      T scale, const T* z, long long z_slice, long long z_row, const T* delta, T* kernel_gradient,  \
      T* bias_gradient, int rows, int d) {                                   \
    dense_gradient(scale, z, z_slice, z_row, delta, kernel_gradient, bias_gradient,    \
                   rows, d);                                                                        \
  }

DENSE_PASS(float, f32, 4)
DENSE_PASS(double, f64, 2)
