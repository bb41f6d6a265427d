// Plain state with a twist: keys that depend on the value, parts, transformed positions.
#include "prune/fold.h"
#include <algorithm>

namespace glckpt::prune {

namespace {

// Capabilities that belong to the active texture unit.
bool per_unit(uint32_t cap) {
    switch (cap) {
    case GL_TEXTURE_1D:
    case GL_TEXTURE_2D:
    case GL_TEXTURE_3D:
    case GL_TEXTURE_CUBE_MAP:
    case GL_TEXTURE_RECTANGLE:
    case GL_TEXTURE_GEN_S:
    case GL_TEXTURE_GEN_T:
    case GL_TEXTURE_GEN_R:
    case GL_TEXTURE_GEN_Q:
    case GL_TEXTURE_GEN_STR_OES:
        return true;
    default:
        return false;
    }
}

} // namespace

void fold_enable(Fold& f, const char* r) {
    static const uint16_t fam = family("enable");
    const auto cap = (uint32_t)f.arg(r, Field::cap);
    Ref<Kept> k = f.keep(r);
    if (per_unit(cap))
        f.unit(f.c->active_unit).slots.set({fam, 1, {cap, 0}}, k);
    else
        f.c->slots.set({fam, 1, {cap, 0}}, k);
}

// By index: of the capabilities that belong to texture units, the index is the unit's
// (GL_EXT_direct_state_access).
void fold_enable_indexed(Fold& f, const char* r) {
    static const uint16_t fam = family("enable");
    const auto cap = (uint32_t)f.arg(r, Field::target), index = (uint32_t)f.arg(r, Field::index);
    Ref<Kept> k = f.keep(r);
    if (per_unit(cap))
        f.unit(index).slots.set({fam, 1, {cap, 0}}, k);
    else
        f.c->slots.set({fam, 2, {cap, index}}, k);
}

void fold_material(Fold& f, const char* r) {
    const auto face = (uint32_t)f.arg(r, Field::face), pname = (uint32_t)f.arg(r, Field::pname);
    Ref<Kept> k = f.keep(r);
    for (uint32_t side : {(uint32_t)GL_FRONT, (uint32_t)GL_BACK}) {
        if (face != GL_FRONT_AND_BACK && face != side)
            continue;
        if (pname == GL_AMBIENT_AND_DIFFUSE) {
            f.c->slots.set({kMaterialFamily, 2, {side, GL_AMBIENT}}, k);
            f.c->slots.set({kMaterialFamily, 2, {side, GL_DIFFUSE}}, k);
        } else {
            f.c->slots.set({kMaterialFamily, 2, {side, pname}}, k);
        }
    }
}

// With GL_COLOR_MATERIAL the material is the current color (compatibility profile,
// section 12.2.1.3), and stays what it was last when that ends.
void Fold::leave_color_material() {
    static const uint16_t enable = family("enable"), mode = family("color_material"),
                          color = family("current_color");
    const Kept* on = c->slots.find({enable, 1, {GL_COLOR_MATERIAL, 0}});
    if (!on || (Op)on->header().op != Op::glEnable)
        return;
    rec::glColorMaterial r{};
    r.face = GL_FRONT_AND_BACK;
    r.mode = GL_AMBIENT_AND_DIFFUSE;
    if (const Kept* k = c->slots.find({mode}))
        r = k->as<rec::glColorMaterial>();
    Ref<Kept> k = make(r);
    k->left_material = true;
    if (Kept* last = c->slots.find({color}))
        k->current.emplace_back(last);
    for (const uint32_t side : {(uint32_t)GL_FRONT, (uint32_t)GL_BACK}) {
        if (r.face != GL_FRONT_AND_BACK && r.face != side)
            continue;
        for (const uint32_t pname : {GL_AMBIENT, GL_DIFFUSE, GL_SPECULAR, GL_EMISSION})
            if (pname == r.mode ||
                (r.mode == GL_AMBIENT_AND_DIFFUSE && (pname == GL_AMBIENT || pname == GL_DIFFUSE)))
                c->slots.set({kMaterialFamily, 2, {side, pname}}, k);
    }
}

void fold_light(Fold& f, const char* r) {
    const auto pname = (uint32_t)f.arg(r, Field::pname);
    Ref<Kept> k = f.keep(r);
    if (pname == GL_POSITION || pname == GL_SPOT_DIRECTION)
        f.with_modelview(*k);
    f.c->slots.set({kLightFamily, 2, {(uint64_t)f.arg(r, Field::light), pname}}, k);
}

void fold_clip_plane(Fold& f, const char* r) {
    Ref<Kept> k = f.keep(r);
    f.with_modelview(*k);
    f.c->slots.set({kClipPlaneFamily, 1, {(uint64_t)f.arg(r, Field::plane), 0}}, k);
}

// A raster position takes the current color and texture coordinates along, which bitmaps are drawn
// with (compatibility profile, section 13.8).
static void with_current(Fold& f, Kept& k) {
    static const uint16_t families[] = {family("current_color"), family("current_secondary"),
                                        family("current_fog_coord"), family("current_tex_coord")};
    for (const auto& [key, kept] : f.c->slots.all())
        if (std::find(std::begin(families), std::end(families), key.family) != std::end(families))
            k.current.push_back(kept);
    if (!f.c->slots.find({families[0]}))
        k.current.push_back(f.make(rec::glColor4f{.red = 1, .green = 1, .blue = 1, .alpha = 1}));
}

void fold_raster_pos(Fold& f, const char* r) {
    Ref<Kept> k = f.keep(r);
    f.with_modelview(*k);
    k->projection = f.matrix(GL_PROJECTION).levels.back().history;
    with_current(f, *k);
    static const uint16_t enable = family("enable");
    const Kept* lighting = f.c->slots.find({enable, 1, {GL_LIGHTING, 0}});
    k->lit = lighting && Fold::is(lighting->bytes.data(), Op::glEnable);
    f.c->slots.set({kRasterFamily}, k); // and ends the moves since the last one
}
void fold_window_pos(Fold& f, const char* r) {
    Ref<Kept> k = f.keep(r);
    with_current(f, *k);
    f.c->slots.set({kRasterFamily}, k);
}

void fold_pixel_store(Fold& f, const char* r) {
    const auto& p = f.as<rec::glPixelStorei>(r);
    if (int32_t* is = unpack_place(f.c->unpack, p.pname))
        *is = p.param;
    f.c->slots.set({kPixelStoreFamily, 1, {p.pname, 0}}, f.keep(r));
}

// Scales, biases and maps change uploads on their way in (compatibility profile).
void fold_pixel_transfer(Fold& f, const char* r) {
    f.c->pixel_transfer_used = true;
    f.c->slots.set({kPixelTransferFamily, 1, {(uint64_t)f.arg(r, Field::pname), 0}}, f.keep(r));
}
void fold_pixel_map(Fold& f, const char* r) {
    f.c->pixel_transfer_used = true;
    uint32_t map; // the first argument of all of them
    memcpy(&map, r + sizeof(log::RecordHeader), 4);
    Ref<Kept> k = f.keep(r);
    f.take_from_buffer(*k);
    f.c->slots.set({kPixelMapFamily, 1, {map, 0}}, k);
}
void fold_polygon_stipple(Fold& f, const char* r) {
    static const uint16_t fam = family("polygon_stipple");
    Ref<Kept> k = f.keep(r);
    f.take_from_buffer(*k);
    f.c->slots.set({fam}, k);
}

// [first, first + count) of an indexed family.
static void set_range(Fold& f, const char* r, const char* fam) {
    Ref<Kept> k = f.keep(r);
    const auto first = (uint32_t)f.arg(r, Field::first), n = (uint32_t)f.arg(r, Field::count);
    for (uint32_t i = 0; i < n; ++i)
        f.c->slots.set({family(fam), 1, {first + i, 0}}, k);
}
void fold_viewport_array(Fold& f, const char* r) { set_range(f, r, "viewport"); }
void fold_scissor_array(Fold& f, const char* r) { set_range(f, r, "scissor"); }
void fold_depth_range_array(Fold& f, const char* r) { set_range(f, r, "depth_range"); }

// Message filters and groups: nothing reads them back, so each level has the controls that made it
// what it is, less those that a later one covers (OpenGL 4.6, sections 20.4 and 20.6).
static bool covers(Fold& f, const char* later, const Kept& k) {
    const auto& a = f.as<rec::glDebugMessageControl>(later);
    const auto& b = k.as<rec::glDebugMessageControl>();
    auto all_of = [](GLenum x, GLenum y) { return x == GL_DONT_CARE || x == y; };
    if (!all_of(a.source, b.source) || !all_of(a.type, b.type) || !all_of(a.severity, b.severity))
        return false;
    if (a.count == 0)
        return true;
    const void *ids = f.payload(later, a.ids), *before = k.payload(b.ids);
    return a.count == b.count && ids && before && memcmp(ids, before, (size_t)a.count * 4) == 0;
}
void fold_debug_control(Fold& f, const char* r) {
    auto& controls = f.c->debug.back().controls;
    std::erase_if(controls, [&](const Ref<Kept>& k) { return covers(f, r, *k); });
    controls.push_back(f.keep(r));
}
void fold_debug_group(Fold& f, const char* r) {
    if (Fold::is(r, Op::glPushDebugGroup))
        f.c->debug.push_back({f.keep(r), {}});
    else if (f.c->debug.size() > 1)
        f.c->debug.pop_back();
}

void fold_begin(Fold& f, const char* r) {
    f.c->inside_begin = f.as<rec::glBegin>(r).mode <= GL_PATCHES;
}
void fold_end(Fold& f, const char*) {
    f.c->inside_begin = false;
    f.drew();
}

void fold_swap(Fold& f, const char*) {
    if (f.c->draw_drawable)
        f.drawable_dirty[f.c->draw_drawable] = true;
}
void fold_make_current(Fold& f, const char* r) {
    const auto& m = f.as<rec::wsMakeCurrent>(r);
    f.c->current = f.c->ever_current = true;
    f.c->draw_drawable = m.draw;
    f.c->read_drawable = m.read;
}
void fold_release(Fold& f, const char*) { f.c->current = false; }

} // namespace glckpt::prune
