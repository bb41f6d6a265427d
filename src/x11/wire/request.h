// One request: reading the app's, building our own.
#pragma once
#include "x11/wire/bytes.h"
#include "x11/wire/ids.h"
#include "x11/wire/modules.h"
#include <initializer_list>
#include <string_view>

namespace glckpt::x11 {

// A request of the app as a tracker sees it: whole, in virtual names, with the 4-byte header also
// where the wire had the 8 bytes of a big request. Reads past its end give zero: the server will
// refuse such a request, and what we noted of it is as harmless as the request was.
struct Request {
    const ModuleInfo* module;
    const RequestInfo* info;
    ByteSpan bytes;

    uint8_t u8(size_t at) const { return at < bytes.size() ? bytes[at] : 0; }
    uint16_t u16(size_t at) const { return at + 2 <= bytes.size() ? load16(&bytes[at]) : 0; }
    uint32_t u32(size_t at) const { return at + 4 <= bytes.size() ? load32(&bytes[at]) : 0; }
    VirtualXid xid(size_t at) const { return VirtualXid{u32(at)}; }
    VirtualAtom atom(size_t at) const { return VirtualAtom{u32(at)}; }
    ConstByteSpan from(size_t at, size_t n = SIZE_MAX) const {
        if (at > bytes.size())
            return {};
        return bytes.subspan(at, n < bytes.size() - at ? n : bytes.size() - at);
    }
    std::string_view text(size_t at, size_t n) const {
        const ConstByteSpan s = from(at, n);
        return {(const char*)s.data(), s.size()};
    }
    Bytes copy() const { return {bytes.begin(), bytes.end()}; }
};

// Builds a request of ours. Major and minor opcodes are virtual, like the ids in it; whoever sends
// it translates (Connection::send). `P` is one of proto's request structs.
class Build {
  public:
    // A core request; `data` is its second byte.
    template <class P>
    static Build core(uint8_t data = 0) {
        return Build(P::kOpcode, data, P::kFixed);
    }
    template <class P>
    static Build extension(uint8_t major) {
        return Build(major, P::kOpcode, P::kFixed);
    }
    Build& u8(size_t at, uint8_t v) {
        bytes_[at] = v;
        return *this;
    }
    Build& u16(size_t at, uint16_t v) {
        store16(&bytes_[at], v);
        return *this;
    }
    Build& u32(size_t at, uint32_t v) {
        store32(&bytes_[at], v);
        return *this;
    }
    Build& xid(size_t at, VirtualXid v) { return u32(at, v.value); }
    // Behind the fixed part.
    Build& more32(uint32_t v) {
        const size_t at = bytes_.size();
        bytes_.resize(at + 4);
        store32(&bytes_[at], v);
        return *this;
    }
    Build& more(ConstByteSpan s) {
        bytes_.insert(bytes_.end(), s.begin(), s.end());
        return *this;
    }
    Build& more(std::string_view s) { return more({(const uint8_t*)s.data(), s.size()}); }
    operator Bytes() { // once: it takes the bytes out
        bytes_.resize(padded(bytes_.size()));
        return std::move(bytes_);
    }

  private:
    Build(uint8_t b0, uint8_t b1, size_t size) : bytes_(size) {
        bytes_[0] = b0;
        bytes_[1] = b1;
    }
    Bytes bytes_;
};

} // namespace glckpt::x11
