// Labels of objects (KHR_debug, EXT_debug_label): kept with the object, emitted behind it.
#include "prune/fold.h"

namespace glckpt::prune {
namespace {

NameClass class_of(uint32_t identifier) {
    switch (identifier) {
    case GL_BUFFER:
    case GL_BUFFER_OBJECT_EXT:
        return NameClass::buffer;
    case GL_SHADER:
    case GL_SHADER_OBJECT_EXT:
    case GL_PROGRAM:
    case GL_PROGRAM_OBJECT_EXT:
        return NameClass::program;
    case GL_VERTEX_ARRAY:
    case GL_VERTEX_ARRAY_OBJECT_EXT:
        return NameClass::vertex_array;
    case GL_QUERY:
    case GL_QUERY_OBJECT_EXT:
        return NameClass::query;
    case GL_PROGRAM_PIPELINE:
    case GL_PROGRAM_PIPELINE_OBJECT_EXT:
        return NameClass::pipeline;
    case GL_TRANSFORM_FEEDBACK:
        return NameClass::transform_feedback;
    case GL_SAMPLER:
        return NameClass::sampler;
    case GL_TEXTURE:
        return NameClass::texture;
    case GL_RENDERBUFFER:
        return NameClass::renderbuffer;
    case GL_FRAMEBUFFER:
        return NameClass::framebuffer;
    default:
        return NameClass::Count;
    }
}

} // namespace

void fold_object_label(Fold& f, const char* r) {
    const bool ext = Fold::is(r, Op::glLabelObjectEXT);
    const uint32_t identifier =
        ext ? f.as<rec::glLabelObjectEXT>(r).type : f.as<rec::glObjectLabel>(r).identifier;
    const uint32_t name =
        ext ? f.as<rec::glLabelObjectEXT>(r).object : f.as<rec::glObjectLabel>(r).name;
    const log::PayloadRef text =
        ext ? f.as<rec::glLabelObjectEXT>(r).label : f.as<rec::glObjectLabel>(r).label;
    Ref<Kept> k = text.kind == log::PayloadRef::Null ? Ref<Kept>() : f.keep(r);
    if (identifier == GL_DISPLAY_LIST) {
        if (const auto it = f.c->group->lists.find(name); it != f.c->group->lists.end())
            it->second->label = k;
        return;
    }
    const NameClass cls = class_of(identifier);
    if (cls == NameClass::Count)
        return;
    // (No dependency: a label that held its object would keep it alive. The name is written anew
    // when it is emitted.)
    if (Object* o = f.find(cls, name))
        o->label = k;
}

} // namespace glckpt::prune
