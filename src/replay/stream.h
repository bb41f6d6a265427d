// The renderer's end of a stream, and the thread that executes it.
#pragma once
#include "log/control.h"
#include "log/shared.h"
#include "replay/exec.h"
#include <atomic>
#include <functional>
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
    // An attach log in front of the stream proper: executed first; then the main stream, which
    // switch_to brings.
    bool attaching = false;
    std::unique_ptr<Stream> switch_to;
    uint32_t failures = 0, first_failed_op = 0, first_error = 0;
    std::string first_failed_call;
    std::vector<char> last_bind; // the record
    // Standing between two records, for a pause; tasks are executed meanwhile.
    std::atomic<bool> standing{false};
    std::function<void()> task;
    bool task_done = false;
};

// Every stream stops between two records (outside glBegin/glEnd). False if one does not within
// about a second; resume_streams() then as well.
bool pause_streams();
void resume_streams();
// Until resume_streams(), streams do not go on beyond their attach log.
void hold_streams();
// Runs `task` on the thread of a paused stream, and waits for it.
void run_on_stream(Stream& s, std::function<void()> task);
log::SwitchAnswer switch_stream(Stream& s, std::unique_ptr<Stream> main);

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
void for_each_stream(const std::function<void(Stream&)>& f);
void frame_done(Stream& s);

} // namespace glckpt::replay
