// Whole passes through the layers of a small network with matrix-valued kernels: a few launches take all layers.
//   dense_forward   z_l = f(x_l), u_l = b_l + h sum_{k<l} z_k K[l, k], x_l = g + p(u_l), l = 1 ... L
//   dense_adjoint   dz_k = h sum_{l>k} d_l K[l, k]^T, lambda_k = f'(x_k) dz_k, d_k = p'(u_k) lambda_k,
//                   from lambda_L down to lambda_0 = f'(x_0) dz_0
//   dense_gradient  dK[l, k] = h z_k^T d_l and db_l += column sums of d_l, for all pairs of layers
// with g = x_0 or 0. K[l, k] is d x d and lies in rows k d ... of W_l; the W_l lie one behind the other.
//
// Tiles     forward, adjoint: a block owns 16 rows of one layer. Rows of a batch never meet, so it waits only
//           for the same rows of the layers before it (in_order.cuh), multiplies what is there already, and
//           has one product of 16 x d x d left when the last of them comes. 256 threads, 4 x 4 elements of
//           a quarter of the inner dimension each; matrices K come through a ring of two in shared memory
//           (cp.async), and while one is multiplied the next operand is on its way to registers. Numbers
//           that others wait for are sent before any history is written. gradient: a block for each pair
//           of layers, 128 threads, 8 x 4 elements each, over all rows.
// Grid      forward x = L ceil(rows / 16), adjoint x = (L + 1) ceil(rows / 16), gradient x = L (L + 1) / 2.
// Shared    forward, adjoint (48 (d + W) + max(2 d (d + W), 4096)) sizeof(T), W the elements of 16 bytes,
//           dynamic; gradient 32 KiB.
// Order     four chains of fused products per element, layers in order; no atomics but tickets.
// Bytes     sizeof(T) d^2 L^2 / 2 for each 16 rows, from the second-level cache after the first.
// Flops     rows d^2 L^2 in each of the three.
// Measured  H200, float32, L = 128, in microseconds a layer, forward, adjoint and gradient: 1.9, 2.6 and 0.4
//           for 16 rows of 64, 2.8, 3.6 and 1.1 for 64 of 64, 1.7, 1.8 and 0.6 for 32 of 32. Of 2.8 some 0.4
//           is the way of the numbers from block to block; with 64 rows four blocks share a multiprocessor.
// Limits    d a multiple of W, at most 64; histories and their rows aligned to 16 bytes. Kernels that are not
//           are copied and written element by element.
#include "activation.cuh"
#include "in_order.cuh"
#include "tensor.cuh"

constexpr int kRows = 16, kMostChannels = 64, kPassThreads = 256, kGradientThreads = 128;
constexpr unsigned kPause = 300;  // nanoseconds between looks at what is not urgent

// Where the elements of a history lie.
template <typename T>
struct Layers {
  T* data;
  long long slice, row;
  __device__ __forceinline__ T* at(int l, long long r) const { return data + l * slice + r * row; }
};

// A block's part of a layer. A thread adds up 4 x 4 elements over one of four parts of the inner dimension.
template <typename T>
struct DenseTile {
  static constexpr int W = Pack<T>::width;
  static constexpr int columns = 4, parts = 4, rows = kRows / parts;
  static constexpr int each = kRows * kMostChannels / W / kPassThreads;  // packs of an operand for a thread

  T* operands;  // [3][kRows][pitch], the last for what the end needs
  T* kernels;   // [2][d][pitch]; sums at the end, [parts][kRows][16][columns]
  int d, pitch, thread;
  unsigned inverse;  // of the packs of a row, times 2^31
  T sums[rows][columns];

  __device__ __forceinline__ DenseTile(T* shared, int channels)
      : operands(shared), d(channels), pitch(channels + W), thread(static_cast<int>(threadIdx.x)) {
    kernels = shared + 3 * kRows * pitch;
    inverse = 0x7fffffffu / static_cast<unsigned>(d / W) + 1;
#pragma unroll
    for (int r = 0; r < rows; r++) {
#pragma unroll
      for (int c = 0; c < columns; c++) sums[r][c] = T(0);
    }
    for (int i = thread; i < 2 * kRows * pitch; i += kPassThreads) operands[i] = T(0);
    __syncthreads();
  }

  __device__ __forceinline__ int tx() const { return thread % 16; }
  __device__ __forceinline__ int ty() const { return thread / 16 % 4; }
  __device__ __forceinline__ int part() const { return thread / 64; }

  // The row of a pack of a matrix of d columns.
  __device__ __forceinline__ int row_of(int p) const {
    return static_cast<int>(static_cast<unsigned long long>(p) * inverse >> 31);
  }

  // Begins to copy a matrix K to its place in the ring.
  __device__ __forceinline__ void fetch(const T* kernel, int place) const {
    T* to = kernels + place * d * pitch;
    const bool packed = is_packable(kernel, 0, 1);
#pragma unroll 2
    for (int p = thread; p < d * d / W; p += kPassThreads) {
      T* pack = to + (p + row_of(p)) * W;
      if (packed) {
        copy_async<16>(reinterpret_cast<float*>(pack), reinterpret_cast<const float*>(kernel + p * W), 16);
      } else {
#pragma unroll
        for (int i = 0; i < 4; i++) {
          copy_async<4>(reinterpret_cast<float*>(pack) + i, reinterpret_cast<const float*>(kernel + p * W) + i, 4);
        }
      }
    }
  }

  // Begins to copy rows of a history to a place of the operands.
  __device__ __forceinline__ void copy_rows(int place, const T* from, long long stride, int count) const {
    T* to = operands + place * kRows * pitch;
    for_each_pack(count, [&](int, int p) {
      const int r = row_of(p);
      copy_async<16>(to + (p + r) * W, from + r * (stride - d) + p * W);
    });
  }

  // Begins to copy a row that may lie anywhere.
  __device__ __forceinline__ void copy_row(int place, const T* from) const {
    if (thread < d) copy_async<sizeof(T)>(operands + place * kRows * pitch + thread, from + thread);
  }

  // An element that was copied.
  __device__ __forceinline__ T copied(int place, int r, int j) const {
    return operands[(place * kRows + r) * pitch + j];
  }

  // Calls f(pack of this thread, its number) for the packs of so many rows of an operand.
  template <typename F>
  __device__ __forceinline__ void for_each_pack(int count, F f) const {
#pragma unroll
    for (int e = 0; e < each; e++) {
      const int p = thread + e * kPassThreads;
      if (p < count * (d / W)) f(e, p);
    }
  }

  // Reads rows that are there.
  __device__ __forceinline__ void load(const T* from, long long stride, int count, Pack<T> (&to)[each]) const {
    for_each_pack(count, [&](int e, int p) { to[e] = load_pack(from + row_of(p) * (stride - d) + p * W); });
  }

  // Looks at rows that another block sends, whether they are there or not.
  __device__ __forceinline__ void look_at(const T* from, int count, Pack<T> (&to)[each]) const {
    for_each_pack(count, [&](int e, int p) { to[e] = look(from + p * W); });
  }

  // Waits for what was not there yet; where there is time, one lane asks for a warp, now and then.
  __device__ __forceinline__ void await(const T* from, int count, bool calmly, Pack<T> (&to)[each]) const {
    if (calmly) {
      for_each_pack(count, [&](int e, int p) {
        if (e == 0 && thread % kLanes == 0 && !is_sent(to[e])) to[e] = receive(from + p * W, kPause);
      });
      __syncwarp();
    }
    for_each_pack(count, [&](int e, int p) {
      if (!is_sent(to[e])) to[e] = receive(from + p * W);
    });
  }

  // Puts rows in a place of the operands; what lies behind them stays.
  __device__ __forceinline__ void store(int place, int count, const Pack<T> (&from)[each]) const {
    T* operand = operands + place * kRows * pitch;
    for_each_pack(count, [&](int e, int p) { store_pack(operand + (p + row_of(p)) * W, from[e]); });
  }

  // Adds up the parts in order: this thread gets the sums of one row, own_row().
  __device__ __forceinline__ void add_parts(T (&sum)[columns]) const {
    __syncthreads();  // all have multiplied
    const auto place = [&](int of, int r) { return kernels + ((of * kRows + ty() * rows + r) * 16 + tx()) * columns; };
#pragma unroll
    for (int r = 0; r < rows; r++) {
#pragma unroll
      for (int c = 0; c < columns; c += W) {
        Pack<T> pack;
#pragma unroll
        for (int w = 0; w < W; w++) pack.at[w] = sums[r][c + w];
        store_pack(place(part(), r) + c, pack);
      }
    }
    __syncthreads();
#pragma unroll
    for (int c = 0; c < columns; c++) sum[c] = T(0);
#pragma unroll
    for (int q = 0; q < parts; q++) {
#pragma unroll
      for (int c = 0; c < columns; c += W) {
        const Pack<T> pack = load_pack(place(q, part()) + c);
#pragma unroll
        for (int w = 0; w < W; w++) sum[c + w] += pack.at[w];
      }
    }
  }

  __device__ __forceinline__ int own_row() const { return ty() * rows + part(); }

  // sums += operand K; this thread's columns are 4 tx() ... 4 tx() + 3.
  __device__ __forceinline__ void multiply(int place) {
    if (tx() * columns >= d) return;
    const T* kernel = kernels + place * d * pitch + tx() * columns;
    for_each_step(place, [&](int k, const Pack<T> (&u)[rows]) {
#pragma unroll
      for (int w = 0; w < W; w++) {
#pragma unroll
        for (int p = 0; p < columns / W; p++) {
          const Pack<T> b = load_pack(kernel + (k + w) * pitch + p * W);
#pragma unroll
          for (int r = 0; r < rows; r++) {
#pragma unroll
            for (int c = 0; c < W; c++) sums[r][p * W + c] = fma(u[r].at[w], b.at[c], sums[r][p * W + c]);
          }
        }
      }
    });
  }

  // sums += operand K^T; this thread's columns are tx(), tx() + 16, tx() + 32, tx() + 48.
  __device__ __forceinline__ void multiply_transposed(int place) {
    const T* kernel = kernels + place * d * pitch + tx() * pitch;
    for_each_step(place, [&](int k, const Pack<T> (&u)[rows]) {
#pragma unroll
      for (int c = 0; c < columns; c++) {
        if (tx() + 16 * c >= d) break;
        const Pack<T> b = load_pack(kernel + 16 * c * pitch + k);
#pragma unroll
        for (int r = 0; r < rows; r++) {
#pragma unroll
          for (int w = 0; w < W; w++) sums[r][c] = fma(u[r].at[w], b.at[w], sums[r][c]);
        }
      }
    });
  }

 private:
  // Calls f(k, packs of this thread's rows at k) for this thread's part of the inner dimension.
  template <typename F>
  __device__ __forceinline__ void for_each_step(int place, F f) const {
    const T* operand = operands + (place * kRows + ty() * rows) * pitch;
    const int part_of = (d / W + parts - 1) / parts * W, end = (part() + 1) * part_of;
#pragma unroll 1
    for (int k = part() * part_of; k < (end < d ? end : d); k += W) {
      Pack<T> u[rows];
#pragma unroll
      for (int r = 0; r < rows; r++) u[r] = load_pack(operand + r * pitch + k);
      f(k, u);
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
    long long z_row, T* u, long long u_slice, T* order, int layers, int rows, int d) {
  DYNAMIC_SHARED(T, shared);
  const Layers<T> states = {x, x_slice, x_row}, features = {z, z_slice, z_row}, sums = {u, u_slice, d};
  const Layers<T> sent = {order + Pack<T>::width, static_cast<long long>(rows) * d, d};  // of layer l at l - 1
  const int tiles = (rows + kRows - 1) / kRows;
  const int ticket = take_ticket(order);
  const int l = 1 + ticket / tiles, row0 = ticket % tiles * kRows;
  const int count = rows - row0 < kRows ? rows - row0 : kRows;
  const T* matrix = kernels + kernel_at<T>(l, 0, d);
  DenseTile<T> tile(shared, d);
  const int r = tile.own_row();
  Pack<T> operand[tile.each];
  tile.fetch(matrix, 0);
  commit_async();
  tile.load(features.at(0, row0), z_row, count, operand);
  const T* message = sent.at(0, row0);
  for (int k = 0; k < l; k++) {
    if (k > 0) {
      tile.await(message, count, l - k > 1, operand);
      message += sent.slice;
    }
    tile.store(k % 2, count, operand);
    wait_async<0>();
    __syncthreads();  // all have multiplied what lies in the other places
    if (k + 1 < l) {
      matrix += d * d;
      tile.fetch(matrix, (k + 1) % 2);
      tile.look_at(message, count, operand);
    } else {  // what the end needs is on its way while this multiplies
      if (from_initial != 0) tile.copy_rows(2, states.at(0, row0), x_row, count);
      if (bias != nullptr) tile.copy_row((k + 1) % 2, bias + (l - 1LL) * d);
    }
    commit_async();
    tile.multiply(k % 2);
  }
  wait_async<0>();
  T sum[tile.columns], state[tile.columns], value[tile.columns];
  tile.add_parts(sum);
#pragma unroll
  for (int c = 0; c < tile.columns; c++) {
    const int j = tile.tx() * tile.columns + c;
    const bool inside = r < count && j < d;
    sum[c] = fma(scale, sum[c], inside && bias != nullptr ? tile.copied(l % 2, 0, j) : T(0));
    state[c] = sum[c];
    value[c] = inside && from_initial != 0 ? tile.copied(2, r, j) : T(0);
  }
  take_values_of(activation, state);
#pragma unroll
  for (int c = 0; c < tile.columns; c++) value[c] = state[c] += value[c];
  take_values_of(feature, value);
#pragma unroll
  for (int c = 0; c < tile.columns; c += tile.W) {
    const int j = tile.tx() * tile.columns + c;
    if (r >= count || j >= d || l == layers) continue;
    Pack<T> pack;
#pragma unroll
    for (int w = 0; w < tile.W; w++) pack.at[w] = value[c + w];
    send(sent.at(l - 1, row0 + r) + j, pack);
  }
  // Histories only when others have what they wait for.
#pragma unroll
  for (int c = 0; c < tile.columns; c++) {
    const int j = tile.tx() * tile.columns + c;
    if (r >= count || j >= d) continue;
    if (z != x && l < layers) features.at(l, row0 + r)[j] = value[c];
    if (u != nullptr) sums.at(l - 1, row0 + r)[j] = sum[c];
    states.at(l, row0 + r)[j] = state[c];
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
  const T* matrix = kernels + kernel_at<T>(layers, k, d);
  DenseTile<T> tile(shared, d);
  const long long row = row0 + tile.own_row();
  const bool inside = row < rows;
  Pack<T> operand[tile.each];
  const T* message = deltas.at(layers - 1, row0);
  // What the end needs is on its way while the last product is taken.
  const bool curved = k > 0 && activation != kIdentity;
  const auto copy_ends = [&](int free) {
    tile.copy_rows(2, states.at(k, row0), x_row, count);
    if (curved) tile.copy_rows(free, sums.at(k - 1, row0), d, count);
  };
  if (k < layers) {
    tile.fetch(matrix, 0);
    tile.look_at(message, count, operand);
  } else {
    copy_ends(0);
  }
  commit_async();
  for (int l = layers, turn = 0; l > k; l--, turn ^= 1) {
    tile.await(message, count, l - k > 1, operand);
    message -= deltas.slice;
    tile.store(turn, count, operand);
    wait_async<0>();
    __syncthreads();  // all have multiplied what lies in the other places
    if (l - 1 > k) {
      matrix -= (l - 1LL) * d * d;
      tile.fetch(matrix, turn ^ 1);
      tile.look_at(message, count, operand);
    } else {
      copy_ends(turn ^ 1);
    }
    commit_async();
    tile.multiply_transposed(turn);
  }
  wait_async<0>();
  T sum[tile.columns], costate[tile.columns], slope[tile.columns];
  tile.add_parts(sum);
#pragma unroll
  for (int c = 0; c < tile.columns; c++) {
    const int j = tile.tx() + 16 * c;
    const bool there = inside && j < d;
    sum[c] *= scale;
    costate[c] = there ? tile.copied(2, tile.own_row(), j) : T(0);
    slope[c] = there && curved ? tile.copied((layers - k) % 2, tile.own_row(), j) : T(0);
  }
  take_derivatives_of(feature, costate);
  take_derivatives_of(curved ? activation : kIdentity, slope);
#pragma unroll
  for (int c = 0; c < tile.columns; c++) {
    const int j = tile.tx() + 16 * c;
    if (!inside || j >= d) continue;
    costate[c] = k == layers ? last_costate[row * d + j] : costate[c] * sum[c];
    if (k > 0) send(deltas.at(k - 1, row) + j, slope[c] * costate[c]);
  }
#pragma unroll
  for (int c = 0; c < tile.columns; c++) {
    const int j = tile.tx() + 16 * c;
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

#define DENSE_PASS(T, suffix, each, gradients)                                                                       \
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
  extern "C" __global__ void __launch_bounds__(kGradientThreads, gradients) dense_gradient_##suffix(      \
      T scale, const T* z, long long z_slice, long long z_row, const T* delta, T* kernel_gradient,  \
      T* bias_gradient, int rows, int d) {                                   \
    dense_gradient(scale, z, z_slice, z_row, delta, kernel_gradient, bias_gradient,    \
                   rows, d);                                                                        \
  }

DENSE_PASS(float, f32, 3, 5)
DENSE_PASS(double, f64, 2, 3)
