#include "x11/move/tables.h"
#include "gen/x11/protocol.h"
#include "x11/move/compatible.h"
#include "x11/move/devices.h"

namespace glckpt::x11 {
namespace {

// What RandR numbers: controllers and outputs pair up in their order, modes by their size.
struct RandrIds {
    std::vector<uint32_t> crtcs, outputs;
    std::vector<std::pair<uint32_t, uint32_t>> modes; // id; width and height
};

RandrIds randr_ids(const Bytes& m) {
    using R = proto::randr::GetScreenResourcesCurrent::Reply;
    constexpr size_t kHead = 32, kMode = 32;
    RandrIds ids;
    if (m.size() < kHead)
        return ids;
    size_t at = kHead;
    for (size_t n = load16(&m[R::num_crtcs]); n > 0 && at + 4 <= m.size(); --n, at += 4)
        ids.crtcs.push_back(load32(&m[at]));
    for (size_t n = load16(&m[R::num_outputs]); n > 0 && at + 4 <= m.size(); --n, at += 4)
        ids.outputs.push_back(load32(&m[at]));
    for (size_t n = load16(&m[R::num_modes]); n > 0 && at + kMode <= m.size(); --n, at += kMode)
        ids.modes.emplace_back(load32(&m[at]), load32(&m[at + 4]));
    return ids;
}

void pair_randr(Permutation& ids, const Bytes& from_reply, const Bytes& to_reply) {
    const RandrIds from = randr_ids(from_reply), to = randr_ids(to_reply);
    for (size_t i = 0; i < std::min(from.crtcs.size(), to.crtcs.size()); ++i)
        ids.pair(from.crtcs[i], to.crtcs[i]);
    for (size_t i = 0; i < std::min(from.outputs.size(), to.outputs.size()); ++i)
        ids.pair(from.outputs[i], to.outputs[i]);
    for (const auto& [id, size] : from.modes)
        for (const auto& [other, other_size] : to.modes)
            if (size == other_size) {
                ids.pair(id, other);
                break;
            }
}

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
    pair_randr(ids, d.saved.randr, server.randr);
    ids.close();
}

void pair_bases(Display& d, const NewServer& server) {
    IdSpace& ids = d.names.ids;
    IdSpace::Bases clients;
    for (const auto& [link, fresh] : server.connections)
        if (fresh.setup)
            clients.emplace_back(link->engine.virtual_base(), fresh.setup->base);
    ids.set_real_mask(server.setup()->mask);
    ids.in_use = [&d](VirtualXid id) { return d.resources.find(id) != nullptr; };
    ids.set_clients(std::move(clients), server.kin_bases);
    d.kin.clear();
    for (const auto& [v, r] : server.kin_bases)
        d.kin.push_back(v);
}

} // namespace

void renumber(Display& d, const NewServer& server) {
    d.names.moved = true;
    d.real_setup = *server.setup();
    pair_server_ids(d.names.ids.server_ids, d, server);
    pair_bases(d, server);
    pair_devices(d, server.devices);
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
