// A libcuda that runs the kernels on the CPU and finds misuse: what the provider does is tested with
// it where there is no GPU. Work on a stream waits until somebody synchronises, so that a missing
// synchronisation shows. Tests ask it through the functions that begin with fake_.
#define COUNT 1
#include "fake_driver.cpp"

#include "fake_state.hpp"

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
  const std::pair<size_t, const char*> left[] = {
      {d.memory.count(), "blocks"},      {d.streams.size(), "streams"}, {d.modules.size(), "modules"},
      {d.events.size(), "events"},       {d.graphs.size(), "graphs"},   {d.executables.size(), "executables"},
      {d.pinned.size(), "pinned blocks"}, {d.registered.size(), "registered blocks"}};
  for (const auto& [count, what] : left) {
    if (count > 0) report("context destroyed with " + std::to_string(count) + " " + what);
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
  auto made = std::make_shared<Stream>();
  *stream = made.get();
  driver().streams[made.get()] = made;
  return 0;
}

int cuStreamDestroy_v2(void* stream) {
  BEGIN();
  auto found = driver().streams.find(static_cast<Stream*>(stream));
  if (found == driver().streams.end()) return report("stream destroyed twice"), kInvalidValue;
  const auto destroyed = found->second;
  const int status = run(*destroyed, destroyed->queued);
  driver().streams.erase(destroyed.get());
  return status;
}

int cuStreamSynchronize(void* stream) {
  BEGIN_OUTSIDE_CAPTURE();
  auto found = driver().streams.find(static_cast<Stream*>(stream));
  if (found == driver().streams.end()) return report("a stream that is not there"), kInvalidValue;
  return run(*found->second, found->second->queued);
}

int cuStreamWaitEvent(void* stream, void* event, unsigned) {
  BEGIN_OUTSIDE_CAPTURE();
  auto found = driver().streams.find(static_cast<Stream*>(stream));
  auto* waited = static_cast<Event*>(event);
  if (found == driver().streams.end() || driver().events.count(waited) == 0) {
    return report("wait for an event or with a stream that is not there"), kInvalidValue;
  }
  if (waited->stream) found->second->push(nullptr, *waited);
  run_early();
  return 0;
}

int cuStreamBeginCapture_v2(void* stream, int) {
  BEGIN_OUTSIDE_CAPTURE();
  Stream& s = *driver().streams.at(static_cast<Stream*>(stream));
  s.capture = std::make_unique<Graph>();
  s.spoiled = false;
  return 0;
}

int cuStreamEndCapture(void* stream, void** graph) {
  BEGIN();
  Stream& s = *driver().streams.at(static_cast<Stream*>(stream));
  if (!s.capture) return kInvalidValue;
  std::unique_ptr<Graph> captured = std::move(s.capture);
  if (s.spoiled) return kCaptureInvalidated;
  *graph = captured.get();
  driver().graphs.insert(captured.release());
  return 0;
}

int cuGraphInstantiateWithFlags(void** executable, void* graph, unsigned long long) {
  BEGIN();
  auto* copy = new Graph(*static_cast<Graph*>(graph));
  driver().executables.insert(copy);
  *executable = copy;
  return 0;
}

int cuGraphDestroy(void* graph) {
  BEGIN();
  auto* destroyed = static_cast<Graph*>(graph);
  if (driver().graphs.erase(destroyed) == 0) return report("graph destroyed twice"), kInvalidValue;
  delete destroyed;
  return 0;
}

int cuGraphExecDestroy(void* executable) {
  BEGIN();
  auto* destroyed = static_cast<Graph*>(executable);
  if (driver().executables.erase(destroyed) == 0) {
    return report("executable graph destroyed twice"), kInvalidValue;
  }
  run_all();
  delete destroyed;
  return 0;
}

int cuGraphLaunch(void* executable, void* stream) {
  BEGIN_OUTSIDE_CAPTURE();
  auto* graph = static_cast<Graph*>(executable);
  if (driver().executables.count(graph) == 0) {
    return report("launch of a graph that is not there"), kInvalidValue;
  }
  for (const Work& node : graph->nodes) {
    if (!node.live(holds)) {
      return report("graph: a pointer that is not of the device"), kIllegalAddress;
    }
  }
  for (const Work& node : graph->nodes) {
    if (const int status = queue(stream, node)) return status;
  }
  return 0;
}

int cuEventCreate(void** event, unsigned) {
  BEGIN();
  auto* made = new Event();
  driver().events.insert(made);
  *event = made;
  return 0;
}

int cuEventDestroy_v2(void* event) {
  BEGIN();
  auto* destroyed = static_cast<Event*>(event);
  if (driver().events.erase(destroyed) == 0) return report("event destroyed twice"), kInvalidValue;
  delete destroyed;
  return 0;
}

int cuEventRecord(void* event, void* stream) {
  BEGIN_OUTSIDE_CAPTURE();
  auto* recorded = static_cast<Event*>(event);
  auto found = driver().streams.find(static_cast<Stream*>(stream));
  if (found == driver().streams.end() || driver().events.count(recorded) == 0) {
    return report("record of an event or on a stream that is not there"), kInvalidValue;
  }
  *recorded = {found->second, found->second->queued};
  return 0;
}

int cuEventSynchronize(void* event) {
  BEGIN_OUTSIDE_CAPTURE();
  auto* waited = static_cast<Event*>(event);
  if (driver().events.count(waited) == 0) return report("an event that is not there"), kInvalidValue;
  const Event place = *waited;
  return place.stream ? run(*place.stream, place.ticket) : driver().error;
}

int cuMemAllocHost_v2(void** address, size_t bytes) {
  BEGIN_OUTSIDE_CAPTURE();
  *address = std::malloc(bytes);
  std::memset(*address, 0xff, bytes);
  driver().pinned[static_cast<char*>(*address)] = bytes;
  return 0;
}

int cuMemFreeHost(void* address) {
  BEGIN_OUTSIDE_CAPTURE();
  run_all();
  if (driver().pinned.erase(static_cast<char*>(address)) == 0) {
    return report("pinned block freed twice"), kInvalidValue;
  }
  std::free(address);
  return 0;
}

int cuMemHostRegister_v2(void* address, size_t bytes, unsigned) {
  BEGIN_OUTSIDE_CAPTURE();
  if (reinterpret_cast<uint64_t>(address) % 4096 != 0 || bytes % 4096 != 0) {
    return report("registered memory is not whole pages"), kInvalidValue;
  }
  driver().registered[static_cast<char*>(address)] = bytes;
  return 0;
}

int cuMemHostUnregister(void* address) {
  BEGIN_OUTSIDE_CAPTURE();
  run_all();
  if (driver().registered.erase(static_cast<char*>(address)) == 0) {
    return report("memory unregistered twice"), kInvalidValue;
  }
  return 0;
}

int cuMemGetInfo_v2(size_t* free, size_t* total) {
  BEGIN();
  *total = driver().memory.total;
  *free = *total - driver().memory.live();
  return 0;
}

int cuMemAlloc_v2(uint64_t* address, size_t bytes) {
  BEGIN_OUTSIDE_CAPTURE();
  *address = driver().memory.allocate(bytes);
  return *address == 0 ? kOutOfMemory : 0;
}

int cuMemFree_v2(uint64_t address) {
  BEGIN_OUTSIDE_CAPTURE();
  run_all();
  if (const char* wrong = driver().memory.release(address)) {
    report(std::string("block ") + wrong);
    return kInvalidValue;
  }
  return 0;
}

int cuMemsetD8Async(uint64_t address, unsigned char value, size_t count, void* stream) {
  BEGIN();
  if (!holds(address, count)) return report("memset outside"), kInvalidValue;
  const auto live = [=](const IsLive& is_live) { return is_live(address, count); };
  return queue(stream, {[=]() -> const char* {
                          std::memset(reinterpret_cast<void*>(address), value, count);
                          return nullptr;
                        },
                        live});
}

// Memory that is pinned is read when the device comes to it, other memory at once.
int cuMemcpyHtoDAsync_v2(uint64_t to, const void* from, size_t bytes, void* stream) {
  BEGIN();
  if (!holds(to, bytes)) return report("copy to outside"), kInvalidValue;
  auto staged = std::make_shared<std::string>();
  const bool later = is_pinned(from, bytes);
  if (!later) staged->assign(static_cast<const char*>(from), bytes);
  const auto live = [=](const IsLive& is_live) { return is_live(to, bytes); };
  return queue(stream, {[=]() -> const char* {
                          trace('>');
                          std::memcpy(reinterpret_cast<void*>(to), later ? from : staged->data(), bytes);
                          return nullptr;
                        },
                        live});
}

int cuMemcpyDtoHAsync_v2(void* to, uint64_t from, size_t bytes, void* stream) {
  BEGIN();
  if (!holds(from, bytes)) return report("copy from outside"), kInvalidValue;
  const auto live = [=](const IsLive& is_live) { return is_live(from, bytes); };
  return queue(stream, {[=]() -> const char* {
                          trace('<');
                          std::memcpy(to, reinterpret_cast<const void*>(from), bytes);
                          return nullptr;
                        },
                        live});
}

int cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes, void* stream) {
  BEGIN();
  if (!holds(from, bytes) || !holds(to, bytes)) return report("copy outside"), kInvalidValue;
  const auto live = [=](const IsLive& is_live) { return is_live(from, bytes) && is_live(to, bytes); };
  return queue(stream, {[=]() -> const char* {
                          std::memcpy(reinterpret_cast<void*>(to), reinterpret_cast<const void*>(from),
                                      bytes);
                          return nullptr;
                        },
                        live});
}

// Rows between the host's memory, which must be pinned, and the device's.
int cuMemcpy2DAsync_v2(const CopyOfRows* given, void* stream) {
  BEGIN_OUTSIDE_CAPTURE();
  const CopyOfRows copy = *given;
  const bool in = copy.from.type == kHost && copy.to.type == kDevice;
  if (!in && (copy.from.type != kDevice || copy.to.type != kHost)) {
    return report("copy of rows that is neither to nor from the device"), kInvalidValue;
  }
  const auto span = [&](const CopySide& side) { return (copy.height - 1) * side.pitch + copy.width; };
  const uint64_t device = in ? copy.to.device : copy.from.device;
  const void* host = in ? copy.from.host : copy.to.host;
  if (copy.height == 0 || copy.from.pitch < copy.width || copy.to.pitch < copy.width ||
      !holds(device, span(in ? copy.to : copy.from)) ||
      !is_pinned(host, span(in ? copy.from : copy.to))) {
    return report("copy of rows outside"), kInvalidValue;
  }
  const auto live = [](const IsLive&) { return true; };
  return queue(stream, {[=]() -> const char* {
                          trace(in ? '>' : '<');
                          for (size_t i = 0; i < copy.height; i++) {
                            std::memcpy(copy.to.row(i), copy.from.row(i), copy.width);
                          }
                          return nullptr;
                        },
                        live});
}

int cuModuleLoadData(void** module, const void* image) {
  BEGIN_OUTSIDE_CAPTURE();
  auto* loaded = new Module{image_at(image), {}};
  driver().modules.insert(loaded);
  *module = loaded;
  return 0;
}

int cuModuleUnload(void* module) {
  BEGIN();
  auto* loaded = static_cast<Module*>(module);
  if (driver().modules.erase(loaded) == 0) return report("module unloaded twice"), kInvalidValue;
  const int status = run_all();
  delete loaded;
  return status;
}

// A function is found where the image of the module names it, as on a device.
int cuModuleGetFunction(void** function, void* module, const char* name) {
  BEGIN();
  auto* loaded = static_cast<Module*>(module);
  auto found = kernels().find(name);
  if (found == kernels().end() || loaded->image.find(name) == std::string::npos) return kNotFound;
  loaded->functions.push_back({&*found, launch_limits::free_dynamic(name)});
  *function = &loaded->functions.back();
  return 0;
}

int cuFuncSetAttribute(void* function, int attribute, int value) {
  BEGIN_OUTSIDE_CAPTURE();
  const bool dynamic_shared = attribute == 8;
  const std::string& name = static_cast<const Function*>(function)->kernel->first;
  if (!dynamic_shared || value < 0 || static_cast<size_t>(value) > launch_limits::most_dynamic(name)) {
    return report(name + ": an attribute of a function that no device has"), kInvalidValue;
  }
  static_cast<Function*>(function)->most_shared = static_cast<size_t>(value);
  return 0;
}

// Of matrices of float32 in swizzled boxes whose rows are 128 bytes.
int cuTensorMapEncodeTiled(TensorMap* map, int type, unsigned rank, void* data, const uint64_t* extents,
                           const uint64_t* strides, const unsigned* box, const unsigned* steps,
                           int interleave, int swizzle, int, int fill) {
  BEGIN();
  const bool float32 = type == 7, tfloat32 = type == 11;
  const auto address = reinterpret_cast<uint64_t>(data);
  if (reinterpret_cast<uint64_t>(map) % 64 != 0 || !(float32 || tfloat32) || rank != 2 || address % 16 != 0 ||
      extents[0] == 0 || extents[1] == 0 || extents[0] > 1ull << 32 || extents[1] > 1ull << 32 ||
      strides[0] % 16 != 0 || strides[0] < extents[0] * 4 || box[0] != 32 || box[1] == 0 || box[1] > 256 ||
      steps[0] != 1 || steps[1] != 1 || interleave != 0 || swizzle != 3 || fill != 0) {
    return report("a tensor map that no device has"), kInvalidValue;
  }
  *map = {static_cast<const unsigned char*>(data), extents[0], extents[1], strides[0], box[0], box[1], tfloat32, {}};
  return 0;
}

int cuLaunchKernel(void* function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by,
                   unsigned bz, unsigned shared, void* stream, void** arguments, void**) {
  BEGIN();
  Driver& d = driver();
  const auto* launched = static_cast<const Function*>(function);
  const auto& [name, kernel] = *launched->kernel;
  const dim3 grid(gx, gy, gz), block(bx, by, bz);
  const auto refusal = launch_limits::refuse(name, grid, block, shared, launched->most_shared);
  if (refusal.status != 0) return report(name + ": " + refusal.reason), refusal.status;
  Work work = kernel({grid, block, shared, d.launches++}, arguments);
  if (!work.live(holds)) {
    return report(name + ": a pointer that is not of the device"), kIllegalAddress;
  }
  const Task task = work.run;
  work.run = [task]() -> const char* { return trace('k'), task(); };
  auto found = d.streams.find(static_cast<Stream*>(stream));
  if (found != d.streams.end()) found->second->computes = true;
  return queue(stream, std::move(work));
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

// Whether copies on streams without kernels are done as early as their events allow, and not late.
void fake_early_copies(int early) {
  LOCK;
  driver().early = early != 0;
}

// What was done since the last question, in order: copies to the device > and from it <, kernels k.
const char* fake_trace() {
  LOCK;
  static std::string answer;
  answer.swap(driver().trace);
  driver().trace.clear();
  return answer.c_str();
}

void fake_total_bytes(long bytes) {
  LOCK;
  driver().memory.total = static_cast<uint64_t>(bytes);
}

long fake_has_kernel(const char* name) { return static_cast<long>(kernels().count(name)); }

}  // extern "C"
