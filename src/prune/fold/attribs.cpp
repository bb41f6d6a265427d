// The attribute stacks: a push remembers the slots of its groups, a pop puts them back.
#include "prune/fold/groups.h"
#include <utility>

namespace glckpt::prune {

namespace {

// By a driver with these ways (log::kPopLeavesLights and others; 0: as it is specified).
bool saved(const Key& key, uint32_t mask, uint32_t groups, uint32_t ways = 0) {
    static const uint16_t enable = family("enable"), provoking = family("provoking_vertex");
    if (key.family == enable) {
        const auto cap = (uint32_t)key.k[0];
        if ((ways & log::kPopLeavesNewer) && is_newer_cap(cap))
            return false;
        return (group_bit_of_cap(cap) & mask) ||
               ((mask & GL_ENABLE_BIT) && !((ways & log::kPopLeavesLights) && is_light(cap)));
    }
    if (key.family == provoking && (ways & log::kPopLeavesNewer))
        return false;
    if (key.family == kLightFamily || key.family == kMaterialFamily)
        return mask & GL_LIGHTING_BIT;
    if (key.family == kClipPlaneFamily)
        return mask & GL_TRANSFORM_BIT;
    if (key.family == kPixelTransferFamily || key.family == kPixelMapFamily)
        return mask & GL_PIXEL_MODE_BIT;
    if (key.family == kBackStencilFamily)
        return mask & GL_STENCIL_BUFFER_BIT;
    if (key.family == kRasterFamily)
        return mask & GL_CURRENT_BIT;
    return key.family < kFamilyCount && (kFamilyGroups[key.family] & groups);
}

bool saved_of_unit(const Key& key, uint32_t mask) {
    static const uint16_t enable = family("enable");
    return (mask & GL_TEXTURE_BIT) || (key.family == enable && (mask & GL_ENABLE_BIT));
}

// Wholes before parts: a whole ends its parts.
template <class Which>
void copy(const Slots& from, Slots& to, Which which) {
    for (int depth = 0; depth <= 2; ++depth)
        for (const auto& [key, kept] : from.all())
            if (key.depth == depth && which(key))
                to.set(key, kept);
}

template <class Which>
Slots part(const Slots& from, Which which) {
    Slots s;
    copy(from, s, which);
    return s;
}

// Takes out what is saved and puts back what was there.
template <class Which>
void restore(Slots& to, const Slots& was, Which which) {
    std::vector<Key> gone;
    for (const auto& [key, kept] : to.all())
        if (which(key) && !was.find(key))
            gone.push_back(key);
    for (const Key& k : gone)
        to.erase(k);
    copy(was, to, which);
}

SavedBuffers buffers_of(const Fold& f, const Ref<Object>& fbo, uint16_t own, uint16_t of_default) {
    return {(bool)fbo, Ref<Kept>(fbo ? fbo->slots.find({own}) : f.c->slots.find({of_default}))};
}

bool names_none(const Kept* k) {
    if (!k)
        return false;
    const char* r = k->bytes.data();
    if (Fold::is(r, Op::glDrawBuffer))
        return Fold::as<rec::glDrawBuffer>(r).buf == GL_NONE;
    return Fold::is(r, Op::glReadBuffer) && Fold::as<rec::glReadBuffer>(r).src == GL_NONE;
}

// A framebuffer object has no GL_BACK, the default one no attachments: the pop raises the error
// that glDrawBuffer would, and does the rest (GL_EXT_framebuffer_object, issue 55; Mesa so).
bool fits(const SavedBuffers& s, const Ref<Object>& fbo) {
    return s.of_object == (bool)fbo || names_none(s.record.get());
}

void restore_buffers(Fold& f, const SavedBuffers& s, const Ref<Object>& fbo, uint16_t own,
                     uint16_t of_default) {
    Slots& slots = fbo ? fbo->slots : f.c->slots;
    const Key key{fbo ? own : of_default};
    if (s.record)
        slots.set(key, s.record);
    else
        slots.erase(key);
}

uint16_t draw_family() {
    static const uint16_t fam = family("framebuffer.draw_buffers");
    return fam;
}
uint16_t read_family() {
    static const uint16_t fam = family("framebuffer.read_buffer");
    return fam;
}

void pop_buffers(Fold& f, const SavedAttribs& s, bool failed) {
    const bool draw = s.mask & GL_COLOR_BUFFER_BIT, read = s.mask & GL_PIXEL_MODE_BIT;
    const bool draw_fits = !draw || fits(s.draw, f.c->draw_fbo);
    const bool read_fits = !read || fits(s.read, f.c->read_fbo);
    // A drawable without such a buffer: nobody says which of the two it was.
    if (failed && draw_fits && read_fits)
        return;
    if (draw && draw_fits)
        restore_buffers(f, s.draw, f.c->draw_fbo, draw_family(), kDefaultDrawFamily);
    if (read && read_fits)
        restore_buffers(f, s.read, f.c->read_fbo, read_family(), kDefaultReadFamily);
}

} // namespace

void fold_push_attrib(Fold& f, const char* r) {
    SavedAttribs s;
    s.mask = f.as<rec::glPushAttrib>(r).mask;
    const uint32_t groups = groups_of(s.mask);
    s.slots = part(f.c->slots, [&](const Key& k) { return saved(k, s.mask, groups); });
    for (size_t u = 0; u < f.c->units.size(); ++u) {
        s.units[(int)u] =
            part(f.c->units[u].slots, [&](const Key& k) { return saved_of_unit(k, s.mask); });
        if (s.mask & GL_TEXTURE_BIT)
            s.bound[(int)u] = f.c->units[u].bound;
    }
    s.active_unit = f.c->active_unit;
    s.matrix_mode = f.c->matrix_mode;
    if (s.mask & GL_COLOR_BUFFER_BIT)
        s.draw = buffers_of(f, f.c->draw_fbo, draw_family(), kDefaultDrawFamily);
    if (s.mask & GL_PIXEL_MODE_BIT)
        s.read = buffers_of(f, f.c->read_fbo, read_family(), kDefaultReadFamily);
    s.push = f.keep(r);
    s.touched = std::exchange(f.c->touched, 0);
    f.c->attribs.push_back(std::move(s));
}

void fold_pop_attrib(Fold& f, const char* r) {
    if (f.c->attribs.empty())
        return;
    SavedAttribs s = std::move(f.c->attribs.back());
    f.c->attribs.pop_back();
    f.c->popped |= s.mask;
    // As the driver does it (log/record.h). What it does otherwise still, it is asked for at a
    // checkpoint (src/replay/told). In a display list nothing is noted of the single pop.
    const uint16_t flags = f.list_depth ? 0 : reinterpret_cast<const log::RecordHeader*>(r)->flags;
    f.note_ways_of_pop(flags);
    if (f.pop_ways & log::kPopForgets)
        s.mask &= f.c->touched;
    f.c->touched = s.touched;
    if (s.mask & GL_ENABLE_BIT)
        f.leave_color_material();
    const uint32_t groups = groups_of(s.mask);
    static const uint16_t equation = family("blend_equation");
    const bool alpha = (f.pop_ways & log::kPopLeavesAlpha) && alpha_is_left(f.c->slots, s.slots);
    const auto which = [&](const Key& k) {
        return saved(k, s.mask, groups, f.pop_ways) && !(alpha && k.family == equation);
    };
    restore(f.c->slots, s.slots, which);
    for (size_t u = 0; u < f.c->units.size(); ++u) {
        const auto of_unit = [&](const Key& k) { return saved_of_unit(k, s.mask); };
        restore(f.c->units[u].slots, s.units[(int)u], of_unit);
        if (s.mask & GL_TEXTURE_BIT) {
            const auto it = s.bound.find((int)u);
            f.c->units[u].bound =
                it == s.bound.end() ? decltype(f.c->units[u].bound){} : it->second;
        }
    }
    if (s.mask & GL_TEXTURE_BIT)
        f.c->active_unit = s.active_unit;
    if (s.mask & GL_TRANSFORM_BIT)
        f.c->matrix_mode = s.matrix_mode;
    static constexpr uint32_t kModes[] = {0, GL_MODELVIEW, GL_PROJECTION, GL_TEXTURE};
    if (const uint32_t mode = kModes[flags >> log::kPoppedModeShift & 3])
        f.c->matrix_mode = mode;
    if (const uint32_t unit = flags >> log::kPoppedUnitShift)
        f.c->active_unit = unit - 1;
    pop_buffers(f, s, Fold::failed(r));
}

void fold_push_client_attrib(Fold& f, const char* r) {
    const uint16_t store = kPixelStoreFamily;
    SavedClient s;
    s.mask = f.as<rec::glPushClientAttrib>(r).mask;
    s.unpack = f.c->unpack;
    s.pixel_store = part(f.c->slots, [&](const Key& k) { return k.family == store; });
    s.vao = f.c->vao;
    s.vao_slots = f.c->vao->slots;
    s.element_buffer = static_cast<VertexArray&>(*f.c->vao).element_buffer;
    s.array_buffer = f.c->buffers[GL_ARRAY_BUFFER];
    s.pack_buffer = f.c->buffers[GL_PIXEL_PACK_BUFFER];
    s.unpack_buffer = f.c->buffers[GL_PIXEL_UNPACK_BUFFER];
    s.client_unit = f.c->client_unit;
    s.push = f.keep(r);
    f.c->client_attribs.push_back(std::move(s));
}

void fold_pop_client_attrib(Fold& f, const char*) {
    const uint16_t store = kPixelStoreFamily;
    if (f.c->client_attribs.empty())
        return;
    SavedClient s = std::move(f.c->client_attribs.back());
    f.c->client_attribs.pop_back();
    if (s.mask & GL_CLIENT_PIXEL_STORE_BIT) {
        f.c->unpack = s.unpack;
        restore(f.c->slots, s.pixel_store, [&](const Key& k) { return k.family == store; });
        f.c->buffers[GL_PIXEL_PACK_BUFFER] = s.pack_buffer;
        f.c->buffers[GL_PIXEL_UNPACK_BUFFER] = s.unpack_buffer;
    }
    // The vertex array is bound by its name (OpenGL 4.6 compatibility, section 21.7, and
    // ARB_vertex_array_object): one that has been deleted does not come back, another that has got
    // its name is written over.
    if (s.vao->name && !s.vao->named) {
        Object* other = f.find(NameClass::vertex_array, s.vao->name);
        if (!other || !other->bound_once)
            return;
        s.vao = Ref<Object>(other);
    }
    if (s.mask & GL_CLIENT_VERTEX_ARRAY_BIT) {
        f.c->vao = s.vao;
        f.c->vao->slots = s.vao_slots;
        static_cast<VertexArray&>(*f.c->vao).element_buffer = s.element_buffer;
        f.c->buffers[GL_ARRAY_BUFFER] = s.array_buffer;
        f.c->client_unit = s.client_unit;
    }
}

} // namespace glckpt::prune
