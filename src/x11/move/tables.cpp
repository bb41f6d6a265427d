#include "x11/move/tables.h"
#include "gen/x11/protocol.h"
#include "x11/move/compatible.h"

namespace glckpt::x11 {
namespace {

void pair_server_ids(Permutation& ids, const Display& d, const NewServer& server) {
    const Setup& from = *d.virtual_setup;
    const Setup& to = *server.setup();
    ids.clear();
    for (size_t i = 0; i < from.screens.size(); ++i) {
        ids.pair(from.screens[i].root, to.screens[i].root);
        ids.pair(from.screens[i].colormap, to.screens[i].colormap);
    }
    // The root's visual first, so that it is the one that the new root's is called.
    for (size_t i = 0; i < from.screens.size(); ++i)
        ids.pair(from.screens[i].root_visual, to.screens[i].root_visual);
    const std::vector<uint32_t> match = match_visuals(from, to);
    for (size_t i = 0; i < from.visuals.size(); ++i)
        if (match[i])
            ids.pair(from.visuals[i].id, match[i]);
    for (const PictFormat& f : d.pict_formats)
        for (const PictFormat& g : server.pict_formats)
            if (f.type == g.type && f.depth == g.depth && f.direct == g.direct) {
                ids.pair(f.id, g.id);
                break;
            }
    ids.close();
}

void pair_bases(IdSpace& ids, const NewServer& server) {
    ids.bases.clear();
    for (const auto& [link, fresh] : server.connections)
        if (fresh.setup)
            ids.bases.pair(ids.block_of(link->engine.virtual_base()),
                           ids.block_of(fresh.setup->base));
    ids.bases.close();
}

} // namespace

void renumber(Display& d, const NewServer& server) {
    d.names.moved = true;
    d.real_setup = *server.setup();
    pair_server_ids(d.names.ids.server_ids, d, server);
    pair_bases(d.names.ids, server);
    for (Extension& e : d.extensions.all()) {
        const auto it = server.extensions.find(e.module);
        // GLX is ours, wherever we are (engine/glx_face.cpp).
        const bool ours = std::string_view(e.module->xname) == "GLX";
        e.present = ours || it != server.extensions.end();
        e.real = !ours && e.present ? it->second : ExtensionCodes{};
    }
    d.extensions.reindex();
}

bool renumber_atoms(Exchange& x, Link& control) {
    using Q = proto::xproto::InternAtom;
    Atoms& atoms = control.engine.display().names.atoms;
    std::vector<std::pair<uint32_t, uint32_t>> pairs;
    for (const auto& [number, name] : atoms.names())
        control.engine.send(
            Build::core<Q>().u16(Q::name_len, (uint16_t)name.size()).more(name),
            [&pairs, number = number](ByteSpan m) {
                if (m.size() >= 32 && m[0] == 1)
                    pairs.emplace_back(number, load32(&m[Q::Reply::atom]));
            },
            Names::Real);
    if (!x.sync(control))
        return false;
    atoms.numbers.clear();
    for (const auto& [v, r] : pairs)
        atoms.numbers.pair(v, r);
    atoms.numbers.close();
    atoms.scanned = Atoms::kLastPredefined;
    return true;
}

} // namespace glckpt::x11
