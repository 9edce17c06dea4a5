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
#include "rounded_products.hpp"
#include "tensor_gemm.cu"

namespace {

using Gemm = void (*)(float, const float*, long long, const float*, long long, float, float*, long long,
                      float*, int, int, int, int);
using GemmOfBlocks = void (*)(float, const float*, long long, const float*, long long, float, float*,
                              long long, float*, int, int, int, int, int, long long, long long);

struct Kernel {
  const char* name;
  Gemm run;
  int tile;
  bool ta, tb;
  double unit;  // of the rounding of operands
  float (*round)(float);
  GemmOfBlocks of_blocks;
};

float tf32(float x) { return __uint_as_float(round_tf32(x)); }

// With blocks of some length, or 0 for a whole b.
void product(const Kernel& kernel, int m, int n, int k, int gap, int pieces, int length = 0) {
  const Operand a = operand(m, k, kernel.ta, gap, 1);
  const Operand b =
      length == 0 ? operand(k, n, kernel.tb, gap, 2) : operand_in_blocks(k, n, length, gap, 2);
  const std::vector<float> old = numbers(size_t(m - 1) * (n + gap) + n, 3);
  std::vector<float> c = old, partial(pieces > 1 ? size_t(pieces) * m * n : 0);
  const float alpha = -0.75f, beta = pieces == 2 ? 0.0f : 2.0f;
  const dim3 grid((n + kernel.tile - 1) / kernel.tile, (m + kernel.tile - 1) / kernel.tile, pieces);
  const int piece = ((k + pieces - 1) / pieces + 15) / 16 * 16;
  if (beta == 0) {
    for (float& value : c) value = NAN;
  }
  const auto launch = [&](auto gemm, auto... blocks) {
    run_with(kernel.tile == 128 ? 80 << 10 : 40 << 10, kernel.name, gemm, grid, dim3(128), alpha,
             a.memory.data(), a.stride, b.memory.data(), b.stride, beta, c.data(), n + gap,
             partial.data(), piece, m, n, k, blocks...);
  };
  if (b.is_in_blocks()) {
    launch(kernel.of_blocks, b.blocks.length, b.blocks.distance, b.blocks.growth);
  } else {
    launch(kernel.run);
  }
  if (pieces > 1) {
    run("sum_pieces", sum_pieces_f32, dim3(2), dim3(8, 4), alpha, partial.data(), beta, c.data(),
        n + gap, pieces, m, n);
  }
  compare(kernel.name, {kernel.unit, kernel.round}, {a, b, old, alpha, beta, m, n, k, gap}, c);
}

#define KERNELS(precision, shape, tile, unit)                                                           \
  {#precision " " #shape " nn", gemm_##precision##_##shape##_nn_f32, tile, false, false, unit, precision,  \
   nullptr},                                                                                               \
  {#precision " " #shape " nt", gemm_##precision##_##shape##_nt_f32, tile, false, true, unit, precision,   \
   gemm_##precision##_##shape##_nb_f32},                                                                   \
  {#precision " " #shape " tn", gemm_##precision##_##shape##_tn_f32, tile, true, false, unit, precision,   \
   nullptr},                                                                                               \
  {#precision " " #shape " tt", gemm_##precision##_##shape##_tt_f32, tile, true, true, unit, precision,    \
   nullptr}

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
    if (kernel.of_blocks != nullptr) {
      product(kernel, 33, 67, 80, 1, 1, 16);
      product(kernel, kernel.tile + 1, kernel.tile, 144, 4, 2, 48);
    }
  }
  product(::kernels[8], 129, 130, 35, 0, 3);
  product(::kernels[15], 132, 128, 64, 0, 2);
  return errors == 0 ? 0 : 2;
}
