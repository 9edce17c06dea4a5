// What the fake driver knows: memory, streams, modules and what was done wrong with them; and what each
// of its functions begins with.
#pragma once
#include <elf.h>

#include <deque>
#include <mutex>
#include <set>

#include "device_memory.hpp"
#include "kernels.hpp"
#include "launch_limits.hpp"

namespace {

constexpr int kInvalidValue = 1, kOutOfMemory = 2, kInvalidContext = 201, kNotFound = 500,
              kIllegalAddress = 700, kLaunchFailed = 719, kCaptureUnsupported = 900,
              kCaptureInvalidated = 901;

using NamedKernel = std::map<std::string, Kernel>::value_type;

struct Function {
  const NamedKernel* kernel;
  size_t most_shared;  // dynamic
};

struct Module {
  std::string image;
  std::deque<Function> functions;
};

struct Driver {
  std::recursive_mutex lock;
  DeviceMemory memory;
  std::set<Module*> modules;
  std::map<Stream*, std::shared_ptr<Stream>> streams;
  std::set<Event*> events;
  std::set<Graph*> graphs, executables;
  std::map<char*, size_t> pinned, registered;  // by the driver, by the caller
  std::map<const char*, long> calls;  // by the one text that a function has for its name
  std::string misuse, failing, trace;
  bool early = false;  // copies are done as early as their events allow
  int retained = 0, fail_after = 0, fail_status = 0, error = 0;
  uint64_t launches = 0;
};

Driver& driver() {
  static Driver* the_driver = new Driver();
  return *the_driver;
}

thread_local void* current_context = nullptr;

void report(const std::string& what) { driver().misuse += what + "\n"; }

// Counts a call and returns the status that a test wants from it, or 0.
int begin(const char* call, bool needs_context) {
  Driver& d = driver();
  d.calls[call]++;
  if (!d.failing.empty() && d.failing == call && --d.fail_after == 0) {
    d.failing.clear();
    return d.fail_status;
  }
  if (needs_context && (current_context == nullptr || d.retained == 0)) return kInvalidContext;
  return needs_context ? d.error : 0;
}

void trace(char what) {
  if (driver().early) driver().trace += what;
}

// Does what streams without kernels can do without waiting for one that has some.
void run_early() {
  Driver& d = driver();
  if (!d.early || d.error != 0) return;
  for (bool again = true; again;) {
    again = false;
    for (auto& [key, stream] : d.streams) {
      while (!stream->computes && !stream->capture && stream->is_ready()) {
        if (const char* wrong = stream->run_until(stream->done + 1)) report(wrong);
        again = true;
      }
    }
  }
}

constexpr int kHost = 1, kDevice = 2;  // types of memory

// One side of a copy of rows, as in CUDA_MEMCPY2D.
struct CopySide {
  size_t x, y;
  int type;
  char* host;
  uint64_t device;
  void* array;
  size_t pitch;

  char* row(size_t i) const {
    char* base = type == kHost ? host : reinterpret_cast<char*>(device);
    return base + (y + i) * pitch + x;
  }
};

struct CopyOfRows {
  CopySide from, to;
  size_t width, height;
};

// Runs a stream up to a place.
int run(Stream& stream, uint64_t ticket) {
  Driver& d = driver();
  while (d.error == 0 && stream.done < ticket && !stream.items.empty()) {
    const uint64_t next = d.early ? stream.done + 1 : ticket;
    if (const char* wrong = stream.run_until(next)) {
      report(wrong);
      d.error = kLaunchFailed;
    }
    run_early();
  }
  if (d.error != 0) {
    for (auto& [key, each] : d.streams) each->items.clear(), each->done = each->queued;
  }
  return d.error;
}

int run_all() {
  for (auto& [key, stream] : driver().streams) run(*stream, stream->queued);
  return driver().error;
}

bool holds(uint64_t address, size_t bytes) { return driver().memory.holds(address, bytes); }

bool is_pinned(const void* address, size_t bytes) {
  const auto* begin = static_cast<const char*>(address);
  for (const auto* blocks : {&driver().pinned, &driver().registered}) {
    for (const auto& [block, length] : *blocks) {
      if (begin >= block && begin + bytes <= block + length) return true;
    }
  }
  return false;
}

// Queues work, or records it where the stream is captured.
int queue(void* stream, Work work) {
  auto found = driver().streams.find(static_cast<Stream*>(stream));
  if (found == driver().streams.end()) return report("a stream that is not there"), kInvalidValue;
  Stream& s = *found->second;
  if (s.capture) {
    s.capture->nodes.push_back(std::move(work));
  } else {
    s.push(std::move(work.run));
    run_early();
  }
  return 0;
}

// What must not be done while anything is captured spoils the capture.
int forbidden_in_capture(const char* call) {
  for (auto& [key, stream] : driver().streams) {
    if (stream->capture) {
      stream->spoiled = true;
      report(std::string(call) + " while a stream is captured");
      return kCaptureUnsupported;
    }
  }
  return 0;
}

std::string image_at(const void* data) {
  const auto* bytes = static_cast<const char*>(data);
  if (std::memcmp(bytes, ELFMAG, SELFMAG) != 0) return bytes;  // PTX ends with a zero
  const auto* header = static_cast<const Elf64_Ehdr*>(data);
  size_t size = header->e_shoff + size_t{header->e_shnum} * header->e_shentsize;
  const auto* section = reinterpret_cast<const Elf64_Shdr*>(bytes + header->e_shoff);
  for (int i = 0; i < header->e_shnum; i++) {
    if (section[i].sh_type != SHT_NOBITS) {
      size = std::max<size_t>(size, section[i].sh_offset + section[i].sh_size);
    }
  }
  return std::string(bytes, size);
}

}  // namespace

#define LOCK std::lock_guard<std::recursive_mutex> guard(driver().lock)
#define BEGIN_CALL(needs_context)                                        \
  LOCK;                                                                  \
  if (const int refused = begin(__func__, needs_context)) return refused
#define BEGIN() BEGIN_CALL(true)
#define BEGIN_OUTSIDE_CAPTURE() \
  BEGIN();                      \
  if (const int refused = forbidden_in_capture(__func__)) return refused
