// CUDA on the CPU: runs plain CUDA kernels, compiled as C++, to test them where there is no GPU.
//
// Every thread of a block is a fiber with a stack of its own. A fiber runs until it waits at a
// barrier or ends; which one runs next is drawn from a seed, and a warp may run far ahead of the
// others, so that a missing barrier shows as a wrong result under some seed. Blocks run one after
// the other in shuffled order. Barriers that can never open end the launch with a message.
//
// Use: include this file, then the kernel's .cu, then EXPORT_KERNEL(name) for each kernel.
// Not simulated: several blocks at a time, clusters, grid barriers, memory ordering within a step; tensor
// cores and asynchronous copies are in tensor_on_cpu.hpp. One launch at a time in a process.
#pragma once
#include <math.h>
#include <setjmp.h>
#include <ucontext.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "cuda_types.hpp"
#include "fibers.hpp"

namespace cuda_on_cpu {

constexpr size_t kSharedAlignment = 1024;
constexpr unsigned char kUnwritten = 0xff;  // bytes of a NaN, for dynamic shared memory

// ---- The machine: one block at a time ----------------------------------------------------------

class Machine {
 public:
  dim3 grid, block;
  uint3 block_index;
  Thread* current = nullptr;
  uint64_t launches = 0;

  // Runs the grid; returns an empty text, or what went wrong.
  const std::string& launch(dim3 grid_size, dim3 block_size, size_t shared_bytes, uint64_t seed,
                            void (*body)(void*), void* argument) {
    grid = grid_size, block = block_size;
    launches++;
    random_.seed(seed);
    failure_.clear();
    body_ = body, argument_ = argument;
    if (block.count() == 0 || block.count() > 1024 || grid.count() == 0) {
      failure_ = "a grid needs blocks, and a block 1 to 1024 threads";
      return failure_;
    }
    while (threads_.size() < block.count()) threads_.push_back(new Thread());
    shared_.resize(shared_bytes + kSharedAlignment);
    std::vector<size_t> order(grid.count());
    for (size_t i = 0; i < order.size(); i++) order[i] = i;
    std::shuffle(order.begin(), order.end(), random_);
    for (size_t i : order) {
      block_index = split(i, grid);
      run_block();
      if (!failure_.empty()) break;
    }
    for (unsigned i = 0; i < block.count(); i++) {
      if (threads_[i]->state != State::finished) threads_[i]->begun = false;  // left in the middle
    }
    return failure_;
  }

  // Called by a fiber: gives the processor away until `state` is over.
  void wait(State state, unsigned mask = 0) {
    current->state = state;
    current->mask = mask;
    leave(current);
  }

  // Called by a fiber: ends the launch.
  void fail(const std::string& message) {
    failure_ = "block " + text(block_index) + " thread " + text(current->index) + ": " + message;
    leave(current);
  }

  const Thread* lane_of_current_warp(unsigned lane) const {
    unsigned number = current->warp() * kWarp + lane;
    return number < block.count() ? threads_[number] : nullptr;
  }

  void* dynamic_shared() {
    auto address = reinterpret_cast<uintptr_t>(shared_.data());
    return reinterpret_cast<void*>((address + kSharedAlignment - 1) & ~(kSharedAlignment - 1));
  }

  ~Machine() {
    for (Thread* thread : threads_) delete thread;
  }

 private:
  void run_block() {
    std::memset(shared_.data(), kUnwritten, shared_.size());
    for (unsigned i = 0; i < block.count(); i++) start(*threads_[i], i);
    const unsigned warps = (block.count() + kWarp - 1) / kWarp;
    std::vector<unsigned> runnable;
    while (failure_.empty()) {
      runnable.clear();
      for (unsigned w = 0; w < warps; w++) {
        if (has_ready(w)) runnable.push_back(w);
      }
      if (runnable.empty()) {
        if (all_finished()) return;
        open_block_barrier();
        continue;
      }
      // One warp runs until a coin falls or it waits for others: it may run far ahead of them.
      const unsigned warp = runnable[random_() % runnable.size()];
      do {
        run_ready_lanes(warp);
      } while (failure_.empty() && open_warp_barrier(warp) && random_() % 4 != 0);
    }
  }

  void run_ready_lanes(unsigned warp) {
    std::vector<Thread*> lanes = in_state(warp, State::ready);
    std::shuffle(lanes.begin(), lanes.end(), random_);
    for (Thread* thread : lanes) {
      enter(thread);
      if (!failure_.empty()) return;
    }
  }

  // Lets lanes go on whose mask names only lanes that wait with the same mask, or have ended.
  bool open_warp_barrier(unsigned warp) {
    bool opened = false;
    std::vector<Thread*> waiting = in_state(warp, State::at_warp_barrier);
    for (Thread* thread : waiting) {
      if (thread->state != State::at_warp_barrier) continue;
      const unsigned mask = thread->mask;
      bool complete = true;
      for (unsigned lane = 0; lane < kWarp && warp * kWarp + lane < block.count(); lane++) {
        const Thread& other = *threads_[warp * kWarp + lane];
        const bool arrived = other.state == State::at_warp_barrier && other.mask == mask;
        if ((mask >> lane & 1) && !arrived && other.state != State::finished) complete = false;
      }
      if (!complete) continue;
      opened = true;
      for (Thread* other : waiting) {
        if (other->state == State::at_warp_barrier && other->mask == mask) {
          other->state = State::ready;
        }
      }
    }
    return opened;
  }

  void open_block_barrier() {
    for (unsigned i = 0; i < block.count(); i++) {
      if (threads_[i]->state == State::at_warp_barrier) {
        current = threads_[i];
        failure_ = "block " + text(block_index) + " thread " + text(current->index) +
                   ": waits at a warp barrier for lanes that never come";
        return;
      }
    }
    for (unsigned i = 0; i < block.count(); i++) {
      if (threads_[i]->state == State::at_block_barrier) threads_[i]->state = State::ready;
    }
  }

  bool has_ready(unsigned warp) const {
    for (unsigned i = warp * kWarp; i < block.count() && i < (warp + 1) * kWarp; i++) {
      if (threads_[i]->state == State::ready) return true;
    }
    return false;
  }

  std::vector<Thread*> in_state(unsigned warp, State state) const {
    std::vector<Thread*> found;
    for (unsigned i = warp * kWarp; i < block.count() && i < (warp + 1) * kWarp; i++) {
      if (threads_[i]->state == state) found.push_back(threads_[i]);
    }
    return found;
  }

  bool all_finished() const {
    for (unsigned i = 0; i < block.count(); i++) {
      if (threads_[i]->state != State::finished) return false;
    }
    return true;
  }

  void start(Thread& thread, unsigned number) {
    thread.number = number;
    thread.index = split(number, block);
    thread.state = State::ready;
    if (thread.begun) return;
    getcontext(&thread.context);
    thread.context.uc_stack.ss_sp = thread.stack.bottom();
    thread.context.uc_stack.ss_size = kStackBytes;
    thread.context.uc_link = nullptr;
    makecontext(&thread.context, &Machine::entry, 0);
  }

  static void entry();

  // Contexts switch with system calls, which would take most of the time: a fiber begins so, and
  // from then on jumps. The address sanitizer does not follow jumps, so for it contexts switch.
  void enter(Thread* thread) {
    current = thread;
#if defined(__SANITIZE_ADDRESS__)
    void* saved = nullptr;
    before_switch(&saved, thread->stack.bottom(), kStackBytes);
    thread->begun = true;
    swapcontext(&scheduler_, &thread->context);
    after_switch(saved, nullptr, nullptr);
#else
    if (_setjmp(scheduler_jump_) != 0) return;
    if (thread->begun) _longjmp(thread->jump, 1);
    thread->begun = true;
    setcontext(&thread->context);
#endif
  }

  void leave(Thread* thread) {
#if defined(__SANITIZE_ADDRESS__)
    void* saved = nullptr;
    before_switch(&saved, scheduler_bottom_, scheduler_bytes_);
    swapcontext(&thread->context, &scheduler_);
    after_switch(saved, &scheduler_bottom_, &scheduler_bytes_);
#else
    if (_setjmp(thread->jump) == 0) _longjmp(scheduler_jump_, 1);
#endif
  }

  static uint3 split(size_t i, dim3 size) {
    return {static_cast<unsigned>(i % size.x), static_cast<unsigned>(i / size.x % size.y),
            static_cast<unsigned>(i / (size_t{size.x} * size.y))};
  }

  static std::string text(uint3 i) {
    return "(" + std::to_string(i.x) + ", " + std::to_string(i.y) + ", " + std::to_string(i.z) +
           ")";
  }

  std::vector<Thread*> threads_;
  std::vector<unsigned char> shared_;
  std::mt19937_64 random_;
  std::string failure_;
  ucontext_t scheduler_;
  jmp_buf scheduler_jump_;
  const void* scheduler_bottom_ = nullptr;
  size_t scheduler_bytes_ = 0;
  void (*body_)(void*) = nullptr;
  void* argument_ = nullptr;
};

inline Machine& machine() {
  static Machine the_machine;
  return the_machine;
}

inline void Machine::entry() {
  Machine& m = machine();
  after_switch(nullptr, &m.scheduler_bottom_, &m.scheduler_bytes_);
  for (;;) {
    m.body_(m.argument_);
    m.wait(State::finished);  // and goes on with another block
  }
}

// ---- Launching ---------------------------------------------------------------------------------

template <typename... Parameters>
struct Call {
  void (*kernel)(Parameters...);
  void** arguments;  // as cuLaunchKernel takes them: the address of each argument

  template <size_t... I>
  void run(std::index_sequence<I...>) {
    kernel(*static_cast<std::decay_t<Parameters>*>(arguments[I])...);
  }
  static void body(void* self) {
    static_cast<Call*>(self)->run(std::index_sequence_for<Parameters...>{});
  }
};

// Returns null, or what went wrong; the text is valid until the next launch.
template <typename... Parameters>
const char* launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared_bytes,
                   uint64_t seed, void** arguments) {
  Call<Parameters...> call{kernel, arguments};
  const std::string& failure =
      machine().launch(grid, block, shared_bytes, seed, &Call<Parameters...>::body, &call);
  return failure.empty() ? nullptr : failure.c_str();
}

// ---- Exchange among the lanes of a warp --------------------------------------------------------

// Publishes, meets the lanes of the mask, reads, and meets them again before anybody overwrites.
template <typename T>
T exchange(unsigned mask, T value, unsigned source, bool in_range) {
  static_assert(sizeof(T) <= sizeof(uint64_t), "shuffles move at most 8 bytes");
  Machine& m = machine();
  Thread& me = *m.current;
  if (!(mask >> me.lane() & 1)) m.fail("calls a shuffle whose mask does not name it");
  std::memcpy(&me.published, &value, sizeof(T));
  m.wait(State::at_warp_barrier, mask);
  T result = value;
  if (in_range) {
    const Thread* from = m.lane_of_current_warp(source);
    if (!(mask >> source & 1) || from == nullptr || from->state == State::finished) {
      m.fail("reads from lane " + std::to_string(source) + ", which takes no part");
    }
    std::memcpy(&result, &from->published, sizeof(T));
  }
  m.wait(State::at_warp_barrier, mask);
  return result;
}

inline unsigned lane() { return machine().current->lane(); }

}  // namespace cuda_on_cpu

// ---- What kernels call -------------------------------------------------------------------------

#define threadIdx (cuda_on_cpu::machine().current->index)
#define blockIdx (cuda_on_cpu::machine().block_index)
#define blockDim (cuda_on_cpu::machine().block)
#define gridDim (cuda_on_cpu::machine().grid)

// A kernel with dynamic shared memory writes DYNAMIC_SHARED(float, tile) and defines the word for
// nvcc, where it is not defined, as  extern __shared__ type name[].
#define DYNAMIC_SHARED(type, name) \
  type* name = static_cast<type*>(cuda_on_cpu::machine().dynamic_shared())

inline void __syncthreads() {
  cuda_on_cpu::machine().wait(cuda_on_cpu::State::at_block_barrier);
}
inline void __syncwarp(unsigned mask = 0xffffffffu) {
  cuda_on_cpu::machine().wait(cuda_on_cpu::State::at_warp_barrier, mask);
}

template <typename T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32) {
  const unsigned first = cuda_on_cpu::lane() & ~(width - 1u);
  return cuda_on_cpu::exchange(mask, value, first | (source & (width - 1u)), true);
}
template <typename T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32) {
  const unsigned lane = cuda_on_cpu::lane();
  return cuda_on_cpu::exchange(mask, value, lane + delta, lane % width + delta < unsigned(width));
}
template <typename T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32) {
  const unsigned lane = cuda_on_cpu::lane();
  return cuda_on_cpu::exchange(mask, value, lane - delta, lane % width >= delta);
}
template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32) {
  const unsigned lane = cuda_on_cpu::lane();
  const unsigned source = lane ^ unsigned(bits);
  return cuda_on_cpu::exchange(mask, value, source, source < (lane | (width - 1u)) + 1u);
}

template <typename T>
T atomicAdd(T* address, T value) {
  const T old = *address;
  *address = old + value;
  return old;
}

inline unsigned __float_as_uint(float value) {
  unsigned bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}
inline float __uint_as_float(unsigned bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

inline double normcdf(double x) { return 0.5 * erfc(-x * 0.70710678118654752440); }
inline float normcdff(float x) { return static_cast<float>(normcdf(static_cast<double>(x))); }

// Makes `const char* run_NAME(grid, block, shared_bytes, seed, arguments)` callable from outside.
#define EXPORT_KERNEL(kernel)                                                                   \
  extern "C" const char* run_##kernel(const unsigned* grid, const unsigned* block,              \
                                      size_t shared_bytes, uint64_t seed, void** arguments) {   \
    return cuda_on_cpu::launch(kernel, dim3(grid[0], grid[1], grid[2]),                         \
                               dim3(block[0], block[1], block[2]), shared_bytes, seed,          \
                               arguments);                                                      \
  }
