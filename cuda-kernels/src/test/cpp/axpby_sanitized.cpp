// Runs linear operations over buffers of exactly the size they may touch, under the address sanitizer. Whole
// numbers make results exact; where a factor is 0 the old values are NaN, which must not be read.
#include "cuda_on_cpu.hpp"

#include "axpby.cu"
#include "sanitized.hpp"

namespace {

// Rows of old values, NaN where their factor is 0, and 7 in the gaps between rows.
template <typename T, typename Beta>
std::vector<T> old_values(long long rows, long long columns, long long stride, Beta beta) {
  auto y = whole<T>(rows == 0 ? 0 : (rows - 1) * stride + columns, 2);
  for (size_t at = 0; at < y.size(); at++) {
    const long long i = at / stride, j = at % stride;
    if (j >= columns) y[at] = 7;
    else if (beta(i) == 0) y[at] = T(NAN);
  }
  return y;
}

template <typename T, typename Right>
void check(const char* name, const std::vector<T>& y, long long rows, long long columns, long long stride,
           Right right) {
  bool same = true;
  for (size_t at = 0; at < y.size(); at++) {
    const long long i = at / stride, j = at % stride;
    same = same && y[at] == (j < columns ? right(i, j, at) : T(7));
  }
  expect(name, same, rows, columns);
}

template <typename T>
void linear(long long rows, long long columns, long long gap, T beta) {
  const long long stride = columns + gap;
  const T alpha = T(0.5);
  const auto each = [=](long long) { return beta; };
  const auto old = old_values<T>(rows, columns, stride, each);
  const auto x = whole<T>(old.size(), 1), row = whole<T>(columns, 3);
  const auto mix = [=](T a, T value, T b, T before) { return a * value + (b == 0 ? T(0) : b * before); };
  const dim3 grid(2, 2), block(32, 2);
  auto y = old;
  run("axpby", EACH_TYPE(axpby), grid, block, alpha, x.data(), stride, beta, y.data(), stride, rows, columns);
  check("axpby", y, rows, columns, stride,
        [&](long long, long long, size_t at) { return mix(alpha, x[at], beta, old[at]); });
  y = old;
  run("add_row", EACH_TYPE(add_row), grid, block, alpha, row.data(), beta, y.data(), stride, rows, columns);
  check("add_row", y, rows, columns, stride,
        [&](long long, long long j, size_t at) { return mix(alpha, row[j], beta, old[at]); });
  run("fill", EACH_TYPE(fill), grid, block, alpha, y.data(), stride, rows, columns);
  check("fill", y, rows, columns, stride, [=](long long, long long, size_t) { return alpha; });
}

// Rows that each have factors of their own, and what is added a matrix or one row for all.
template <typename T>
void rows_apart(long long rows, long long columns, long long gap) {
  const long long stride = columns + gap;
  const auto alpha = whole<T>(rows, 4), beta = whole<T>(rows, 5);
  const auto old = old_values<T>(rows, columns, stride, [&](long long i) { return beta[i]; });
  const auto x = whole<T>(std::max(old.size(), size_t(columns)), 1);
  const dim3 grid(2, 2), block(4, 2);
  for (const long long x_stride : {stride, 0LL}) {
    auto y = old;
    run("axpby_rows", EACH_TYPE(axpby_rows), grid, block, alpha.data(), x.data(), x_stride, beta.data(),
        y.data(), stride, rows, columns);
    check("axpby_rows", y, rows, columns, stride, [&](long long i, long long j, size_t at) {
      return alpha[i] * x[i * x_stride + j] + (beta[i] == 0 ? T(0) : beta[i] * old[at]);
    });
  }
  const auto times = whole<double>(rows, 6);
  const auto rates = whole<T>(columns, 7);
  auto y = old;
  run("decays", EACH_TYPE(decays), grid, block, times.data(), rates.data(), y.data(), stride, rows, columns);
  check("decays", y, rows, columns, stride, [&](long long i, long long j, size_t) {
    return T(std::exp(-times[i] * double(rates[j])));
  });
}

template <typename T>
void all() {
  for (long long rows : {0, 1, 3, 4, 5}) {
    for (long long columns : {0, 1, 31, 32, 33, 63, 64, 65, 129}) {
      for (long long gap : {0, 3, 4}) {
        linear<T>(rows, columns, gap + (columns + gap == 0), T(0.25));
        linear<T>(rows, columns, gap + (columns + gap == 0), T(0));
        rows_apart<T>(rows, columns, gap + (columns + gap == 0));
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
