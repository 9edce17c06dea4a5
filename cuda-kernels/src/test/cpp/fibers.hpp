// The threads of a block as fibers: each with a stack of its own, and what the address sanitizer must
// be told when the processor changes from one to another.
#pragma once
#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstdlib>

#include "cuda_types.hpp"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace cuda_on_cpu {

constexpr unsigned kWarp = 32;
constexpr size_t kStackBytes = 128 << 10;

// A stack below which a page faults: an overflow ends the process and overwrites nothing.
class Stack {
 public:
  Stack() : guard_(static_cast<size_t>(sysconf(_SC_PAGESIZE))) {
    base_ = mmap(nullptr, guard_ + kStackBytes, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base_ == MAP_FAILED || mprotect(base_, guard_, PROT_NONE) != 0) abort();
  }
  ~Stack() { munmap(base_, guard_ + kStackBytes); }
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;

  char* bottom() const { return static_cast<char*>(base_) + guard_; }

 private:
  size_t guard_;
  void* base_;
};

enum class State { ready, at_block_barrier, at_warp_barrier, finished };

struct Thread {
  Stack stack;
  ucontext_t context;  // its beginning; jump is where it goes on
  jmp_buf jump;
  bool begun = false;  // it has run, and waits for its next block or inside of this one
  uint3 index;         // threadIdx
  unsigned number;     // its place in the block
  State state;
  unsigned mask;       // the lanes it waits for at a warp barrier
  uint64_t published;  // what it offers to the other lanes of a shuffle
  unsigned lane() const { return number % kWarp; }
  unsigned warp() const { return number / kWarp; }
};

// Tells the address sanitizer, where there is one, that the stack changes.
inline void before_switch(void** save, const void* bottom, size_t bytes) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(save, bottom, bytes);
#else
  (void)save, (void)bottom, (void)bytes;
#endif
}
inline void after_switch(void* saved, const void** old_bottom, size_t* old_bytes) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(saved, old_bottom, old_bytes);
#else
  (void)saved, (void)old_bottom, (void)old_bytes;
#endif
}

}  // namespace cuda_on_cpu
