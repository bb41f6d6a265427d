#include "interpose/gl/encoder.h"
#include "base/syscall.h"
#include <algorithm>
#include <cerrno>

namespace glckpt::encode {

namespace {

// A wrong call need not have memory behind its pointer: natively the driver raises the error before
// it looks (piglit's ext_direct_state_access-textures gives it what it has freed). Large blocks are
// what malloc() gives back to the system. mincore(2) tells in a microsecond or two.
bool is_mapped(const void* p, size_t n) {
    constexpr size_t kSmallest = 128 << 10, page = 4096;
    if (n < kSmallest)
        return true;
    const auto at = (uintptr_t)p & ~(page - 1);
    const size_t pages = ((uintptr_t)p + n - at + page - 1) / page;
    unsigned char residence[1024];
    for (size_t i = 0; i < pages; i += sizeof residence)
        if (raw_syscall(SYS_mincore, at + i * page, std::min(pages - i, sizeof residence) * page,
                        residence) == -ENOMEM)
            return false;
    return true;
}

} // namespace

void In::send_big(log::Stream& s) {
    uint32_t place = 0;
    if (!is_mapped(pointer_, bytes_)) {
        ref_ = {0, PayloadRef::Null, 0};
        return;
    }
    if (char* to = s.arena_reserve(bytes_, &place)) {
        memcpy(to, pointer_, bytes_);
        ref_.kind = PayloadRef::Arena;
        ref_.place = place;
    } else if (s.real()) {
        large_throttle(s);
        memcpy(large_reserve(bytes_, &place), pointer_, bytes_);
        ref_.kind = PayloadRef::Large;
        ref_.place = place;
    } else {
        ref_ = {0, PayloadRef::Null, 0};
    }
}

char* Reply::place(size_t bytes, PayloadRef* ref, uint32_t* large) {
    ref->bytes = (uint32_t)bytes;
    *large = kNotLarge;
    uint32_t at = 0;
    if (used_ + bytes <= log::kReplyBlock) {
        ref->kind = PayloadRef::Out;
        ref->place = (uint32_t)used_;
        used_ += (bytes + 15) & ~(size_t)15;
        return const_cast<char*>(s_.reply()) + ref->place;
    }
    if (char* p = s_.arena_reserve(bytes, &at)) {
        ref->kind = PayloadRef::OutArena;
        ref->place = at;
        return p;
    }
    char* p = large_reserve(bytes, &at);
    ref->kind = PayloadRef::Large;
    ref->place = at;
    *large = at;
    return p;
}

Out Reply::out(const void* app, size_t bytes, bool pixels) {
    Out o;
    if (!app || !s_.real())
        return o;
    Item& item = items_[count_++];
    item.app = const_cast<void*>(app);
    item.bytes = bytes;
    item.probe = false;
    item.from = place(bytes, &o.ref, &item.large);
    item.filled = pixels ? !shadow().pack.tight() : bytes <= 4096;
    if (item.filled)
        memcpy(item.from, app, bytes);
    return o;
}

Out Reply::probe(const void* app, size_t most) {
    Out o;
    if (!app || !s_.real())
        return o;
    Item& item = items_[count_++];
    item = {const_cast<void*>(app), nullptr, most, kNotLarge, true, false};
    item.from = place(most, &o.ref, &item.large);
    return o;
}

void Reply::copy_out() {
    if (!s_.real())
        return;
    const bool failed = s_.shared().reply_error != 0;
    for (int i = 0; i < count_; ++i) {
        const Item& item = items_[i];
        if (item.probe)
            memcpy(item.app, item.from, std::min<size_t>(item.bytes, s_.shared().reply_bytes));
        else if (item.filled || !failed)
            memcpy(item.app, item.from, item.bytes);
    }
}

Reply::~Reply() {
    for (int i = 0; i < count_; ++i)
        if (items_[i].large != kNotLarge)
            large_free(items_[i].large);
}

Strings::Strings(GLsizei count, const GLchar* const* strings, const GLint* lengths) {
    if (count <= 0 || !strings)
        return;
    text_.resize((size_t)count * 4);
    for (GLsizei i = 0; i < count; ++i) {
        const uint32_t n = !strings[i]                  ? log::kNullString
                           : lengths && lengths[i] >= 0 ? (uint32_t)lengths[i]
                                                        : (uint32_t)strlen(strings[i]);
        memcpy(text_.data() + (size_t)i * 4, &n, 4);
        if (strings[i])
            text_.append(strings[i], n).push_back('\0');
    }
}

} // namespace glckpt::encode
