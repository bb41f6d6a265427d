// Commands that stand for several of another kind. The specification defines each of them as that
// sequence (OpenGL 4.6, sections 8.26 and 10.3.1; EXT_gpu_program_parameters;
// ATI_separate_stencil), so each is folded into the slots of the simple ones: what one of them set
// and a simple command sets later meet in the same slot.
#include "prune/fold.h"
#include <cstddef>

namespace glckpt::prune {

namespace {

template <class T>
const T* array(Fold& f, const char* r, log::PayloadRef ref) {
    return static_cast<const T*>(f.payload(r, ref));
}

// A record of our own with a payload of one element behind it.
template <class R>
Ref<Kept> make_with_payload(Fold& f, R r, log::PayloadRef R::*ref, const void* data, size_t bytes) {
    (r.*ref) = {(uint32_t)bytes, log::PayloadRef::Inline, (uint32_t)sizeof r};
    Ref<Kept> k = f.make(r);
    k->bytes.resize(sizeof r + log::align8(bytes), 0);
    memcpy(k->bytes.data() + sizeof r, data, bytes);
    reinterpret_cast<log::RecordHeader*>(k->bytes.data())->size = (uint32_t)k->bytes.size();
    return k;
}

struct VertexBuffers {
    const uint32_t* names;
    const GLintptr* offsets;
    const GLsizei* strides;
};

// Without names every binding goes back to no buffer, offset 0 and stride 16.
template <class R>
void set_vertex_buffers(Fold& f, VertexArray& v, R one, uint32_t first, uint32_t n,
                        const VertexBuffers& b) {
    static const uint16_t fam = family("vertex_array.vertex_buffer");
    for (uint32_t i = 0; i < n; ++i) {
        if (b.names && b.names[i] == log::kNoName)
            continue; // refused for this one alone
        Object* o = f.find(NameClass::buffer, b.names ? b.names[i] : 0);
        one.bindingindex = first + i;
        one.buffer = o ? o->name : 0;
        one.offset = b.names && b.offsets ? b.offsets[i] : 0;
        one.stride = b.names && b.strides ? b.strides[i] : 16;
        Ref<Kept> k = f.make(one);
        f.add_dependency(*k, offsetof(R, buffer), o);
        v.slots.set({fam, 1, {first + i, 0}}, k);
    }
}

void set_feedback_buffer(Fold& f, uint32_t name, uint32_t index, Object* b, Ref<Kept> k) {
    Object* o = name ? f.object(NameClass::transform_feedback, name) : f.c->default_feedback.get();
    auto& t = static_cast<TransformFeedback&>(*o);
    t.bound_once = true;
    t.buffers[index] = Ref<Object>(b);
    t.slots.set({kIndexedBufferFamily, 1, {index, 0}}, std::move(k));
}

} // namespace

void fold_bind_vertex_buffers(Fold& f, const char* r) {
    const auto& b = f.as<rec::glBindVertexBuffers>(r);
    set_vertex_buffers(f, static_cast<VertexArray&>(*f.c->vao), rec::glBindVertexBuffer{}, b.first,
                       (uint32_t)b.count,
                       {array<uint32_t>(f, r, b.buffers), array<GLintptr>(f, r, b.offsets),
                        array<GLsizei>(f, r, b.strides)});
}

// Kept as the command for a bound array: it is emitted while its own one is bound.
void fold_vertex_array_vertex_buffers(Fold& f, const char* r) {
    const auto& b = f.as<rec::glVertexArrayVertexBuffers>(r);
    Object* o = b.vaobj ? f.find(NameClass::vertex_array, b.vaobj) : f.c->default_vao.get();
    if (!o)
        return;
    set_vertex_buffers(f, static_cast<VertexArray&>(*o), rec::glBindVertexBuffer{}, b.first,
                       (uint32_t)b.count,
                       {array<uint32_t>(f, r, b.buffers), array<GLintptr>(f, r, b.offsets),
                        array<GLsizei>(f, r, b.strides)});
}

void fold_feedback_buffer(Fold& f, const char* r) {
    if (Fold::is(r, Op::glTransformFeedbackBufferBase)) {
        const auto& b = f.as<rec::glTransformFeedbackBufferBase>(r);
        Object* o = f.find(NameClass::buffer, b.buffer);
        Ref<Kept> k = f.make(rec::glBindBufferBase{
            .target = GL_TRANSFORM_FEEDBACK_BUFFER, .index = b.index, .buffer = b.buffer});
        f.add_dependency(*k, offsetof(rec::glBindBufferBase, buffer), o);
        set_feedback_buffer(f, b.xfb, b.index, o, k);
    } else {
        const auto& b = f.as<rec::glTransformFeedbackBufferRange>(r);
        Object* o = f.find(NameClass::buffer, b.buffer);
        Ref<Kept> k = f.make(rec::glBindBufferRange{.target = GL_TRANSFORM_FEEDBACK_BUFFER,
                                                    .index = b.index,
                                                    .buffer = b.buffer,
                                                    .offset = b.offset,
                                                    .size = b.size});
        f.add_dependency(*k, offsetof(rec::glBindBufferRange, buffer), o);
        set_feedback_buffer(f, b.xfb, b.index, o, k);
    }
}

// The format of each image is that of the texture's level 0, which the driver knows: kept as
// commands for one unit each, with the name in the payload.
void fold_bind_images(Fold& f, const char* r) {
    const auto& b = f.as<rec::glBindImageTextures>(r);
    const auto* names = array<uint32_t>(f, r, b.textures);
    for (uint32_t i = 0; i < (uint32_t)b.count; ++i) {
        if (names && names[i] == log::kNoName)
            continue;
        Object* o = f.find(NameClass::texture, names ? names[i] : 0);
        const uint32_t name = o ? o->name : 0;
        rec::glBindImageTextures one{};
        one.first = b.first + i;
        one.count = 1;
        Ref<Kept> k =
            make_with_payload(f, one, &rec::glBindImageTextures::textures, &name, sizeof name);
        f.add_dependency(*k, sizeof one, o);
        f.c->slots.set({kImageFamily, 1, {one.first, 0}}, k);
    }
    f.c->image_writes = true;
}

void fold_env_parameters(Fold& f, const char* r) {
    static const uint16_t fam = family("program_env");
    const auto& p = f.as<rec::glProgramEnvParameters4fvEXT>(r);
    const auto* values = array<char>(f, r, p.params);
    for (uint32_t i = 0; values && i < (uint32_t)p.count; ++i) {
        rec::glProgramEnvParameter4fvARB one{};
        one.target = p.target;
        one.index = p.index + i;
        f.c->slots.set({fam, 2, {one.target, one.index}},
                       make_with_payload(f, one, &rec::glProgramEnvParameter4fvARB::params,
                                         values + (size_t)i * 16, 16));
    }
}

void fold_arb_local_parameters(Fold& f, const char* r) {
    const auto& p = f.as<rec::glProgramLocalParameters4fvEXT>(r);
    const auto* values = array<char>(f, r, p.params);
    ArbProgram& program = f.arb_program(p.target);
    for (uint32_t i = 0; values && i < (uint32_t)p.count; ++i) {
        rec::glProgramLocalParameter4fvARB one{};
        one.target = p.target;
        one.index = p.index + i;
        program.slots.set({kArbLocalFamily, 1, {one.index, 0}},
                          make_with_payload(f, one, &rec::glProgramLocalParameter4fvARB::params,
                                            values + (size_t)i * 16, 16));
    }
}

// With GL_EXT_stencil_two_side, glActiveStencilFaceEXT(GL_BACK) sends these to a back face that the
// commands with a face of their own do not reach (Mesa has three sets; where there are two, the
// order of the calls settles it).
void fold_stencil_of_face(Fold& f, const char* r) {
    static const uint16_t active = family("active_stencil_face");
    static const uint16_t families[] = {family("stencil_func"), family("stencil_mask"),
                                        family("stencil_op")};
    const uint16_t fam = families[Fold::is(r, Op::glStencilFunc)   ? 0
                                  : Fold::is(r, Op::glStencilMask) ? 1
                                                                   : 2];
    Ref<Kept> k = f.keep(r);
    const Kept* face = f.c->slots.find({active});
    k->back_stencil = face && face->as<rec::glActiveStencilFaceEXT>().face == GL_BACK;
    if (k->back_stencil)
        f.c->slots.set({kBackStencilFamily, 1, {fam, 0}}, k);
    else
        f.c->slots.set({fam}, k);
}

void fold_stencil_func_ati(Fold& f, const char* r) {
    static const uint16_t fam = family("stencil_func");
    const auto& s = f.as<rec::glStencilFuncSeparateATI>(r);
    for (const GLenum face : {(GLenum)GL_FRONT, (GLenum)GL_BACK})
        f.c->slots.set({fam, 1, {face, 0}}, f.make(rec::glStencilFuncSeparate{
                                                .face = face,
                                                .func = face == GL_FRONT ? s.frontfunc : s.backfunc,
                                                .ref = s.ref,
                                                .mask = s.mask}));
}

} // namespace glckpt::prune
