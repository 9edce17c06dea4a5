// What programs that run kernels under the address sanitizer share.
#pragma once
#include <dlfcn.h>

#include <cmath>
#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "cuda_on_cpu.hpp"

#define EACH_TYPE(name) [] {                                        \
    if constexpr (sizeof(T) == 4) return name##_f32; else return name##_f64; }()

namespace {

int errors = 0;

template <typename T>
std::vector<T> whole(size_t count, int seed) {
  std::vector<T> values(count);
  for (size_t i = 0; i < count; i++) values[i] = T(int((i * 7 + size_t(seed)) % 11) - 5);
  return values;
}

// The names of all kernels that were run, which the program tells when it ends.
class Names {
 public:
  ~Names() {
    for (const auto& name : names) std::printf("ran %s\n", name.c_str());
  }

  void add(void* kernel) {
    Dl_info found;
    if (dladdr(kernel, &found) != 0 && found.dli_sname != nullptr) names.insert(found.dli_sname);
  }

 private:
  std::set<std::string> names;
};

Names ran;

// Arguments are taken by value, as the kernel's parameters. Every run has another order of warps.
template <typename... Parameters>
void run_with(size_t shared, const char* name, void (*kernel)(Parameters...), dim3 grid, dim3 block,
              std::common_type_t<Parameters>... arguments) {
  void* addresses[] = {&arguments...};
  static uint64_t seed = 0;
  ran.add(reinterpret_cast<void*>(kernel));
  const char* failure = cuda_on_cpu::launch(kernel, grid, block, shared, ++seed, addresses);
  if (failure != nullptr) errors++, std::fprintf(stderr, "%s: %s\n", name, failure);
}

template <typename... Parameters>
void run(const char* name, void (*kernel)(Parameters...), dim3 grid, dim3 block,
         std::common_type_t<Parameters>... arguments) {
  run_with(0, name, kernel, grid, block, arguments...);
}

void expect(const char* name, bool right, long long rows, long long columns) {
  if (!right) errors++, std::fprintf(stderr, "%s: wrong for %lld x %lld\n", name, rows, columns);
}

}  // namespace
