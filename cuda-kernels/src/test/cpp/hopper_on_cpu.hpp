// Twins of the functions of hopper.cuh: barriers with bytes, copies of tiles and products of a warpgroup on
// the CPU.
//
// A copy of a tile leaves NaN where it goes and arrives only when somebody waits for its barrier. A product
// leaves NaN in its sums and is computed only when its warp waits for it, with what registers and shared
// memory hold by then: who reads too early, or overwrites too early, computes wrong numbers.
#pragma once
#include <array>

#include "tensor_on_cpu.hpp"

// What the fake driver writes in place of cuTensorMapEncodeTiled.
struct alignas(64) TensorMap {
  const unsigned char* data;
  uint64_t inner, outer, stride;  // elements, rows, bytes
  unsigned box_inner, box_outer;
  bool rounds;  // to TF32
  unsigned char unused[128 - 4 * 8 - 2 * 4 - 1];
};
static_assert(sizeof(TensorMap) == 128, "as the kernel's parameter");

struct Barrier {
  int arrivals, missing, bytes, phase;
};

namespace cuda_on_cpu {

struct TileCopy {
  unsigned char* to;
  TensorMap map;
  int x, y;
  Barrier* barrier;
};

struct Product {
  float* c;
  const unsigned* a;
  uintptr_t b;
  int packed;  // elements in 32 bits
};

// Products of a thread that are not yet waited for; groups in order, the last still open.
struct Products {
  std::deque<std::vector<Product>> groups{1};
  std::map<float*, std::array<float, 64>> sums;  // of those under way
};

class Warpgroups {
 public:
  std::vector<TileCopy> copies;

  Products& products() { return products_[machine().current->number]; }

  // To be called by the first thread of a block.
  void begin_block() {
    if (launch_ == machine().launches && !copies.empty()) {
      machine().fail("begins where copies of the block before are under way");
    }
    launch_ = machine().launches;
    copies.clear(), products_.clear();
  }

  std::map<int, std::pair<int, int>> barriers;  // of a warpgroup: how many have come, how often all had

 private:
  uint64_t launch_ = 0;
  std::map<unsigned, Products> products_;
};

inline Warpgroups& warpgroups() {
  static Warpgroups the_warpgroups;
  return the_warpgroups;
}

// Lets others run; a wait without end fails.
inline void poll(int& polls, const char* what) {
  if (++polls > 100000) machine().fail(std::string("waits for ever for ") + what);
  machine().wait(State::ready);
}

// To nearest, ties to even, as the tensor memory accelerator does.
inline float even_tf32(float x) {
  const unsigned bits = __float_as_uint(x);
  const bool is_nan = (bits & 0x7fffffffu) > 0x7f800000u;
  return __uint_as_float(is_nan ? 0x7fffe000u : (bits + 0xfffu + (bits >> 13 & 1u)) & ~0x1fffu);
}

inline float* chunk_in_tile(unsigned char* tile, unsigned row, unsigned chunk) {
  return reinterpret_cast<float*>(tile + row * 128 + (chunk ^ row % 8) * 16);
}

inline void deliver(const TileCopy& copy) {
  const TensorMap& map = copy.map;
  for (unsigned row = 0; row < map.box_outer; row++) {
    for (unsigned at = 0; at < map.box_inner; at++) {
      const uint64_t x = uint64_t(copy.x) + at, y = uint64_t(copy.y) + row;
      float value = 0;
      if (x < map.inner && y < map.outer) std::memcpy(&value, map.data + y * map.stride + x * 4, 4);
      if (map.rounds) value = even_tf32(value);
      chunk_in_tile(copy.to, row, at / 4)[at % 4] = value;
    }
  }
  copy.barrier->bytes -= int(map.box_inner * map.box_outer * 4);
}

inline void end_phase_if_over(Barrier* barrier) {
  if (barrier->missing == 0 && barrier->bytes == 0) {
    barrier->phase++, barrier->missing = barrier->arrivals;
  }
}

// A word of what a product takes from shared memory.
inline unsigned shared_word(uintptr_t rows, int row, int word) {
  uintptr_t address = rows + uintptr_t(row * 128 + word * 4);
  address ^= (address >> 7 & 7) << 4;
  unsigned bits;
  std::memcpy(&bits, reinterpret_cast<const void*>(address), sizeof(bits));
  return bits;
}

inline float element(unsigned word, int packed, int which) {
  if (packed == 1) return __uint_as_float(word & 0xffffe000u);
  return __uint_as_float(which == 0 ? word << 16 : word & 0xffff0000u);
}

inline void start_product(float (&c)[64], const unsigned (&a)[4], uintptr_t b, int packed) {
  Products& mine = warpgroups().products();
  mine.groups.back().push_back({c, a, b, packed});
  if (mine.sums.count(c) == 0) {
    std::memcpy(mine.sums[c].data(), c, sizeof(c));
    std::memset(c, kUnwritten, sizeof(c));
  }
}

// Computes a lane's elements of one of the products that the lanes of its warp have under way.
inline void finish_product(const Products* const (&of_lane)[32], size_t group, size_t number) {
  const int lane = int(machine().current->lane()), g = lane / 4, t = lane % 4;
  const Product& mine = of_lane[lane]->groups[group][number];
  auto& sums = const_cast<Products*>(of_lane[lane])->sums[mine.c];
  for (int i = 0; i < 64; i++) {
    const int row = g + i / 2 % 2 * 8, column = i / 4 * 8 + 2 * t + i % 2;
    for (int word = 0; word < 8; word++) {
      const unsigned* fragment = of_lane[row % 8 * 4 + word % 4]->groups[group][number].a;
      const unsigned a = fragment[row / 8 + word / 4 * 2], b = shared_word(mine.b, column, word);
      for (int e = 0; e < mine.packed; e++) {
        sums[i] = std::fma(element(a, mine.packed, e), element(b, mine.packed, e), sums[i]);
      }
    }
  }
}

inline void finish_products(size_t left) {
  Machine& m = machine();
  Products& mine = warpgroups().products();
  const Products* offered = &mine;
  std::memcpy(&m.current->published, &offered, sizeof(offered));
  m.wait(State::at_warp_barrier, 0xffffffffu);
  const Products* of_lane[32];
  for (unsigned lane = 0; lane < 32; lane++) {
    std::memcpy(&of_lane[lane], &m.lane_of_current_warp(lane)->published, sizeof(offered));
  }
  const size_t closed = mine.groups.size() - 1, over = closed > left ? closed - left : 0;
  for (size_t group = 0; group < over; group++) {
    for (size_t i = 0; i < mine.groups[group].size(); i++) finish_product(of_lane, group, i);
  }
  m.wait(State::at_warp_barrier, 0xffffffffu);
  mine.groups.erase(mine.groups.begin(), mine.groups.begin() + long(over));
  for (auto it = mine.sums.begin(); it != mine.sums.end();) {
    bool under_way = false;
    for (const auto& group : mine.groups) {
      for (const Product& product : group) under_way = under_way || product.c == it->first;
    }
    if (under_way) {
      ++it;
    } else {
      std::memcpy(it->first, it->second.data(), sizeof(it->second));
      it = mine.sums.erase(it);
    }
  }
}

}  // namespace cuda_on_cpu

// Dynamic shared memory begins at a multiple of 1024.
inline unsigned shared_address(const void* p) {
  return static_cast<unsigned>(reinterpret_cast<uintptr_t>(p));
}

inline void init_barrier(Barrier* barrier, int arrivals) { *barrier = {arrivals, arrivals, 0, 0}; }

inline void publish_barriers() { cuda_on_cpu::warpgroups().begin_block(); }

inline void arrive(Barrier* barrier) {
  barrier->missing--;
  cuda_on_cpu::end_phase_if_over(barrier);
}

inline void arrive_expecting(Barrier* barrier, int bytes) {
  barrier->bytes += bytes;
  arrive(barrier);
}

inline void wait_barrier(Barrier* barrier, int parity) {
  auto& copies = cuda_on_cpu::warpgroups().copies;
  for (int polls = 0; barrier->phase % 2 == parity;) {
    cuda_on_cpu::poll(polls, "a barrier");
    const auto wanted = [=](const auto& copy) { return copy.barrier == barrier; };
    for (const auto& copy : copies) {
      if (wanted(copy)) cuda_on_cpu::deliver(copy);
    }
    copies.erase(std::remove_if(copies.begin(), copies.end(), wanted), copies.end());
    cuda_on_cpu::end_phase_if_over(barrier);
  }
}

inline void copy_tile(void* to, const TensorMap* map, int x, int y, Barrier* barrier) {
  if (shared_address(to) % 1024 != 0) cuda_on_cpu::machine().fail("copies a tile to an odd place");
  std::memset(to, cuda_on_cpu::kUnwritten, size_t{map->box_inner} * map->box_outer * 4);
  cuda_on_cpu::warpgroups().copies.push_back({static_cast<unsigned char*>(to), *map, x, y, barrier});
}

inline void publish_shared() {}

inline void sync_warpgroup(int number) {
  auto& [come, rounds] = cuda_on_cpu::warpgroups().barriers[number];
  const int round = rounds;
  if (++come == 128) {
    come = 0, rounds++;
  }
  for (int polls = 0; rounds == round;) cuda_on_cpu::poll(polls, "a warpgroup");
}

template <int REGISTERS>
void take_registers() {}
template <int REGISTERS>
void leave_registers() {}

inline void load_matrices(unsigned (&to)[4], const void* row) {
  for (int matrix = 0; matrix < 4; matrix++) {
    const unsigned lane = cuda_on_cpu::lane();
    const uint64_t address = cuda_on_cpu::exchange(
        0xffffffffu, reinterpret_cast<uint64_t>(row), unsigned(matrix) * 8 + lane / 4, true);
    std::memcpy(&to[matrix], reinterpret_cast<const unsigned*>(address) + lane % 4, sizeof(to[matrix]));
  }
}

struct SharedRows {
  uintptr_t address;
};

inline SharedRows shared_rows(const void* tile) { return {reinterpret_cast<uintptr_t>(tile)}; }
inline SharedRows behind(SharedRows rows, int bytes) { return {rows.address + uintptr_t(bytes)}; }

inline void begin_products() {}
inline void commit_products() { cuda_on_cpu::warpgroups().products().groups.emplace_back(); }

template <int LEFT>
void wait_products() {
  cuda_on_cpu::finish_products(LEFT);
}

inline void multiply_tf32(float (&c)[64], const unsigned (&a)[4], SharedRows b) {
  cuda_on_cpu::start_product(c, a, b.address, 1);
}
inline void multiply_bf16(float (&c)[64], const unsigned (&a)[4], SharedRows b) {
  cuda_on_cpu::start_product(c, a, b.address, 2);
}
