// What surrounds the sum of a layer, for float and double. s = alpha * sum_p partial[p], of rows x columns:
//   layer_forward   u = b + s, x = g + psi(u), z = w phi(x); without u: x = g + b + s
//   layer_adjoint   dz = s, lambda = w phi'(x) dz, first += lambda, delta = psi'(u) lambda
// What is null is absent, and neither read nor written; layer_adjoint without x: phi is the identity, without
// u: psi is. Functions by number, in the order of org.volterra.spi.Activation.
//
// Computes  to the bits of the single kernels one after the other: every value that those would leave in
//           memory is rounded as there.
// Grid      as sum_pieces of gemm.cu: x = elements, in packs of 16 bytes where rows are aligned; threads along
//           y share the pieces.
// Shared    4 KiB.
// Bytes     sizeof(T) for each piece and operand of an element.
// Flops     those of the functions, as activation.cu.
// Limits    nothing overlaps, but g may be x where there is no u.
#include "activation.cuh"
#include "gemm_tile.cuh"
#include "pieces.cuh"

// A sum of two rounded numbers, whatever they were made of.
#ifdef __CUDACC__
__device__ __forceinline__ float add(float a, float b) { return __fadd_rn(a, b); }
__device__ __forceinline__ double add(double a, double b) { return __dadd_rn(a, b); }
#else
template <typename T>
T add(T a, T b) {
  return a + b;
}
#endif

template <int W, typename T>
__device__ __forceinline__ Pack<T> load_row(const Rows<T>& m, long long i, long long j) {
  return m.data == nullptr ? Pack<T>{} : load_part<T>(m.row(i) + j, W > 1, W);
}

template <int W, typename T>
__device__ __forceinline__ void store_row(
    const Rows<T>& m, long long i, long long j, const Pack<T>& pack) {
  if (m.data != nullptr) store_part(m.row(i) + j, pack, W > 1, W);
}

template <int W, typename T>
__device__ __forceinline__ bool is_whole(const Rows<T>& m, long long rows) {
  return m.data == nullptr || is_packable(m.data, m.stride, rows);
}

template <typename T>
struct Forward {
  T alpha, weight;
  int activation, feature;
  Rows<T> bias, source, sum, state, result;

  template <int W>
  __device__ __forceinline__ bool takes(long long rows, long long columns) const {
    return columns % W == 0 && is_whole<W>(bias, 1) && is_whole<W>(source, rows) &&
           is_whole<W>(sum, rows) && is_whole<W>(state, rows) && is_whole<W>(result, rows);
  }

  template <int W>
  __device__ __forceinline__ void run(long long i, long long j, const Pack<T>& s) const {
    const bool has_sum = sum.data != nullptr, has_source = source.data != nullptr;
    const Pack<T> b = load_row<W>(bias, 0, j), g = load_row<W>(source, i, j);
    Pack<T> u, x, z;
#pragma unroll
    for (int w = 0; w < W; w++) {
      u.at[w] = fma(alpha, s.at[w], has_sum ? b.at[w] : add(g.at[w], b.at[w]));
      x.at[w] = u.at[w];
      if (has_sum && state.data != nullptr) {
        x.at[w] = value_of(activation, u.at[w]);
        if (has_source) x.at[w] = add(g.at[w], x.at[w]);
      }
      if (result.data != nullptr) z.at[w] = weight * value_of(feature, x.at[w]);
    }
    store_row<W>(sum, i, j, u);
    store_row<W>(state, i, j, x);
    store_row<W>(result, i, j, z);
  }
};

template <typename T>
struct Adjoint {
  T alpha, weight;
  int feature, activation;
  Rows<T> slope, state, costate, initial, sum, delta;

  template <int W>
  __device__ __forceinline__ bool takes(long long rows, long long columns) const {
    return columns % W == 0 && is_whole<W>(slope, rows) && is_whole<W>(state, rows) &&
           is_whole<W>(costate, rows) && is_whole<W>(initial, rows) && is_whole<W>(sum, rows) &&
           is_whole<W>(delta, rows);
  }

  template <int W>
  __device__ __forceinline__ void run(long long i, long long j, const Pack<T>& s) const {
    const bool has_state = state.data != nullptr, has_sum = sum.data != nullptr;
    const Pack<T> x = load_row<W>(state, i, j), u = load_row<W>(sum, i, j);
    const Pack<T> old = load_row<W>(initial, i, j);
    Pack<T> dz, lambda, all, d;
#pragma unroll
    for (int w = 0; w < W; w++) {
      dz.at[w] = alpha * s.at[w];
      lambda.at[w] = weight * dz.at[w];
      if (has_state) {
        dz.at[w] = lambda.at[w];
        lambda.at[w] = derivative_of(feature, x.at[w]) * dz.at[w];
      }
      all.at[w] = add(lambda.at[w], old.at[w]);
      d.at[w] = has_sum ? derivative_of(activation, u.at[w]) * lambda.at[w] : lambda.at[w];
    }
    store_row<W>(slope, i, j, dz);
    store_row<W>(costate, i, j, lambda);
    store_row<W>(initial, i, j, all);
    store_row<W>(delta, i, j, d);
  }
};

template <typename T, typename E>
__device__ __forceinline__ void surround(
    const E& e, const T* partial, int pieces, long long rows, long long columns) {
  constexpr int W = Pack<T>::width;
  if (e.template takes<W>(rows, columns)) {
    for_each_sum<T, W>(partial, pieces, rows, columns, [&](long long i, long long j, const Pack<T>& s) {
      e.template run<W>(i, j, s);
    });
  } else {
    for_each_sum<T, 1>(partial, pieces, rows, columns, [&](long long i, long long j, const Pack<T>& s) {
      e.template run<1>(i, j, s);
    });
  }
}

#define LAYER(T, suffix)                                                                           \
  extern "C" __global__ void __launch_bounds__(kSumThreads, 2) layer_forward_##suffix(              \
      T alpha, const T* partial, int pieces, T* bias, int activation, T* source,                   \
      long long source_stride, T* sum, long long sum_stride, T* state, long long state_stride,     \
      int feature, T weight, T* result, long long result_stride, long long rows,                   \
      long long columns) {                                                                         \
    const Forward<T> e = {alpha, weight, activation, feature, {bias, 0}, {source, source_stride},  \
                          {sum, sum_stride}, {state, state_stride}, {result, result_stride}};      \
    surround(e, partial, pieces, rows, columns);                                                   \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(kSumThreads, 2) layer_adjoint_##suffix(              \
      T alpha, const T* partial, int pieces, T* slope, long long slope_stride, int feature,        \
      T weight, T* state, long long state_stride, T* costate, long long costate_stride,            \
      T* initial, long long initial_stride, int activation, T* sum, long long sum_stride,          \
      T* delta, long long delta_stride, long long rows, long long columns) {                       \
    const Adjoint<T> e = {alpha, weight, feature, activation, {slope, slope_stride},               \
                          {state, state_stride}, {costate, costate_stride},                        \
                          {initial, initial_stride}, {sum, sum_stride}, {delta, delta_stride}};    \
    surround(e, partial, pieces, rows, columns);                                                   \
  }

LAYER(float, f32)
LAYER(double, f64)
