// The tile of a matrix product on tensor cores: BM x BN elements of c by one block, WM x WN by one warp,
// the inner dimension in slices of BK through a ring of STAGES of them in shared memory.
//
// A slice lies in shared memory as its operand lies in memory, so that asynchronous copies bring it
// without passing through registers. Rows are padded so that the 32 lanes of a fragment's load meet 32
// banks, whichever way the operand lies. Operands are float32 and are rounded when fragments are loaded.
// While one slice is multiplied, STAGES - 1 are on their way; one barrier for each slice.
#pragma once
#include "block_row.cuh"
#include "tensor.cuh"

template <int M, int N, int K, int WM_, int WN_, int STAGES_>
struct TensorShape {
  static constexpr int BM = M, BN = N, BK = K, WM = WM_, WN = WN_, stages = STAGES_;
  static constexpr int threads = (BM / WM) * (BN / WN) * kLanes;
};

// How fragments are made of float32. The order of the inner dimension is free as long as both operands
// agree: a bfloat16 fragment pairs elements that lie 4 apart, which a lane reads without conflicts.
struct Tf32 {
  static constexpr int K = 8;
  template <typename At>
  __device__ __forceinline__ static unsigned half(const At& at, int which) {
    return round_tf32(at(4 * which));
  }
  __device__ __forceinline__ static void mma(
      float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    mma_tf32(c, a, b);
  }
};

struct Bf16 {
  static constexpr int K = 16;
  template <typename At>
  __device__ __forceinline__ static unsigned half(const At& at, int which) {
    return pack_bf16(at(8 * which), at(8 * which + 4));
  }
  __device__ __forceinline__ static void mma(
      float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    mma_bf16(c, a, b);
  }
};

// The slices of one operand. `across` is the row of a or the column of b, `along` the inner dimension.
// ALONG: neighbouring elements in memory lie along the inner dimension; it may then come in blocks.
template <int EXTENT, int BK, int THREADS, bool ALONG, bool BLOCKS = false>
struct AsyncSlices {
  static constexpr int W = Pack<float>::width;
  static constexpr int lines = ALONG ? EXTENT : BK, length = ALONG ? BK : EXTENT;
  static constexpr int pitch = length + (ALONG ? 4 : 8);
  static constexpr int elements = lines * pitch;
  static constexpr int each = lines * length / W / THREADS;
  static_assert(ALONG ? pitch % 8 == 4 : pitch % 32 == 8, "lanes of a fragment meet all banks");
  static_assert(each * W * THREADS == lines * length, "every thread moves as many packs");

  const float* data;
  long long stride;
  int first_across, extent;  // of the whole operand
  bool packed;
  BlockRow blocks;

  __device__ __forceinline__ void init(
      const float* from, long long from_stride, int first, int whole, const BlockRow& row = {}) {
    if (BLOCKS) blocks = row;
    data = from, stride = from_stride, first_across = first, extent = whole;
    packed = is_packable(from, from_stride, 2);
  }

  // Elements past the edges become zero.
  __device__ __forceinline__ void fetch(int thread, int k0, int k_end, float* slice) const {
    const float* begin = BLOCKS ? data + blocks.place(k0) - k0 : data;
#pragma unroll
    for (int e = 0; e < each; e++) {
      const int p = thread + e * THREADS;
      const int line = p / (length / W), at = p % (length / W) * W;
      const int row = line + (ALONG ? first_across : k0), column = at + (ALONG ? k0 : first_across);
      const int columns = ALONG ? k_end : extent;
      const int inside = row < (ALONG ? extent : k_end) && column < columns ? columns - column : 0;
      const float* from = inside > 0 ? begin + row * stride + column : data;
      float* to = slice + line * pitch + at;
      if (packed) {
        copy_async<kPackBytes>(to, from, 4 * (inside < W ? inside : W));
      } else {
#pragma unroll
        for (int w = 0; w < W; w++) {
          copy_async<4>(to + w, w < inside ? from + w : data, w < inside ? 4 : 0);
        }
      }
    }
  }

  __device__ __forceinline__ static float at(const float* slice, int across, int along) {
    return ALONG ? slice[across * pitch + along] : slice[along * pitch + across];
  }
};

// sums += a slice of op(a) times a slice of op(b), for the warp whose tile begins at (row, column).
template <typename P, typename S, typename A, typename B>
__device__ __forceinline__ void multiply_slices(
    const float* a, const float* b, int row, int column, float (&sums)[S::WM / 16][S::WN / 8][4]) {
  const int lane = static_cast<int>(threadIdx.x) % kLanes;
  const int g = lane / 4, t = lane % 4;
#pragma unroll
  for (int k = 0; k < S::BK; k += P::K) {
    unsigned u[S::WM / 16][4], v[S::WN / 8][2];
#pragma unroll
    for (int i = 0; i < S::WM / 16; i++) {
#pragma unroll
      for (int r = 0; r < 4; r++) {
        const int across = row + 16 * i + g + r % 2 * 8;
        u[i][r] = P::half([=](int more) { return A::at(a, across, k + t + more); }, r / 2);
      }
    }
#pragma unroll
    for (int j = 0; j < S::WN / 8; j++) {
      const int across = column + 8 * j + g;
#pragma unroll
      for (int r = 0; r < 2; r++) {
        v[j][r] = P::half([=](int more) { return B::at(b, across, k + t + more); }, r);
      }
    }
#pragma unroll
    for (int i = 0; i < S::WM / 16; i++) {
#pragma unroll
      for (int j = 0; j < S::WN / 8; j++) P::mma(sums[i][j], u[i], v[j]);
    }
  }
}

// Four neighbouring elements of the result, of which so many are inside.
__device__ __forceinline__ void write_four(
    float* to, const float* sums, float alpha, float beta, int inside, bool packed) {
  constexpr int W = Pack<float>::width;
  const Pack<float> four = load_pack(sums);
  if (packed && inside >= W) {
    Pack<float> out;
    if (beta == 0) {
#pragma unroll
      for (int w = 0; w < W; w++) out.at[w] = alpha * four.at[w];
    } else {
      const Pack<float> old = load_pack(to);
#pragma unroll
      for (int w = 0; w < W; w++) out.at[w] = fma(alpha, four.at[w], beta * old.at[w]);
    }
    store_pack(to, out);
  } else {
#pragma unroll
    for (int w = 0; w < W; w++) {
      if (w < inside) {
        to[w] = beta == 0 ? alpha * four.at[w] : fma(alpha, four.at[w], beta * to[w]);
      }
    }
  }
}

// c = alpha * op(a) * op(b) + beta * c for the tile of this block; with more than one piece of the inner
// dimension, partial[piece, m, n] = op(a) * op(b) over the piece.
template <typename P, typename S, bool TRANSPOSE_A, bool TRANSPOSE_B, bool BLOCKS = false>
__device__ __forceinline__ void tensor_gemm(
    float alpha, const float* a, long long a_stride, const float* b, long long b_stride, float beta,
    float* c, long long c_stride, float* partial, int piece, int m, int n, int k,
    const BlockRow& blocks = {}) {
  using SlicesA = AsyncSlices<S::BM, S::BK, S::threads, !TRANSPOSE_A>;
  using SlicesB = AsyncSlices<S::BN, S::BK, S::threads, TRANSPOSE_B, BLOCKS>;
  constexpr int stage = SlicesA::elements + SlicesB::elements;
  DYNAMIC_SHARED(float, ring);  // STAGES x (a slice of a, a slice of b)
  const int thread = static_cast<int>(threadIdx.x);
  const int row0 = static_cast<int>(blockIdx.y) * S::BM;
  const int column0 = static_cast<int>(blockIdx.x) * S::BN;
  const int begin = static_cast<int>(blockIdx.z) * piece;
  const int end = k - begin < piece ? k : begin + piece;
  const int slices = (end - begin + S::BK - 1) / S::BK;
  SlicesA from_a;
  SlicesB from_b;
  from_a.init(a, a_stride, row0, m);
  from_b.init(b, b_stride, column0, n, blocks);
  const auto fetch = [&](int slice) {
    if (slice < slices) {
      float* to = ring + slice % S::stages * stage;
      from_a.fetch(thread, begin + slice * S::BK, end, to);
      from_b.fetch(thread, begin + slice * S::BK, end, to + SlicesA::elements);
    }
    commit_async();
  };
  const int warp = thread / kLanes;
  const int row = warp / (S::BN / S::WN) * S::WM, column = warp % (S::BN / S::WN) * S::WN;
  float sums[S::WM / 16][S::WN / 8][4] = {};
#pragma unroll 1
  for (int slice = 0; slice < S::stages - 1; slice++) fetch(slice);
#pragma unroll 1
  for (int slice = 0; slice < slices; slice++) {
    wait_async<S::stages - 2>();
    __syncthreads();  // the slice is there for all, and all are done with the one before
    fetch(slice + S::stages - 1);
    const float* now = ring + slice % S::stages * stage;
    multiply_slices<P, S, SlicesA, SlicesB>(now, now + SlicesA::elements, row, column, sums);
  }
  // The sums go through the ring, so that whole rows are written, 16 bytes at a time.
  constexpr int W = Pack<float>::width, pitch = S::BN + 8;
  static_assert(S::BM * pitch <= S::stages * stage, "the tile fits the ring");
  __syncthreads();
  const int lane = thread % kLanes;
#pragma unroll
  for (int i = 0; i < S::WM / 16; i++) {
#pragma unroll
    for (int j = 0; j < S::WN / 8; j++) {
      float* to = ring + (row + 16 * i + lane / 4) * pitch + column + 8 * j + lane % 4 * 2;
      to[0] = sums[i][j][0], to[1] = sums[i][j][1];
      to[8 * pitch] = sums[i][j][2], to[8 * pitch + 1] = sums[i][j][3];
    }
  }
  __syncthreads();
  const bool split = gridDim.z > 1;
  float* target = split ? partial + static_cast<long long>(blockIdx.z) * m * n : c;
  const long long width = split ? n : c_stride;
  const bool packed = is_packable(target, width, 2);
#pragma unroll 1
  for (int e = thread; e < S::BM * S::BN / W; e += S::threads) {
    const int i = e / (S::BN / W), j = e % (S::BN / W) * W;
    if (row0 + i < m && column0 + j < n) {
      write_four(target + (row0 + i) * width + column0 + j, ring + i * pitch + j,
                 split ? 1.0f : alpha, split ? 0.0f : beta, n - column0 - j, packed);
    }
  }
}
