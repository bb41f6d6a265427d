#include "x11/engine/translate.h"
#include "gen/x11/protocol.h"

namespace glckpt::x11 {
namespace {

using namespace proto::xproto;

constexpr uint8_t kGenericEvent = 35, kSentBit = 0x80;

// Core errors whose "bad value" is a resource id. X11 protocol, section 4.
bool names_resource(uint8_t error) {
    switch (error) {
    case 3:
    case 4:
    case 6:
    case 7:
    case 9:
    case 12:
    case 13:
    case 14:
        return true;
    default:
        return error >= kFirstExtensionError;
    }
}

} // namespace

bool Translator::request(const ModuleInfo& module, const RequestInfo& info, ByteSpan r) {
    const bool core = &module == &core_module();
    if (core && r[0] == ChangeProperty::kOpcode && r.size() >= ChangeProperty::kFixed) {
        const uint8_t format = r[ChangeProperty::format];
        const size_t bytes = (size_t)load32(&r[ChangeProperty::data_len]) * (format / 8);
        if (bytes <= r.size() - ChangeProperty::kFixed)
            property(atom_virtual(load32(&r[ChangeProperty::property])),
                     atom_virtual(load32(&r[ChangeProperty::type])), format,
                     r.subspan(ChangeProperty::data, bytes));
    }
    Walker w(*this, r.data(), r.size());
    info.walk(w);
    if (!core)
        if (Extension* e = d_.extensions.find(module))
            r[0] = to_real() ? e->real.major : e->virtual_.major;
    return w.exact();
}

bool Translator::reply(const ModuleInfo& module, const RequestInfo& info, ByteSpan r,
                       VirtualAtom name) {
    if (!info.reply)
        return true;
    if (name && r.size() >= 32) { // GetProperty; its type and format tell what the data are
        using R = GetProperty::Reply;
        const uint8_t format = r[R::format];
        const size_t bytes = (size_t)load32(&r[R::value_len]) * (format / 8);
        if (bytes <= r.size() - R::value)
            property(name, atom_virtual(load32(&r[R::type])), format, r.subspan(R::value, bytes));
    }
    Walker w(*this, r.data(), r.size());
    info.reply(w);
    // Servers pad replies to 32 bytes; a walker need not know.
    return !w.failed() && (w.exact() || w.position() <= 32 || &module != &core_module());
}

void Translator::error(ByteSpan e) {
    uint8_t& code = e[1];
    uint8_t& major = e[10];
    if (names_resource(code))
        xid(&e[4]);
    else if (code == 5)
        atom(&e[4]);
    if (code >= kFirstExtensionError)
        if (Extension* x = d_.extensions.by_real_error(code))
            code = (uint8_t)(x->virtual_.first_error + (code - x->real.first_error));
    if (major >= kFirstExtensionMajor)
        if (Extension* x = d_.extensions.by_real_major(major))
            major = x->virtual_.major;
}

void Translator::any_event(ByteSpan e) {
    const uint8_t code = e[0] & 0x7f;
    const auto walk = [&](const EventInfo* info) {
        if (info) {
            Walker w(*this, e.data(), e.size());
            info->walk(w);
        }
    };
    if (code == kGenericEvent) {
        Extension* x =
            to_real() ? d_.extensions.by_virtual_major(e[1]) : d_.extensions.by_real_major(e[1]);
        if (!x)
            return;
        walk(find_event(x->module->generic_events, load16(&e[8])));
        e[1] = to_real() ? x->real.major : x->virtual_.major;
    } else if (code < kFirstExtensionEvent) {
        if (code == ev::ClientMessage::kNumber)
            client_message(e);
        walk(find_event(core_module().events, code));
    } else {
        Extension* x =
            to_real() ? d_.extensions.by_virtual_event(code) : d_.extensions.by_real_event(code);
        if (!x)
            return;
        const uint8_t here = to_real() ? x->virtual_.first_event : x->real.first_event;
        const uint8_t there = to_real() ? x->real.first_event : x->virtual_.first_event;
        // XKB has one event code; the kind is in the second byte.
        const uint8_t kind = x->module->event_count == 1 ? e[1] : (uint8_t)(code - here);
        walk(find_event(x->module->events, x->module->events.size() == 1 ? 0 : kind));
        e[0] = (uint8_t)((e[0] & kSentBit) | (there + (code - here)));
    }
}

void Translator::xid(uint8_t* p) {
    const uint32_t id = load32(p);
    store32(p, to_real() ? d_.names.ids.to_real(VirtualXid{id}).value
                         : d_.names.ids.to_virtual(RealXid{id}).value);
}

void Translator::visual(uint8_t* p) {
    xid(p); // the server numbers visuals like resources of its own
}

void Translator::atom(uint8_t* p) {
    const uint32_t a = load32(p);
    store32(p, to_real() ? d_.names.atoms.to_real(VirtualAtom{a}).value
                         : d_.names.atoms.to_virtual(RealAtom{a}).value);
}

void Translator::time(uint8_t* p) {
    const uint32_t t = load32(p);
    store32(p, to_real() ? d_.names.time.to_real(t) : d_.names.time.to_virtual(t));
}

void Translator::device(uint8_t* p) {
    const uint32_t id = load16(p);
    store16(p,
            (uint16_t)(to_real() ? d_.names.devices.to_real(id) : d_.names.devices.to_virtual(id)));
}

// In events the highest bit says that more belong to this one; 255 is no device, but "the X
// keyboard".
void Translator::device_byte(uint8_t* p) {
    constexpr uint8_t kMoreEvents = 0x80, kXKeyboard = 0xff;
    if (*p == kXKeyboard)
        return;
    const uint32_t id = *p & ~kMoreEvents;
    const uint32_t other =
        to_real() ? d_.names.devices.to_real(id) : d_.names.devices.to_virtual(id);
    *p = (uint8_t)((*p & kMoreEvents) | other);
}

void Translator::event_class(uint8_t* p) {
    device_byte(p + 1);
    Extension* x =
        to_real() ? d_.extensions.by_virtual_event(p[0]) : d_.extensions.by_real_event(p[0]);
    if (!x)
        return;
    const uint8_t here = to_real() ? x->virtual_.first_event : x->real.first_event;
    const uint8_t there = to_real() ? x->real.first_event : x->virtual_.first_event;
    p[0] = (uint8_t)(there + (p[0] - here));
}

void Translator::event(uint8_t* p) { any_event({p, 32}); }

VirtualAtom Translator::atom_virtual(uint32_t a) const {
    return to_real() ? VirtualAtom{a} : d_.names.atoms.to_virtual(RealAtom{a});
}

} // namespace glckpt::x11
