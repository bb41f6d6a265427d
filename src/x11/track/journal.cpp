#include "x11/track/journal.h"
#include "gen/x11/protocol.h"

namespace glckpt::x11 {
namespace {

using namespace proto::xproto;

// Beyond this, drawing is left out: windows are drawn anew by the app when they are shown again.
constexpr size_t kRoom = 16 << 20, kRoomForState = 20 << 20;

bool draws(const Request& r) {
    if (r.module != &core_module())
        return std::string_view(r.module->xname) == "RENDER";
    return r.bytes[0] >= ClearArea::kOpcode && r.bytes[0] <= ImageText16::kOpcode;
}

// Of those that are tracked, the ones whose effect lies in the server: properties, and graphics
// contexts, because what follows is drawn with what they were then.
bool is_wanted(const Request& r) {
    const bool core = r.module == &core_module();
    if (r.info->effect == Effect::Plain)
        return !core || (r.bytes[0] != AllowEvents::kOpcode && r.bytes[0] != KillClient::kOpcode &&
                         r.bytes[0] != Bell::kOpcode && r.bytes[0] != WarpPointer::kOpcode &&
                         r.bytes[0] != NoOperation::kOpcode && r.bytes[0] != FreeColors::kOpcode);
    return core && (r.bytes[0] == ChangeProperty::kOpcode || r.bytes[0] == ChangeGC::kOpcode ||
                    r.bytes[0] == SetClipRectangles::kOpcode || r.bytes[0] == SetDashes::kOpcode ||
                    r.bytes[0] == CopyGC::kOpcode);
}

} // namespace

void Journal::note(ConnectionId owner, const Request& r) {
    if (!is_wanted(r))
        return;
    ++noted_;
    if (bytes_ + r.bytes.size() > (draws(r) ? kRoom : kRoomForState)) {
        ++dropped_;
        return;
    }
    bytes_ += r.bytes.size();
    anywhere_ |= r.module != &core_module() && draws(r);
    entries_.push_back({owner, r.copy()});
}

bool Journal::maps(const Entry& e) {
    return e.request[0] >= MapWindow::kOpcode && e.request[0] <= UnmapSubwindows::kOpcode;
}

VirtualXid Journal::drawn_on(const Entry& e) {
    const uint8_t opcode = e.request[0];
    if (opcode < ClearArea::kOpcode || opcode > ImageText16::kOpcode || e.request.size() < 12)
        return {};
    static_assert(PolyPoint::drawable == ClearArea::window &&
                  PutImage::drawable == ClearArea::window);
    const bool copies = opcode == CopyArea::kOpcode || opcode == CopyPlane::kOpcode;
    return VirtualXid{load32(&e.request[copies ? CopyArea::dst_drawable : PolyPoint::drawable])};
}

void Journal::clear() {
    entries_.clear();
    anywhere_ = false;
    bytes_ = 0;
    noted_ = dropped_ = 0;
}

void Journal::forget_connection(ConnectionId owner) {
    std::erase_if(entries_, [&](const Entry& e) { return e.owner == owner; });
}

} // namespace glckpt::x11
