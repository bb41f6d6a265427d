// What an attribute stack has left: asked of one driver, and made so in the next.
//
// glPopAttrib should put back all that its groups save (OpenGL 4.6 compatibility, section 21.6 and
// tables 23.x). Drivers do less: Mesa 22.3 never puts back GL_COLOR_SUM or the provoking vertex,
// passes over a group of which nothing has been set since the push (and forgets what was set below
// an inner push), over the alpha part of a blend equation where the color part is the same, and so
// on. What of that the pruner follows, so that its levels of the stack are right, a driver shows
// when it is tried (pops.cpp). The state in force is asked for: where a program has popped, the
// driver that leaves tells what those groups have, and the one that comes is asked the same when it
// has taken the live set: whatever it answers otherwise it is given as the first one had it. What
// both answer alike is not touched: an answer may be less than what was set (a stencil reference is
// clamped by the framebuffer's bits).
#include "replay/told/told.h"
#include "replay/stream.h"
#include "replay/told/items.h"

namespace glckpt::replay {

std::vector<char> state_told(Exec& x, GLbitfield mask) {
    const told::Quiet quiet(x);
    std::vector<char> bytes;
    auto add = [&](const void* p, size_t n) {
        const auto* c = static_cast<const char*>(p);
        bytes.insert(bytes.end(), c, c + n);
    };
    for (const auto& [key, values] : told::ask(x, mask)) {
        const auto& [what, a, b] = key;
        const told::Item item{what, a, b, (uint32_t)values.size()};
        add(&item, sizeof item);
        add(values.data(), values.size() * sizeof(double));
    }
    return bytes;
}

void decode_xStateTold(Exec& x, const char* record) {
    const auto& r = *reinterpret_cast<const rec::xStateTold*>(record);
    const auto* at = static_cast<const char*>(x.in(record, r.data));
    const char* end = at ? at + r.data.bytes : nullptr;
    const told::Told here = told::ask(x, r.mask);
    // The rows come last, and in their order: some direct what is given before.
    std::vector<std::pair<told::Key, told::Values>> later;
    while (at && (size_t)(end - at) >= sizeof(told::Item)) {
        told::Item item;
        memcpy(&item, at, sizeof item);
        at += sizeof item;
        if (item.count > (size_t)(end - at) / sizeof(double))
            return;
        told::Values values(item.count);
        memcpy(values.data(), at, item.count * sizeof(double));
        at += item.count * sizeof(double);
        const told::Key key{item.what, item.a, item.b};
        const auto mine = here.find(key);
        // A driver that knows nothing of it has nothing to be corrected.
        if (mine == here.end() || mine->second == values)
            continue;
        if (item.what == told::kPlain)
            later.emplace_back(key, std::move(values));
        else
            told::put(x, key, values);
    }
    for (const auto& [key, values] : later)
        told::put(x, key, values);
}

} // namespace glckpt::replay
