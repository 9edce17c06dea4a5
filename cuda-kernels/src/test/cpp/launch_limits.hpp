// What launches a device refuses: those that ask for more threads, registers or shared memory than a
// block may have. A launch must suit every architecture that has images, since it is tried on one only.
// The table of resources that the build writes tells what each kernel takes.
#pragma once
#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "cuda_types.hpp"

asm(".pushsection .rodata\n"
    "fake_kernel_resources:\n"
    ".incbin \"src/main/resources/org/volterra/cuda/kernels/resources.txt\"\n"
    ".byte 0\n"
    ".popsection\n");
extern "C" __attribute__((visibility("hidden"))) const char fake_kernel_resources[];

namespace launch_limits {

constexpr int kInvalidValue = 1, kOutOfResources = 701;
constexpr size_t kFreeShared = 48 << 10;  // static and dynamic, what a kernel may take without leave
constexpr size_t kMostShared = 99 << 10;  // with it, on the smallest devices
constexpr size_t kMostSharedHopper = 227 << 10;
constexpr size_t kRegisters = 65536, kRegisterUnit = 8, kWarpUnit = 4, kLanes = 32;

struct OnDevice {
  std::string architecture;
  size_t registers, shared;
};

struct Resources {
  size_t threads;
  std::vector<OnDevice> devices;

  size_t shared() const {
    size_t most = 0;
    for (const OnDevice& device : devices) most = std::max(most, device.shared);
    return most;
  }
};

inline std::map<std::string, Resources> read_table() {
  std::map<std::string, Resources> table;
  std::vector<std::string> architectures;
  std::istringstream lines(fake_kernel_resources);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string operation, kernel, threads;
    fields >> operation;
    if (operation == "#") {  // of the comments, the last names the columns
      fields >> operation >> kernel >> threads;
      architectures.clear();
      for (std::string name; fields >> name;) architectures.push_back(name);
      continue;
    }
    Resources& taken = table[fields >> kernel >> threads ? kernel : operation];
    taken.threads = std::stoul(threads);
    for (const std::string& architecture : architectures) {
      size_t registers = 0, shared = 0;
      char slash;
      fields >> registers >> slash >> shared;
      taken.devices.push_back({architecture, registers, shared});
    }
  }
  return table;
}

inline bool is_hopper(const std::string& kernel) { return kernel.find("_hopper_") != std::string::npos; }

inline const Resources& resources(const std::string& kernel) {
  static const std::map<std::string, Resources> table = read_table();
  return table.at(kernel);
}

// The most dynamic shared memory that a kernel can be given leave for.
inline size_t most_dynamic(const std::string& kernel) {
  return (is_hopper(kernel) ? kMostSharedHopper : kMostShared) - resources(kernel).shared();
}

// What a kernel may take without leave.
inline size_t free_dynamic(const std::string& kernel) { return kFreeShared - resources(kernel).shared(); }

inline size_t round_up(size_t n, size_t unit) { return (n + unit - 1) / unit * unit; }

// Registers are handed out to whole warps, four at a time.
inline size_t registers_of_block(size_t each, size_t threads) {
  const size_t warps = round_up((threads + kLanes - 1) / kLanes, kWarpUnit);
  return round_up(each, kRegisterUnit) * kLanes * warps;
}

struct Refusal {
  int status;  // 0 where the launch is one that a device does
  std::string reason;
};

inline Refusal refuse(const std::string& kernel, dim3 grid, dim3 block, size_t shared, size_t granted) {
  const Resources& taken = resources(kernel);
  const auto number = [](size_t n) { return std::to_string(n); };
  const size_t threads = size_t{block.x} * block.y * block.z;
  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.x > 0x7fffffffu || grid.y > 65535 || grid.z > 65535) {
    return {kInvalidValue, "a grid that no device has"};
  }
  if (threads == 0 || block.x > 1024 || block.y > 1024 || block.z > 64 || threads > taken.threads) {
    return {kInvalidValue, number(threads) + " threads of a block, " + number(taken.threads) + " are its launch bound"};
  }
  if (shared > granted) {
    return {kInvalidValue, number(shared) + " bytes of dynamic shared memory, leave is for " + number(granted)};
  }
  for (const OnDevice& device : taken.devices) {
    if (is_hopper(kernel) && device.architecture != "sm_90a") continue;  // empty there
    const size_t registers = registers_of_block(device.registers, threads);
    if (registers > kRegisters) {
      return {kOutOfResources, number(threads) + " threads with " + number(device.registers) + " registers on " +
                                   device.architecture + ", a block has " + number(kRegisters)};
    }
  }
  return {0, ""};
}

}  // namespace launch_limits
