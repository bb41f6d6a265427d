// The renderer's end of a stream, and the thread that executes it.
#pragma once
#include "log/shared.h"
#include "replay/exec.h"
#include <atomic>
#include <memory>
#include <thread>

namespace glckpt::replay {

struct Stream {
    uint32_t id = 0;
    log::StreamShared* shared = nullptr;
    char* reply = nullptr;
    const char* ring = nullptr;
    char* arena = nullptr;
    uint64_t mask = 0;
    std::unique_ptr<Exec> exec;
    bool failed = false; // the record being executed had no effect
    std::atomic<bool> end{false};
    std::thread thread;
};

// Maps the memfd; null if it is none of ours. Takes the descriptor.
std::unique_ptr<Stream> map_stream(int fd);
void unmap_stream(Stream& s);
// Wakes producers that wait for progress.
void notify_progress(Stream& s);
// Executes records as they are published until `end`.
void run_stream(Stream& s);

// Payloads with a memory object of their own (log::Ask::AddLarge).
void* large_transfer(uint32_t index);
void add_large(uint32_t index, uint64_t bytes, int fd);
void drop_large(uint32_t index);

// --- main.cpp
// The first context that is current tells where the driver's functions are.
void context_became_current(Exec& x);
Stream* find_stream(uint32_t id);
void wait_stream_executed(uint32_t id, uint64_t position, Stream& waiter);
void frame_done(Stream& s);

} // namespace glckpt::replay
