// A libcuda that runs the kernels on the CPU and finds misuse: what the provider does is tested with
// it where there is no GPU. Work on a stream waits until somebody synchronises, so that a missing
// synchronisation shows. Tests ask it through the functions that begin with fake_.
#define COUNT 1
#include "fake_driver.cpp"

#include <elf.h>

#include <deque>
#include <mutex>
#include <set>

#include "device_memory.hpp"
#include "kernels.hpp"

namespace {

constexpr int kInvalidValue = 1, kOutOfMemory = 2, kInvalidContext = 201, kNotFound = 500,
              kIllegalAddress = 700, kLaunchFailed = 719;
constexpr size_t kMostShared = 48 << 10;  // without asking for more

using NamedKernel = std::map<std::string, Kernel>::value_type;

struct Module {
  std::string image;
  std::deque<const NamedKernel*> functions;
};

struct Driver {
  std::recursive_mutex lock;
  DeviceMemory memory;
  std::deque<Task> queue;
  std::set<Module*> modules;
  std::set<void*> streams;
  std::map<const char*, long> calls;  // by the one text that a function has for its name
  std::string misuse, failing;
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

int run_queue() {
  Driver& d = driver();
  while (!d.queue.empty() && d.error == 0) {
    Task task = std::move(d.queue.front());
    d.queue.pop_front();
    if (const char* wrong = task()) {
      report(wrong);
      d.error = kLaunchFailed;
    }
  }
  d.queue.clear();
  return d.error;
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

extern "C" {

int cuDeviceTotalMem_v2(size_t* bytes, int) {
  BEGIN_CALL(false);
  *bytes = driver().memory.total;
  return 0;
}

int cuDevicePrimaryCtxRetain(void** context, int) {
  BEGIN_CALL(false);
  driver().retained++;
  *context = &driver();
  return 0;
}

int cuDevicePrimaryCtxRelease_v2(int) {
  BEGIN_CALL(false);
  Driver& d = driver();
  if (d.retained == 0) return report("context released twice"), kInvalidContext;
  if (--d.retained > 0) return 0;
  if (d.memory.count() + d.streams.size() + d.modules.size() > 0) {
    report("context destroyed with " + std::to_string(d.memory.count()) + " blocks, " +
           std::to_string(d.streams.size()) + " streams, " + std::to_string(d.modules.size()) +
           " modules");
  }
  d.error = 0;
  return 0;
}

int cuCtxSetCurrent(void* context) {
  BEGIN_CALL(false);
  current_context = context;
  return 0;
}

int cuStreamCreate(void** stream, unsigned) {
  BEGIN();
  *stream = new int();
  driver().streams.insert(*stream);
  return 0;
}

int cuStreamDestroy_v2(void* stream) {
  BEGIN();
  if (driver().streams.erase(stream) == 0) return report("stream destroyed twice"), kInvalidValue;
  delete static_cast<int*>(stream);
  return run_queue();
}

int cuStreamSynchronize(void*) {
  BEGIN();
  return run_queue();
}

int cuMemGetInfo_v2(size_t* free, size_t* total) {
  BEGIN();
  *total = driver().memory.total;
  *free = *total - driver().memory.live();
  return 0;
}

int cuMemAlloc_v2(uint64_t* address, size_t bytes) {
  BEGIN();
  *address = driver().memory.allocate(bytes);
  return *address == 0 ? kOutOfMemory : 0;
}

int cuMemFree_v2(uint64_t address) {
  BEGIN();
  run_queue();
  if (const char* wrong = driver().memory.release(address)) {
    report(std::string("block ") + wrong);
    return kInvalidValue;
  }
  return 0;
}

int cuMemsetD8Async(uint64_t address, unsigned char value, size_t count, void*) {
  BEGIN();
  if (!driver().memory.holds(address, count)) return report("memset outside"), kInvalidValue;
  driver().queue.push_back([=]() -> const char* {
    std::memset(reinterpret_cast<void*>(address), value, count);
    return nullptr;
  });
  return 0;
}

int cuMemcpyHtoDAsync_v2(uint64_t to, const void* from, size_t bytes, void*) {
  BEGIN();
  if (!driver().memory.holds(to, bytes)) return report("copy to outside"), kInvalidValue;
  auto staged = std::make_shared<std::string>(static_cast<const char*>(from), bytes);
  driver().queue.push_back([=]() -> const char* {
    std::memcpy(reinterpret_cast<void*>(to), staged->data(), bytes);
    return nullptr;
  });
  return 0;
}

int cuMemcpyDtoHAsync_v2(void* to, uint64_t from, size_t bytes, void*) {
  BEGIN();
  if (!driver().memory.holds(from, bytes)) return report("copy from outside"), kInvalidValue;
  driver().queue.push_back([=]() -> const char* {
    std::memcpy(to, reinterpret_cast<const void*>(from), bytes);
    return nullptr;
  });
  return 0;
}

int cuModuleLoadData(void** module, const void* image) {
  BEGIN();
  auto* loaded = new Module{image_at(image), {}};
  driver().modules.insert(loaded);
  *module = loaded;
  return 0;
}

int cuModuleUnload(void* module) {
  BEGIN();
  auto* loaded = static_cast<Module*>(module);
  if (driver().modules.erase(loaded) == 0) return report("module unloaded twice"), kInvalidValue;
  const int status = run_queue();
  delete loaded;
  return status;
}

// A function is found where the image of the module names it, as on a device.
int cuModuleGetFunction(void** function, void* module, const char* name) {
  BEGIN();
  auto* loaded = static_cast<Module*>(module);
  auto found = kernels().find(name);
  if (found == kernels().end() || loaded->image.find(name) == std::string::npos) return kNotFound;
  loaded->functions.push_back(&*found);
  *function = &loaded->functions.back();
  return 0;
}

int cuLaunchKernel(void* function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by,
                   unsigned bz, unsigned shared, void*, void** arguments, void**) {
  BEGIN();
  Driver& d = driver();
  const auto& [name, kernel] = **static_cast<const NamedKernel**>(function);
  if (gx == 0 || gy == 0 || gz == 0 || gy > 65535 || gz > 65535 || bx * by * bz > 1024 ||
      bx * by * bz == 0 || shared > kMostShared) {
    return report(name + ": a grid or block that no device has"), kInvalidValue;
  }
  Task task = kernel({dim3(gx, gy, gz), dim3(bx, by, bz), shared, d.launches++}, arguments,
                     [&d](uint64_t address, size_t bytes) { return d.memory.holds(address, bytes); });
  if (!task) return report(name + ": a pointer that is not of the device"), kIllegalAddress;
  d.queue.push_back(std::move(task));
  return 0;
}

// ---- For tests ---------------------------------------------------------------------------------

// What was done wrong since the last question; the text is valid until the next.
const char* fake_misuse() {
  LOCK;
  static std::string answer;
  answer.swap(driver().misuse);
  driver().misuse.clear();
  return answer.c_str();
}

// The n-th call of a function from now on returns a status.
void fake_fail(const char* call, int nth, int status) {
  LOCK;
  driver().failing = call, driver().fail_after = nth, driver().fail_status = status;
}

long fake_calls(const char* call) {
  LOCK;
  long count = 0;
  for (const auto& [name, times] : driver().calls) {
    if (std::strcmp(name, call) == 0) count += times;
  }
  return count;
}

long fake_live_bytes() {
  LOCK;
  return static_cast<long>(driver().memory.live());
}

void fake_total_bytes(long bytes) {
  LOCK;
  driver().memory.total = static_cast<uint64_t>(bytes);
}

long fake_has_kernel(const char* name) { return static_cast<long>(kernels().count(name)); }

}  // extern "C"
