// Runs kernels of most families over buffers of exactly the size they may touch, under the address
// sanitizer, which also watches their shared memory. Entries are whole numbers: sums are exact.
// products_sanitized.cpp has the others.
#include "cuda_on_cpu.hpp"

#include "convert.cu"
#include "gemv.cu"
#include "reduction.cu"
#include "sanitized.hpp"
#include "softmax.cu"
#include "transpose.cu"

namespace {

template <typename T>
void matrices(long long rows, long long columns, long long gap, void (*transpose)(
                  const T*, long long, T*, long long, long long, long long),
              void (*softmax)(const T*, long long, T*, long long, int, long long, long long)) {
  const long long stride = columns + gap;
  const auto x = whole<T>((rows - 1) * stride + columns, 1);
  std::vector<T> turned(rows * columns), y(x.size());
  const dim3 block(32, 8);
  const dim3 tiles((columns + 31) / 32, (rows + 31) / 32);
  run("transpose", transpose, tiles, dim3(kTransposeThreads), x.data(), stride, turned.data(), rows, rows, columns);
  run("softmax", softmax, dim3((rows + 7) / 8), block, x.data(), stride, y.data(), stride, 1, rows,
      columns);
  bool same = true, one = true;
  for (long long i = 0; i < rows; i++) {
    T sum = 0;
    for (long long j = 0; j < columns; j++) {
      same = same && turned[j * rows + i] == x[i * stride + j];
      sum += y[i * stride + j];
    }
    one = one && std::abs(sum - 1) < 1e-5;
  }
  expect("transpose", same, rows, columns);
  expect("softmax", one, rows, columns);
}

// A product with a vector, a scalar product, and how many elements are not finite.
template <typename T>
void reductions(int m, int k) {
  const auto a = whole<T>(size_t(m) * k, 2), b = whole<T>(k, 3);
  std::vector<T> y(m), z(m);
  std::vector<double> partial(1), sum(1), count(1);
  double* no_sums = nullptr;
  run("row_products", EACH_TYPE(row_products), dim3((m + 7) / 8), dim3(32, 8), T(1), a.data(), k, b.data(),
      T(0), y.data(), no_sums, 1, k, m, k);
  run("row_products", EACH_TYPE(row_products), dim3((m + 3) / 4), dim3(32, 8), T(1), a.data(), k, b.data(),
      T(0), z.data(), no_sums, 8, k, m, k);
  run("dot", EACH_TYPE(dot), dim3(1), dim3(32, 8), a.data(), k, a.data(), k, partial.data(), m, k);
  run("finish", finish, dim3(1), dim3(32, 8), 1.0, partial.data(), 1, 0.0, sum.data());
  auto bad = a;
  int expected = 0;
  for (size_t at = 0; at < bad.size(); at += 5) bad[at] = T(at % 2 == 0 ? NAN : -INFINITY), expected++;
  run("non_finite", EACH_TYPE(non_finite), dim3(1), dim3(32, 8), bad.data(), k, partial.data(), m, k);
  run("finish", finish, dim3(1), dim3(32, 8), 1.0, partial.data(), 1, 0.0, count.data());
  bool row_right = true;
  double squares = 0;
  for (int i = 0; i < m; i++) {
    T row = 0;
    for (int p = 0; p < k; p++) row += a[i * k + p] * b[p], squares += double(a[i * k + p] * a[i * k + p]);
    row_right = row_right && row == y[i] && row == z[i];
  }
  expect("row_products", row_right, m, k);
  expect("dot", sum[0] == squares, m, k);
  expect("non_finite", count[0] == expected, m, k);
}

// Whole numbers up to 5 are numbers of bfloat16.
void conversions(long long rows, long long columns, long long gap) {
  const long long stride = columns + gap;
  const auto x = whole<float>((rows - 1) * stride + columns, 4);
  std::vector<unsigned short> narrow(rows * columns);
  std::vector<float> wide(x.size());
  run("narrow", narrow_f32, dim3(2, 2), dim3(4, 2), x.data(), stride, narrow.data(), columns, rows,
      columns);
  run("widen", widen_f32, dim3(2, 2), dim3(4, 2), narrow.data(), columns, wide.data(), stride, rows,
      columns);
  bool same = true;
  for (long long i = 0; i < rows; i++) {
    for (long long j = 0; j < columns; j++) same = same && wide[i * stride + j] == x[i * stride + j];
  }
  expect("narrow and widen", same, rows, columns);
}

}  // namespace

int main() {
  for (long long rows : {1, 3, 33}) {
    for (long long columns : {1, 7, 8, 31, 32, 33, 65}) {
      for (long long gap : {0, 1, 8}) {
        matrices<float>(rows, columns, gap, transpose_f32, softmax_f32);
        matrices<double>(rows, columns, gap, transpose_f64, softmax_f64);
        conversions(rows, columns, gap);
      }
    }
  }
  for (int m : {1, 4, 65}) {
    for (int k : {1, 4, 15, 17}) reductions<float>(m, k), reductions<double>(m, k);
  }
  return errors == 0 ? 0 : 2;
}
