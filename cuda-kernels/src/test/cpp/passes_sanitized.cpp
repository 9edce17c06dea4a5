// Runs whole passes through layers over buffers of exactly the size they may touch, under the address
// sanitizer, and compares them with the layers one by one in float64. Macros that must be noticed:
//   WITHOUT_BARRIER  nobody waits for the copies and coefficients of other threads
//   WITHOUT_TICKETS  blocks take the parts of their own numbers, in whatever order they run
#include "in_order_on_cpu.hpp"
#include "tensor_on_cpu.hpp"

#ifdef WITHOUT_BARRIER
#define __syncthreads() ((void)0)
#endif

#include "in_order.cuh"

#ifdef WITHOUT_TICKETS
#define take_ticket(tickets) ((void)(tickets), static_cast<int>(blockIdx.x))
#endif

#include "dense_pass.cu"
#include "sanitized.hpp"
#include "scalar_pass.cu"

namespace {

// Numbers in [-1, 1).
template <typename T>
std::vector<T> numbers(size_t count, unsigned seed) {
  std::vector<T> values(count);
  for (T& value : values) {
    seed = seed * 1664525u + 1013904223u;
    value = T(int(seed >> 8)) / T(1 << 23) - 1;
  }
  return values;
}

struct Shape {
  int layers, rows, d;
  int feature, activation;
  bool from_initial, has_bias;
  size_t size() const { return size_t(rows) * d; }
};

using Coefficient = double (*)(const void* self, int l, int k, int i, int j);

// The layers one by one: K(l, k, i, j) couples element i of layer k with j of layer l.
template <typename K>
struct Reference {
  Shape s;
  double h;
  K kernel;
  std::vector<double> x, z, u, dz, lambda, delta;

  template <typename T>
  Reference(Shape shape, double scale, K coefficients, const std::vector<T>& first,
            const std::vector<T>& bias, const std::vector<T>& last)
      : s(shape), h(scale), kernel(coefficients) {
    const size_t n = s.size(), all = n * (s.layers + 1);
    x.resize(all), z.resize(all), u.resize(all), dz.resize(all), lambda.resize(all), delta.resize(all);
    for (int l = 0; l <= s.layers; l++) {
      for (size_t e = 0; e < n; e++) {
        const size_t at = l * n + e;
        double sum = 0;
        for (int k = 0; k < l; k++) sum += row(l, k, e, false);
        u[at] = h * sum + (s.has_bias && l > 0 ? double(bias[(l - 1) * s.d + e % s.d]) : 0);
        x[at] = l == 0 ? double(first[e])
                       : value_of(s.activation, u[at]) + (s.from_initial ? double(first[e]) : 0);
        z[at] = value_of(s.feature, x[at]);
      }
    }
    for (int l = s.layers; l >= 0; l--) {
      for (size_t e = 0; e < n; e++) {
        const size_t at = l * n + e;
        double sum = 0;
        for (int m = l + 1; m <= s.layers; m++) sum += row(m, l, e, true);
        dz[at] = h * sum;
        lambda[at] = l == s.layers ? double(last[e]) : derivative_of(s.feature, x[at]) * dz[at];
        delta[at] = derivative_of(s.activation, u[at]) * lambda[at];
      }
    }
  }

  // What layer k adds to element e of layer l, or layer l to the gradient of element e of layer k.
  double row(int l, int k, size_t e, bool transposed) const {
    const size_t first = e / s.d * s.d, column = e % s.d;
    double sum = 0;
    for (int i = 0; i < s.d; i++) {
      const double a = transposed ? kernel(l, k, int(column), i) : kernel(l, k, i, int(column));
      if (a != 0) sum += a * (transposed ? delta[l * s.size() + first + i] : z[k * s.size() + first + i]);
    }
    return sum;
  }

  double initial(size_t e) const {
    double sum = lambda[e];
    for (int l = 1; s.from_initial && l <= s.layers; l++) sum += lambda[l * s.size() + e];
    return sum;
  }

  double bias_gradient(int l, int c) const {
    double sum = 0;
    for (int r = 0; r < s.rows; r++) sum += delta[l * s.size() + size_t(r) * s.d + c];
    return sum;
  }
};

template <typename T>
bool near(T actual, double expected) {
  return std::abs(double(actual) - expected) <= (sizeof(T) == 4 ? 2e-5 : 1e-12) * (1 + std::abs(expected));
}

template <typename T>
using Forward = void (*)(const T*, int, T, const T*, int, int, int, T*, T*, T*, long long, int, long long,
                         int);
template <typename T>
using Adjoint = void (*)(const T*, int, T, int, int, int, const T*, const T*, const T*, T*, T*, T*,
                         long long, int, long long, int);

template <typename T>
void scalar(const Shape& s, bool is_lags, int W, Forward<T> forward, Adjoint<T> adjoint) {
  const int L = s.layers;
  const size_t n = s.size();
  const auto a = numbers<T>(is_lags ? size_t(L) : size_t(L) * (L + 1) / 2, 1);
  const auto bias = numbers<T>(size_t(L) * s.d, 2), first = numbers<T>(n, 3), last = numbers<T>(n, 4);
  const double h = 1.0 / L;
  const auto kernel = [&](int l, int k, int i, int j) {
    return i != j ? 0.0 : double(is_lags ? a[L - (l - k)] : a[size_t(l) * (l - 1) / 2 + k]);
  };
  const Reference<decltype(kernel)> right(s, h, kernel, first, bias, last);
  const T nan = T(NAN);
  std::vector<T> x((L + 1) * n, nan), z(L * n, nan), u(L * n, nan), dz((L + 1) * n, nan), initial(n, nan);
  std::copy(first.begin(), first.end(), x.begin());
  const int blocks = (s.rows + W - 1) / W;
  std::vector<T> partial(size_t(blocks) * L * s.d, nan);
  const dim3 grid((s.d + 31) / 32, blocks), block(32, W);
  const size_t shared = (size_t(L + 1) * 32 * W + (L + 8) * 8 + L) * sizeof(T);
  T* sums = s.activation == kIdentity ? nullptr : u.data();
  run_with(shared, "scalar_forward", forward, grid, block, a.data(), is_lags, T(h),
           s.has_bias ? bias.data() : nullptr, s.feature, s.activation, s.from_initial, x.data(),
           z.data(), sums, (long long)n, L, s.rows, s.d);
  run_with(shared, "scalar_adjoint", adjoint, grid, block, a.data(), is_lags, T(h), s.feature,
           s.activation, s.from_initial, x.data(), sums, last.data(), dz.data(), initial.data(),
           partial.data(), (long long)n, L, s.rows, s.d);
  bool states = true, slopes = true, biases = true;
  for (size_t e = 0; e < (L + 1) * n; e++) {
    states = states && near(x[e], right.x[e]) && (e >= L * n || near(z[e], right.z[e]));
    slopes = slopes && near(dz[e], right.dz[e]);
  }
  for (size_t e = 0; e < n; e++) slopes = slopes && near(initial[e], right.initial(e));
  for (int l = 1; l <= L; l++) {
    for (int c = 0; c < s.d; c++) {
      T sum = 0;
      for (int b = 0; b < blocks; b++) sum += partial[(size_t(b) * L + l - 1) * s.d + c];
      biases = biases && near(sum, right.bias_gradient(l, c));
    }
  }
  expect("scalar states", states, L, s.d);
  expect("scalar adjoint", slopes, L, s.d);
  expect("scalar bias", biases, L, s.d);
}

template <typename T>
using DenseForward = void (*)(const T*, T, const T*, int, int, int, T*, long long, long long, T*, long long, long long, T*, long long, T*, int, int, int);
template <typename T>
using DenseAdjoint = void (*)(const T*, T, int, int, const T*, long long, long long, const T*, long long,
                              const T*, T*, long long, long long, T*, T*, T*, T*, int, int, int);
template <typename T>
using DenseGradient = void (*)(T, const T*, long long, long long, const T*, T*, T*, int, int);

template <typename T>
void dense(const Shape& s, DenseForward<T> forward, DenseAdjoint<T> adjoint, DenseGradient<T> gradient) {
  const int L = s.layers, d = s.d, tiles = (s.rows + kRows - 1) / kRows;
  const size_t n = s.size(), pairs = size_t(L) * (L + 1) / 2;
  const auto a = numbers<T>(pairs * d * d, 1), bias = numbers<T>(size_t(L) * d, 2);
  const auto first = numbers<T>(n, 3), last = numbers<T>(n, 4);
  const double h = 1.0 / L;
  const auto kernel = [&](int l, int k, int i, int j) {
    return double(a[((size_t(l) * (l - 1) / 2 + k) * d + i) * d + j]);
  };
  const Reference<decltype(kernel)> right(s, h, kernel, first, bias, last);
  const T nan = T(NAN);
  const long long wide = (long long)L * d;
  std::vector<T> x((L + 1) * n, nan), z(L * n, nan), u(L * n, nan), dz((L + 1) * n, nan), initial(n, nan);
  std::vector<T> delta(L * n, nan), lambda(L * n, nan), slopes(pairs * d * d, nan);
  std::vector<T> biases(size_t(L) * d, T(0));
  std::copy(first.begin(), first.end(), x.begin());
  for (size_t e = 0; e < n; e++) z[e / d * wide + e % d] = value_of(s.feature, first[e]);
  const bool plain = s.activation == kIdentity;
  T* sums = plain ? nullptr : u.data();
  T* costates = plain ? delta.data() : lambda.data();
  const size_t pitch = d + Pack<T>::width;
  const size_t shared = (3 * kRows * pitch + std::max(2 * d * pitch, size_t(16 * kPassThreads))) * sizeof(T);
  std::vector<T> order(Pack<T>::width + L * n, nan);  // and messages
  run_with(shared, "dense_forward", forward, dim3(L * tiles), dim3(kPassThreads), a.data(), T(h),
           s.has_bias ? bias.data() : nullptr, s.feature, s.activation, s.from_initial, x.data(),
           (long long)n, d, z.data(), d, wide, sums, (long long)n, order.data(), L, s.rows, d);
  order.assign(Pack<T>::width, nan);
  run_with(shared, "dense_adjoint", adjoint, dim3((L + 1) * tiles), dim3(kPassThreads), a.data(), T(h),
           s.feature, s.activation, x.data(), (long long)n, d, sums, (long long)n, last.data(), dz.data(),
           (long long)n, d, delta.data(), costates, initial.data(), order.data(), L, s.rows, d);
  run("dense_gradient", gradient, dim3(pairs), dim3(kGradientThreads), T(h), z.data(), d, wide, delta.data(),
      slopes.data(), s.has_bias ? biases.data() : nullptr, s.rows, d);
  bool states = true, adjoints = true, gradients = true;
  for (size_t e = 0; e < (L + 1) * n; e++) {
    states = states && near(x[e], right.x[e]);
    adjoints = adjoints && near(dz[e], right.dz[e]);
  }
  for (size_t e = 0; e < n; e++) {
    double expected = right.lambda[e];
    adjoints = adjoints && near(initial[e], expected);
  }
  for (size_t e = 0; e < L * n; e++) {
    adjoints = adjoints && near(costates[e], right.lambda[n + e]) && near(delta[e], right.delta[n + e]);
  }
  for (int l = 1; l <= L; l++) {
    for (int k = 0; k < l; k++) {
      for (int i = 0; i < d; i++) {
        for (int j = 0; j < d; j++) {
          double sum = 0;
          for (int r = 0; r < s.rows; r++) sum += right.z[k * n + r * d + i] * right.delta[l * n + r * d + j];
          gradients = gradients && near(slopes[((size_t(l) * (l - 1) / 2 + k) * d + i) * d + j], h * sum);
        }
      }
    }
    for (int c = 0; s.has_bias && c < d; c++) {
      gradients = gradients && near(biases[(l - 1) * d + c], right.bias_gradient(l, c));
    }
  }
  expect("dense states", states, s.rows, d);
  expect("dense adjoint", adjoints, s.rows, d);
  expect("dense gradient", gradients, s.rows, d);
}

}  // namespace

int main() {
  for (int layers : {1, 7, 8, 9, 20}) {
    scalar<float>({layers, 3, 5, kTanh, kIdentity, true, true}, false, 2, scalar_forward_f32,
                  scalar_adjoint_f32);
    scalar<float>({layers, 5, 70, kRelu, kTanh, false, true}, true, 4, scalar_forward_f32,
                  scalar_adjoint_f32);
    scalar<float>({layers, 1, 132, kIdentity, kGelu, true, false}, true, 1, scalar_forward_f32,
                  scalar_adjoint_f32);
    scalar<double>({layers, 9, 33, kSilu, kSigmoid, true, true}, false, 8, scalar_forward_f64,
                  scalar_adjoint_f64);
  }
  for (int layers : {1, 2, 5}) {
    dense<float>({layers, 1, 4, kTanh, kIdentity, true, true}, dense_forward_f32, dense_adjoint_f32,
                 dense_gradient_f32);
    dense<float>({layers, 37, 36, kTanh, kRelu, false, true}, dense_forward_f32, dense_adjoint_f32,
                 dense_gradient_f32);
    dense<double>({layers, 17, 22, kSoftplus, kTanh, true, false}, dense_forward_f64, dense_adjoint_f64,
                  dense_gradient_f64);
    dense<float>({layers, 16, 64, kTanh, kIdentity, true, true}, dense_forward_f32, dense_adjoint_f32,
                 dense_gradient_f32);
  }
  return errors == 0 ? 0 : 2;
}
