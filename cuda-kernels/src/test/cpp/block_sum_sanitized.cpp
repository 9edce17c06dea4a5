// Runs block_sum over buffers of exactly the size it may touch, under the address sanitizer.
#include <cstdio>
#include <vector>

#include "cuda_on_cpu.hpp"
#include "block_sum.cu"

int main() {
  int n = 4 * 128 - 7;
  std::vector<float> x(n, 1.0f), out(4);
  const float* x_data = x.data();
  float* out_data = out.data();
  void* arguments[] = {&x_data, &out_data, &n};
  const char* failure =
      cuda_on_cpu::launch(block_sum, dim3(4), dim3(128), 4 * sizeof(float), 1, arguments);
  if (failure != nullptr) std::fprintf(stderr, "%s\n", failure);
  return failure == nullptr && out == std::vector<float>{128, 128, 128, 121} ? 0 : 2;
}
