// Data that the protocol does not explain but toolkits and window managers do: which 32-bit slots
// of properties and client messages hold ids, atoms and times. ICCCM, EWMH, Xdnd 5, XEMBED, and
// GTK's and KDE's own.
#include "gen/x11/protocol.h"
#include "x11/engine/translate.h"
#include <string_view>

namespace glckpt::x11 {
namespace {

struct Layout {
    std::string_view name;
    const char* slots;
};

const char* find_layout(std::span<const Layout> table, std::string_view name) {
    for (const Layout& l : table)
        if (l.name == name)
            return l.slots;
    return nullptr;
}

// By the property's type, which says it for most.
constexpr Layout kByType[] = {
    {"ATOM", "A*"},
    {"ATOM_PAIR", "A*"},
    {"WINDOW", "X*"},
    {"PIXMAP", "X*"},
    {"DRAWABLE", "X*"},
    {"CURSOR", "X*"},
    {"COLORMAP", "X*"},
    {"VISUALID", "X*"},
    {"FONT", "X*"},
    {"WM_HINTS", "...XX..XX"}, // flags, input, state, icon pixmap, icon window, x, y, mask, group
    {"WM_STATE", ".X"},
    {"RGB_COLOR_MAP", "X.......XX"},
};
// By its name, where the type is a mere CARDINAL.
constexpr Layout kByName[] = {
    {"_NET_WM_SYNC_REQUEST_COUNTER", "X*"},
    {"_NET_WM_USER_TIME", "T"},
    {"_NET_STARTUP_INFO_TIME", "T"},
    {"XdndProxy", "X"},
    {"TARGETS", "A*"},
    {"_NET_SYSTEM_TRAY_VISUAL", "X"},
    {"_MOTIF_DRAG_RECEIVER_INFO", ".X"},
};
constexpr Layout kMessages[] = {
    {"WM_PROTOCOLS", "AT"},
    {"_NET_WM_STATE", ".AA"},
    {"_NET_ACTIVE_WINDOW", ".TX"},
    {"MANAGER", "TAX"},
    {"XdndEnter", "X.AAA"},
    {"XdndPosition", "X..TA"},
    {"XdndStatus", "X...A"},
    {"XdndLeave", "X"},
    {"XdndDrop", "X.T"},
    {"XdndFinished", "X.A"},
    {"_XEMBED", "T..X"},
    {"_NET_RESTACK_WINDOW", ".X"},
    {"_NET_CLOSE_WINDOW", "T"},
    {"_NET_SYSTEM_TRAY_OPCODE", "T.X"},
    {"_NET_WM_FULLSCREEN_MONITORS", "."},
    {"_GTK_LOAD_ICONTHEMES", "."},
    {"_NET_WM_PING", "X"},
};
// WM_PROTOCOLS, by the protocol that its first slot names.
constexpr Layout kProtocols[] = {
    {"_NET_WM_PING", "ATX"},
};

} // namespace

void Translator::slots(const char* layout, ByteSpan data) {
    const size_t count = data.size() / 4;
    char role = 0;
    for (size_t i = 0; i < count; ++i) {
        if (*layout && *layout != '*')
            role = *layout++;
        else if (*layout != '*')
            return;
        uint8_t* p = &data[4 * i];
        if (role == 'A')
            atom(p);
        else if (role == 'X')
            xid(p);
        else if (role == 'T')
            time(p);
    }
}

void Translator::property(VirtualAtom name, VirtualAtom type, uint8_t format, ByteSpan data) {
    if (format != 32)
        return;
    const char* layout = find_layout(kByType, d_.names.atoms.name(type));
    if (!layout)
        layout = find_layout(kByName, d_.names.atoms.name(name));
    if (layout)
        slots(layout, data);
}

void Translator::client_message(ByteSpan e) {
    using M = proto::xproto::ev::ClientMessage;
    if (e[M::format] != 32)
        return;
    const std::string_view type = d_.names.atoms.name(atom_virtual(load32(&e[M::type])));
    const ByteSpan data = e.subspan(M::data, 20);
    const char* layout = find_layout(kMessages, type);
    if (type == "WM_PROTOCOLS")
        if (const char* special =
                find_layout(kProtocols, d_.names.atoms.name(atom_virtual(load32(&data[0])))))
            layout = special;
    if (layout)
        slots(layout, data);
}

} // namespace glckpt::x11
