// Twins of the functions of in_order.cuh. Blocks run one after the other here, in shuffled order, and their
// tickets put the parts in order: a part that is waited for is done, or will never be.
#pragma once
#include "cuda_on_cpu.hpp"
#include "device.cuh"

template <typename T>
bool is_unsent(T value);

template <typename T>
Pack<T> look(const T* from) {
  const Pack<T> pack = load_pack(from);
  for (const T value : pack.at) {
    if (is_unsent(value)) cuda_on_cpu::machine().fail("waits for a part that no earlier block has done");
  }
  return pack;
}

template <typename T>
void write_message(T* to, T value) {
  *to = value;
}

template <typename T>
void write_messages(T* to, const Pack<T>& pack) {
  store_pack(to, pack);
}

inline void rest(unsigned) {}
