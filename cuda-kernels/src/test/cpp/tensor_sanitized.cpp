// Runs products on the twins of tensor cores over buffers of exactly the size they may touch, under the
// address sanitizer. Each macro breaks them in a way that must be noticed:
//   WITHOUT_BARRIER  nobody waits for the copies of other threads
//   WAITS_FOR_FEWER  a slice is multiplied one group of copies too early
#include "tensor_on_cpu.hpp"

#ifdef WITHOUT_BARRIER
#define __syncthreads() ((void)0)
#endif
#ifdef WAITS_FOR_FEWER
template <int LEFT>
void wait_for_fewer() {
  wait_async<LEFT + 1>();
}
#define wait_async wait_for_fewer
#endif

#include "gemm.cu"
#include "sanitized.hpp"
#include "tensor_gemm.cu"

namespace {

using Gemm = void (*)(float, const float*, long long, const float*, long long, float, float*, long long,
                      float*, int, int, int, int);

struct Kernel {
  const char* name;
  Gemm run;
  int tile;
  bool ta, tb;
  double unit;  // of the rounding of operands
  float (*round)(float);
};

float tf32(float x) { return __uint_as_float(round_tf32(x)); }
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
  float at(int i, int j) const { return transposed ? memory[j * stride + i] : memory[i * stride + j]; }
};

// op(x) is rows x columns; every row in memory is followed by a gap.
Operand operand(int rows, int columns, bool transposed, int gap, unsigned seed) {
  const int lines = transposed ? columns : rows, length = transposed ? rows : columns;
  return {numbers(size_t(lines - 1) * (length + gap) + length, seed), length + gap, transposed};
}

// Against float64 products of rounded operands, within what float32 sums may differ, and of the operands
// themselves, within the bound that the head of tensor_gemm.cu states.
void product(const Kernel& kernel, int m, int n, int k, int gap, int pieces) {
  const Operand a = operand(m, k, kernel.ta, gap, 1), b = operand(k, n, kernel.tb, gap, 2);
  const std::vector<float> old = numbers(size_t(m - 1) * (n + gap) + n, 3);
  std::vector<float> c = old, partial(pieces > 1 ? size_t(pieces) * m * n : 0);
  const float alpha = -0.75f, beta = pieces == 2 ? 0.0f : 2.0f;
  const dim3 grid((n + kernel.tile - 1) / kernel.tile, (m + kernel.tile - 1) / kernel.tile, pieces);
  const int piece = ((k + pieces - 1) / pieces + 15) / 16 * 16;
  if (beta == 0) {
    for (float& value : c) value = NAN;
  }
  run_with(kernel.tile == 128 ? 80 << 10 : 40 << 10, kernel.name, kernel.run, grid, dim3(128), alpha,
           a.memory.data(), a.stride, b.memory.data(), b.stride, beta, c.data(), n + gap,
           partial.data(), piece, m, n, k);
  if (pieces > 1) {
    run("sum_pieces", sum_pieces_f32, dim3(2), dim3(8, 4), alpha, partial.data(), beta, c.data(),
        n + gap, pieces, m, n);
  }
  bool sums_right = true, bound_held = true, gaps_kept = true;
  for (int i = 0; i < m; i++) {
    for (int j = 0; j < n; j++) {
      double rounded = 0, exact = 0, size = 0;
      for (int p = 0; p < k; p++) {
        rounded += double(kernel.round(a.at(i, p))) * kernel.round(b.at(p, j));
        exact += double(a.at(i, p)) * b.at(p, j);
        size += std::abs(double(a.at(i, p)) * b.at(p, j));
      }
      const size_t at = size_t(i) * (n + gap) + j;
      const double found = c[at], rest = beta == 0 ? 0 : double(beta) * old[at];
      const double single = (k + 32) * 0x1p-24 * (size + std::abs(rest));
      const double stated = std::abs(alpha) * (2 + kernel.unit) * kernel.unit * size + single;
      sums_right = sums_right && std::abs(found - (alpha * rounded + rest)) <= single;
      bound_held = bound_held && std::abs(found - (alpha * exact + rest)) <= stated;
    }
    for (int j = n; j < n + gap && i + 1 < m; j++) {
      const size_t at = size_t(i) * (n + gap) + j;
      gaps_kept = gaps_kept && (beta == 0 ? std::isnan(c[at]) : c[at] == old[at]);
    }
  }
  expect(kernel.name, sums_right, m, n);
  expect((std::string(kernel.name) + ", stated bound").c_str(), bound_held, m, n);
  expect((std::string(kernel.name) + ", gap").c_str(), gaps_kept, m, n);
}

#define KERNELS(precision, shape, tile, unit)                                                           \
  {#precision " " #shape " nn", gemm_##precision##_##shape##_nn_f32, tile, false, false, unit, precision}, \
  {#precision " " #shape " nt", gemm_##precision##_##shape##_nt_f32, tile, false, true, unit, precision},  \
  {#precision " " #shape " tn", gemm_##precision##_##shape##_tn_f32, tile, true, false, unit, precision},  \
  {#precision " " #shape " tt", gemm_##precision##_##shape##_tt_f32, tile, true, true, unit, precision}

const Kernel kernels[] = {KERNELS(tf32, small, 64, 0x1p-11), KERNELS(bf16, small, 64, 0x1p-8),
                          KERNELS(tf32, wide, 128, 0x1p-11), KERNELS(bf16, wide, 128, 0x1p-8)};

// What is rounded to the middle, and what stays what it is.
void roundings() {
  expect("tf32", tf32(1 + 0x1p-11f) == 1 + 0x1p-10f && tf32(-1 - 0x1p-11f) == -1 - 0x1p-10f, 1, 1);
  expect("tf32", tf32(1 + 0x1.8p-12f) == 1 && tf32(INFINITY) == INFINITY && std::isnan(tf32(NAN)), 1, 1);
  expect("bf16", bf16(1 + 0x1p-8f) == 1 && bf16(1 + 0x1.8p-7f) == 1 + 0x1p-6f, 1, 1);
  expect("bf16", bf16(-3e38f) == -0x1.c4p127f && std::isnan(bf16(NAN)), 1, 1);
}

}  // namespace

int main() {
  roundings();
  for (const Kernel& kernel : kernels) {
    product(kernel, 1, 1, 1, 0, 1);
    product(kernel, 5, 3, 17, 0, 1);
    product(kernel, 33, 67, 81, 1, 1);
    product(kernel, 12, 36, 132, 4, 2);
    if (kernel.tile == 64) product(kernel, 65, 68, 63, 0, 1);
  }
  product(::kernels[8], 129, 130, 35, 0, 3);
  product(::kernels[15], 132, 128, 64, 0, 2);
  return errors == 0 ? 0 : 2;
}
