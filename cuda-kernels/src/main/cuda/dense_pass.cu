// Whole passes through the layers of a small network with matrix-valued kernels: a few launches take all layers.
//   dense_forward   z_l = f(x_l), u_l = b_l + h sum_{k<l} z_k K[l, k], x_l = g + p(u_l), l = 1 ... L
//   dense_adjoint   dz_k = h sum_{l>k} d_l K[l, k]^T, lambda_k = f'(x_k) dz_k, d_k = p'(u_k) lambda_k,
//                   from lambda_L down to lambda_0 = f'(x_0) dz_0
//   dense_gradient  dK[l, k] = h z_k^T d_l and db_l += column sums of d_l, for all pairs of layers
// with g = x_0 or 0. K[l, k] is d x d and lies in rows k d ... of W_l; the W_l lie one behind the other.
//
// Tiles     forward, adjoint: a block owns 16 rows of one layer. Rows of a batch never meet, so it waits only
//           for the same rows of the layers before it (in_order.cuh), multiplies what is there already, and
//           has one product of 16 x d x d left when the last of them comes. 256 threads, 2 x 4 elements of
//           half of the inner dimension each; matrices K come through a ring of two in shared memory
//           (cp.async). Numbers that others wait for are sent before any history is written. gradient: a
//           block for each pair of layers, 128 threads, 8 x 4 elements each, over all rows.
// Grid      forward x = L ceil(rows / 16), adjoint x = (L + 1) ceil(rows / 16), gradient x = L (L + 1) / 2.
// Shared    forward, adjoint max((2 d + 16) (d + W), 1024) sizeof(T), W the elements of 16 bytes, dynamic;
//           gradient 32 KiB.
// Order     two chains of fused products per element, layers in order; no atomics but tickets.
// Bytes     sizeof(T) d^2 L^2 / 2 for each 16 rows, from the second-level cache after the first.
// Flops     rows d^2 L^2 in each of the three.
// Measured  H200, float32, L = 128, in microseconds a layer, forward, adjoint and gradient: 2.7, 3.0 and 0.4
//           for 16 rows of 64, 4.2, 4.9 and 1.1 for 64 of 64, 2.3, 1.7 and 0.6 for 32 of 32.
// Limits    d a multiple of W, at most 64; histories and their rows aligned to 16 bytes. Kernels that are not
//           are copied and written element by element.
#include "activation.cuh"
#include "in_order.cuh"
#include "tensor.cuh"

constexpr int kRows = 16, kMostChannels = 64, kPassThreads = 256, kGradientThreads = 128;

// At a time; on some architectures two would take more registers than four blocks have.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 1000
constexpr int kTurns = 1;
#else
constexpr int kTurns = 2;
#endif

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
  int d, pitch, tx, ty, part, thread;
  T sums[2][columns];  // over this thread's part of the inner dimension, one of two

  __device__ __forceinline__ DenseTile(T* shared, int channels)
      : kernels(shared), d(channels), pitch(channels + W), thread(static_cast<int>(threadIdx.x)) {
    operand = shared + 2 * d * pitch;
    tx = thread % 16, ty = thread / 16 % 8, part = thread / 128;
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

  // Reads rows that are there, or that another block sends.
  template <bool SENT>
  __device__ __forceinline__ void read(const T* from, long long stride, int count) const {
    const int packs = d / W;
    for (int p = thread; p < kRows * packs; p += kPassThreads) {
      const int r = p / packs, j = p % packs * W;
      Pack<T> pack = {};
      if (r < count) {
        const T* at = from + r * stride + j;
        pack = SENT ? receive(at) : load_pack(at);
      }
      store_pack(operand + r * pitch + j, pack);
    }
  }

  __device__ __forceinline__ int first() const { return part == 0 ? 0 : half(); }
  __device__ __forceinline__ int end() const { return part == 0 ? half() : d; }

  // Adds up both parts: this thread gets the sums of one row, which is returned.
  __device__ __forceinline__ int add_parts(T (&sum)[columns]) const {
    T* given = kernels + thread * columns;
    const T* taken = kernels + (thread ^ 128) * columns;
#pragma unroll
    for (int p = 0; p < columns; p += W) {
      Pack<T> pack;
#pragma unroll
      for (int w = 0; w < W; w++) pack.at[w] = part == 0 ? sums[1][p + w] : sums[0][p + w];
      store_pack(given + p, pack);
    }
    __syncthreads();
#pragma unroll
    for (int p = 0; p < columns; p += W) {
      const Pack<T> pack = load_pack(taken + p);
#pragma unroll
      for (int w = 0; w < W; w++) {
        sum[p + w] = (part == 0 ? sums[0][p + w] : sums[1][p + w]) + pack.at[w];
      }
    }
    return 2 * ty + part;
  }

  // sums += operand K; this thread's columns are 4 tx ... 4 tx + 3.
  __device__ __forceinline__ void multiply(int place) {
    const T* kernel = kernels + place * d * pitch + tx * columns;
    if (tx * columns >= d) return;
#pragma unroll kTurns
    for (int k = first(); k < end(); k += W) {
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
    for (int k = first(); k < end(); k += W) {
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

 private:
  __device__ __forceinline__ int half() const { return (d / W + 1) / 2 * W; }
};

template <typename T>
__device__ __forceinline__ long long kernel_at(int l, int k, int d) {
  return (l * (l - 1LL) / 2 + k) * d * d;
}

template <typename T>
__device__ __forceinline__ void dense_forward(
    const T* kernels, T scale, const T* bias, int feature, int activation,
    int from_initial, T* x, long long x_slice, long long x_row, T* z, long long z_slice,
    long long z_row, T* u, long long u_slice, T* order, int layers, int rows, int d) {
  DYNAMIC_SHARED(T, shared);
  const Layers<T> states = {x, x_slice, x_row}, features = {z, z_slice, z_row}, sums = {u, u_slice, d};
  const Layers<T> sent = {order + Pack<T>::width, static_cast<long long>(rows) * d, d};  // of layer l at l - 1
  const int tiles = (rows + kRows - 1) / kRows;
  const int ticket = take_ticket(order);
  const int l = 1 + ticket / tiles, row0 = ticket % tiles * kRows;
  const int count = rows - row0 < kRows ? rows - row0 : kRows;
  DenseTile<T> tile(shared, d);
  // What the end of the layer needs is on its way while it waits for other layers.
  T initial[tile.columns], constant[tile.columns];
#pragma unroll
  for (int c = 0; c < tile.columns; c++) {
    const int r = 2 * tile.ty + tile.part, j = tile.tx * tile.columns + c;
    constant[c] = bias != nullptr && j < d ? bias[(l - 1LL) * d + j] : T(0);
    initial[c] = from_initial != 0 && r < count && j < d ? states.at(0, row0 + r)[j] : T(0);
  }
  const T* matrix = kernels + kernel_at<T>(l, 0, d);
  tile.fetch(matrix, 0);
  commit_async();
  for (int k = 0; k < l; k++) {
    if (k + 1 < l) tile.fetch(matrix + (k + 1LL) * d * d, (k + 1) % 2);
    commit_async();
    if (k == 0) {
      tile.template read<false>(features.at(0, row0), z_row, count);
    } else {
      const T* message = sent.at(k - 1, row0);
      if (l - k > 1) await_calmly(message);
      tile.template read<true>(message, d, count);
    }
    wait_async<1>();
    __syncthreads();
    tile.multiply(k % 2);
    __syncthreads();
  }
  T sum[tile.columns], value[tile.columns];
  const int r = tile.add_parts(sum);
#pragma unroll
  for (int c = 0; c < tile.columns; c++) {
    const int j = tile.tx * tile.columns + c;
    if (r >= count || j >= d) continue;
    sum[c] = fma(scale, sum[c], constant[c]);
    initial[c] += value_of(activation, sum[c]);
    value[c] = value_of(feature, initial[c]);
    if (l < layers) send(sent.at(l - 1, row0 + r) + j, value[c]);
  }
  // Histories only when others have what they wait for.
#pragma unroll
  for (int c = 0; c < tile.columns; c++) {
    const int j = tile.tx * tile.columns + c;
    if (r >= count || j >= d) continue;
    if (z != x && l < layers) features.at(l, row0 + r)[j] = value[c];
    if (u != nullptr) sums.at(l - 1, row0 + r)[j] = sum[c];
    states.at(l, row0 + r)[j] = initial[c];
  }
}

// delta and lambda are [L][rows][d], of layer l at l - 1; lambda may be delta where p is the identity. The
// elements of delta are the messages.
template <typename T>
__device__ __forceinline__ void dense_adjoint(
    const T* kernels, T scale, int feature, int activation, const T* x, long long x_slice,
    long long x_row, const T* u, long long u_slice, const T* last_costate, T* dz, long long dz_slice,
    long long dz_row, T* delta, T* lambda, T* initial_costate, T* order, int layers, int rows,
    int d) {
  DYNAMIC_SHARED(T, shared);
  const Layers<const T> states = {x, x_slice, x_row}, sums = {u, u_slice, d};
  const Layers<T> slopes = {dz, dz_slice, dz_row};
  const Layers<T> deltas = {delta, static_cast<long long>(rows) * d, d};
  const Layers<T> lambdas = {lambda, static_cast<long long>(rows) * d, d};
  const int tiles = (rows + kRows - 1) / kRows;
  const int ticket = take_ticket(order);
  const int k = layers - ticket / tiles, row0 = ticket % tiles * kRows;
  const int count = rows - row0 < kRows ? rows - row0 : kRows;
  DenseTile<T> tile(shared, d);
  T slopes_f[tile.columns], slopes_p[tile.columns];
#pragma unroll
  for (int c = 0; c < tile.columns; c++) {
    const int r = 2 * tile.ty + tile.part, j = tile.tx + 16 * c;
    const bool inside = r < count && j < d;
    slopes_f[c] = inside ? derivative_of(feature, states.at(k, row0 + r)[j]) : T(0);
    slopes_p[c] = inside && k > 0 && activation != kIdentity
                      ? derivative_of(activation, sums.at(k - 1, row0 + r)[j]) : T(1);
  }
  if (k < layers) tile.fetch(kernels + kernel_at<T>(layers, k, d), 0);
  commit_async();
  for (int l = layers, turn = 0; l > k; l--, turn++) {
    if (l - 1 > k) tile.fetch(kernels + kernel_at<T>(l - 1, k, d), (turn + 1) % 2);
    commit_async();
    const T* message = deltas.at(l - 1, row0);
    if (l - k > 1) await_calmly(message);
    tile.template read<true>(message, d, count);
    wait_async<1>();
    __syncthreads();
    tile.multiply_transposed(turn % 2);
    __syncthreads();
  }
  T sum[tile.columns], costate[tile.columns];
  const long long row = row0 + tile.add_parts(sum);
  const bool inside = row < rows;
#pragma unroll
  for (int c = 0; c < tile.columns; c++) {
    const int j = tile.tx + 16 * c;
    if (!inside || j >= d) continue;
    sum[c] *= scale;
    costate[c] = k == layers ? last_costate[row * d + j] : slopes_f[c] * sum[c];
    if (k > 0) send(deltas.at(k - 1, row) + j, slopes_p[c] * costate[c]);
  }
#pragma unroll
  for (int c = 0; c < tile.columns; c++) {
    const int j = tile.tx + 16 * c;
    if (!inside || j >= d) continue;
    if (k == 0) {
      initial_costate[row * d + j] = costate[c];
    } else if (lambda != delta) {
      lambdas.at(k - 1, row)[j] = costate[c];
    }
    slopes.at(k, row)[j] = sum[c];
  }
}

template <typename T>
__device__ __forceinline__ void dense_gradient(
    T scale, const T* z, long long z_slice, long long z_row, const T* delta, T* kernel_gradient,
    T* bias_gradient, int rows, int d) {
  constexpr int W = Pack<T>::width, kDeep = 128 / sizeof(T), kRowsEach = 8;
  __align__(16) __shared__ T left[2][kDeep][kMostChannels];
  __align__(16) __shared__ T right[2][kDeep][kMostChannels];
  const long long pair = blockIdx.x;
  int l = static_cast<int>((1 + sqrt(8.0 * static_cast<double>(pair) + 1)) / 2);
  while (l * (l - 1LL) / 2 > pair) l--;
  while (l * (l + 1LL) / 2 <= pair) l++;
  const int k = static_cast<int>(pair - l * (l - 1LL) / 2);
  const int thread = static_cast<int>(threadIdx.x), tx = thread % 16, ty = thread / 16, packs = d / W;
  const auto fetch = [&](int row0, int place) {
    const int count = rows - row0 < kDeep ? rows - row0 : kDeep;
    for (int p = thread; p < count * packs; p += kGradientThreads) {
      const int r = p / packs, j = p % packs * W;
      copy_async<16>(&left[place][r][j], z + k * z_slice + (row0 + r) * z_row + j, 16);
      copy_async<16>(&right[place][r][j], delta + ((l - 1LL) * rows + row0 + r) * d + j, 16);
    }
  };
  T sums[kRowsEach][4] = {};
  double column = 0;
  fetch(0, 0);
  commit_async();
  for (int row0 = 0, place = 0; row0 < rows; row0 += kDeep, place ^= 1) {
    if (row0 + kDeep < rows) fetch(row0 + kDeep, place ^ 1);
    commit_async();
    wait_async<1>();
    __syncthreads();
    const int count = rows - row0 < kDeep ? rows - row0 : kDeep;
#pragma unroll 2
    for (int r = 0; r < count; r++) {
      Pack<T> a[kRowsEach / W], b[4 / W];
#pragma unroll
      for (int p = 0; p < kRowsEach / W; p++) a[p] = load_pack(&left[place][r][ty * kRowsEach + p * W]);
#pragma unroll
      for (int p = 0; p < 4 / W; p++) b[p] = load_pack(&right[place][r][tx * 4 + p * W]);
#pragma unroll
      for (int i = 0; i < kRowsEach; i++) {
#pragma unroll
        for (int j = 0; j < 4; j++) {
          sums[i][j] = fma(a[i / W].at[i % W], b[j / W].at[j % W], sums[i][j]);
        }
      }
      if (k == 0 && thread < d) column += right[place][r][thread];
    }
    __syncthreads();
  }
  T* to = kernel_gradient + pair * d * d;
  const bool packed = is_packable(kernel_gradient, 0, 1);
  if (tx * 4 < d) {
#pragma unroll
    for (int i = 0; i < kRowsEach; i++) {
      if (ty * kRowsEach + i >= d) break;
#pragma unroll
      for (int p = 0; p < 4 / W; p++) {
        Pack<T> pack;
#pragma unroll
        for (int w = 0; w < W; w++) pack.at[w] = scale * sums[i][p * W + w];
        if (tx * 4 + p * W >= d) break;
        T* at = to + (ty * kRowsEach + i) * d + tx * 4 + p * W;
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
  extern "C" __global__ void __launch_bounds__(kPassThreads, each) dense_forward_##suffix(             \
      const T* kernels, T scale, const T* bias, int feature, int activation, \
      int from_initial, T* x, long long x_slice, long long x_row, T* z, long long z_slice,          \
      long long z_row, T* u, long long u_slice, T* order, int layers, int rows, int d) {            \
    dense_forward(kernels, scale, bias, feature, activation, from_initial, x, x_slice, \
                  x_row, z, z_slice, z_row, u, u_slice, order, layers, rows, d);                    \
  }                                                                                                 \
  extern "C" __global__ void __launch_bounds__(kPassThreads, each) dense_adjoint_##suffix(             \
      const T* kernels, T scale, int feature, int activation, const T* x, long long x_slice,        \
      long long x_row, const T* u, long long u_slice, const T* last_costate, T* dz,                 \
      long long dz_slice, long long dz_row, T* delta, T* lambda, T* initial_costate, T* order,      \
      int layers, int rows, int d) {                                                                \
    dense_adjoint(kernels, scale, feature, activation, x, x_slice, x_row, u, u_slice, last_costate, \
                  dz, dz_slice, dz_row, delta, lambda, initial_costate, order, layers, rows, d);    \
  }                                                                                                 \
  extern "C" __global__ void __launch_bounds__(kGradientThreads, each + 1) dense_gradient_##suffix(      \
      T scale, const T* z, long long z_slice, long long z_row, const T* delta, T* kernel_gradient,  \
      T* bias_gradient, int rows, int d) {                                   \
    dense_gradient(scale, z, z_slice, z_row, delta, kernel_gradient, bias_gradient,    \
                   rows, d);                                                                        \
  }

DENSE_PASS(float, f32, 4)
DENSE_PASS(double, f64, 2)
