// What the app asks of the server as a whole: atoms, extensions, its limits.
#include "x11/track/tracking.h"

namespace glckpt::x11 {
namespace {

using namespace proto::xproto;

constexpr size_t kReplySize = 32;

// An extension that the app shall not see, or that we have no walkers for, is not there.
bool shown(std::string_view xname) { return find_module(xname) != nullptr; }

ExtensionCodes codes_of(ByteSpan reply) {
    using R = QueryExtension::Reply;
    return {reply[R::major_opcode], reply[R::first_event], reply[R::first_error]};
}

void tell(ByteSpan reply, const Extension& e) {
    using R = QueryExtension::Reply;
    reply[R::present] = e.present;
    reply[R::major_opcode] = e.virtual_.major;
    reply[R::first_event] = e.virtual_.first_event;
    reply[R::first_error] = e.virtual_.first_error;
}

Bytes absent() {
    Bytes reply(kReplySize);
    reply[0] = 1;
    return reply;
}

} // namespace

Verdict track_xproto_InternAtom(Tracking& t, const Request& r) {
    using Q = InternAtom;
    Display& d = t.display;
    t.on_reply([&d, name = std::string(r.text(Q::name, r.u16(Q::name_len)))](ByteSpan m) {
        const RealAtom a{m.size() >= kReplySize ? load32(&m[Q::Reply::atom]) : 0};
        if (a)
            d.names.atoms.learn(d.names.atoms.to_virtual(a), name);
    });
    return Verdict::Forward;
}

Verdict track_xproto_QueryExtension(Tracking& t, const Request& r) {
    using Q = QueryExtension;
    const std::string_view name = r.text(Q::name, r.u16(Q::name_len));
    if (!shown(name)) {
        t.answer(absent());
        return Verdict::Answer;
    }
    const ModuleInfo& module = *find_module(name);
    Display& d = t.display;
    if (const Extension* e = d.extensions.find(module)) { // what it was, it is
        Bytes reply = absent();
        tell(reply, *e);
        t.answer(std::move(reply));
        return Verdict::Answer;
    }
    t.on_reply([&d, &module](ByteSpan m) {
        if (m.size() < kReplySize)
            return;
        // GLX is answered here: it is there whether this server has it or not (glx_face.cpp).
        const bool glx = std::string_view(module.xname) == "GLX";
        if (!m[Q::Reply::present] && !glx)
            return;
        Extension& e = d.extensions.add(module, glx ? ExtensionCodes{} : codes_of(m));
        tell(m, e);
    });
    return Verdict::Forward;
}

Verdict track_xproto_ListExtensions(Tracking& t, const Request&) {
    t.on_reply([](ByteSpan m) {
        using R = ListExtensions::Reply;
        size_t from = kReplySize, to = kReplySize;
        uint8_t kept = 0;
        for (int n = m.size() >= kReplySize ? m[R::names_len] : 0; n > 0 && from < m.size(); --n) {
            const size_t size = 1 + (size_t)m[from];
            if (from + size > m.size())
                break;
            if (shown({(const char*)&m[from + 1], size - 1})) {
                memmove(&m[to], &m[from], size);
                to += size;
                ++kept;
            }
            from += size;
        }
        if (to < m.size())
            memset(&m[to], 0, m.size() - to);
        m[R::names_len] = kept;
    });
    return Verdict::Forward;
}

Verdict track_bigreq_Enable(Tracking& t, const Request&) {
    t.connection.big_requests = true;
    return Verdict::Forward;
}

} // namespace glckpt::x11
