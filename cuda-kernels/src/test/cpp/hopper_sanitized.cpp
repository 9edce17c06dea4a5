// Runs products on the twins of warpgroups under the address sanitizer. Each macro breaks them in a way that
// must be noticed:
//   WAITS_FOR_FEWER  registers and slots are used again while a product reads them
//   WITHOUT_BARRIER  a slice is turned in place while others read it
#include "hopper_on_cpu.hpp"

#ifdef WAITS_FOR_FEWER
template <int LEFT>
void wait_for_fewer() {
  wait_products<LEFT == 0 ? 0 : LEFT + 1>();
}
#define wait_products wait_for_fewer
#endif
#ifdef WITHOUT_BARRIER
#define sync_warpgroup(number) ((void)0)
#endif

#include "gemm.cu"
#include "hopper_gemm.cu"
#include "rounded_products.hpp"

namespace {

using Gemm = void (*)(float, TensorMap, TensorMap, float, float*, long long, float*, int, int, int, int);
using GemmOfBlocks = void (*)(float, TensorMap, TensorMap, float, float*, long long, float*, int, int, int, int,
                              int, long long, long long);

struct Kernel {
  const char* name;
  Gemm run;
  int threads;
  bool ta, tb;
  Rounding rounding;
  GemmOfBlocks of_blocks;
};

TensorMap map_of(const Operand& operand, int rows, int columns, bool along, bool rounds) {
  int lines = operand.transposed ? columns : rows, length = operand.transposed ? rows : columns;
  if (operand.is_in_blocks()) length = operand.blocks.length, lines = int(operand.memory.size() / length);
  return {reinterpret_cast<const unsigned char*>(operand.memory.data()), uint64_t(length), uint64_t(lines),
          uint64_t(operand.stride) * 4, 32, along ? 128u : 32u, rounds, {}};
}

// op(x) as tensor maps want it: rows that begin at multiples of 16 bytes.
Operand aligned(int rows, int columns, bool transposed, unsigned seed) {
  const int length = transposed ? rows : columns;
  return operand(rows, columns, transposed, 4 + (4 - length % 4) % 4, seed);
}

// With blocks of some length, or 0 for a whole b.
void product(const Kernel& kernel, int m, int n, int k, int gap, int pieces, int length = 0) {
  const Operand a = aligned(m, k, kernel.ta, 1);
  const Operand b = length == 0 ? aligned(k, n, kernel.tb, 2) : operand_in_blocks(k, n, length, 0, 2);
  const std::vector<float> old = numbers(size_t(m - 1) * (n + gap) + n, 3);
  std::vector<float> c = old, partial(pieces > 1 ? size_t(pieces) * m * n : 0);
  const float alpha = -0.75f, beta = pieces == 2 ? 0.0f : 2.0f;
  const int piece = ((k + pieces - 1) / pieces + 31) / 32 * 32;
  const bool rounds = kernel.rounding.unit < 0x1p-10;
  if (beta == 0) {
    for (float& value : c) value = NAN;
  }
  const auto launch = [&](auto gemm, auto... blocks) {
    run_with((4 * 48 + 1) << 10, kernel.name, gemm, dim3((n + 255) / 256, (m + 127) / 128, pieces),
             dim3(kernel.threads), alpha, map_of(a, m, k, !kernel.ta, rounds),
             map_of(b, k, n, kernel.tb, rounds), beta, c.data(), n + gap, partial.data(), piece, m, n, k,
             blocks...);
  };
  if (b.is_in_blocks()) {
    launch(kernel.of_blocks, length, b.blocks.distance / length, b.blocks.growth / length);
  } else {
    launch(kernel.run);
  }
  if (pieces > 1) {
    run("sum_pieces", sum_pieces_f32, dim3(2), dim3(8, 4), alpha, partial.data(), beta, c.data(),
        n + gap, pieces, m, n);
  }
  compare(kernel.name, kernel.rounding, {a, b, old, alpha, beta, m, n, k, gap}, c);
}

float tf32_even(float x) { return cuda_on_cpu::even_tf32(x); }

#define KERNEL(precision, letters, threads, ta, tb, unit, round, of_blocks)                                 \
  {#precision " hopper " #letters, gemm_##precision##_hopper_##letters##_f32, threads, ta, tb, {unit, round}, \
   of_blocks}

const Kernel kernels[] = {KERNEL(tf32, nn, 384, false, false, 0x1p-11, tf32_even, nullptr),
                          KERNEL(tf32, nt, 384, false, true, 0x1p-11, tf32_even, gemm_tf32_hopper_nb_f32),
                          KERNEL(tf32, tn, 512, true, false, 0x1p-11, tf32_even, nullptr),
                          KERNEL(tf32, tt, 512, true, true, 0x1p-11, tf32_even, nullptr),
                          KERNEL(bf16, nn, 512, false, false, 0x1p-8, bf16, nullptr),
                          KERNEL(bf16, nt, 512, false, true, 0x1p-8, bf16, gemm_bf16_hopper_nb_f32),
                          KERNEL(bf16, tn, 512, true, false, 0x1p-8, bf16, nullptr),
                          KERNEL(bf16, tt, 512, true, true, 0x1p-8, bf16, nullptr)};

}  // namespace

int main() {
  for (const Kernel& kernel : kernels) {
    product(kernel, 1, 1, 1, 0, 1);
    product(kernel, 33, 67, 45, 3, 1);
    product(kernel, 20, 52, 164, 0, 1);
    if (kernel.of_blocks != nullptr) product(kernel, 33, 67, 160, 3, 1, 32);
  }
  product(kernels[0], 132, 260, 68, 0, 3);
  product(kernels[7], 129, 257, 33, 1, 2);
  product(kernels[1], 129, 257, 192, 0, 2, 64);
  return errors == 0 ? 0 : 2;
}
