// Runs attention over slices, its adjoint, and the kernels for any row over buffers of exactly the size they
// may touch, under the address sanitizer, as kernels_sanitized.cpp does other families; every launch has
// another order of warps. Results are compared with float64.
#include "cuda_on_cpu.hpp"
#include "tensor_on_cpu.hpp"

#include "depth_attention.cu"
#include "sanitized.hpp"

namespace {

constexpr double kAlpha = 0.7, kLeast = 1e-6;

template <typename Z, typename T>
struct Kernels {
  void (*attend)(T, T, const Z*, long long, const T*, T, T*, unsigned short*, long long, int, int,
                 long long, long long);
  void (*backward)(T, T, const Z*, long long, const T*, const T*, long long, T*, long long, T*, T*, int,
                   int, long long, long long);
  int packs, slots, backward_packs, backward_slots;  // of 16 bytes; none read rows of any kind
};

struct Sizes {
  int slices, rows, columns, gap;
};

template <typename Z>
Z number(double x) {
  Z y;
  narrow_to(static_cast<decltype(wide(Z()))>(x), y);
  return y;
}

template <typename Z>
std::vector<Z> random(size_t count, unsigned seed, double size = 4) {
  std::vector<Z> values(count);
  for (size_t i = 0; i < count; i++) {
    seed = seed * 1664525u + 1013904223u;
    values[i] = number<Z>((double(seed >> 8) / (1 << 24) - 0.5) * size);
  }
  return values;
}

// By the definition.
template <typename Z, typename T>
struct Right {
  std::vector<double> y, dz, dq;

  Right(const Sizes& s, const std::vector<Z>& z, const std::vector<T>& q, const std::vector<T>& dy)
      : y(size_t(s.rows) * s.columns), dz(size_t(s.slices) * y.size()), dq(s.columns) {
    const size_t stride = y.size() + s.gap;
    for (int i = 0; i < s.rows; i++) {
      const auto at = [&](int k, int j) { return double(wide(z[k * stride + size_t(i) * s.columns + j])); };
      const auto slope = [&](int j) { return double(dy[size_t(i) * (s.columns + s.gap) + j]); };
      std::vector<double> score(s.slices), rate(s.slices), product(s.slices), share(s.slices);
      double most = -1e300, total = 0, mean = 0;
      for (int k = 0; k < s.slices; k++) {
        double squares = 0;
        for (int j = 0; j < s.columns; j++) {
          squares += at(k, j) * at(k, j);
          score[k] += at(k, j) * q[j];
          product[k] += at(k, j) * slope(j);
        }
        rate[k] = 1 / std::sqrt(squares / s.columns + kLeast);
        score[k] *= rate[k];
        most = std::max(most, score[k]);
      }
      for (int k = 0; k < s.slices; k++) total += share[k] = std::exp(score[k] - most);
      for (int k = 0; k < s.slices; k++) mean += (share[k] /= total) * product[k];
      for (int k = 0; k < s.slices; k++) {
        const double e = kAlpha * share[k] * (product[k] - mean);
        for (int j = 0; j < s.columns; j++) {
          const size_t o = size_t(i) * s.columns + j;
          y[o] += kAlpha * share[k] * at(k, j);
          dq[j] += e * rate[k] * at(k, j);
          dz[k * y.size() + o] = kAlpha * share[k] * slope(j) + e * rate[k] * q[j] -
                                 e * score[k] * rate[k] * rate[k] / s.columns * at(k, j);
        }
      }
    }
  }
};

double farthest;

void close(double actual, double expected, double bound) {
  const double off = std::abs(actual - expected) / bound;
  if (!(off <= farthest)) farthest = off;
}

template <typename Z, typename T>
void attention(const char* name, const Kernels<Z, T>& kernels, const Sizes& s, int blocks, double beta) {
  const bool any = kernels.packs == 0;
  const size_t rows = s.rows, columns = s.columns, slice = rows * columns, stride = slice + s.gap;
  const auto z = random<Z>((s.slices - 1) * stride + slice, 1);
  const auto q = random<T>(columns, 2, 4 / std::sqrt(double(columns)));
  const auto dy = random<T>((rows - 1) * (columns + s.gap) + columns, 3);
  const Right<Z, T> right(s, z, q, dy);
  // Threads as DepthKernels chooses them.
  const int width = kPackBytes / int(sizeof(Z)), back_width = kPackBytes / int(sizeof(T));
  const auto warps = [&](int w, int packs) {
    return any ? (columns > 70 ? kWarps : 1) : int((columns / w + packs * kLanes - 1) / (packs * kLanes));
  };
  const int forward_warps = warps(width, kernels.packs), back_warps = warps(back_width, kernels.backward_packs);
  const auto high = [&](int of_row) { return of_row == 1 ? 3 : of_row; };
  const auto record = [&](int of_row) {
    return std::vector<T>(size_t(blocks) * (high(of_row) / of_row) * 3 * s.slices);
  };
  const double epsilon = sizeof(T) == 4 ? 2e-5 : 1e-13;

  auto y = random<T>(dy.size(), 4);
  const auto old_y = y;
  auto half = random<unsigned short>(dy.size(), 5);
  const auto old_half = half;
  for (int as_half = 0; as_half <= int(sizeof(Z) == 2); as_half++) {
    const unsigned warp_count = high(forward_warps);
    T* to = as_half ? nullptr : y.data();
    unsigned short* to_half = as_half ? half.data() : nullptr;
    auto kept = record(forward_warps);
    if (any) {
      if constexpr (sizeof(Z) == 2) {
        run(name, attend_any_bf16_f32, dim3(blocks), dim3(kLanes, warp_count), T(kAlpha), T(kLeast), z.data(),
            stride, q.data(), T(beta), to, to_half, columns + s.gap, kept.data(), forward_warps, s.slices,
            rows, columns);
      } else if constexpr (sizeof(Z) == 4) {
        run(name, attend_any_f32, dim3(blocks), dim3(kLanes, warp_count), T(kAlpha), T(kLeast), z.data(),
            stride, q.data(), T(beta), to, to_half, columns + s.gap, kept.data(), forward_warps, s.slices,
            rows, columns);
      } else {
        run(name, attend_any_f64, dim3(blocks), dim3(kLanes, warp_count), T(kAlpha), T(kLeast), z.data(),
            stride, q.data(), T(beta), to, to_half, columns + s.gap, kept.data(), forward_warps, s.slices,
            rows, columns);
      }
    } else {
      run_with(size_t(kPackBytes) * kernels.packs * kernels.slots * kLanes * warp_count, name, kernels.attend,
               dim3(blocks), dim3(kLanes, warp_count), T(kAlpha), T(kLeast), z.data(), stride, q.data(),
               T(beta), to, to_half, columns + s.gap, forward_warps, s.slices, rows, columns);
    }
  }
  farthest = 0;
  for (size_t o = 0; o < y.size(); o++) {
    const size_t i = o / (columns + s.gap), j = o % (columns + s.gap);
    if (j >= columns) {
      close(y[o], old_y[o], 0);
      continue;
    }
    const double sum = right.y[i * columns + j];
    close(y[o], sum + (beta == 0 ? 0 : beta * old_y[o]), epsilon);
    if (sizeof(Z) == 2) {
      const double expected = sum + (beta == 0 ? 0 : beta * wide(old_half[o]));
      close(wide(half[o]), expected, 0x1p-8 * std::abs(expected) + epsilon);
    }
  }
  expect(name, farthest <= 1, s.slices * 1000 + s.rows, s.columns);

  auto dz = random<T>((s.slices - 1) * stride + slice, 6);
  const auto old_dz = dz;
  const unsigned warp_count = high(back_warps);
  std::vector<T> partial(size_t(blocks) * (warp_count / back_warps) * columns, T(NAN));
  auto kept = record(back_warps);
  run_with(size_t(kPackBytes) * 2 * kernels.backward_packs * kernels.backward_slots * kLanes * warp_count, name,
           kernels.backward, dim3(blocks), dim3(kLanes, warp_count), T(kAlpha), T(kLeast), z.data(), stride,
           q.data(), dy.data(), columns + s.gap, dz.data(), stride, partial.data(), kept.data(), back_warps,
           s.slices, rows, columns);
  farthest = 0;
  for (size_t o = 0; o < dz.size(); o++) {
    const size_t k = o / stride, at = o % stride;
    if (at >= slice) close(dz[o], old_dz[o], 0);
    else close(dz[o], old_dz[o] + right.dz[k * slice + at], 10 * epsilon);
  }
  for (size_t j = 0; j < columns; j++) {
    double sum = 0;
    for (int b = 0; b < blocks; b++) sum += partial[size_t(b) * (warp_count / back_warps) * columns + j];
    close(sum, right.dq[j], 20 * std::sqrt(double(rows)) * epsilon);
  }
  expect("its adjoint", farthest <= 1, s.slices * 1000 + s.rows, s.columns);
}

template <typename Z, typename T>
void all(const char* name, const Kernels<Z, T>& kernels, const std::vector<int>& widths, int unit) {
  int turn = 0;
  for (int slices : {1, 5, 8}) {
    for (int rows : {1, 3}) {
      for (int columns : widths) {
        const int blocks = turn % 3 == 0 ? 1 : 2;
        attention(name, kernels, {slices, rows, columns, turn % 2 * unit}, blocks, turn % 5 == 0 ? 0 : 0.5);
        turn++;
      }
    }
  }
}

}  // namespace

int main() {
  const std::vector<int> packed = {8, 136, 520}, odd = {1, 33, 71};
  all<float, float>("attend_f32", {attend_f32, attend_backward_f32, 1, 8, 1, 4}, packed, 4);
  all<float, float>("attend_wide_f32", {attend_wide_f32, attend_backward_wide_f32, 2, 7, 2, 4}, packed, 4);
  all<double, double>("attend_f64", {attend_f64, attend_backward_f64, 1, 7, 2, 5}, packed, 2);
  all<unsigned short, float>(
      "attend_bf16", {attend_bf16_f32, attend_backward_bf16_f32, 4, 7, 3, 3}, packed, 8);
  all<float, float>("attend_any_f32", {nullptr, attend_backward_any_f32, 0, 0, 0, 0}, odd, 1);
  all<double, double>("attend_any_f64", {nullptr, attend_backward_any_f64, 0, 0, 0, 0}, odd, 1);
  all<unsigned short, float>("attend_any_bf16", {nullptr, attend_backward_any_bf16_f32, 0, 0, 0, 0}, odd, 1);
  return errors == 0 ? 0 : 2;
}
