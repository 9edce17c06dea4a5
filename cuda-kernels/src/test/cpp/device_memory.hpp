// Device memory of the fake driver: blocks between pages that fault, with canaries, filled with NaN.
#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <map>

class DeviceMemory {
 public:
  uint64_t total = uint64_t{1} << 40;

  // Returns 0 where there is not enough.
  uint64_t allocate(size_t bytes) {
    if (bytes == 0 || bytes > total - live_) return 0;
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t padded = round_up(bytes, kAlignment);
    const size_t mapped = round_up(padded, page) + 2 * page;
    void* map = mmap(nullptr, mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED) return 0;
    auto* first = static_cast<unsigned char*>(map) + page;
    if (mprotect(first, mapped - 2 * page, PROT_READ | PROT_WRITE) != 0) return 0;
    std::memset(first, kFresh, mapped - 2 * page);
    // Ends where the page that faults begins.
    const auto address = reinterpret_cast<uint64_t>(first) + mapped - 2 * page - padded;
    blocks_[address] = {bytes, map, mapped, first};
    live_ += bytes;
    return address;
  }

  // Returns what is wrong, or null.
  const char* release(uint64_t address) {
    auto found = blocks_.find(address);
    if (found == blocks_.end()) return "freed twice or never allocated";
    const Block block = found->second;
    const char* wrong = nullptr;
    auto* begin = reinterpret_cast<unsigned char*>(address);
    for (auto* byte = block.first; byte < begin; byte++) {
      if (*byte != kFresh) wrong = "written before its beginning";
    }
    for (size_t i = block.bytes; i < round_up(block.bytes, kAlignment); i++) {
      if (begin[i] != kFresh) wrong = "written past its end";
    }
    munmap(block.map, block.mapped);
    live_ -= block.bytes;
    blocks_.erase(found);
    return wrong;
  }

  // Whether all of the bytes lie in one live block.
  bool holds(uint64_t address, size_t bytes) const {
    auto next = blocks_.upper_bound(address);
    if (next == blocks_.begin()) return false;
    const auto& [begin, block] = *--next;
    return address - begin < block.bytes && bytes <= block.bytes - (address - begin);
  }

  uint64_t live() const { return live_; }
  size_t count() const { return blocks_.size(); }

 private:
  static constexpr size_t kAlignment = 256;
  static constexpr unsigned char kFresh = 0xff;  // bytes of a NaN

  struct Block {
    size_t bytes;
    void* map;
    size_t mapped;
    unsigned char* first;
  };

  static size_t round_up(size_t n, size_t unit) { return (n + unit - 1) / unit * unit; }

  std::map<uint64_t, Block> blocks_;
  uint64_t live_ = 0;
};
