// Which pages of a piece of the app's memory have been written, as the kernel tells.
#pragma once
#include <cstddef>
#include <cstdint>

namespace glckpt {

// Memory that is worth it: a question costs 1 to 2 µs, as does comparing this much.
constexpr size_t kWatchedFrom = 128 << 10;

class WatchedPages {
  public:
    // [p, p + bytes) is watched from now on; false: it cannot be, here. What was written before is
    // for the caller to find.
    bool watch(char* p, size_t bytes);
    // It is watched, and was so without a gap since watch().
    bool watching() const;
    // Calls each(from, to) for what may have been written since the last time. Writes by other
    // threads meanwhile show the next time, if not now. False: it is not known, and no longer
    // watched.
    template <class Each>
    bool take_written(Each each) {
        Part parts[kParts];
        for (size_t at = 0; at < bytes_;) {
            const long n = ask(at, parts, &at);
            if (n < 0)
                return false;
            for (long i = 0; i < n; ++i)
                each(parts[i].from, parts[i].to);
        }
        return true;
    }

  private:
    static constexpr int kParts = 64;
    struct Part {
        size_t from, to;
    };
    // Of [at, the end): the parts found, and how far it looked.
    long ask(size_t at, Part* parts, size_t* looked);
    char* p_ = nullptr;
    size_t bytes_ = 0;
    uint64_t epoch_ = 0; // of the tracker; 0: never
};

// In a restarted process, or a child: nothing is watched there any more.
void writes_unwatched(bool child);

} // namespace glckpt
