// What the generated walkers are written in: a cursor over one message that never leaves it.
//
// A walk that would pass the end stops there and stays failed; nothing more is shown to the
// visitor. `exact()` tells whether the message's own length was met, up to padding.
#pragma once
#include "x11/wire/bytes.h"
#include <bit>

namespace glckpt::x11 {

// Is shown each value that another server would number otherwise, in place.
class Visitor {
  public:
    virtual void xid(uint8_t* p) = 0;         // 4 bytes: any resource
    virtual void visual(uint8_t* p) = 0;      // 4 bytes
    virtual void atom(uint8_t* p) = 0;        // 4 bytes
    virtual void time(uint8_t* p) = 0;        // 4 bytes
    virtual void device(uint8_t* p) = 0;      // 2 bytes: an input device
    virtual void device_byte(uint8_t* p) = 0; // 1 byte: the same
    virtual void event_class(uint8_t* p) = 0; // 4 bytes: XInput 1, device << 8 | event code
    virtual void event(uint8_t* p) = 0;       // 32 bytes: an event inside a message

  protected:
    ~Visitor() = default;
};

inline uint64_t popcount(uint64_t v) { return (uint64_t)std::popcount(v); }
inline uint64_t quotient(uint64_t a, uint64_t b) { return b ? a / b : 0; }

class Walker {
  public:
    Walker(Visitor& visitor, uint8_t* message, size_t size)
        : visitor_(visitor), base_(message), end_(size) {}

    bool failed() const { return failed_; }
    bool exact() const { return !failed_ && padded(at_) == padded(end_); }
    size_t position() const { return at_; }
    bool more() const { return !failed_ && at_ < end_; }

    void skip(uint64_t n) {
        if (has(n))
            at_ += n;
    }
    void skip_list(uint64_t count, uint64_t each) {
        if (fits(count, each))
            at_ += count * each;
    }
    void align(size_t to) {
        const size_t a = (at_ + to - 1) / to * to;
        at_ = a < end_ ? a : end_; // a last field's padding may be missing
    }
    void seek(size_t start, uint64_t length) {
        if (failed_ || length > end_ - start || start + length < at_)
            failed_ = true;
        else
            at_ = start + length;
    }
    // Elements of `each` bytes from here to the end.
    uint64_t rest(size_t each) const { return failed_ ? 0 : (end_ - at_) / each; }
    uint64_t request_units() const { return end_ / 4; }
    uint64_t length_field() const { return end_ >= 8 ? load32(base_ + 4) : 0; }

    template <size_t Size>
    uint64_t peek(size_t offset = 0) {
        if (!has(offset + Size))
            return 0;
        const uint8_t* p = base_ + at_ + offset;
        if constexpr (Size == 1)
            return load8(p);
        else if constexpr (Size == 2)
            return load16(p);
        else if constexpr (Size == 4)
            return load32(p);
        else
            return load<uint64_t>(p);
    }
    template <size_t Size>
    uint64_t take() {
        const uint64_t v = peek<Size>();
        skip(Size);
        return v;
    }
    template <size_t Size, class F>
    uint64_t sum(size_t start, uint64_t count, F&& term) {
        if (failed_ || start > end_ || count > (end_ - start) / Size)
            return 0;
        uint64_t total = 0;
        for (uint64_t i = 0; i < count; ++i) {
            uint64_t x = 0;
            memcpy(&x, base_ + start + i * Size, Size);
            total += term(x);
        }
        return total;
    }

    void visit_xid() { each(&Visitor::xid, 1, 4); }
    void visit_visual() { each(&Visitor::visual, 1, 4); }
    void visit_atom() { each(&Visitor::atom, 1, 4); }
    void visit_time() { each(&Visitor::time, 1, 4); }
    void visit_device() { each(&Visitor::device, 1, 2); }
    void visit_device_byte() { each(&Visitor::device_byte, 1, 1); }
    void visit_list_xid(uint64_t n) { each(&Visitor::xid, n, 4); }
    void visit_list_visual(uint64_t n) { each(&Visitor::visual, n, 4); }
    void visit_list_atom(uint64_t n) { each(&Visitor::atom, n, 4); }
    void visit_list_time(uint64_t n) { each(&Visitor::time, n, 4); }
    void visit_list_device(uint64_t n) { each(&Visitor::device, n, 2); }
    void visit_list_event_class(uint64_t n) { each(&Visitor::event_class, n, 4); }
    void visit_list_event(uint64_t n) { each(&Visitor::event, n, 32); }

  private:
    bool has(uint64_t n) {
        if (failed_ || n > end_ - at_)
            failed_ = true;
        return !failed_;
    }
    bool fits(uint64_t count, uint64_t each) {
        if (failed_ || count > (end_ - at_) / each)
            failed_ = true;
        return !failed_;
    }
    void each(void (Visitor::*show)(uint8_t*), uint64_t count, size_t size) {
        if (!fits(count, size))
            return;
        for (uint64_t i = 0; i < count; ++i, at_ += size)
            (visitor_.*show)(base_ + at_);
    }

    Visitor& visitor_;
    uint8_t* base_;
    size_t at_ = 0, end_;
    bool failed_ = false;
};

} // namespace glckpt::x11
