// Twins of the functions of tensor.cuh: tensor cores and asynchronous copies on the CPU.
//
// An asynchronous copy leaves NaN where it goes and arrives only when its thread waits for it, as late as it
// may: who reads too early, or waits for too few, computes NaN. A matrix product of a warp gathers what its
// lanes hold, element by element where the instruction's description puts them.
#pragma once
#include <cstring>
#include <deque>
#include <map>

#include "cuda_on_cpu.hpp"

namespace cuda_on_cpu {

struct AsyncCopy {
  void* to;
  const void* from;
  int bytes, valid;
};

// What the threads of the block that runs have asked for; groups in order, the last still open.
class AsyncCopies {
 public:
  std::deque<std::vector<AsyncCopy>>& of_current() {
    if (launch_ != machine().launches) copies_.clear(), launch_ = machine().launches;
    const uint3 b = machine().block_index;
    const size_t block = (size_t{b.z} * machine().grid.y + b.y) * machine().grid.x + b.x;
    auto& groups = copies_[{block, machine().current->number}];
    if (groups.empty()) groups.emplace_back();
    return groups;
  }

 private:
  uint64_t launch_ = 0;
  std::map<std::pair<size_t, unsigned>, std::deque<std::vector<AsyncCopy>>> copies_;
};

inline AsyncCopies& async_copies() {
  static AsyncCopies copies;
  return copies;
}

// What a lane brings to a matrix product.
struct Fragments {
  const unsigned *a, *b;
};

// c += a * b for a warp; of_a and of_b find an element among what the lanes hold.
template <int K, typename OfA, typename OfB>
void mma(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2], OfA of_a, OfB of_b) {
  Machine& m = machine();
  Thread& me = *m.current;
  const Fragments mine = {a, b};
  const Fragments* offered = &mine;
  std::memcpy(&me.published, &offered, sizeof(offered));
  m.wait(State::at_warp_barrier, 0xffffffffu);
  const auto from = [&](int lane) {
    const Fragments* held;
    std::memcpy(&held, &m.lane_of_current_warp(unsigned(lane))->published, sizeof(held));
    return *held;
  };
  const int g = int(me.lane()) / 4, t = int(me.lane()) % 4;
  for (int i = 0; i < 4; i++) {
    const int row = g + i / 2 * 8, column = 2 * t + i % 2;
    for (int k = 0; k < K; k++) c[i] = std::fma(of_a(from, row, k), of_b(from, k, column), c[i]);
  }
  m.wait(State::at_warp_barrier, 0xffffffffu);
}

}  // namespace cuda_on_cpu

template <int BYTES>
void copy_async(void* to, const void* from, int valid) {
  if (valid < 0 || valid > BYTES || reinterpret_cast<size_t>(to) % BYTES != 0 ||
      reinterpret_cast<size_t>(from) % BYTES != 0) {
    cuda_on_cpu::machine().fail("copies " + std::to_string(valid) + " bytes asynchronously, or askew");
  }
  std::memset(to, cuda_on_cpu::kUnwritten, BYTES);
  cuda_on_cpu::async_copies().of_current().back().push_back({to, from, BYTES, valid});
}

template <int BYTES>
void copy_async(void* to, const void* from) {
  copy_async<BYTES>(to, from, BYTES);
}

inline void commit_async() { cuda_on_cpu::async_copies().of_current().emplace_back(); }

template <int LEFT>
void wait_async() {
  auto& groups = cuda_on_cpu::async_copies().of_current();
  while (groups.size() > LEFT + 1) {
    for (const cuda_on_cpu::AsyncCopy& copy : groups.front()) {
      std::memset(copy.to, 0, copy.bytes);
      std::memcpy(copy.to, copy.from, copy.valid);
    }
    groups.pop_front();
  }
}

inline unsigned round_tf32(float x) {
  const unsigned bits = __float_as_uint(x);
  const bool is_nan = (bits & 0x7fffffffu) > 0x7f800000u;
  return is_nan ? 0x7fffffffu : (bits + 0x1000u) & ~0x1fffu;
}

inline unsigned pack_bf16(float low, float high) {
  const auto round = [](float x) {
    const unsigned bits = __float_as_uint(x);
    const bool is_nan = (bits & 0x7fffffffu) > 0x7f800000u;
    return is_nan ? 0x7fffu : (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
  };
  return round(low) | round(high) << 16;
}

inline void mma_tf32(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  cuda_on_cpu::mma<8>(
      c, a, b,
      [](const auto& from, int row, int k) {
        return __uint_as_float(from(row % 8 * 4 + k % 4).a[row / 8 + k / 4 * 2]);
      },
      [](const auto& from, int k, int column) {
        return __uint_as_float(from(column * 4 + k % 4).b[k / 4]);
      });
}

inline void mma_bf16(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  const auto element = [](unsigned pair, int k) {
    return __uint_as_float(k % 2 == 0 ? pair << 16 : pair & 0xffff0000u);
  };
  cuda_on_cpu::mma<16>(
      c, a, b,
      [&](const auto& from, int row, int k) {
        return element(from(row % 8 * 4 + k % 8 / 2).a[row / 8 + k / 8 * 2], k);
      },
      [&](const auto& from, int k, int column) {
        return element(from(column * 4 + k % 8 / 2).b[k / 8], k);
      });
}
