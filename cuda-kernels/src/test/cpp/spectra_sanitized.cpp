// Runs Toeplitz products in one and two passes, transposed and as gradients, cross-entropy and gathers in
// float64 over buffers of exactly the size they may touch, under the address sanitizer, as
// kernels_sanitized.cpp does other families.
#include "cuda_on_cpu.hpp"
#include "gather.cu"
#include "sanitized.hpp"
#include "softmax.cu"
#include "toeplitz.cu"

namespace {

// The kernels of one type, and a length M = R * S; S = 1 is one pass.
template <typename T>
struct Spectra {
  void (*circulant)(T, const T*, int, T*, int);
  void (*load)(const T*, long long, Complex<T>*, const Complex<T>*, int, int, int, long long, long long);
  void (*block)(Complex<T>*, const Complex<T>*, const Complex<T>*, int, int, int, int, long long);
  void (*store)(T, Complex<T>*, const Complex<T>*, T, T*, long long, int, int, int, long long, long long);
  void (*correlate)(Complex<T>*, const Complex<T>*, const Complex<T>*, long long, int, long long);
  void (*add_lags)(T, const T*, T*, int, int);
  int log_R, log_S;
  std::vector<Complex<T>> twiddles = {};

  int log_M() const { return log_R + log_S; }
  long long M() const { return 1LL << log_M(); }

  void prepare() {
    twiddles.resize(M() / 2);
    for (long long k = 0; k < M() / 2; k++) {
      const double angle = -2 * M_PI * double(k) / double(M());
      twiddles[k] = {T(std::cos(angle)), T(std::sin(angle))};
    }
  }

  static dim3 strips(long long columns, int side, int log) {
    return dim3(unsigned(((columns + 1) / 2 + (1 << side) - 1) >> side), 1u << log);
  }

  std::vector<Complex<T>> transformed(const T* x, long long stride, long long rows, long long columns,
                                      int side) {
    std::vector<Complex<T>> z(size_t(M()) * ((columns + 1) / 2));
    run_with(sizeof(Complex<T>) << (log_R + side), "fourier_load", load, strips(columns, side, log_S),
             dim3(256), x, stride, z.data(), twiddles.data(), log_R, log_S, side, rows, columns);
    return z;
  }

  void steps(std::vector<Complex<T>>& z, const Complex<T>* spectrum, int which, long long columns,
             int side) {
    run_with(sizeof(Complex<T>) << (log_S + side), "fourier_block", block, strips(columns, side, log_R),
             dim3(256), z.data(), spectrum, twiddles.data(), which, log_R, log_S, side, (columns + 1) / 2);
  }

  std::vector<T> stored(std::vector<Complex<T>>& z, long long rows, long long columns, int side) {
    std::vector<T> y(size_t(rows) * columns);
    run_with(sizeof(Complex<T>) << (log_R + side), "fourier_store", store, strips(columns, side, log_S),
             dim3(256), T(1), z.data(), twiddles.data(), T(0), y.data(), columns, log_R, log_S, side, rows,
             columns);
    return y;
  }
};

// Products and gradients against sums of their definition, for T[j, i] = lags[N - 1 + j - i].
template <typename T>
void toeplitz_products(Spectra<T> s, long long rows, long long columns, int side) {
  s.prepare();
  const int N = int(s.M() / 2);
  const int count = 2 * N - 1;
  const double within = sizeof(T) == 4 ? 2e-2 : 1e-9;
  const auto lags = whole<T>(count, 1), x = whole<T>(size_t(rows) * columns, 2);
  const auto lag = [&](int m) { return m >= 0 && m < count ? double(lags[m]) : 0; };
  std::vector<T> c(s.M());
  run("circulant", s.circulant, dim3(2), dim3(32), T(1) / T(s.M()), lags.data(), count, c.data(), N);
  auto spectrum = s.transformed(c.data(), 1, s.M(), 1, 0);
  const Complex<T>* none = nullptr;
  s.steps(spectrum, none, kForward, 1, 0);
  for (const bool transposed : {false, true}) {
    auto z = s.transformed(x.data(), columns, rows, columns, side);
    s.steps(z, spectrum.data(), kForward | kMultiply | kInverse | (transposed ? kConjugate : 0), columns,
            side);
    const auto y = s.stored(z, N, columns, side);
    bool right = true;
    for (int j = 0; j < N; j++) {
      for (long long k = 0; k < columns; k++) {
        double sum = 0;
        for (int i = 0; i < rows; i++) {
          sum += lag(transposed ? N - 1 + i - j : N - 1 + j - i) * double(x[i * columns + k]);
        }
        right = right && std::abs(sum - double(y[j * columns + k])) <= within;
      }
    }
    expect(transposed ? "toeplitz, transposed" : "toeplitz", right, rows, columns);
  }
  const auto dy = whole<T>(size_t(N) * columns, 3);
  auto u = s.transformed(x.data(), columns, rows, columns, side);
  auto v = s.transformed(dy.data(), columns, N, columns, side);
  s.steps(u, none, kForward, columns, side);
  s.steps(v, none, kForward, columns, side);
  std::vector<Complex<T>> g(s.M());
  run("correlate", s.correlate, dim3(unsigned((s.M() + 7) / 8)), dim3(32, 8), g.data(), u.data(), v.data(),
      (columns + 1) / 2, 0, s.M());
  s.steps(g, none, kInverse, 1, 0);
  const auto correlation = s.stored(g, s.M(), 1, 0);
  auto slopes = lags;
  run("add_lags", s.add_lags, dim3(2), dim3(32), T(1) / T(s.M()), correlation.data(), slopes.data(), count,
      N);
  bool right = true;
  for (int m = 0; m < count; m++) {
    double sum = lags[m];
    for (int j = 0; j < N; j++) {
      const int i = N - 1 + j - m;
      for (long long k = 0; i >= 0 && i < rows && k < columns; k++) {
        sum += double(dy[j * columns + k]) * double(x[i * columns + k]);
      }
    }
    right = right && std::abs(sum - double(slopes[m])) <= 10 * within;
  }
  expect("toeplitz, gradient", right, rows, columns);
}

#define SPECTRA(T, suffix, log_R, log_S)                                                              \
  Spectra<T> {                                                                                        \
    circulant_##suffix, fourier_load_##suffix, fourier_block_##suffix, fourier_store_##suffix,        \
        correlate_##suffix, add_lags_##suffix, log_R, log_S                                           \
  }

template <typename T>
void entropies(long long rows, long long columns, long long gap, int warps,
               void (*cross_entropy)(T, const T*, long long, const int*, double*, T*, long long, int,
                                     long long, long long)) {
  const long long stride = columns + gap;
  const auto x = whole<T>(size_t(rows - 1) * stride + columns, 1);
  std::vector<int> labels(rows);
  for (long long i = 0; i < rows; i++) labels[i] = int(i % columns);
  std::vector<double> loss(rows, -1);
  std::vector<T> dx(size_t(rows) * columns);
  run("cross_entropy", cross_entropy, dim3(unsigned((rows * warps + 7) / 8)), dim3(32, 8), T(2), x.data(),
      stride, labels.data(), loss.data(), dx.data(), columns, warps, rows, columns);
  bool right = true;
  for (long long i = 0; i < rows; i++) {
    double sum = 0, slopes = 0;
    for (long long j = 0; j < columns; j++) sum += std::exp(double(x[i * stride + j]));
    for (long long j = 0; j < columns; j++) slopes += double(dx[i * columns + j]);
    const double expected = std::log(sum) - double(x[i * stride + labels[i]]);
    right = right && std::abs(loss[i] - expected) < 1e-5 && std::abs(slopes) < 1e-4;
  }
  expect("cross_entropy", right, rows, columns);
}

void gathers(long long rows, long long columns) {
  const auto source = whole<double>(size_t(rows) * columns, 1);
  const std::vector<int> indices = {int(rows) - 1, -1, 0, int(rows)};
  std::vector<double> target(indices.size() * columns, 77);
  run("gather_rows", gather_rows_f64, dim3(2, 2), dim3(4, 2), source.data(), columns, indices.data(),
      target.data(), columns, rows, 4, columns);
  bool right = true;
  for (long long j = 0; j < columns; j++) {
    right = right && target[j] == source[(rows - 1) * columns + j] && target[columns + j] == 77 &&
            target[2 * columns + j] == source[j] && target[3 * columns + j] == 77;
  }
  expect("gather_rows", right, rows, columns);
}

}  // namespace

int main() {
  toeplitz_products(SPECTRA(float, f32, 3, 3), 32, 5, 1);
  toeplitz_products(SPECTRA(float, f32, 2, 4), 29, 1, 0);
  toeplitz_products(SPECTRA(double, f64, 3, 3), 31, 4, 1);
  toeplitz_products(SPECTRA(double, f64, 4, 2), 32, 3, 0);
  toeplitz_products(SPECTRA(double, f64, 2, 5), 7, 6, 2);
  for (long long rows : {1, 3, 9}) {
    for (long long columns : {1, 2, 31, 33, 67}) {
      for (long long gap : {0, 3}) {
        for (int warps : {1, 8}) {
          entropies<float>(rows, columns, gap, warps, cross_entropy_f32);
          entropies<double>(rows, columns, gap, warps, cross_entropy_f64);
        }
      }
      gathers(rows, columns);
    }
  }
  return errors == 0 ? 0 : 2;
}
