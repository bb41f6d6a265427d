// What the generated encoders are made of: payloads in, results out.
#pragma once
#include "interpose/gl/context.h"
#include "log/record.h"
#include <bit>
#include <cstring>

namespace glckpt::encode {

using log::align8;
using log::PayloadRef;

// A payload too big for the arena: a memory object of its own, known to the renderer by index.
// Freed by the pruner (input) or the caller (output).
char* large_reserve(size_t bytes, uint32_t* index);
void large_free(uint32_t index);
// Waits while very many are in transit.
void large_throttle(log::Stream& s);

// An input payload. Big ones are copied to the arena when this is made (which may wait for space,
// so it comes before the record is begun); small ones into the record by put().
class In {
  public:
    In(log::Stream& s, const void* p, size_t n) : pointer_(p), bytes_(n) {
        if (!p) [[unlikely]]
            return;
        ref_.bytes = (uint32_t)n;
        if (n <= log::kInlineMax) [[likely]]
            ref_.kind = PayloadRef::Inline;
        else
            send_big(s);
    }
    static In offset(const void* p) {
        In in;
        in.value_ = (uint64_t)(uintptr_t)p;
        in.bytes_ = 8;
        in.ref_ = {8, PayloadRef::Offset, 0};
        return in;
    }
    size_t inline_bytes() const {
        return ref_.kind == PayloadRef::Inline || ref_.kind == PayloadRef::Offset ? align8(bytes_)
                                                                                  : 0;
    }
    PayloadRef put(char* record, size_t* place) {
        if (ref_.kind == PayloadRef::Inline) {
            ref_.place = (uint32_t)*place;
            if (bytes_) // the pointer may be null
                memcpy(record + *place, pointer_, bytes_);
            *place += align8(bytes_);
        } else if (ref_.kind == PayloadRef::Offset) {
            ref_.place = (uint32_t)*place;
            memcpy(record + *place, &value_, 8);
            *place += 8;
        }
        return ref_;
    }

  private:
    In() = default;
    void send_big(log::Stream& s);
    const void* pointer_ = nullptr;
    uint64_t value_ = 0;
    size_t bytes_ = 0;
    PayloadRef ref_{0, PayloadRef::Null, 0};
};

struct Out {
    PayloadRef ref{0, PayloadRef::Null, 0};
    uint64_t value = 0;
    static Out offset(const void* p) {
        return {{8, PayloadRef::Offset, 0}, (uint64_t)(uintptr_t)p};
    }
    size_t inline_bytes() const { return ref.kind == PayloadRef::Offset ? 8 : 0; }
    PayloadRef put(char* record, size_t* place) {
        if (ref.kind == PayloadRef::Offset) {
            ref.place = (uint32_t)*place;
            memcpy(record + *place, &value, 8);
            *place += 8;
        }
        return ref;
    }
};

// Where the results of a synchronous call come back. Small ones, and pixel rectangles with gaps,
// start as what the app has there now: what the driver leaves alone stays as it was.
class Reply {
  public:
    explicit Reply(log::Stream& s) : s_(s) {}
    ~Reply();
    Out out(const void* app, size_t bytes, bool pixels);
    Out probe(const void* app, size_t most);
    void copy_out();

  private:
    struct Item {
        void* app;
        char* from;
        size_t bytes;
        uint32_t large;
        bool probe;
        bool filled;
    };
    static constexpr uint32_t kNotLarge = ~0u;
    char* place(size_t bytes, PayloadRef* ref, uint32_t* large);
    log::Stream& s_;
    Item items_[8];
    int count_ = 0;
    size_t used_ = 0;
};

// glShaderSource's strings as one payload: u32 lengths, then the characters, each with a NUL.
class Strings {
  public:
    Strings(GLsizei count, const GLchar* const* strings, const GLint* lengths);
    const void* data() const { return text_.data(); }
    size_t size() const { return text_.size(); }

  private:
    std::string text_;
};

} // namespace glckpt::encode
