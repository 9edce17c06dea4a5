// Softmax attention over the slices of a history, row by row, with normalised keys: slice k of K is a matrix
// of m rows and n columns, row i of which attends to row i of all slices. For float and double, and for
// float with a history of bfloat16.
//   attend           y[i] = alpha sum_k p_k z_k[i] + beta y[i], p = softmax(s), s_k = r_k q . z_k[i],
//                    r_k = 1 / sqrt(z_k[i]^2 / n + epsilon)
//   attend_backward  with g_k = dy[i] . z_k[i] and e_k = alpha p_k (g_k - sum_j p_j g_j):
//                    dz_k[i] += alpha p_k dy[i] + e_k r_k q - e_k s_k r_k^2 / n z_k[i];
//                    partial sums of dq = sum_{i, k} e_k r_k z_k[i]
//
// Tiles     blocks of (32, groups * warps) threads, `warps` of them, 1 or all, on one row, for as many
//           turns as there are rows; a thread has P parts of V elements of each slice. `attend` and
//           `attend_backward` take rows that begin at 16 bytes and fit, n <= 32 warps P V; the kernels
//           named `any` take all others, element by element, with the row's slices from memory twice.
// Order     asynchronous copies bring slices into a ring in shared memory, in places of each thread's
//           own: no barriers; they run ahead over the ends of rows. The scores of G slices are summed
//           over the threads at a time (one barrier) and move the running maximum, then the slices are
//           added from the ring: an online softmax. The query stays in registers or behind the ring, since
//           reading it again for each group took as much of the second-level cache as the slices. The adjoint asks for the slices once more, the last
//           first, together with dz. Sums in the element type, in an order fixed by shapes and grid; no
//           atomics.
// Bytes     forward K m n elements of z, read once, and m n of y; adjoint K m n of z, and once more from
//           the second-level cache where the rows that are worked on fit there, twice that of dz, m n of
//           dy. 16 at a time, of bfloat16 in the adjoint 8.
// Flops     6 and 14 per element of z: bound by memory bandwidth for float and double; with a history of
//           bfloat16 instructions count as much.
// Measured  H200, K = 9, m = 8192, n = 7168: forward 545 us in float32 (4.31 TB/s), 299 with histories of
//           bfloat16 (3.93), adjoint 1960 in float32 (3.36).
// Limits    rows, columns, slices >= 1, strides of slices >= rows * columns. y of bfloat16 (y_half, where it
//           is not null) needs z of bfloat16.
#include <type_traits>

#include "slices.cuh"

// What a thread has of its row: P parts of V elements of each slice.
template <int V, int P>
struct Span {
  static constexpr int elements = P * V;
  const Place& place;
  int parts;

  __device__ __forceinline__ Span(const Place& of_thread, long long columns)
      : place(of_thread), parts(static_cast<int>(columns / V)) {}

  __device__ __forceinline__ int at(int p) const { return (place.first + p * place.step) * V; }
  __device__ __forceinline__ bool has(int p) const { return place.first + p * place.step < parts; }

  // Elements of a row, or 0 where there are none.
  template <typename T>
  __device__ __forceinline__ void read(const T* row, int p, T* to) const {
    constexpr int W = Pack<T>::width;
#pragma unroll
    for (int o = 0; o < V; o += W) {
      Pack<T> pack = {};
      if (has(p)) pack = load_pack(row + at(p) + o);
#pragma unroll
      for (int w = 0; w < W; w++) to[o + w] = pack.at[w];
    }
  }
};

// Where a thread keeps its part of the query. Read from memory each time, it would come from the
// second-level cache: what slices in shared memory leave of the first does not hold it.
enum Keep { kInMemory, kInRegisters, kInShared };

template <typename T, int V, int P, Keep KEEP>
struct KeptQuery {
  static constexpr int W = Pack<T>::width;
  const Span<V, P>& span;
  const T* query;
  T values[KEEP == kInRegisters ? V * P : 1];
  Pack<T>* mine;
  int threads;

  __device__ __forceinline__ KeptQuery(const Span<V, P>& s, const T* q, unsigned char* shared)
      : span(s), query(q) {
    threads = kLanes * static_cast<int>(blockDim.y);
    mine = reinterpret_cast<Pack<T>*>(shared) + threadIdx.y * kLanes + threadIdx.x;
#pragma unroll
    for (int p = 0; p < P; p++) {
      if (KEEP == kInRegisters) span.read(query, p, values + p * V);
      if (KEEP == kInShared) {
        T part[V];
        span.read(query, p, part);
#pragma unroll
        for (int o = 0; o < V / W; o++) {
          Pack<T> pack;
#pragma unroll
          for (int w = 0; w < W; w++) pack.at[w] = part[o * W + w];
          mine[(p * (V / W) + o) * threads] = pack;
        }
      }
    }
  }

  __device__ __forceinline__ void read(int p, T (&to)[V]) const {
    if (KEEP == kInMemory) span.read(query, p, to);
#pragma unroll
    for (int v = 0; v < V; v++) {
      if (KEEP == kInRegisters) to[v] = values[KEEP == kInRegisters ? p * V + v : 0];
    }
#pragma unroll
    for (int o = 0; KEEP == kInShared && o < V / W; o++) {
      const Pack<T> pack = mine[(p * (V / W) + o) * threads];
#pragma unroll
      for (int w = 0; w < W; w++) to[o * W + w] = pack.at[w];
    }
  }
};

template <typename T>
__device__ __forceinline__ T scaled_sum(T factor, T sum, T beta, T old) {
  return beta == T(0) ? factor * sum : fma(factor, sum, beta * old);
}

// y = factor sums + beta y.
template <typename Y, typename T, int V, int P>
__device__ __forceinline__ void write_sums(
    const Span<V, P>& span, T factor, const T (&sums)[V * P], T beta, Y* y) {
  constexpr int W = Pack<Y>::width;
#pragma unroll
  for (int o = 0; o < V * P; o += W) {
    if (!span.has(o / V)) continue;
    Y* to = y + span.at(o / V) + o % V;
    Pack<Y> old = {}, out;
    if (beta != T(0)) old = load_pack(to);
#pragma unroll
    for (int w = 0; w < W; w++) {
      narrow_to(scaled_sum(factor, sums[o + w], beta, T(wide(old.at[w]))), out.at[w]);
    }
    store_pack(to, out);
  }
}

// G slices are scored together, while A slices are on their way. KEEP: the query stays in registers.
template <typename Z, typename T, int P, int G, int A, Keep KEEP>
__device__ __forceinline__ void attend(
    T alpha, T epsilon, const Z* z, long long z_stride, const T* query, T beta, T* y,
    unsigned short* y_half, long long y_stride, int warps, int slices, long long rows,
    long long columns) {
  using Sums = RowSums<2 * G, T>;
  constexpr int V = Pack<Z>::width, E = P * V;
  DYNAMIC_SHARED(unsigned char, shared);
  __shared__ T parts[2 * kMostWarps * Sums::M];
  const Place place(warps);
  const Span<V, P> span(place, columns);
  const T share = T(1) / static_cast<T>(columns);
  Sums sums = {parts, 0};
  Ring<P, G + A> ring(shared);
  ring.clear();
  long long asked_row = place.group;
  int asked_slice = 0;
  const Z* asked = z + asked_row * columns;
  const auto ask = [&] {
    if (asked_row < rows) {
#pragma unroll
      for (int p = 0; p < P; p++) {
        if (span.has(p)) ring.template ask<V>(p, asked + span.at(p));
      }
      asked += z_stride;
      if (++asked_slice == slices) {
        asked_slice = 0, asked_row += place.turn;
        asked = z + asked_row * columns;
      }
    }
    ring.asked();
  };
#pragma unroll
  for (int a = 0; a < A; a++) ask();
  const KeptQuery<T, V, P, KEEP> kept(span, query, shared + ring.bytes());
  long long i = place.group;
  for (long long t = place.turns(rows); t > 0; t--, i += place.turn) {
    OnlineSoftmax<T> softmax;
    T sum[E] = {};
    const auto take = [&](auto is_whole, int count) {
      constexpr bool whole = decltype(is_whole)::value;
      T dots[2 * G] = {};
#pragma unroll
      for (int p = 0; p < P; p++) {
        T q[V];
        kept.read(p, q);
        int slot = ring.front;
#pragma unroll
        for (int g = 0; g < G; g++) {
          if (!whole && g >= count) continue;
          const Part<Z, V> u = ring.template at<V, Z>(slot, p);
#pragma unroll
          for (int v = 0; v < V; v++) {
            const T value = wide(u.at[v]);
            dots[2 * g] = fma(value, q[v], dots[2 * g]);
            dots[2 * g + 1] = fma(value, value, dots[2 * g + 1]);
          }
          slot = ring.after(slot);
        }
      }
      sums(dots, place);
      T weight[G];
      T* no_record = nullptr;
      const T factor = softmax.template take<2, G>(
          dots, whole ? G : count, share, epsilon, weight, no_record);
#pragma unroll
      for (int e = 0; e < E; e++) sum[e] *= factor;
#pragma unroll
      for (int g = 0; g < G; g++) {
        if (!whole && g >= count) continue;
#pragma unroll
        for (int p = 0; p < P; p++) {
          const Part<Z, V> u = ring.template at<V, Z>(ring.front, p);
#pragma unroll
          for (int v = 0; v < V; v++) {
            sum[p * V + v] = fma(weight[g], T(wide(u.at[v])), sum[p * V + v]);
          }
        }
        ring.front = ring.after(ring.front);
      }
    };
    for (int k = 0; k < slices; k += G) {
      const int count = slices - k < G ? slices - k : G;
      for (int g = 0; g < count; g++) ask();
      wait_async<A>();
      // A whole group goes without questions, so that its loads run ahead.
      if (count == G) {
        take(std::true_type(), count);
      } else {
        take(std::false_type(), count);
      }
    }
    if (i >= rows) continue;
    if (y_half == nullptr) {
      write_sums(span, alpha / softmax.total, sum, beta, y + i * y_stride);
    } else if constexpr (sizeof(Z) < sizeof(T)) {
      write_sums(span, alpha / softmax.total, sum, beta, y_half + i * y_stride);
    }
  }
}

// Turns what was recorded of a row's slices into factors: those of dy, of the query, and of z.
template <typename T>
__device__ __forceinline__ void slopes_of_record(
    const OnlineSoftmax<T>& softmax, T alpha, T share, const Place& place, int slices,
    T* record) {
  place.wait();
  const T mean = softmax.mean / softmax.total;
  const T scale = alpha / softmax.total;
  for (int k = place.first; k < slices; k += place.step) {
    const T rate = record[3 * k], score = record[3 * k + 1];
    const T weight = scale * exp(score - softmax.most);
    const T slope = weight * (record[3 * k + 2] - mean) * rate;
    record[3 * k] = weight;
    record[3 * k + 1] = slope;
    record[3 * k + 2] = -slope * score * rate * share;
  }
  place.wait();
}

// The first group of each block gets the sums of all its groups.
template <typename T>
__device__ __forceinline__ void add_groups(const Place& place, T* partial, long long columns) {
  if (place.groups == 1) return;
  __syncthreads();
  T* sums = partial + static_cast<long long>(blockIdx.x) * place.groups * columns;
  const int threads = kLanes * static_cast<int>(blockDim.y);
  for (long long j = threadIdx.y * kLanes + threadIdx.x; j < columns; j += threads) {
    T sum = sums[j];
    for (int g = 1; g < place.groups; g++) sum += sums[g * columns + j];
    sums[j] = sum;
  }
}

// An item of the ring is two slices of z at first, and later one slice of z and of dz; A items are on
// their way. partial has `columns` numbers for each group of the grid, records 3 for each slice of each.
template <typename Z, typename T, int P, int A>
__device__ __forceinline__ void attend_backward(
    T alpha, T epsilon, const Z* z, long long z_stride, const T* query, const T* dy,
    long long dy_stride, T* dz, long long dz_stride, T* partial, T* records, int warps,
    int slices, long long rows, long long columns) {
  constexpr int V = Pack<T>::width, E = P * V, G = 2;
  using Sums = RowSums<3 * G, T>;
  DYNAMIC_SHARED(unsigned char, shared);
  __shared__ T parts[2 * kMostWarps * Sums::M];
  const Place place(warps);
  const Span<V, P> span(place, columns);
  const T share = T(1) / static_cast<T>(columns);
  Sums sums = {parts, 0};
  Ring<G * P, A + 1> ring(shared);
  ring.clear();
  long long asked_row = place.group;
  int asked = 0;  // slices that were asked for, and then those with dz
  const auto ask = [&] {
    if (asked_row < rows) {
      const bool again = asked >= slices;
      const int k = again ? 2 * slices - 1 - asked : asked;  // the last slice first
      const Z* from = z + k * z_stride + asked_row * columns;
      const T* old = dz + k * dz_stride + asked_row * columns;
#pragma unroll
      for (int p = 0; p < P; p++) {
        if (!span.has(p)) continue;
        ring.template ask<V>(p, from + span.at(p));
        if (again) {
          ring.template ask<V>(P + p, old + span.at(p));
        } else if (k + 1 < slices) {
          ring.template ask<V>(P + p, from + z_stride + span.at(p));
        }
      }
      asked = again || k + 1 == slices ? asked + 1 : asked + 2;
      if (asked == 2 * slices) asked = 0, asked_row += place.turn;
    }
    ring.asked();
  };
#pragma unroll
  for (int a = 0; a < A; a++) ask();
  T q[E], dq[E] = {};
#pragma unroll
  for (int p = 0; p < P; p++) span.read(query, p, q + p * V);
  T* record = records + place.group * slices * 3;
  long long i = place.group;
  for (long long t = place.turns(rows); t > 0; t--, i += place.turn) {
    const bool active = i < rows;
    T slope[E] = {};
#pragma unroll
    for (int p = 0; p < P; p++) {
      if (active) span.read(dy + i * dy_stride, p, slope + p * V);
    }
    OnlineSoftmax<T> softmax;
    for (int k = 0; k < slices; k += G) {
      ask();
      wait_async<A>();
      T dots[3 * G] = {};
#pragma unroll
      for (int n = 0; n < G * P; n++) {
        const Part<Z, V> u = ring.template at<V, Z>(ring.front, n);
        T* dot = dots + n / P * 3;
#pragma unroll
        for (int v = 0; v < V; v++) {
          const T value = wide(u.at[v]);
          dot[0] = fma(value, q[n % P * V + v], dot[0]);
          dot[1] = fma(value, value, dot[1]);
          dot[2] = fma(value, slope[n % P * V + v], dot[2]);
        }
      }
      ring.front = ring.after(ring.front);
      sums(dots, place);
      T weight[G];
      softmax.template take<3, G>(
          dots, slices - k, share, epsilon, weight, place.first == 0 ? record + 3 * k : nullptr);
    }
    slopes_of_record(softmax, alpha, share, place, slices, record);
#pragma unroll 1
    for (int k = slices - 1; k >= 0; k--) {
      const T of_dy = record[3 * k], of_query = record[3 * k + 1], of_z = record[3 * k + 2];
      ask();
      wait_async<A>();
      T* to = dz + k * dz_stride + i * columns;
#pragma unroll
      for (int p = 0; p < P; p++) {
        if (!active || !span.has(p)) continue;
        const Part<Z, V> u = ring.template at<V, Z>(ring.front, p);
        const Part<T, V> old = ring.template at<V, T>(ring.front, P + p);
        Pack<T> out;
#pragma unroll
        for (int v = 0; v < V; v++) {
          const int e = p * V + v;
          const T value = wide(u.at[v]);
          dq[e] = fma(of_query, value, dq[e]);
          out.at[v] = fma(of_dy, slope[e], fma(of_query, q[e], fma(of_z, value, old.at[v])));
        }
        store_last(to + span.at(p), out);
      }
      ring.front = ring.after(ring.front);
    }
    place.wait();  // the record is written again
  }
#pragma unroll
  for (int e = 0; e < E; e++) {
    if (span.has(e / V)) partial[place.group * columns + span.at(e / V) + e % V] = dq[e];
  }
  add_groups(place, partial, columns);
}

// The scores of a row's slices, of which `record` keeps rate, score and, with DOTS = 3, the product.
template <int DOTS, typename Z, typename T>
__device__ __forceinline__ OnlineSoftmax<T> scores(
    T epsilon, const Z* row, long long z_stride, const T* query, const T* dy, bool active,
    const Place& place, T* parts, T* record, int slices, long long columns) {
  constexpr int G = DOTS == 2 && sizeof(T) == sizeof(double) ? 2 : 4;
  RowSums<DOTS * G, T> sums = {parts, 0};
  const T share = T(1) / static_cast<T>(columns);
  OnlineSoftmax<T> softmax;
  for (int k = 0; k < slices; k += G) {
    T dots[DOTS * G] = {};
    for (long long j = place.first; active && j < columns; j += place.step) {
      const T q = query[j];
      const T slope = DOTS == 3 ? dy[j] : T(0);
#pragma unroll
      for (int g = 0; g < G; g++) {
        if (k + g >= slices) continue;
        const T value = wide(row[(k + g) * z_stride + j]);
        dots[DOTS * g] = fma(value, q, dots[DOTS * g]);
        dots[DOTS * g + 1] = fma(value, value, dots[DOTS * g + 1]);
        if (DOTS == 3) dots[DOTS * g + 2] = fma(value, slope, dots[DOTS * g + 2]);
      }
    }
    sums(dots, place);
    T weight[G];
    softmax.template take<DOTS, G>(
        dots, slices - k, share, epsilon, weight, place.first == 0 ? record + 3 * k : nullptr);
  }
  return softmax;
}

template <typename Z, typename T>
__device__ __forceinline__ void attend_any(
    T alpha, T epsilon, const Z* z, long long z_stride, const T* query, T beta, T* y,
    unsigned short* y_half, long long y_stride, T* records, int warps, int slices,
    long long rows, long long columns) {
  __shared__ T parts[2 * kMostWarps * RowSums<8, T>::M];
  const Place place(warps);
  T* record = records + place.group * slices * 3;
  const T* no_slope = nullptr;
  long long i = place.group;
  for (long long t = place.turns(rows); t > 0; t--, i += place.turn) {
    const Z* row = z + i * columns;
    const OnlineSoftmax<T> softmax = scores<2>(
        epsilon, row, z_stride, query, no_slope, i < rows, place, parts, record, slices, columns);
    slopes_of_record(softmax, alpha, T(0), place, slices, record);
    for (long long j = place.first; i < rows && j < columns; j += place.step) {
      T sum = 0;
#pragma unroll 2
      for (int k = 0; k < slices; k++) {
        sum = fma(record[3 * k], T(wide(row[k * z_stride + j])), sum);
      }
      if (y_half == nullptr) {
        T* to = y + i * y_stride + j;
        *to = scaled_sum(T(1), sum, beta, *to);
      } else if constexpr (sizeof(Z) < sizeof(T)) {
        unsigned short* to = y_half + i * y_stride + j;
        narrow_to(scaled_sum(T(1), sum, beta, wide(*to)), *to);
      }
    }
    place.wait();
  }
}

template <typename Z, typename T>
__device__ __forceinline__ void attend_backward_any(
    T alpha, T epsilon, const Z* z, long long z_stride, const T* query, const T* dy,
    long long dy_stride, T* dz, long long dz_stride, T* partial, T* records, int warps,
    int slices, long long rows, long long columns) {
  __shared__ T parts[2 * kMostWarps * RowSums<12, T>::M];
  const Place place(warps);
  const T share = T(1) / static_cast<T>(columns);
  T* record = records + place.group * slices * 3;
  T* dq = partial + place.group * columns;
  for (long long j = place.first; j < columns; j += place.step) dq[j] = 0;
  long long i = place.group;
  for (long long t = place.turns(rows); t > 0; t--, i += place.turn) {
    const Z* row = z + i * columns;
    const T* slope = dy + i * dy_stride;
    const OnlineSoftmax<T> softmax = scores<3>(
        epsilon, row, z_stride, query, slope, i < rows, place, parts, record, slices, columns);
    slopes_of_record(softmax, alpha, share, place, slices, record);
    for (long long j = place.first; i < rows && j < columns; j += place.step) {
      const T q = query[j], along = slope[j];
      T sum = dq[j];
#pragma unroll 2
      for (int k = slices - 1; k >= 0; k--) {
        const T of_query = record[3 * k + 1];
        const T value = wide(row[k * z_stride + j]);
        T* to = dz + k * dz_stride + i * columns + j;
        *to = fma(record[3 * k], along, fma(of_query, q, fma(record[3 * k + 2], value, *to)));
        sum = fma(of_query, value, sum);
      }
      dq[j] = sum;
    }
    place.wait();
  }
  add_groups(place, partial, columns);
}

#define ATTEND(Z, T, name, P, G, D, KEEP, THREADS, BLOCKS)                                       \
  extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS) name(                            \
      T alpha, T epsilon, const Z* z, long long z_stride, const T* query, T beta, T* y,          \
      unsigned short* y_half, long long y_stride, int warps, int slices, long long rows,   \
      long long columns) {                                                                       \
    attend<Z, T, P, G, D, KEEP>(                                                                       \
        alpha, epsilon, z, z_stride, query, beta, y, y_half, y_stride, warps, slices, rows,      \
        columns);                                                                                \
  }

#define ATTEND_BACKWARD(Z, T, name, P, D, THREADS, BLOCKS)                                       \
  extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS) name(                            \
      T alpha, T epsilon, const Z* z, long long z_stride, const T* query, const T* dy,           \
      long long dy_stride, T* dz, long long dz_stride, T* partial, T* records, int warps,        \
      int slices, long long rows, long long columns) {                                     \
    attend_backward<Z, T, P, D>(                                                                 \
        alpha, epsilon, z, z_stride, query, dy, dy_stride, dz, dz_stride, partial, records,      \
        warps, slices, rows, columns);                                                           \
  }

#define ATTEND_ANY(Z, T, suffix)                                                                 \
  extern "C" __global__ void __launch_bounds__(kLanes * kWarps) attend_any_##suffix(             \
      T alpha, T epsilon, const Z* z, long long z_stride, const T* query, T beta, T* y,          \
      unsigned short* y_half, long long y_stride, T* records, int warps, int slices,       \
      long long rows, long long columns) {                                                       \
    attend_any(                                                                                  \
        alpha, epsilon, z, z_stride, query, beta, y, y_half, y_stride, records, warps, slices,   \
        rows, columns);                                                                          \
  }                                                                                              \
  extern "C" __global__ void __launch_bounds__(kLanes * kWarps) attend_backward_any_##suffix(    \
      T alpha, T epsilon, const Z* z, long long z_stride, const T* query, const T* dy,           \
      long long dy_stride, T* dz, long long dz_stride, T* partial, T* records, int warps,        \
      int slices, long long rows, long long columns) {                                     \
    attend_backward_any(                                                                         \
        alpha, epsilon, z, z_stride, query, dy, dy_stride, dz, dz_stride, partial, records,      \
        warps, slices, rows, columns);                                                           \
  }

ATTEND(float, float, attend_f32, 1, 4, 4, kInRegisters, 512, 1)
ATTEND(float, float, attend_wide_f32, 2, 3, 3, kInShared, 896, 1)
ATTEND(double, double, attend_f64, 1, 3, 4, kInRegisters, 768, 1)
ATTEND(unsigned short, float, attend_bf16_f32, 4, 3, 4, kInRegisters, 224, 2)
ATTEND_BACKWARD(float, float, attend_backward_f32, 1, 3, 768, 1)
ATTEND_BACKWARD(float, float, attend_backward_wide_f32, 2, 3, 896, 1)
ATTEND_BACKWARD(double, double, attend_backward_f64, 2, 4, 512, 1)
ATTEND_BACKWARD(unsigned short, float, attend_backward_bf16_f32, 3, 2, 608, 1)
ATTEND_ANY(float, float, f32)
ATTEND_ANY(double, double, f64)
ATTEND_ANY(unsigned short, float, bf16_f32)
