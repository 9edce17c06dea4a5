// All kernels, compiled for the CPU, by name; pointers are checked when a launch is asked for.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "cuda_on_cpu.hpp"
#include "fake_streams.hpp"
#include "hopper_on_cpu.hpp"
#include "in_order_on_cpu.hpp"
#include "tensor_on_cpu.hpp"

#include "activation.cu"
#include "axpby.cu"
#include "channel.cu"
#include "convolution.cu"
#include "convert.cu"
#include "dense_pass.cu"
#include "depth_attention.cu"
#include "flat_gemm.cu"
#include "gather.cu"
#include "gemm.cu"
#include "gemv.cu"
#include "hopper_gemm.cu"
#include "layer.cu"
#include "optimizer.cu"
#include "pooling.cu"
#include "reduction.cu"
#include "row.cu"
#include "scalar_pass.cu"
#include "softmax.cu"
#include "tensor_gemm.cu"
#include "toeplitz.cu"
#include "transpose.cu"

struct Launch {
  dim3 grid, block;
  size_t shared;
  uint64_t seed;
};

using Kernel = std::function<Work(const Launch&, void** arguments)>;

template <typename T>
bool is_bad(const T& value, const IsLive& is_live) {
  if constexpr (std::is_pointer_v<T>) {
    using Element = std::remove_cv_t<std::remove_pointer_t<T>>;
    return value != nullptr && !is_live(reinterpret_cast<uint64_t>(value), sizeof(Element));
  } else if constexpr (std::is_same_v<T, TensorMap>) {
    return !is_live(reinterpret_cast<uint64_t>(value.data), (value.outer - 1) * value.stride + value.inner * 4);
  } else {
    return false;
  }
}

// Copies the arguments, as a launch does.
template <typename... Parameters>
Kernel deferred(void (*kernel)(Parameters...)) {
  using Values = std::tuple<std::decay_t<Parameters>...>;
  return [kernel](const Launch& launch, void** arguments) -> Work {
    auto values = std::make_shared<Values>();
    size_t at = 0;
    std::apply(
        [&](auto&... value) { (std::memcpy(&value, arguments[at++], sizeof(value)), ...); }, *values);
    const auto run = [kernel, launch, values] {
      return std::apply(
          [&](auto&... value) {
            void* addresses[] = {&value...};
            return cuda_on_cpu::launch(
                kernel, launch.grid, launch.block, launch.shared, launch.seed, addresses);
          },
          *values);
    };
    const auto live = [values](const IsLive& is_live) {
      return std::apply([&](auto&... value) { return !(is_bad(value, is_live) || ...); }, *values);
    };
    return {run, live};
  };
}

#define K(name) {#name, deferred(name)}
#define BOTH(name) K(name##_f32), K(name##_f64)
#define LETTERS(name) \
  K(name##_nn_f32), K(name##_nt_f32), K(name##_tn_f32), K(name##_tt_f32), K(name##_nb_f32)

inline const std::map<std::string, Kernel>& kernels() {
  static const std::map<std::string, Kernel> all = {
      BOTH(axpby), BOTH(add_row), BOTH(axpby_rows), BOTH(decays), BOTH(fill), BOTH(clip), BOTH(transpose),
      BOTH(gather_rows), K(check_indices), K(narrow_f32), K(widen_f32), BOTH(sgd), BOTH(adam),
      BOTH(activate_identity), BOTH(activate_tanh), BOTH(activate_relu), BOTH(activate_gelu),
      BOTH(activate_silu), BOTH(activate_sigmoid), BOTH(activate_softplus),
      BOTH(derive_identity), BOTH(derive_tanh), BOTH(derive_relu), BOTH(derive_gelu),
      BOTH(derive_silu), BOTH(derive_sigmoid), BOTH(derive_softplus),
      BOTH(dot), BOTH(non_finite), K(finish), BOTH(softmax), BOTH(cross_entropy),
      BOTH(row_products), BOTH(column_products), BOTH(column_sums), BOTH(sum_partials),
      BOTH(rank_one), BOTH(sum_pieces),
      LETTERS(gemm_long), LETTERS(gemm_tf32_wide), LETTERS(gemm_tf32_small), LETTERS(gemm_bf16_wide),
      LETTERS(gemm_bf16_small), LETTERS(gemm_tf32_hopper), LETTERS(gemm_bf16_hopper),
      BOTH(gemm_small_nn), BOTH(gemm_small_nt), BOTH(gemm_small_tn), BOTH(gemm_small_tt),
      BOTH(gemm_wide_nn), BOTH(gemm_wide_nt), BOTH(gemm_wide_tn), BOTH(gemm_wide_tt),
      BOTH(gemm_small_nb), BOTH(gemm_wide_nb), BOTH(layer_forward), BOTH(layer_adjoint),
      BOTH(flat_gemm_n), BOTH(flat_gemm_t),
      BOTH(circulant), BOTH(fourier_load), BOTH(fourier_block), BOTH(fourier_store),
      BOTH(convolve), BOTH(convolve_transposed), BOTH(convolve_gradient), BOTH(depthwise),
      BOTH(depthwise_transposed), BOTH(depthwise_gradient), BOTH(average_pool),
      BOTH(average_pool_backward), BOTH(max_pool), BOTH(max_pool_backward), BOTH(deviations),
      BOTH(moments_backward), BOTH(reciprocal_root), BOTH(multiply), BOTH(normalize),
      BOTH(normalize_backward), BOTH(dropout), BOTH(normalize_rows), BOTH(normalize_rows_backward),
      BOTH(softmax_backward), BOTH(fill_above),
      BOTH(toeplitz), BOTH(correlate), BOTH(add_lags),
      BOTH(dense_forward), BOTH(dense_adjoint), BOTH(dense_gradient), BOTH(scalar_forward),
      BOTH(scalar_adjoint),
      BOTH(attend), K(attend_wide_f32), K(attend_bf16_f32), BOTH(attend_backward),
      K(attend_backward_wide_f32), K(attend_backward_bf16_f32), BOTH(attend_any),
      K(attend_any_bf16_f32), BOTH(attend_backward_any), K(attend_backward_any_bf16_f32)};
  return all;
}

#undef LETTERS
#undef BOTH
#undef K
