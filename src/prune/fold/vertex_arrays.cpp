// Vertex arrays. glVertexAttribPointer is defined by the three newer commands it stands for
// (OpenGL 4.6, section 10.3.2): it sets the format and binding of the attribute and the buffer of
// the binding of the same number. So it takes part in all three slots.
#include "log/arrays.h"
#include "prune/fold.h"

namespace glckpt::prune {

namespace {

VertexArray& current(Fold& f) { return static_cast<VertexArray&>(*f.c->vao); }

uint16_t fam_format() {
    static const uint16_t f = family("vertex_array.format");
    return f;
}
uint16_t fam_binding() {
    static const uint16_t f = family("vertex_array.binding");
    return f;
}
uint16_t fam_buffer() {
    static const uint16_t f = family("vertex_array.vertex_buffer");
    return f;
}
uint16_t fam_divisor() {
    static const uint16_t f = family("vertex_array.divisor");
    return f;
}

} // namespace

void fold_bind_vertex_array(Fold& f, const char* r) {
    Object* o = f.object(NameClass::vertex_array, f.as<rec::glBindVertexArray>(r).array);
    if (o)
        o->bound_once = true;
    f.c->vao = o ? Ref<Object>(o) : f.c->default_vao;
}

// The pointer means an offset into what is bound to GL_ARRAY_BUFFER now: a dependency that is no
// argument, at offset 0.
static Ref<Kept> keep_pointer(Fold& f, const char* r) {
    Ref<Kept> k = f.keep(r);
    f.add_dependency(*k, 0, f.bound_buffer(GL_ARRAY_BUFFER));
    return k;
}

// Arrays are numbered as in xClientArray (log/arrays.h).
static void unlock(Fold& f, uint32_t array) {
    const auto i = f.c->locked.find(array);
    if (i != f.c->locked.end())
        i->second.vao = Ref<Object>();
}

// The arrays of a draw are no state, but locked ones serve the draws that follow.
void fold_client_array(Fold& f, const char* r) {
    const auto& a = f.as<rec::xClientArray>(r);
    if (!(a.flags & log::kArrayLocked))
        return unlock(f, a.array);
    const auto* from = static_cast<const char*>(f.payload(r, a.data));
    if (!from)
        return;
    LockedArray& l = f.c->locked[a.array];
    l.record = a;
    l.data.assign(from, from + a.data.bytes);
    l.vao = f.c->vao;
}

void fold_attrib_pointer(Fold& f, const char* r) {
    const auto i = (uint64_t)f.arg(r, Field::index);
    Ref<Kept> k = keep_pointer(f, r);
    unlock(f, log::kAttribArray + (uint32_t)i);
    Slots& s = current(f).slots;
    s.set({fam_format(), 1, {i, 0}}, k);
    s.set({fam_binding(), 1, {i, 0}}, k);
    s.set({fam_buffer(), 1, {i, 0}}, k);
}

void fold_attrib_divisor(Fold& f, const char* r) {
    const auto i = (uint64_t)f.arg(r, Field::index);
    Ref<Kept> k = f.keep(r);
    current(f).slots.set({fam_divisor(), 1, {i, 0}}, k);
    // It also sets the attribute's binding to its own number, as the pointer commands do; a
    // binding set otherwise stays overwritten by sequence.
    if (current(f).slots.find({fam_binding(), 1, {i, 0}}))
        current(f).slots.set({fam_binding(), 1, {i, 0}}, k);
}

static uint32_t legacy_array(Fold& f, const char* r) {
    static constexpr Op ops[] = {Op::glVertexPointer,         Op::glNormalPointer,
                                 Op::glColorPointer,          Op::glIndexPointer,
                                 Op::glEdgeFlagPointer,       Op::glFogCoordPointer,
                                 Op::glSecondaryColorPointer, Op::glPointSizePointerOES};
    for (uint32_t i = 0; i < std::size(ops); ++i)
        if (Fold::is(r, ops[i]))
            return i;
    return log::kTexCoordArray + f.c->client_unit;
}

void fold_legacy_pointer(Fold& f, const char* r) {
    static const uint16_t fam = family("vertex_array.format");
    const uint64_t unit = Fold::is(r, Op::glTexCoordPointer) ? f.c->client_unit : 0;
    Ref<Kept> k = keep_pointer(f, r);
    k->client_unit = (uint32_t)unit;
    current(f).slots.set({fam, 2, {1000 + (uint64_t)Fold::op(r), unit}}, k);
    unlock(f, legacy_array(f, r));
}

void fold_client_state(Fold& f, const char* r) {
    static const uint16_t fam = family("vertex_array.enable");
    const auto array = (uint64_t)f.arg(r, Field::array);
    Ref<Kept> k = f.keep(r);
    const uint64_t unit = array == GL_TEXTURE_COORD_ARRAY ? f.c->client_unit : 0;
    k->client_unit = (uint32_t)unit;
    current(f).slots.set({fam, 2, {array, unit}}, k);
}

void fold_client_active_texture(Fold& f, const char* r) {
    f.c->client_unit = f.as<rec::glClientActiveTexture>(r).texture - GL_TEXTURE0;
}

void fold_element_buffer(Fold& f, const char* r) {
    const auto& e = f.as<rec::glVertexArrayElementBuffer>(r);
    if (auto* v = static_cast<VertexArray*>(f.object(NameClass::vertex_array, e.vaobj)))
        v->element_buffer = Ref<Object>(f.find(NameClass::buffer, e.buffer));
}

} // namespace glckpt::prune
