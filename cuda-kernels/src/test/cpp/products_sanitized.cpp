// Runs products, updates, activations and gathers over buffers of exactly the size they may touch,
// under the address sanitizer, as kernels_sanitized.cpp does the other families.
#include "cuda_on_cpu.hpp"
#include "tensor_on_cpu.hpp"

#include "activation.cu"
#include "axpby.cu"
#include "flat_gemm.cu"
#include "gather.cu"
#include "gemm.cu"
#include "gemv.cu"
#include "optimizer.cu"
#include "sanitized.hpp"
#include "toeplitz.cu"

namespace {

template <typename T>
using Sum = void (*)(T, const T*, T, T*, long long, int, long long, long long);

// A product whole, and in pieces of the inner dimension that are added afterwards, by one thread for each
// element and by four. Rows of b may lie in blocks, whose numbers the kernel takes at the end.
template <typename T, typename S, typename Kernel, typename... Row>
void product(const char* name, Kernel kernel, Sum<T> sum_pieces, bool ta, bool tb, int m, int n, int k,
             Row... numbers) {
  constexpr bool in_blocks = sizeof...(Row) > 0;
  const BlockRow row = {numbers...};
  const size_t shared = sizeof(T) * S::stages * (S::slice_a + S::slice_b);
  const long long a_stride = ta ? m : k, b_stride = in_blocks ? row.length + 3 : tb ? k : n;
  const auto place = [&](int p) { return in_blocks ? row.place(p) : p; };
  const auto a = whole<T>(size_t(m) * k, 2);
  const auto b = whole<T>(tb ? (n - 1) * b_stride + place(k - 1) + 1 : size_t(k) * n, 3);
  std::vector<T> c(size_t(m) * n, NAN), d(c);
  T* no_pieces = nullptr;
  const dim3 tiles((n + S::BN - 1) / S::BN, (m + S::BM - 1) / S::BM);
  run_with(shared, name, kernel, tiles, dim3(S::threads), T(1), a.data(), a_stride, b.data(), b_stride,
           T(0), c.data(), n, no_pieces, k, m, n, k, numbers...);
  const int piece = 32, pieces = (k + piece - 1) / piece;
  if (pieces > 1) {
    std::vector<T> partial(pieces * c.size(), NAN);
    run_with(shared, name, kernel, dim3(tiles.x, tiles.y, pieces), dim3(S::threads), T(1), a.data(),
             a_stride, b.data(), b_stride, T(0), d.data(), n, partial.data(), piece, m, n, k, numbers...);
    for (int down : {1, 4}) {
      std::fill(d.begin(), d.end(), T(NAN));
      run("sum_pieces", sum_pieces, dim3(2), dim3(32, down), T(1), partial.data(), T(0), d.data(), n,
          pieces, m, n);
      expect("sum_pieces", c == d, m, n);
    }
  }
  bool right = true;
  for (int i = 0; i < m; i++) {
    for (int j = 0; j < n; j++) {
      T expected = 0;
      for (int p = 0; p < k; p++) {
        expected += (ta ? a[p * m + i] : a[i * k + p]) * (tb ? b[j * b_stride + place(p)] : b[p * n + j]);
      }
      right = right && expected == c[size_t(i) * n + j];
    }
  }
  expect(name, right, m, n);
}

#define EACH_SHAPE(letters, ta, tb, ...)                                                                       \
  product<float, SmallF32>("gemm_small", gemm_small_##letters##_f32, sum_pieces_f32, ta, tb, __VA_ARGS__);     \
  product<float, LongF32>("gemm_long", gemm_long_##letters##_f32, sum_pieces_f32, ta, tb, __VA_ARGS__);        \
  product<float, WideF32>("gemm_wide", gemm_wide_##letters##_f32, sum_pieces_f32, ta, tb, __VA_ARGS__);        \
  product<double, SmallF64>("gemm_small", gemm_small_##letters##_f64, sum_pieces_f64, ta, tb, __VA_ARGS__);    \
  product<double, WideF64>("gemm_wide", gemm_wide_##letters##_f64, sum_pieces_f64, ta, tb, __VA_ARGS__)

void gemms(int m, int n, int k) {
  EACH_SHAPE(nn, false, false, m, n, k);
  EACH_SHAPE(nt, false, true, m, n, k);
  EACH_SHAPE(tn, true, false, m, n, k);
  EACH_SHAPE(tt, true, true, m, n, k);
}

// Blocks that lie ever further apart, as the matrices of one earlier layer for all later ones.
void gemms_of_blocks(int m, int n, int length, int count) {
  const long long size = static_cast<long long>(n) * (length + 3);
  EACH_SHAPE(nb, false, true, m, n, length * count, length, 2 * size, size);
}

// Few rows or a short inner dimension, with gaps between the rows of b and c; beta is 1.
template <typename T>
void flat(bool ta, int m, int n, int k, int gap,
          void (*kernel)(T, const T*, long long, const T*, long long, T, T*, long long, int, int, int)) {
  const long long stride = n + gap;
  const auto a = whole<T>(size_t(m) * k, 2), b = whole<T>((k - 1) * stride + n, 3);
  const auto old = whole<T>((m - 1) * stride + n, 4);
  auto c = old;
  const int across = kFlatThreads * (16 / sizeof(T));
  const dim3 blocks((n + across - 1) / across * ((m + kFlatRows - 1) / kFlatRows));
  run("flat_gemm", kernel, blocks, dim3(kFlatThreads), T(2), a.data(), ta ? m : k, b.data(), stride, T(1),
      c.data(), stride, m, n, k);
  bool right = true, outside = true;
  for (size_t at = 0; at < c.size(); at++) {
    const long long i = at / stride, j = at % stride;
    T sum = 0;
    for (int p = 0; j < n && p < k; p++) sum += (ta ? a[p * m + i] : a[i * k + p]) * b[p * stride + j];
    right = right && (j >= n || c[at] == 2 * sum + old[at]);
    outside = outside && (j < n || c[at] == old[at]);
  }
  expect("flat_gemm", right, m, n);
  expect("flat_gemm, a gap", outside, m, n);
}

void flats(int m, int n, int k, int gap) {
  flat<float>(false, m, n, k, gap, flat_gemm_n_f32);
  flat<float>(true, m, n, k, gap, flat_gemm_t_f32);
  flat<double>(false, m, n, k, gap, flat_gemm_n_f64);
  flat<double>(true, m, n, k, gap, flat_gemm_t_f64);
}

// Sums of weighted rows, in one piece and in two.
template <typename T>
void columns(int rows, int count,
             void (*products)(T, const T*, long long, const T*, T, T*, double*, long long, long long,
                              long long),
             void (*sums)(T, const T*, long long, T, T*, double*, long long, long long, long long),
             void (*sum_partials)(T, const double*, T, T*, int, long long)) {
  const auto a = whole<T>(size_t(rows) * count, 5), x = whole<T>(rows, 6);
  const int width = 16 / sizeof(T);
  const dim3 block(8, 4), square(16, 16);
  const unsigned across = (count + 8 * width - 1) / (8 * width);
  const unsigned wide = (count + 16 * width - 1) / (16 * width);
  std::vector<T> y(count), z(count), s(count);
  std::vector<double> partial(2 * size_t(count));
  double* none = nullptr;
  run_with(block.count() * width * sizeof(T), "column_products", products, dim3(across), block, T(1),
           a.data(), count, x.data(), T(0), y.data(), none, rows, rows, count);
  const long long piece = (rows + 1) / 2;
  run_with(square.count() * width * sizeof(double), "column_sums", sums, dim3(wide), square, T(1),
           a.data(), count, T(0), s.data(), none, rows, rows, count);
  bool right = true, sum_right = true;
  for (int j = 0; j < count; j++) {
    T expected = 0, sum = 0;
    for (int i = 0; i < rows; i++) expected += x[i] * a[i * count + j], sum += a[i * count + j];
    right = right && y[j] == expected;
    sum_right = sum_right && s[j] == sum;
  }
  expect("column_products", right, rows, count);
  expect("column_sums", sum_right, rows, count);
  if (rows > piece) {
    run_with(block.count() * width * sizeof(T), "column_products", products, dim3(across, 2), block,
             T(1), a.data(), count, x.data(), T(0), z.data(), partial.data(), piece, rows, count);
    run("sum_partials", sum_partials, dim3(1), dim3(32, 8), T(1), partial.data(), T(0), z.data(), 2,
        count);
    expect("sum_partials", z == y, rows, count);
  }
}

template <typename T>
void updates(long long rows, long long columns, long long gap,
             void (*sgd)(T*, long long, const T*, long long, T*, long long, T, T, T, int, const double*,
                         int, long long, long long),
             void (*adam)(T*, long long, const T*, long long, T*, long long, T*, long long, T, T, T, T,
                          T, T, T, T, T, const double*, int, long long, long long),
             void (*clip)(double, const double*, T*, long long, long long, long long),
             void (*rank_one)(T, const T*, const T*, T*, long long, long long, long long)) {
  const long long stride = columns + gap;
  const size_t size = (rows - 1) * stride + columns;
  const auto begin = whole<T>(size, 1), g = whole<T>(size, 2);
  auto p = begin, m = whole<T>(size, 3);
  std::vector<T> v(size, T(1));
  std::vector<double> guard = {1, NAN}, squares = {4};
  const dim3 grid(2, 2), block(4, 2);
  run("sgd", sgd, grid, block, p.data(), stride, g.data(), stride, m.data(), stride, T(1), T(1), T(0),
      0, guard.data(), 2, rows, columns);
  run("adam", adam, grid, block, p.data(), stride, g.data(), stride, m.data(), stride, v.data(), stride,
      T(1), T(1), T(1), T(1), T(1), T(1), T(1), T(1), T(0), guard.data(), 2, rows, columns);
  expect("a guard", p == begin, rows, columns);
  run("adam", adam, grid, block, p.data(), stride, g.data(), stride, m.data(), stride, v.data(), stride,
      T(1), T(1), T(1), T(1), T(1), T(1), T(1), T(1), T(1), guard.data(), 1, rows, columns);
  p = begin;
  run("sgd", sgd, grid, block, p.data(), stride, g.data(), stride, m.data(), stride, T(0), T(1), T(0),
      0, guard.data(), 1, rows, columns);
  run("clip", clip, grid, block, 1.0, squares.data(), p.data(), stride, rows, columns);
  const auto x = whole<T>(rows, 4), y = whole<T>(columns, 5);
  auto a = begin;
  run("rank_one", rank_one, grid, block, T(1), x.data(), y.data(), a.data(), stride, rows, columns);
  bool halved = true, added = true, outside = true;
  for (size_t at = 0; at < size; at++) {
    const long long i = at / stride, j = at % stride;
    if (j < columns) {
      halved = halved && p[at] == begin[at] / 2;
      added = added && a[at] == begin[at] + x[i] * y[j];
    } else {
      outside = outside && p[at] == begin[at] && a[at] == begin[at];
    }
  }
  expect("clip", halved, rows, columns);
  expect("rank_one", added, rows, columns);
  expect("a gap", outside, rows, columns);
}

template <typename T>
void functions(long long rows, long long columns, long long gap) {
  const long long stride = columns + gap;
  const auto x = whole<T>((rows - 1) * stride + columns, 1), dy = whole<T>(x.size(), 2);
  std::vector<T> y(x.size()), dx(x.size());
  const dim3 grid(2, 2), block(4, 2);
  const auto each = [&](const char* name, auto activate, auto derive) {
    run(name, activate, grid, block, x.data(), stride, y.data(), stride, rows, columns);
    run(name, derive, grid, block, x.data(), stride, dy.data(), stride, T(0), dx.data(), stride, rows,
        columns);
    bool finite = true;
    for (long long i = 0; i < rows; i++) {
      for (long long j = 0; j < columns; j++) {
        finite = finite && std::isfinite(y[i * stride + j]) && std::isfinite(dx[i * stride + j]);
      }
    }
    expect(name, finite, rows, columns);
  };
#define EACH(name)                                             \
  if constexpr (sizeof(T) == 4) {                              \
    each(#name, activate_##name##_f32, derive_##name##_f32);   \
  } else {                                                     \
    each(#name, activate_##name##_f64, derive_##name##_f64);   \
  }
  EACH(identity) EACH(tanh) EACH(relu) EACH(gelu) EACH(silu) EACH(sigmoid) EACH(softplus)
#undef EACH
}

void gathers(long long rows, long long columns) {
  const auto source = whole<float>(size_t(rows) * columns, 1);
  std::vector<int> indices = {0, int(rows) - 1, -1, int(rows)}, bad(2, 7);
  std::vector<float> target(indices.size() * columns);
  run("gather_rows", gather_rows_f32, dim3(2, 2), dim3(4, 2), source.data(), columns, indices.data(),
      target.data(), columns, rows, 4, columns);
  run("check_indices", check_indices, dim3(1), dim3(32, 8), indices.data(), 4, int(rows), 0, bad.data());
  expect("check_indices", bad[0] == 2 && bad[1] == -1, rows, columns);
  indices[2] = 0;
  run("check_indices", check_indices, dim3(1), dim3(32, 8), indices.data(), 4, int(rows), 1, bad.data());
  expect("check_indices that keeps", bad[0] == 2 && bad[1] == -1, rows, columns);
  bool right = true;
  for (long long j = 0; j < columns; j++) {
    right = right && target[j] == source[j] && target[columns + j] == source[(rows - 1) * columns + j];
  }
  expect("gather_rows", right, rows, columns);
}

// The identity by its spectrum, which is 1 everywhere: T[j, i] = 1 where j = i.
template <typename T>
void toeplitz_identity(int log, long long rows, long long columns) {
  const int length = 1 << log;
  const auto x = whole<T>(size_t(rows) * columns, 1);
  std::vector<T> y(x.size());
  std::vector<Complex<T>> spectrum(length, Complex<T>{T(1) / length, T(0)}), twiddles(length / 2);
  for (int k = 0; k < length / 2; k++) {
    const double angle = -2 * M_PI * k / length;
    twiddles[k] = {T(std::cos(angle)), T(std::sin(angle))};
  }
  run_with(sizeof(Complex<T>) << log, "toeplitz", EACH_TYPE(toeplitz), dim3((columns + 1) / 2), dim3(256), T(1),
           x.data(), columns, spectrum.data(), 0, twiddles.data(), T(0), y.data(), columns, log, 0, rows, rows,
           columns);
  bool right = true;
  for (size_t i = 0; i < x.size(); i++) right = right && std::abs(x[i] - y[i]) < 1e-4;
  expect("toeplitz", right, rows, columns);
}

}  // namespace

int main() {
  for (int k : {1, 15, 36, 65}) gemms(1, 1, k), gemms(65, 3, k), gemms(5, 131, k);
  gemms(128, 128, 40), gemms(132, 68, 72), gemms(129, 127, 9);
  gemms_of_blocks(1, 1, 16, 1), gemms_of_blocks(5, 131, 16, 5), gemms_of_blocks(129, 128, 48, 3);
  for (int gap : {0, 1, 4}) flats(1, 1, 1, gap), flats(8, 515, 5, gap), flats(17, 260, 67, gap), flats(33, 7, 64, gap);
  for (int rows : {1, 2, 7, 33}) {
    for (int count : {1, 4, 31, 33, 67}) {
      columns<float>(rows, count, column_products_f32, column_sums_f32, sum_partials_f32);
      columns<double>(rows, count, column_products_f64, column_sums_f64, sum_partials_f64);
    }
  }
  for (long long rows : {1, 3}) {
    for (long long columns : {1, 7, 8, 33}) {
      for (long long gap : {0, 1, 8}) {
        updates<float>(rows, columns, gap, sgd_f32, adam_f32, clip_f32, rank_one_f32);
        updates<double>(rows, columns, gap, sgd_f64, adam_f64, clip_f64, rank_one_f64);
        functions<float>(rows, columns, gap);
        functions<double>(rows, columns, gap);
      }
      gathers(rows, columns);
    }
  }
  for (int log : {2, 5, 8}) {
    toeplitz_identity<float>(log, (1 << log) / 2, 1);
    toeplitz_identity<float>(log, (1 << log) / 2 - 1, 5);
    toeplitz_identity<double>(log, (1 << log) / 2, 2);
  }
  return errors == 0 ? 0 : 2;
}
