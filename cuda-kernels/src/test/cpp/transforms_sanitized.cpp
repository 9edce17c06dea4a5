// Runs the kernels of transforms over buffers of exactly the size they may touch, under the address
// sanitizer, as kernels_sanitized.cpp does other families. Whole numbers make sums exact.
#include <functional>

#include "cuda_on_cpu.hpp"

#include "channel.cu"
#include "convolution.cu"
#include "pooling.cu"
#include "row.cu"
#include "sanitized.hpp"

namespace {

#define SIZES(w)                                                                                        \
  w.height, w.width, w.kernel_height, w.kernel_width, w.stride_y, w.stride_x, w.pad_y, w.pad_x,         \
      w.dilation_y, w.dilation_x

// What a window joins, by its definition.
using Join = std::function<void(long long window, long long position, int tap)>;

void for_each_tap(const Window& w, int samples, const Join& join) {
  for (int s = 0; s < samples; s++) {
    for (int oy = 0; oy < w.output_height(); oy++) {
      for (int ox = 0; ox < w.output_width(); ox++) {
        for (int tap = 0; tap < w.taps(); tap++) {
          const int y = oy * w.stride_y + tap / w.kernel_width * w.dilation_y - w.pad_y;
          const int x = ox * w.stride_x + tap % w.kernel_width * w.dilation_x - w.pad_x;
          if (y < 0 || y >= w.height || x < 0 || x >= w.width) continue;
          join((static_cast<long long>(s) * w.output_height() + oy) * w.output_width() + ox,
               (static_cast<long long>(s) * w.height + y) * w.width + x, tap);
        }
      }
    }
  }
}

template <typename T>
void convolutions(const Window& w, int samples, int groups, int inputs, int outputs, bool depthwise) {
  const long long positions = static_cast<long long>(samples) * w.height * w.width;
  const long long windows = static_cast<long long>(samples) * w.output_height() * w.output_width();
  const int all_in = groups * inputs, all_out = groups * outputs;
  const auto x = whole<T>(positions * all_in, 1), dy = whole<T>(windows * all_out, 2);
  const auto weight = whole<T>(size_t(w.taps()) * inputs * all_out, 3);
  std::vector<T> y(windows * all_out), dx(x.size()), right_y(y.size()), right_dx(x.size());
  auto dw = weight, right_dw = weight, split_dw = weight;
  for_each_tap(w, samples, [&](long long o, long long i, int tap) {
    for (int g = 0; g < groups; g++) {
      for (int c = 0; c < inputs; c++) {
        for (int d = 0; d < outputs; d++) {
          const size_t at_w = (size_t(tap) * inputs + c) * all_out + g * outputs + d;
          const size_t at_x = i * all_in + g * inputs + c, at_y = o * all_out + g * outputs + d;
          right_y[at_y] += x[at_x] * weight[at_w];
          right_dx[at_x] += dy[at_y] * weight[at_w];
          right_dw[at_w] += dy[at_y] * x[at_x];
        }
      }
    }
  });
  const dim3 block(32, 8);
  const unsigned out_runs = groups * ((outputs + 31) / 32), in_runs = groups * ((inputs + 31) / 32);
  const long long half = (windows + 1) / 2;
  std::vector<T> partial(2 * weight.size());
  T* whole_sum = nullptr;
  if (depthwise) {
    run("depthwise", EACH_TYPE(depthwise), dim3(2, 2), dim3(4, 2), x.data(), all_in, weight.data(), all_out,
        T(0), y.data(), all_out, windows, all_out, SIZES(w));
    run("depthwise_transposed", EACH_TYPE(depthwise_transposed), dim3(2, 2), dim3(4, 2), dy.data(), all_out,
        weight.data(), all_out, T(0), dx.data(), all_in, positions, all_in, SIZES(w));
    const dim3 grid((groups + 31) / 32, w.taps(), 1), halves(grid.x, grid.y, 2);
    run("depthwise_gradient", EACH_TYPE(depthwise_gradient), grid, block, x.data(), all_in, dy.data(),
        all_out, dw.data(), all_out, whole_sum, groups, windows, windows, SIZES(w));
    run("depthwise_gradient", EACH_TYPE(depthwise_gradient), halves, block, x.data(), all_in, dy.data(),
        all_out, split_dw.data(), all_out, partial.data(), groups, half, windows, SIZES(w));
  } else {
    run("convolve", EACH_TYPE(convolve), dim3(out_runs, 2), block, x.data(), all_in, weight.data(), all_out,
        T(0), y.data(), all_out, inputs, outputs, windows, SIZES(w));
    run("convolve_transposed", EACH_TYPE(convolve_transposed), dim3(in_runs, 2), block, dy.data(), all_out,
        weight.data(), all_out, T(0), dx.data(), all_in, outputs, inputs, positions, SIZES(w));
    const dim3 grid(out_runs, w.taps() * ((inputs + 31) / 32), 1), halves(grid.x, grid.y, 2);
    run("convolve_gradient", EACH_TYPE(convolve_gradient), grid, block, x.data(), all_in, dy.data(), all_out,
        dw.data(), all_out, whole_sum, inputs, outputs, groups, windows, windows, SIZES(w));
    run("convolve_gradient", EACH_TYPE(convolve_gradient), halves, block, x.data(), all_in, dy.data(),
        all_out, split_dw.data(), all_out, partial.data(), inputs, outputs, groups, half, windows, SIZES(w));
  }
  for (size_t i = 0; i < weight.size(); i++) split_dw[i] += partial[i] + partial[weight.size() + i];
  expect("convolve", y == right_y, windows, all_out);
  expect("convolve_transposed", dx == right_dx, positions, all_in);
  expect("convolve_gradient", dw == right_dw, w.taps() * inputs, all_out);
  expect("convolve_gradient in pieces", split_dw == right_dw, w.taps() * inputs, all_out);
}

template <typename T>
void pools(const Window& w, int samples, long long channels) {
  const long long positions = static_cast<long long>(samples) * w.height * w.width;
  const long long windows = static_cast<long long>(samples) * w.output_height() * w.output_width();
  const auto x = whole<T>(positions * channels, 1), dy = whole<T>(windows * channels, 2);
  std::vector<T> mean(windows * channels), most(mean.size()), mean_dx(x.size()), most_dx(x.size());
  std::vector<double> right_mean(mean.size()), right_most(mean.size(), -INFINITY);
  std::vector<double> right_mean_dx(x.size()), right_most_dx(x.size());
  std::vector<long long> winner(mean.size(), -1);
  for_each_tap(w, samples, [&](long long o, long long i, int) {
    for (long long c = 0; c < channels; c++) {
      const size_t at = o * channels + c;
      right_mean[at] += double(x[i * channels + c]) / w.taps();
      right_mean_dx[i * channels + c] += double(dy[at]) / w.taps();
      if (winner[at] < 0 || double(x[i * channels + c]) > right_most[at]) {
        winner[at] = i, right_most[at] = double(x[i * channels + c]);
      }
    }
  });
  for (size_t at = 0; at < winner.size(); at++) {
    if (winner[at] >= 0) right_most_dx[winner[at] * channels + at % channels] += double(dy[at]);
  }
  const dim3 grid(2, 2), block(4, 2);
  run("average_pool", EACH_TYPE(average_pool), grid, block, x.data(), channels, mean.data(), channels,
      windows, channels, SIZES(w));
  run("average_pool_backward", EACH_TYPE(average_pool_backward), grid, block, dy.data(), channels, T(0),
      mean_dx.data(), channels, positions, channels, SIZES(w));
  run("max_pool", EACH_TYPE(max_pool), grid, block, x.data(), channels, most.data(), channels, windows,
      channels, SIZES(w));
  run("max_pool_backward", EACH_TYPE(max_pool_backward), grid, block, x.data(), channels, dy.data(),
      channels, T(0), most_dx.data(), channels, positions, channels, SIZES(w));
  const auto near = [](const auto& found, const auto& right) {
    for (size_t i = 0; i < right.size(); i++) {
      if (!(found[i] == right[i] || std::abs(double(found[i]) - right[i]) < 1e-4)) return false;
    }
    return true;
  };
  expect("average_pool", near(mean, right_mean), windows, channels);
  expect("average_pool_backward", near(mean_dx, right_mean_dx), positions, channels);
  expect("max_pool", near(most, right_most), windows, channels);
  expect("max_pool_backward", near(most_dx, right_most_dx), positions, channels);
}

template <typename T>
void channels(long long rows, long long columns, long long gap) {
  const long long stride = columns + gap;
  const size_t size = (rows - 1) * stride + columns;
  const auto x = whole<T>(size, 1), dy = whole<T>(size, 2);
  const auto mean = whole<T>(columns, 3), rate = whole<T>(columns, 4), weight = whole<T>(columns, 5);
  auto dx = whole<T>(size, 6);
  const auto before = dx;
  std::vector<T> y(size, T(-9));
  std::vector<double> squares(columns), sums(4 * columns);
  const dim3 grid(2, 2), block(4, 2), reduce(32, 8);
  const unsigned across = unsigned((columns + 31) / 32);
  const T* nothing = nullptr;
  run("deviations", EACH_TYPE(deviations), dim3(across), reduce, x.data(), stride, mean.data(),
      squares.data(), rows, rows, columns);
  run("moments_backward", EACH_TYPE(moments_backward), grid, block, T(1), x.data(), stride, mean.data(),
      rate.data(), mean.data(), rate.data(), dx.data(), stride, rows, columns);
  run("multiply", EACH_TYPE(multiply), grid, block, x.data(), stride, dy.data(), stride, T(0), y.data(),
      stride, rows, columns);
  bool right = true;
  for (long long j = 0; j < columns; j++) {
    double sum = 0;
    for (long long i = 0; i < rows; i++) {
      const size_t at = i * stride + j;
      const double off = double(x[at] - mean[j]);
      sum += off * off;
      const T unit = (x[at] - mean[j]) * rate[j];
      right = right && dx[at] == before[at] - rate[j] * (mean[j] + unit * rate[j]);
      right = right && y[at] == x[at] * dy[at];
    }
    right = right && squares[j] == sum;
  }
  for (size_t at = 0; at < size; at++) {
    if (long(at % stride) >= columns) right = right && dx[at] == before[at] && y[at] == T(-9);
  }
  expect("moments, multiply", right, rows, columns);
  for (const bool plain : {false, true}) {
    run("normalize", EACH_TYPE(normalize), grid, block, 1, plain ? nothing : mean.data(),
        plain ? nothing : rate.data(), weight.data(), rate.data(), x.data(), stride, y.data(), stride, rows,
        columns);
    const unsigned pieces = rows > 1 ? 2 : 1;
    run("normalize_backward", EACH_TYPE(normalize_backward), dim3(across, pieces), reduce, 1,
        plain ? nothing : mean.data(), plain ? nothing : rate.data(), weight.data(), rate.data(), x.data(),
        stride, dy.data(), stride, T(0), dx.data(), stride, sums.data(), (rows + pieces - 1) / pieces, rows,
        columns);
    right = true;
    for (long long j = 0; j < columns; j++) {
      double of_weight = 0, of_bias = 0, found_weight = 0, found_bias = 0;
      for (long long i = 0; i < rows; i++) {
        const size_t at = i * stride + j;
        const T r = plain ? T(1) : rate[j], unit = plain ? x[at] : (x[at] - mean[j]) * r;
        const T argument = weight[j] * unit + rate[j], slope = argument > 0 ? dy[at] : T(0);
        right = right && y[at] == (argument > 0 ? argument : T(0)) && dx[at] == slope * weight[j] * r;
        of_weight += double(slope * unit), of_bias += double(slope);
      }
      for (unsigned p = 0; p < pieces; p++) {
        found_weight += sums[p * columns + j], found_bias += sums[(pieces + p) * columns + j];
      }
      right = right && of_weight == found_weight && of_bias == found_bias;
    }
    expect("normalize", right, rows, columns);
  }
  run("reciprocal_root", EACH_TYPE(reciprocal_root), grid, block, T(30), x.data(), stride, y.data(), stride,
      rows, columns);
  run("dropout", EACH_TYPE(dropout), grid, block, 0x80000000u,
      static_cast<const unsigned*>(nullptr), 0x400000003ull, T(2), x.data(), stride, T(0), dx.data(),
      stride, rows, columns);
  right = true;
  for (long long i = 0; i < rows; i++) {
    for (long long j = 0; j < columns; j++) {
      const size_t at = i * stride + j;
      right = right && std::abs(double(y[at]) - 1 / std::sqrt(double(x[at]) + 30)) < 1e-6;
      right = right && (dx[at] == 0 || dx[at] == 2 * x[at]);
    }
  }
  expect("reciprocal_root, dropout", right, rows, columns);
}

template <typename T>
void rows_alone(long long rows, long long columns, int warps) {
  const auto x = whole<T>(size_t(rows) * columns, 1), dy = whole<T>(x.size(), 2);
  std::vector<T> y(x.size()), dx(x.size());
  auto slope = dy, above = dy;
  const dim3 grid(unsigned((rows * warps + 7) / 8)), block(32, 8);
  run("normalize_rows", EACH_TYPE(normalize_rows), grid, block, 1, T(0.5), x.data(), columns, y.data(),
      columns, warps, rows, columns);
  run("normalize_rows_backward", EACH_TYPE(normalize_rows_backward), grid, block, 1, T(0.5), x.data(),
      columns, dy.data(), columns, T(0), dx.data(), columns, warps, rows, columns);
  run("softmax_backward", EACH_TYPE(softmax_backward), grid, block, x.data(), columns, slope.data(), columns,
      slope.data(), columns, warps, rows, columns);
  run("fill_above", EACH_TYPE(fill_above), dim3(2, 2), dim3(4, 2), T(9), 1, above.data(), columns, rows,
      columns);
  bool right = true;
  for (long long i = 0; i < rows; i++) {
    double sum = 0, slopes = 0, product = 0;
    for (long long j = 0; j < columns; j++) {
      const size_t at = i * columns + j;
      sum += double(y[at]), slopes += double(dx[at]), product += double(x[at] * dy[at]);
    }
    right = right && std::abs(sum) < 1e-3 && std::abs(slopes) < 1e-2;
    for (long long j = 0; j < columns; j++) {
      const size_t at = i * columns + j;
      right = right && double(slope[at]) == double(x[at]) * (double(dy[at]) - product);
      right = right && above[at] == (j > i + 1 ? T(9) : dy[at]);
    }
  }
  expect("rows", right, rows, columns);
}

template <typename T>
void all() {
  const Window windows[] = {{5, 6, 3, 3, 1, 1, 1, 1, 1, 1}, {4, 7, 2, 3, 2, 2, 0, 1, 1, 2},
                            {1, 9, 1, 4, 1, 3, 0, 2, 1, 1}, {3, 3, 1, 1, 1, 1, 0, 0, 1, 1}};
  for (const Window& w : windows) {
    convolutions<T>(w, 2, 1, 3, 35, false);
    convolutions<T>(w, 1, 1, 33, 2, false);
    convolutions<T>(w, 2, 3, 2, 5, false);
    convolutions<T>(w, 2, 34, 1, 1, true);
    pools<T>(w, 2, 5);
  }
  for (long long rows : {1, 3, 17}) {
    for (long long columns : {1, 7, 8, 33}) {
      for (long long gap : {0, 1, 4}) channels<T>(rows, columns, gap);
      rows_alone<T>(rows, columns, 1);
      rows_alone<T>(rows, columns, 8);
    }
  }
}

}  // namespace

int main() {
  all<float>();
  all<double>();
  return errors == 0 ? 0 : 2;
}
