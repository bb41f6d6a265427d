// A recorded log in memory, and where it may be cut.
#pragma once
#include "log/record.h"
#include "log/recorded.h"
#include <string>
#include <vector>

namespace glckpt::cut {

class Log {
  public:
    struct Entry {
        log::Recorded kind;
        const char* data;
        size_t bytes;
    };
    // False: not one of ours. What is cut off at the end is passed over.
    bool open(const std::string& path);
    const std::vector<Entry>& entries() const { return entries_; }
    static const log::RecordHeader& call(const Entry& e, uint32_t* stream);
    // Entries after which no stream is between glBegin and glEnd, or between a draw's arrays and
    // the draw: there a renderer does not stop.
    std::vector<size_t> places() const;

  private:
    std::vector<char> bytes_;
    std::vector<Entry> entries_;
};

} // namespace glckpt::cut
