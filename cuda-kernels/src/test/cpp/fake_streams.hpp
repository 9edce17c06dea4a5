// Streams, events and graphs of the fake driver. What is queued waits until somebody synchronises with
// it: then a stream runs as far as it must, and others only as far as it waits for their events. So a
// dependency that is not stated shows as work done too late or too early.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

// Null, or what went wrong.
using Task = std::function<const char*()>;
using IsLive = std::function<bool(uint64_t address, size_t bytes)>;

// Something a device does, and whether the memory it uses is still there.
struct Work {
  Task run;
  std::function<bool(const IsLive&)> live;
};

struct Graph {
  std::vector<Work> nodes;
};

struct Stream;

// A place in a stream; none before it is recorded.
struct Event {
  std::shared_ptr<Stream> stream;
  uint64_t ticket = 0;
};

struct Stream {
  struct Item {
    Task run;
    Event before;  // what must have happened
  };
  std::deque<Item> items;
  uint64_t queued = 0, done = 0;
  std::unique_ptr<Graph> capture;  // where to what is queued goes instead
  bool spoiled = false;            // something was done that a capture forbids
  bool computes = false;           // kernels were launched on it

  void push(Task run, Event before = {}) {
    items.push_back({std::move(run), std::move(before)});
    queued++;
  }

  // Whether the next item waits for nothing.
  bool is_ready() const {
    if (items.empty()) return false;
    const Event& before = items.front().before;
    return !before.stream || before.stream->done >= before.ticket;
  }

  // Runs until so many items are done; gives what went wrong, or null.
  const char* run_until(uint64_t ticket) {
    while (done < ticket && !items.empty()) {
      Item item = std::move(items.front());
      items.pop_front();
      done++;
      if (item.before.stream) {
        if (const char* wrong = item.before.stream->run_until(item.before.ticket)) return wrong;
      }
      if (item.run) {
        if (const char* wrong = item.run()) return wrong;
      }
    }
    return nullptr;
  }
};
