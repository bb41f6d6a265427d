// GLCKPT_RECORD=FILE: the whole log of a program into a file (log/recorded.h), for the tests that
// cut logs anywhere, and for looking at what a program does. GLCKPT_RECORD_MAX=MIB ends it early
// (default 256). The program goes on without it when the file cannot be written.
#pragma once
#include "log/recorded.h"
#include "prune/fold.h"
#include <initializer_list>
#include <span>

namespace glckpt {

class Recorder {
  public:
    // Null unless recording. The first call reads the environment.
    static Recorder* get();
    static void forget(); // in a child made by fork()

    // A record that is about to be folded. The pruner's lock is held.
    void record(uint32_t stream, const prune::Fold& fold, const char* record);
    // A window system object comes or goes: behind all that has been executed. Any app thread.
    void event(log::Recorded kind, std::initializer_list<std::span<const char>> parts);
    template <class T>
    void event(log::Recorded kind, const T& head, std::span<const int32_t> rest = {}) {
        event(kind, {std::span(reinterpret_cast<const char*>(&head), sizeof head),
                     std::span(reinterpret_cast<const char*>(rest.data()), rest.size_bytes())});
    }

  private:
    Recorder(int fd, uint64_t most) : fd_(fd), left_(most) {}
    void write(log::Recorded kind, std::initializer_list<std::span<const char>> parts,
               std::span<const std::span<const char>> payloads);
    int fd_; // an own fd
    uint64_t left_;
};

} // namespace glckpt
