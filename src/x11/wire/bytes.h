// Unaligned little-endian access to messages, and a queue of bytes.
//
// The wire is in the client's byte order, and an x86-64 program's is ours: nothing is swapped. (A
// setup request that says otherwise is forwarded as it is and never tracked: engine/connection.cpp)
#pragma once
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

namespace glckpt::x11 {

using Bytes = std::vector<uint8_t>;
using ByteSpan = std::span<uint8_t>;
using ConstByteSpan = std::span<const uint8_t>;

template <class T>
inline T load(const uint8_t* p) {
    T v;
    memcpy(&v, p, sizeof v);
    return v;
}
template <class T>
inline void store(uint8_t* p, T v) {
    memcpy(p, &v, sizeof v);
}
inline uint8_t load8(const uint8_t* p) { return *p; }
inline uint16_t load16(const uint8_t* p) { return load<uint16_t>(p); }
inline uint32_t load32(const uint8_t* p) { return load<uint32_t>(p); }
inline void store16(uint8_t* p, uint16_t v) { store(p, v); }
inline void store32(uint8_t* p, uint32_t v) { store(p, v); }
inline size_t padded(size_t n) { return (n + 3) & ~size_t{3}; }

// Bytes in at the back, out at the front; what lies in between is contiguous and may be changed.
class ByteQueue {
  public:
    uint8_t* data() { return bytes_.get() + head_; }
    const uint8_t* data() const { return bytes_.get() + head_; }
    size_t size() const { return tail_ - head_; }
    bool empty() const { return head_ == tail_; }
    ByteSpan span() { return {data(), size()}; }

    void append(const uint8_t* p, size_t n) {
        memcpy(room(n), p, n);
        tail_ += n;
    }
    // At least `n` writable bytes behind the last one; commit() makes them part of the queue.
    uint8_t* room(size_t n) {
        if (capacity_ - tail_ < n)
            make_room(n);
        return bytes_.get() + tail_;
    }
    size_t room_size() const { return capacity_ - tail_; }
    void commit(size_t n) { tail_ += n; }
    void consume(size_t n) {
        head_ += n;
        if (head_ == tail_)
            head_ = tail_ = 0;
    }
    void clear() { head_ = tail_ = 0; }
    // Gives back memory that one large message needed.
    void shrink(size_t above) {
        if (empty() && capacity_ > above) {
            bytes_.reset();
            capacity_ = head_ = tail_ = 0;
        }
    }

  private:
    void make_room(size_t n) {
        const size_t used = size();
        if (used + n <= capacity_ / 2 * 2 && head_ >= capacity_ / 2) {
            memmove(bytes_.get(), data(), used);
        } else {
            size_t wanted = capacity_ ? capacity_ : 4096;
            while (wanted < used + n)
                wanted *= 2;
            std::unique_ptr<uint8_t[]> fresh(new uint8_t[wanted]);
            if (used)
                memcpy(fresh.get(), data(), used);
            bytes_ = std::move(fresh);
            capacity_ = wanted;
        }
        head_ = 0;
        tail_ = used;
    }
    std::unique_ptr<uint8_t[]> bytes_;
    size_t head_ = 0, tail_ = 0, capacity_ = 0;
};

} // namespace glckpt::x11
