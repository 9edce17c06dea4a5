// The tile of a matrix product by warpgroups: 128 x 256 elements of c by one block, the inner dimension in
// slices of 32 through a ring of 4 of them in shared memory.
//
// What is computed is c^T = op(b)^T op(a)^T. A product of a warpgroup takes its second operand along k from
// shared memory and its first from registers, where it may come from in any order: so op(b) passes through
// registers, whichever way it lies, and op(a) is what has to lie along k. Where it does not, or has to be
// narrowed to bfloat16, a warpgroup of its own turns each slice in place; for TF32 the tensor memory
// accelerator rounds on the way in. Two warpgroups multiply, 128 columns each, and one thread asks for
// tiles. Barriers of a slot: arrived (the bytes are there), turned, freed (multiplied).
//
// Order of k  where fragments hold k = t + 4 i for i = 0, 1, ..., a lane reads without conflicts; TF32 has
//             them in that order, bfloat16 pairs i = 0, 1 and 2, 3, and what turns a puts it in that order:
//             0 4 1 5 2 6 3 7.
// Columns     where op(b) lies across k, a lane reads four neighbouring columns at once and holds them in
//             four rows of fragments; so it has four neighbouring elements of a row of c at the end.
#pragma once
#include "hopper.cuh"
#include "tensor_tile.cuh"

struct HopperTf32 {
  static constexpr bool narrow = false;
  using Fragments = unsigned[2][2][4];  // of 16 of k: step, half of the columns, register

  __device__ __forceinline__ static void arrange(const unsigned (&four)[4][4], Fragments& to) {
#pragma unroll
    for (int i = 0; i < 4; i++) {
#pragma unroll
      for (int s = 0; s < 4; s++) to[i / 2][s / 2][s % 2 + i % 2 * 2] = four[i][s];
    }
  }

  __device__ __forceinline__ static void multiply(
      float (&sums)[2][64], const Fragments& b, SharedRows a, int batch) {
#pragma unroll
    for (int step = 0; step < 2; step++) {
#pragma unroll
      for (int half = 0; half < 2; half++) {
        multiply_tf32(sums[half], b[step][half], behind(a, 64 * batch + 32 * step));
      }
    }
  }
};

struct HopperBf16 {
  static constexpr bool narrow = true;
  using Fragments = unsigned[2][4];  // half of the columns, register

  __device__ __forceinline__ static void arrange(const unsigned (&four)[4][4], Fragments& to) {
#pragma unroll
    for (int i = 0; i < 4; i += 2) {
#pragma unroll
      for (int s = 0; s < 4; s++) {
        to[s / 2][s % 2 + i] = pack_bf16(__uint_as_float(four[i][s]), __uint_as_float(four[i + 1][s]));
      }
    }
  }

  __device__ __forceinline__ static void multiply(
      float (&sums)[2][64], const Fragments& b, SharedRows a, int batch) {
#pragma unroll
    for (int half = 0; half < 2; half++) multiply_bf16(sums[half], b[half], behind(a, 32 * batch));
  }
};

// Of a tile; of a block; of its ring.
template <typename P, bool TRANSPOSE_A>
struct HopperShape {
  static constexpr int BM = 128, BN = 256, BK = 32, stages = 4;
  static constexpr int line = 4 * BK;      // bytes of a row of a box
  static constexpr int box = BK * line;    // bytes of a box of 32 x 32
  static constexpr int bytes_b = BN * line, bytes = (BM + BN) * line;
  static constexpr bool turns = TRANSPOSE_A || P::narrow;
  static constexpr int multipliers = 2, turner = 2, copier = turns ? 3 : 2;  // warpgroups
  static constexpr int group = 128, threads = (copier + 1) * group;
  static constexpr int shared = stages * bytes + 1024;  // the ring begins at a multiple of 1024
};

// The 16-byte chunk of a row of a tile.
template <typename T>
__device__ __forceinline__ T* chunk_of(T* tile, int row, int chunk) {
  return tile + row * 32 + (chunk ^ row % 8) * 4;
}

// One of the eight groups of four of k of a slice of op(b): k = t + 4 i for 32 columns.
template <bool ALONG>
__device__ __forceinline__ void load_columns(
    const float* slice, int warp, int lane, int i, unsigned (&four)[4]) {
  if (ALONG) {
    load_matrices(four, chunk_of(slice, 32 * warp + lane, i));
  } else {
    const int g = lane / 4, chunk = g % 2 * 4 + g / 2;
    const Pack<float> pack = load_pack(chunk_of(slice + warp * 1024, lane % 4 + 4 * i, chunk));
#pragma unroll
    for (int s = 0; s < 4; s++) four[s] = __float_as_uint(pack.at[s]);
  }
}

template <bool ALONG, typename P>
__device__ __forceinline__ void load_fragments(
    const float* slice, int warp, int lane, int batch, typename P::Fragments& to) {
  unsigned four[4][4];
#pragma unroll
  for (int i = 0; i < 4; i++) load_columns<ALONG>(slice, warp, lane, 4 * batch + i, four[i]);
  P::arrange(four, to);
}

// Turns a slice of op(a) in place, by a warpgroup: along k and narrowed if wanted. A thread has four
// eighths of rows, 8 of k each.
template <bool ACROSS, typename P>
__device__ __forceinline__ void turn_slice(float* slice, int thread) {
  // Eight neighbouring lanes meet all banks, when they read and when they write; every second lane begins
  // with the other half of its eighths.
  const int lane = thread % 8, more = thread / 8, other = ACROSS && !P::narrow ? lane % 2 : 0;
  const int quad = lane + more / 4 * 8, octet = (lane / 2 ^ more) % 2 + (lane / 4 ^ more / 2) % 2 * 2;
  float v[4][8];
#pragma unroll
  for (int e = 0; e < 8; e++) {
    const Pack<float> pack =
        ACROSS ? load_pack(chunk_of(slice + quad / 8 * 1024, 8 * octet + (e ^ 4 * other), quad % 8))
               : load_pack(chunk_of(slice, thread, e));
#pragma unroll
    for (int w = 0; w < 4; w++) {
      if (ACROSS) {
        v[w][e] = pack.at[w];
      } else {
        v[e / 2][e % 2 * 4 + w] = pack.at[w];
      }
    }
  }
  if (ACROSS) sync_warpgroup(1);  // all have read
#pragma unroll
  for (int j = 0; j < 4; j++) {
    const int row = ACROSS ? 4 * quad + j : thread, eighth = ACROSS ? octet : j;
    if (P::narrow) {
      Pack<unsigned> pack;
#pragma unroll
      for (int w = 0; w < 4; w++) pack.at[w] = pack_bf16(v[j][w], v[j][w + 4]);
      store_pack(reinterpret_cast<unsigned*>(chunk_of(slice, row, eighth)), pack);
    } else {
#pragma unroll
      for (int h = 0; h < 2; h++) {
        Pack<float> pack;
#pragma unroll
        for (int w = 0; w < 4; w++) pack.at[w] = v[j][4 * h + w];
        store_pack(chunk_of(slice, row, 2 * eighth + (h ^ other)), pack);
      }
    }
  }
}

// The tile of a block: bands of 8 tiles along m, in which blocks go down before they go on along n, so that
// those that run together share what they read of both operands.
struct TilePlace {
  int row, column;
};

__device__ __forceinline__ TilePlace tile_of_block() {
  constexpr int band_rows = 8;
  const int across = static_cast<int>(gridDim.x), down = static_cast<int>(gridDim.y);
  const int block = static_cast<int>(blockIdx.y) * across + static_cast<int>(blockIdx.x);
  const int band = block / (band_rows * across), at = block - band * band_rows * across;
  const int left = down - band * band_rows, rows = left < band_rows ? left : band_rows;
  return {band * band_rows + at % rows, at / rows};
}

// Asks for the slices of an operand: boxes of 32 x 32 where it lies across k, of 32 x 128 along.
template <bool ALONG, int EXTENT>
__device__ __forceinline__ void copy_slice(
    float* to, const TensorMap* map, int across, int k, Barrier* barrier) {
  constexpr int step = ALONG ? 128 : 32;
#pragma unroll
  for (int i = 0; i < EXTENT; i += step) {
    copy_tile(to + i * 32, map, ALONG ? k : across + i, ALONG ? across + i : k, barrier);
  }
}

// c = alpha * op(a) * op(b) + beta * c for the tile of this block; with more than one piece of the inner
// dimension, partial[piece, m, n] = op(a) * op(b) over the piece.
template <typename P, bool TRANSPOSE_A, bool TRANSPOSE_B, bool BLOCKS = false>
__device__ __forceinline__ void hopper_gemm(
    float alpha, const TensorMap* a, const TensorMap* b, float beta, float* c, long long c_stride,
    float* partial, int piece, int m, int n, int k, const BlockRow& blocks = {}) {
  using H = HopperShape<P, TRANSPOSE_A>;
  DYNAMIC_SHARED(float, dynamic);
  __shared__ Barrier arrived[H::stages], turned[H::stages], freed[H::stages];
  float* ring = dynamic + (1024 - shared_address(dynamic) % 1024) % 1024 / 4;
  const int thread = static_cast<int>(threadIdx.x), group = thread / H::group;
  const TilePlace tile = tile_of_block();
  const int row0 = tile.row * H::BM, column0 = tile.column * H::BN;
  const int begin = static_cast<int>(blockIdx.z) * piece;
  const int end = k - begin < piece ? k : begin + piece;
  const int slices = (end - begin + H::BK - 1) / H::BK;
  const auto slice_b = [&](int slice) { return ring + slice % H::stages * (H::bytes / 4); };
  const auto slice_a = [&](int slice) { return slice_b(slice) + H::bytes_b / 4; };
  const auto parity = [](int slice) { return slice / H::stages % 2; };
  if (thread == 0) {
#pragma unroll
    for (int s = 0; s < H::stages; s++) {
      init_barrier(arrived + s, 1);
      init_barrier(turned + s, H::group);
      init_barrier(freed + s, H::multipliers * H::group / kLanes);
    }
    publish_barriers();
  }
  __syncthreads();
  if (group == H::copier) {
    leave_registers<40>();
    if (thread % H::group == 0) {
#pragma unroll 1
      for (int s = 0; s < slices; s++) {
        Barrier* there = arrived + s % H::stages;
        if (s >= H::stages) wait_barrier(freed + s % H::stages, 1 - parity(s));
        arrive_expecting(there, H::bytes);
        const int at = begin + s * H::BK;
        if (BLOCKS) {
          const int block = at / blocks.length;
          copy_slice<true, H::BN>(slice_b(s), b, column0 + static_cast<int>(blocks.begin(block)),
                                  at - block * blocks.length, there);
        } else {
          copy_slice<TRANSPOSE_B, H::BN>(slice_b(s), b, column0, at, there);
        }
        copy_slice<!TRANSPOSE_A, H::BM>(slice_a(s), a, row0, at, there);
      }
    }
  } else if (H::turns && group == H::turner) {
    leave_registers<72>();
#pragma unroll 1
    for (int s = 0; s < slices; s++) {
      wait_barrier(arrived + s % H::stages, parity(s));
      turn_slice<TRANSPOSE_A, P>(slice_a(s), thread % H::group);
      publish_shared();
      arrive(turned + s % H::stages);
    }
  } else {
    take_registers<H::turns ? 200 : 232>();
    const int warp = thread / kLanes, lane = thread % kLanes;
    float sums[2][64];
#pragma unroll
    for (int i = 0; i < 64; i++) sums[0][i] = 0, sums[1][i] = 0;
    // Two batches of fragments for each slice: one is loaded while the other is multiplied.
    typename P::Fragments first, second;
    const auto await = [&](int slice) {
      wait_barrier(arrived + slice % H::stages, parity(slice));
      if (H::turns) wait_barrier(turned + slice % H::stages, parity(slice));
    };
    await(0);
    load_fragments<TRANSPOSE_B, P>(slice_b(0), warp, lane, 0, first);
#pragma unroll 1
    for (int s = 0; s < slices; s++) {
      const SharedRows rows = shared_rows(slice_a(s));
      begin_products();
      P::multiply(sums, first, rows, 0);
      commit_products();
      wait_products<1>();  // of the slice before
      if (s > 0 && lane == 0) arrive(freed + (s - 1) % H::stages);
      load_fragments<TRANSPOSE_B, P>(slice_b(s), warp, lane, 1, second);
      begin_products();
      P::multiply(sums, second, rows, 1);
      commit_products();
      if (s + 1 < slices) {
        await(s + 1);
        wait_products<1>();
        load_fragments<TRANSPOSE_B, P>(slice_b(s + 1), warp, lane, 0, first);
      }
    }
    wait_products<0>();
    const bool split = gridDim.z > 1;
    float* target = split ? partial + static_cast<long long>(blockIdx.z) * m * n : c;
    const long long width = split ? n : c_stride;
    const bool packed = is_packable(target, width, 2);
    const int g = lane / 4;
    const int column = column0 + 32 * warp + (TRANSPOSE_B ? g : g % 2 * 16 + g / 2 * 4);
    if (split) alpha = 1, beta = 0;
#pragma unroll
    for (int j = 0; j < 16; j++) {
#pragma unroll
      for (int e = 0; e < 2; e++) {
        const int row = row0 + 8 * j + lane % 4 * 2 + e;
        alignas(kPackBytes) const float four[4] = {sums[0][4 * j + e], sums[0][4 * j + 2 + e],
                                                   sums[1][4 * j + e], sums[1][4 * j + 2 + e]};
        if (row >= m) continue;
        float* to = target + row * width + column;
        if (TRANSPOSE_B) {
#pragma unroll
          for (int w = 0; w < 4; w++) {
            if (column + 8 * w < n) {
              to[8 * w] = beta == 0 ? alpha * four[w] : fma(alpha, four[w], beta * to[8 * w]);
            }
          }
        } else {
          write_four(to, four, alpha, beta, n - column, packed);
        }
      }
    }
  }
}
