// Runs what surrounds the sum of a layer, with each of its parts and without, over buffers of exactly the size
// they may touch, under the address sanitizer. Sums of whole numbers are exact, so results are those of the
// functions to the bit.
#include "cuda_on_cpu.hpp"
#include "tensor_on_cpu.hpp"

#include "layer.cu"
#include "sanitized.hpp"

namespace {

struct Shape {
  long long rows, columns, gap;
  int pieces, down;
  long long stride() const { return columns + gap; }
  size_t elements() const { return size_t((rows - 1) * stride() + columns); }
};

// Parts of a layer that are absent.
constexpr int kNothing = 0, kBias = 1, kSource = 2, kSum = 4, kState = 8, kResult = 16, kInitial = 32,
              kDelta = 64;

constexpr int kUntouched = -9;

template <typename T>
struct Part {
  std::vector<T> values;
  bool absent;
  T* data() { return absent ? nullptr : values.data(); }
  // Nothing was written in the gaps, and all that was to be written elsewhere.
  bool is(const Shape& s, size_t at, T before, T right) const {
    return values[at] == (absent || long(at % s.stride()) >= s.columns ? before : right);
  }
};

// alpha times the pieces of an element.
template <typename T>
T sum_of(const std::vector<T>& partial, const Shape& s, size_t at) {
  const size_t size = size_t(s.rows * s.columns), place = at / s.stride() * s.columns + at % s.stride();
  T sum = 0;
  for (int p = 0; p < s.pieces; p++) sum += partial[p * size + place];
  return sum / 2;
}

template <typename T>
void forward(const Shape& s, int absent) {
  const auto partial = whole<T>(size_t(s.pieces * s.rows * s.columns), 1);
  const std::vector<T> untouched(s.elements(), T(kUntouched));
  const bool no_sum = absent & kSum;
  Part<T> bias = {whole<T>(s.columns, 2), (absent & kBias) != 0};
  Part<T> source = {whole<T>(s.elements(), 3), (absent & kSource) != 0};
  Part<T> sum = {untouched, no_sum}, state = {untouched, (absent & kState) != 0};
  Part<T> result = {untouched, (absent & kResult) != 0};
  run("layer_forward", EACH_TYPE(layer_forward), dim3(2), dim3(8, s.down), T(0.5), partial.data(), s.pieces,
      bias.data(), kTanh, source.data(), s.stride(), sum.data(), s.stride(), state.data(), s.stride(), kSilu,
      T(2), result.data(), s.stride(), s.rows, s.columns);
  bool right = true;
  for (size_t at = 0; at < s.elements(); at++) {
    const long long j = at % s.stride();
    const T b = bias.absent || j >= s.columns ? T(0) : bias.values[j];
    const T g = source.absent ? T(0) : source.values[at], mean = j < s.columns ? sum_of(partial, s, at) : T(0);
    const T u = mean + b, x = no_sum ? u + g : value_of(kTanh, u) + g;
    right = right && sum.is(s, at, T(kUntouched), u) && state.is(s, at, T(kUntouched), x) &&
            result.is(s, at, T(kUntouched), 2 * value_of(kSilu, x));
  }
  expect("layer_forward", right, s.rows * 1000 + absent, s.columns);
}

template <typename T>
void adjoint(const Shape& s, int absent) {
  const auto partial = whole<T>(size_t(s.pieces * s.rows * s.columns), 1);
  const std::vector<T> untouched(s.elements(), T(kUntouched));
  const auto before = whole<T>(s.elements(), 4);
  Part<T> slope = {untouched, false}, costate = {untouched, false}, initial = {before, (absent & kInitial) != 0};
  Part<T> state = {whole<T>(s.elements(), 2), (absent & kState) != 0};
  Part<T> sum = {whole<T>(s.elements(), 3), (absent & kSum) != 0};
  Part<T> delta = {untouched, (absent & kDelta) != 0};
  run("layer_adjoint", EACH_TYPE(layer_adjoint), dim3(2), dim3(8, s.down), T(0.5), partial.data(), s.pieces,
      slope.data(), s.stride(), kTanh, T(2), state.data(), s.stride(), costate.data(), s.stride(),
      initial.data(), s.stride(), kSilu, sum.data(), s.stride(), delta.data(), s.stride(), s.rows, s.columns);
  bool right = true;
  for (size_t at = 0; at < s.elements(); at++) {
    const T dz = long(at % s.stride()) < s.columns ? sum_of(partial, s, at) : T(0);
    const T lambda = state.absent ? 2 * dz : derivative_of(kTanh, state.values[at]) * (2 * dz);
    const T d = sum.absent ? lambda : derivative_of(kSilu, sum.values[at]) * lambda;
    right = right && slope.is(s, at, T(kUntouched), state.absent ? dz : 2 * dz) &&
            costate.is(s, at, T(kUntouched), lambda) && initial.is(s, at, before[at], before[at] + lambda) &&
            delta.is(s, at, T(kUntouched), d);
  }
  expect("layer_adjoint", right, s.rows * 1000 + absent, s.columns);
}

template <typename T>
void all() {
  for (long long rows : {1, 3}) {
    for (long long columns : {1, 8, 31, 64}) {
      for (long long gap : {0, 1, 4}) {
        for (int down : {1, 4}) {
          const Shape s = {rows, columns, gap, down == 1 ? 1 : 6, down};
          for (int absent : {kNothing, kBias | kResult, kSource, kState | kResult, kSum, kSum | kSource}) {
            forward<T>(s, absent);
          }
          for (int absent : {kNothing, kState | kInitial, kSum | kDelta, kState | kSum}) adjoint<T>(s, absent);
        }
      }
    }
  }
}

}  // namespace

int main() {
  all<float>();
  all<double>();
  return errors == 0 ? 0 : 2;
}
