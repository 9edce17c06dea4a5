// Operands of products whose factors are rounded, and what a product has to keep to.
#pragma once
#include "block_row.cuh"
#include "sanitized.hpp"
#include "tensor_on_cpu.hpp"

namespace {

float bf16(float x) { return __uint_as_float(pack_bf16(0, x) & 0xffff0000u); }

// Numbers in [-1, 1) with all 24 bits.
std::vector<float> numbers(size_t count, unsigned seed) {
  std::vector<float> values(count);
  for (float& value : values) {
    seed = seed * 1664525u + 1013904223u;
    value = float(int(seed >> 8)) / float(1 << 23) - 1;
  }
  return values;
}

struct Operand {
  std::vector<float> memory;
  long long stride;
  bool transposed;
  BlockRow blocks = {0, 0, 0};  // of transposed ones
  bool is_in_blocks() const { return blocks.length > 0; }
  float at(int i, int j) const {
    if (is_in_blocks()) return memory[j * stride + blocks.place(i)];
    return transposed ? memory[j * stride + i] : memory[i * stride + j];
  }
};

// op(x) is rows x columns; every row in memory is followed by a gap.
Operand operand(int rows, int columns, bool transposed, int gap, unsigned seed) {
  const int lines = transposed ? columns : rows, length = transposed ? rows : columns;
  return {numbers(size_t(lines - 1) * (length + gap) + length, seed), length + gap, transposed};
}

// The same, transposed, its rows in blocks that lie ever further apart.
Operand operand_in_blocks(int rows, int columns, int length, int gap, unsigned seed) {
  const long long stride = length + gap, size = columns * stride;
  const BlockRow blocks = {length, 2 * size, size};
  const size_t elements = blocks.place(rows - 1) + (columns - 1) * stride + 1;
  return {numbers(elements, seed), stride, true, blocks};
}

struct Rounding {
  double unit;
  float (*round)(float);
};

// alpha a b + beta old of m x n, inner dimension k, rows of the result followed by a gap.
struct Product {
  const Operand &a, &b;
  const std::vector<float>& old;
  float alpha, beta;
  int m, n, k, gap;
};

// Against float64 products of rounded operands, within what float32 sums may differ, and of the operands
// themselves, within the bound that the heads of the kernels state.
void compare(const char* name, const Rounding& rounding, const Product& product,
             const std::vector<float>& c) {
  const auto& [a, b, old, alpha, beta, m, n, k, gap] = product;
  bool sums_right = true, bound_held = true, gaps_kept = true;
  for (int i = 0; i < m; i++) {
    for (int j = 0; j < n; j++) {
      double rounded = 0, exact = 0, size = 0;
      for (int p = 0; p < k; p++) {
        rounded += double(rounding.round(a.at(i, p))) * rounding.round(b.at(p, j));
        exact += double(a.at(i, p)) * b.at(p, j);
        size += std::abs(double(a.at(i, p)) * b.at(p, j));
      }
      const size_t at = size_t(i) * (n + gap) + j;
      const double found = c[at], rest = beta == 0 ? 0 : double(beta) * old[at];
      const double single = (k + 32) * 0x1p-24 * (size + std::abs(rest));
      const double stated = std::abs(alpha) * (2 + rounding.unit) * rounding.unit * size + single;
      sums_right = sums_right && std::abs(found - (alpha * rounded + rest)) <= single;
      bound_held = bound_held && std::abs(found - (alpha * exact + rest)) <= stated;
    }
    for (int j = n; j < n + gap && i + 1 < m; j++) {
      const size_t at = size_t(i) * (n + gap) + j;
      gaps_kept = gaps_kept && (beta == 0 ? std::isnan(c[at]) : c[at] == old[at]);
    }
  }
  expect(name, sums_right, m, n);
  expect((std::string(name) + ", stated bound").c_str(), bound_held, m, n);
  expect((std::string(name) + ", gap").c_str(), gaps_kept, m, n);
}

}  // namespace
