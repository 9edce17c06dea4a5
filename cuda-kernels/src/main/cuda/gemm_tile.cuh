// The tile of a matrix product: BM x BN elements of c by one block, TM x TN by one thread, the inner
// dimension in slices of BK through a ring of STAGES of them in shared memory.
//
// A slice of an operand lies in shared memory as [BK][extent]: what is multiplied at one step of the
// inner dimension is contiguous, whichever way the operand lies in memory. Asynchronous copies bring it:
// of 16 bytes where it lies so in memory too, else element by element, transposed on the way. While one
// slice is multiplied, STAGES - 1 are on their way; one barrier for each slice.
//
// Fragments, what a thread multiplies at one step, are loaded a step ahead, across that barrier too. The
// 32 lanes of a warp lie as 4 x 8 or 8 x 4 so that lanes l and l ^ 1 read the same of one operand and l
// and l ^ 2 the same of the other: then 16-byte loads of half a warp each take one pass of the banks.
//
// What holds up the products is the register file: two banks, of which each gives one operand in a cycle
// (measured: 65.9 TFLOP/s on an H200 with one operand from there, 42.5 with three). DOWN takes the products
// of a step down one column of the tile and up the next, for which nvcc 13.0 finds the fewest conflicts
// with tiles of 8 x 16; with 8 x 8 it does row by row.
#pragma once
#include "block_row.cuh"
#include "tensor.cuh"

template <typename T, int M, int N, int K, int TM_, int TN_, int LANE_ROWS, int STAGES, bool DOWN>
struct GemmShape {
  static constexpr int BM = M, BN = N, BK = K, TM = TM_, TN = TN_, W = Pack<T>::width;
  static constexpr int lane_rows = LANE_ROWS, lane_columns = kLanes / LANE_ROWS;
  static constexpr int stages = STAGES, threads = (BM / TM) * (BN / TN);
  static constexpr bool down = DOWN;
  static constexpr int warps_across = BN / (lane_columns * TN);
  // The padding keeps rows aligned to packs and lets transposing copies meet all banks.
  static constexpr int pitch_a = BM + 4, pitch_b = BN + 4;
  static constexpr int slice_a = BK * pitch_a, slice_b = BK * pitch_b;
  static_assert(LANE_ROWS == 4 || LANE_ROWS == 8, "lanes lie as 4 x 8 or 8 x 4");
  static_assert(BM % (lane_rows * TM) == 0 && BN % (lane_columns * TN) == 0, "warps are whole");
  static_assert(TM % W == 0 && TN % W == 0, "tiles consist of packs");
  static_assert(BK % 2 == 0, "fragments alternate");
};

// One operand's slices. `across` is the row of a or the column of b, `along` the inner dimension.
// ALONG: neighbouring elements in memory lie along the inner dimension; it may then come in blocks.
template <typename T, int EXTENT, int PITCH, int BK, int THREADS, bool ALONG, bool BLOCKS = false>
struct SliceLoader {
  static constexpr int W = ALONG ? 1 : Pack<T>::width;
  static constexpr int run = 32 / sizeof(T);  // elements of a sector, which neighbouring lanes copy
  static constexpr int each = EXTENT * BK / W / THREADS;
  static constexpr int lines = ALONG ? THREADS / run : THREADS / (EXTENT / W);
  static_assert(each * THREADS * W == EXTENT * BK, "every thread copies as much");
  static_assert(ALONG ? BK % run == 0 && EXTENT % lines == 0 : THREADS % (EXTENT / W) == 0,
                "what a thread copies lies `lines` lines apart");

  const T* data;
  const T* at;  // of the next slice
  long long stride;
  int first_across, extent;  // of the whole operand
  bool packed, inside;
  BlockRow blocks;
  int left;        // of the block in which the next slice begins
  long long jump;  // from its end to the next block

  __device__ __forceinline__ static void place(int p, int* across, int* along) {
    if (ALONG) {
      *across = p / run % EXTENT, *along = p % run + p / (run * EXTENT) * run;
    } else {
      *across = p % (EXTENT / W) * W, *along = p / (EXTENT / W);
    }
  }

  __device__ __forceinline__ const T* element(int across, int along) const {
    if (BLOCKS) return data + across * stride + blocks.place(along);
    return data + (ALONG ? across * stride + along : along * stride + across);
  }

  __device__ __forceinline__ void init(
      const T* from, long long from_stride, int first, int all, int thread, int begin,
      const BlockRow& row = {}) {
    if (BLOCKS) {
      blocks = row;
      left = row.length - begin % row.length;
      jump = row.after(begin / row.length) - row.length;
    }
    data = from, stride = from_stride, first_across = first, extent = all;
    packed = is_packable(from, from_stride, 2);
    inside = (ALONG || packed) && first + EXTENT <= all;
    int across, along;
    place(thread, &across, &along);
    at = element(first + across, begin + along);
  }

  // Elements past the edges become zero.
  __device__ __forceinline__ void fetch(int thread, int k0, int k_end, T* slice) {
    if (inside && k0 + BK <= k_end) {
#pragma unroll
      for (int e = 0; e < each; e++) {
        int across, along;
        place(thread + e * THREADS, &across, &along);
        constexpr int turns = ALONG ? EXTENT / lines : each;
        const T* from = at + e % turns * lines * stride + (ALONG ? e / turns * run : 0);
        copy_async<W * sizeof(T)>(slice + along * PITCH + across, from);
      }
      at += ALONG ? BK : BK * stride;
      if (BLOCKS && (left -= BK) == 0) at += jump, jump += blocks.growth, left = blocks.length;
      return;
    }
#pragma unroll 1
    for (int e = 0; e < each; e++) {
      int across, along;
      place(thread + e * THREADS, &across, &along);
      T* to = slice + along * PITCH + across;
      across += first_across, along += k0;
      const int left = along < k_end && across < extent ? extent - across : 0;
      const T* from = left > 0 ? element(across, along) : data;
      if (packed && !ALONG) {
        copy_async<W * sizeof(T)>(to, from, (left < W ? left : W) * static_cast<int>(sizeof(T)));
        continue;
      }
#pragma unroll 1
      for (int w = 0; w < W; w++) {
        const bool valid = w < left;
        copy_async<sizeof(T)>(to + w, valid ? from + w : data, valid ? sizeof(T) : 0);
      }
    }
  }
};

template <typename T, int PACKS, int DISTANCE>
__device__ __forceinline__ void load_fragment(const T* from, Pack<T> (&to)[PACKS]) {
#pragma unroll
  for (int p = 0; p < PACKS; p++) to[p] = load_pack(from + p * DISTANCE);
}

// A pack of a row of which `left` elements lie inside.
template <typename T>
__device__ __forceinline__ Pack<T> load_part(const T* from, bool packed, int left) {
  constexpr int W = Pack<T>::width;
  if (packed && left >= W) return load_pack(from);
  Pack<T> part;
#pragma unroll
  for (int w = 0; w < W; w++) part.at[w] = w < left ? from[w] : T(0);
  return part;
}

template <typename T>
__device__ __forceinline__ void store_part(T* to, const Pack<T>& part, bool packed, int left) {
  constexpr int W = Pack<T>::width;
  if (packed && left >= W) {
    store_pack(to, part);
  } else {
#pragma unroll
    for (int w = 0; w < W; w++) {
      if (w < left) to[w] = part.at[w];
    }
  }
}

// c = alpha * op(a) * op(b) + beta * c for the tile of this block; with more than one piece of the
// inner dimension, partial[piece, m, n] = op(a) * op(b) over the piece.
template <typename T, typename S, bool TRANSPOSE_A, bool TRANSPOSE_B, bool BLOCKS = false>
__device__ __forceinline__ void gemm(
    T alpha, const T* a, long long a_stride, const T* b, long long b_stride, T beta, T* c,
    long long c_stride, T* partial, int piece, int m, int n, int k, const BlockRow& blocks = {}) {
  constexpr int W = S::W, row_packs = S::TM / W, column_packs = S::TN / W;
  constexpr int rows_apart = S::lane_rows * W, columns_apart = S::lane_columns * W;
  DYNAMIC_SHARED(T, shared);
  T* a_slices = shared;
  T* b_slices = shared + S::stages * S::slice_a;
  const int thread = static_cast<int>(threadIdx.x);
  const int row0 = static_cast<int>(blockIdx.y) * S::BM;
  const int column0 = static_cast<int>(blockIdx.x) * S::BN;
  const int begin = static_cast<int>(blockIdx.z) * piece;
  const int end = k - begin < piece ? k : begin + piece;
  SliceLoader<T, S::BM, S::pitch_a, S::BK, S::threads, !TRANSPOSE_A> loader_a;
  SliceLoader<T, S::BN, S::pitch_b, S::BK, S::threads, TRANSPOSE_B, BLOCKS> loader_b;
  loader_a.init(a, a_stride, row0, m, thread, begin);
  loader_b.init(b, b_stride, column0, n, thread, begin, blocks);
  const auto fetch = [&](int k0, int stage) {
    if (k0 < end) {
      loader_a.fetch(thread, k0, end, a_slices + stage * S::slice_a);
      loader_b.fetch(thread, k0, end, b_slices + stage * S::slice_b);
    }
    commit_async();
  };

  const int warp = thread / kLanes, lane = thread % kLanes;
  const int outer = (lane & 1) | (lane >> 3 & 2), inner = lane >> 1 & 7;  // bits 0 and 4; 1 to 3
  const int row = warp / S::warps_across * (S::lane_rows * S::TM) +
                  (S::lane_rows == 4 ? outer : inner) * W;
  const int column = warp % S::warps_across * (S::lane_columns * S::TN) +
                     (S::lane_rows == 4 ? inner : outer) * W;
  const T* a_from = a_slices + row;
  const T* b_from = b_slices + column;
  Pack<T> u[2][row_packs], v[2][column_packs];
  const auto load = [&](int which, const T* a_now, const T* b_now) {
    load_fragment<T, row_packs, rows_apart>(a_now, u[which]);
    load_fragment<T, column_packs, columns_apart>(b_now, v[which]);
  };

  T sums[S::TM][S::TN] = {};
#pragma unroll
  for (int s = 0; s < S::stages - 1; s++) fetch(begin + s * S::BK, s);
  wait_async<S::stages - 2>();
  __syncthreads();
  load(0, a_from, b_from);
  int stage = 0, free = S::stages - 1;
#pragma unroll 1
  for (int k0 = begin; k0 < end; k0 += S::BK) {
    fetch(k0 + (S::stages - 1) * S::BK, free);
    free = stage;
    const T* a_now = a_from + stage * S::slice_a;
    const T* b_now = b_from + stage * S::slice_b;
#pragma unroll
    for (int step = 0; step < S::BK; step++) {
      const int now = step % 2;
      if (step + 1 < S::BK) {
        load(1 - now, a_now + (step + 1) * S::pitch_a, b_now + (step + 1) * S::pitch_b);
      } else {
        stage = stage + 1 == S::stages ? 0 : stage + 1;
        wait_async<S::stages - 2>();
        __syncthreads();
        load(1 - now, a_from + stage * S::slice_a, b_from + stage * S::slice_b);
      }
#pragma unroll
      for (int e = 0; e < S::TM * S::TN; e++) {
        const int j = S::down ? e / S::TM : e % S::TN;
        const int i = !S::down ? e / S::TN : j % 2 == 0 ? e % S::TM : S::TM - 1 - e % S::TM;
        sums[i][j] = fma(u[now][i / W].at[i % W], v[now][j / W].at[j % W], sums[i][j]);
      }
    }
  }

  const bool split = gridDim.z > 1;
  T* target = split ? partial + static_cast<long long>(blockIdx.z) * m * n : c;
  const long long stride = split ? n : c_stride;
  const T factor = split ? T(1) : alpha, kept = split ? T(0) : beta;
  const bool packed = is_packable(target, stride, 2);
#pragma unroll
  for (int r = 0; r < S::TM; r += W) {
    const int first_row = row0 + row + r / W * rows_apart, first_column = column0 + column;
    T* to = target + first_row * stride + first_column;
    // All old packs of W rows before the first is stored: they come from memory together.
    Pack<T> old[W][column_packs];
    if (kept != T(0)) {
#pragma unroll
      for (int i = 0; i < W; i++) {
#pragma unroll
        for (int p = 0; p < column_packs; p++) {
          const int left = first_row + i < m ? n - first_column - p * columns_apart : 0;
          old[i][p] = load_part<T>(to + i * stride + p * columns_apart, packed, left);
        }
      }
    }
#pragma unroll
    for (int i = 0; i < W; i++) {
#pragma unroll
      for (int p = 0; p < column_packs; p++) {
        const int left = first_row + i < m ? n - first_column - p * columns_apart : 0;
        Pack<T> out;
#pragma unroll
        for (int w = 0; w < W; w++) {
          const T sum = sums[r + i][p * W + w];
          out.at[w] = kept == T(0) ? factor * sum : fma(factor, sum, kept * old[i][p].at[w]);
        }
        store_part(to + i * stride + p * columns_apart, out, packed, left);
      }
    }
  }
}
