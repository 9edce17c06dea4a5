// Runs axpby over buffers of exactly the size it may touch, under the address sanitizer.
#include <cstdio>
#include <vector>

#include "cuda_on_cpu.hpp"
#include "axpby.cu"

template <typename T>
using Kernel = void (*)(T, const T*, long long, T, T*, long long, long long, long long);

template <typename T>
int wrong(Kernel<T> kernel, long long rows, long long columns, long long gap, T beta) {
  long long stride = columns + gap;
  const size_t elements = rows == 0 ? 0 : (rows - 1) * stride + columns;
  std::vector<T> x(elements), y(elements);
  for (size_t i = 0; i < elements; i++) x[i] = T(i % 17), y[i] = T(i % 5) - 2;
  std::vector<T> expected = y;
  T alpha = T(0.5);
  for (long long i = 0; i < rows; i++) {
    for (long long j = 0; j < columns; j++) {
      expected[i * stride + j] = alpha * x[i * stride + j] + beta * y[i * stride + j];
    }
  }
  const T* x_data = x.data();
  T* y_data = y.data();
  void* arguments[] = {&alpha, &x_data, &stride, &beta, &y_data, &stride, &rows, &columns};
  const char* failure =
      cuda_on_cpu::launch(kernel, dim3(2, 2), dim3(32, 2), 0, 1 + elements, arguments);
  if (failure != nullptr || y != expected) {
    std::fprintf(stderr, "wrong: rows %lld columns %lld stride %lld: %s\n", rows, columns, stride,
                 failure == nullptr ? "values" : failure);
    return 1;
  }
  return 0;
}

int main() {
  int errors = 0;
  for (long long rows : {0, 1, 3, 4, 5}) {
    for (long long columns : {0, 1, 31, 32, 33, 63, 64, 65, 129}) {
      for (long long gap : {0, 3}) {
        errors += wrong<float>(axpby_f32, rows, columns, gap, 0.25f);
        errors += wrong<double>(axpby_f64, rows, columns, gap, 0.0);
      }
    }
  }
  return errors == 0 ? 0 : 2;
}
