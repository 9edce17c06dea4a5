// The tile of a matrix product: BM x BN elements of c by one block, TM x TN by one thread, the inner
// dimension in slices of BK through shared memory that is double-buffered.
//
// A slice of an operand lies in shared memory as [BK][extent]: what is multiplied at one step of the
// inner dimension is contiguous, whichever way the operand lies in memory. While one slice is
// multiplied, the next is on its way from memory to registers; one barrier for each slice.
//
// The fetch and store of a slice know nothing of how the product is taken, so that a tile function
// for other units can replace `multiply` alone.
#pragma once
#include "device.cuh"

template <typename T, int M, int N, int K, int TM_, int TN_>
struct GemmShape {
  static constexpr int BM = M, BN = N, BK = K, TM = TM_, TN = TN_;
  static constexpr int W = Pack<T>::width;
  static constexpr int threads = (BM / TM) * (BN / TN);
  // The padding keeps rows aligned to packs and halves the conflicts of stores.
  static constexpr int pitch_a = BM + W, pitch_b = BN + W;
  static_assert(TM % W == 0 && TN % W == 0 && BK % W == 0, "tiles consist of packs");
};

// One operand's slice on its way. `across` is the row of a or the column of b, `along` the inner
// dimension. ALONG: neighbouring elements in memory lie along the inner dimension.
template <typename T, int EXTENT, int PITCH, int BK, int THREADS, bool ALONG>
struct SliceLoader {
  static constexpr int W = Pack<T>::width;
  static constexpr int packs = EXTENT * BK / W;
  static constexpr int each = packs / THREADS;
  static_assert(packs % THREADS == 0, "every thread moves as many packs");

  const T* data;
  long long stride;
  int first_across, extent;  // of the whole operand
  bool packed;
  Pack<T> held[each];

  __device__ __forceinline__ void init(
      const T* from, long long from_stride, int first, int whole) {
    data = from, stride = from_stride, first_across = first, extent = whole;
    packed = is_packable(from, from_stride, 2);
  }

  __device__ __forceinline__ static void place(int p, int* across, int* along) {
    if (ALONG) {
      *across = p / (BK / W), *along = p % (BK / W) * W;
    } else {
      *across = p % (EXTENT / W) * W, *along = p / (EXTENT / W);
    }
  }

  // Elements past the edges count as zero.
  __device__ __forceinline__ void fetch(int thread, int k0, int k_end) {
#pragma unroll
    for (int e = 0; e < each; e++) {
      int across, along;
      place(thread + e * THREADS, &across, &along);
      across += first_across, along += k0;
      const int fast = ALONG ? along : across;
      const int fast_end = ALONG ? k_end : extent;
      const bool inside = ALONG ? across < extent : along < k_end;
      const T* from = data + (ALONG ? across : along) * stride + fast;
      if (packed && inside && fast + W <= fast_end) {
        held[e] = load_pack(from);
      } else {
#pragma unroll
        for (int w = 0; w < W; w++) {
          held[e].at[w] = inside && fast + w < fast_end ? from[w] : T(0);
        }
      }
    }
  }

  __device__ __forceinline__ void store(int thread, T* slice) {
#pragma unroll
    for (int e = 0; e < each; e++) {
      int across, along;
      place(thread + e * THREADS, &across, &along);
      if (ALONG) {
#pragma unroll
        for (int w = 0; w < W; w++) slice[(along + w) * PITCH + across] = held[e].at[w];
      } else {
        store_pack(slice + along * PITCH + across, held[e]);
      }
    }
  }
};

// sums += a slice of op(a) times a slice of op(b). A thread owns packs of rows and columns that lie
// BM / (TM / W) and BN / (TN / W) apart, so that a warp reads shared memory without conflicts.
template <typename T, typename S>
__device__ __forceinline__ void multiply(
    const T* a, const T* b, int row, int column, T (&sums)[S::TM][S::TN]) {
  constexpr int W = S::W, row_packs = S::TM / W, column_packs = S::TN / W;
#pragma unroll
  for (int k = 0; k < S::BK; k++) {
    Pack<T> u[row_packs], v[column_packs];
#pragma unroll
    for (int p = 0; p < row_packs; p++) {
      u[p] = load_pack(a + k * S::pitch_a + p * (S::BM / row_packs) + row * W);
    }
#pragma unroll
    for (int p = 0; p < column_packs; p++) {
      v[p] = load_pack(b + k * S::pitch_b + p * (S::BN / column_packs) + column * W);
    }
#pragma unroll
    for (int i = 0; i < S::TM; i++) {
#pragma unroll
      for (int j = 0; j < S::TN; j++) {
        sums[i][j] = fma(u[i / W].at[i % W], v[j / W].at[j % W], sums[i][j]);
      }
    }
  }
}

// c = alpha * op(a) * op(b) + beta * c for the tile of this block; with more than one piece of the
// inner dimension, partial[piece, m, n] = op(a) * op(b) over the piece.
template <typename T, typename S, bool TRANSPOSE_A, bool TRANSPOSE_B>
__device__ __forceinline__ void gemm(
    T alpha, const T* a, long long a_stride, const T* b, long long b_stride, T beta, T* c,
    long long c_stride, T* partial, int piece, int m, int n, int k) {
  __align__(16) __shared__ T a_slices[2][S::BK * S::pitch_a];
  __align__(16) __shared__ T b_slices[2][S::BK * S::pitch_b];
  const int thread = static_cast<int>(threadIdx.x);
  const int row0 = static_cast<int>(blockIdx.y) * S::BM;
  const int column0 = static_cast<int>(blockIdx.x) * S::BN;
  const int begin = static_cast<int>(blockIdx.z) * piece;
  const int end = k - begin < piece ? k : begin + piece;
  SliceLoader<T, S::BM, S::pitch_a, S::BK, S::threads, !TRANSPOSE_A> loader_a;
  SliceLoader<T, S::BN, S::pitch_b, S::BK, S::threads, TRANSPOSE_B> loader_b;
  loader_a.init(a, a_stride, row0, m);
  loader_b.init(b, b_stride, column0, n);
  const int row = thread / (S::BN / S::TN);
  const int column = thread % (S::BN / S::TN);
  T sums[S::TM][S::TN] = {};
  loader_a.fetch(thread, begin, end);
  loader_b.fetch(thread, begin, end);
  loader_a.store(thread, a_slices[0]);
  loader_b.store(thread, b_slices[0]);
  __syncthreads();
  int buffer = 0;
  for (int k0 = begin; k0 < end; k0 += S::BK) {
    const bool more = k0 + S::BK < end;
    if (more) {
      loader_a.fetch(thread, k0 + S::BK, end);
      loader_b.fetch(thread, k0 + S::BK, end);
    }
    multiply<T, S>(a_slices[buffer], b_slices[buffer], row, column, sums);
    if (more) {
      loader_a.store(thread, a_slices[buffer ^ 1]);
      loader_b.store(thread, b_slices[buffer ^ 1]);
      __syncthreads();
      buffer ^= 1;
    }
  }
  constexpr int W = S::W, row_packs = S::TM / W, column_packs = S::TN / W;
  const bool split = gridDim.z > 1;
  T* target = split ? partial + static_cast<long long>(blockIdx.z) * m * n : c;
  const long long stride = split ? n : c_stride;
  const bool packed = is_packable(target, stride, 2);
#pragma unroll
  for (int i = 0; i < S::TM; i++) {
    const int at_row = row0 + i / W * (S::BM / row_packs) + row * W + i % W;
    if (at_row >= m) continue;
#pragma unroll
    for (int p = 0; p < column_packs; p++) {
      const int at = column0 + p * (S::BN / column_packs) + column * W;
      T* to = target + at_row * stride + at;
      if (packed && at + W <= n) {
        Pack<T> out;
        if (split || beta == T(0)) {
#pragma unroll
          for (int w = 0; w < W; w++) {
            out.at[w] = split ? sums[i][p * W + w] : alpha * sums[i][p * W + w];
          }
        } else {
          const Pack<T> old = load_pack(to);
#pragma unroll
          for (int w = 0; w < W; w++) {
            out.at[w] = fma(alpha, sums[i][p * W + w], beta * old.at[w]);
          }
        }
        store_pack(to, out);
      } else {
#pragma unroll
        for (int w = 0; w < W; w++) {
          if (at + w >= n) continue;
          const T sum = sums[i][p * W + w];
          to[w] = split ? sum : beta == T(0) ? alpha * sum : fma(alpha, sum, beta * to[w]);
        }
      }
    }
  }
}
