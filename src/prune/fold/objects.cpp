// Deletion: a name ends; the object lives on while something refers to it.
#include "prune/fold.h"
#include <algorithm>

namespace glckpt::prune {

// Indexed bindings of buffers, and image units: as if nothing had ever been bound there.
static void unbind_slots(Slots& slots, const Object* o, uint16_t family) {
    std::vector<Key> gone;
    for (const auto& [key, k] : slots.all())
        if (key.family == family)
            for (const Dependency& d : k->dependencies)
                if (d.object.get() == o)
                    gone.push_back(key);
    for (const Key& key : gone)
        slots.erase(key);
}

// A deleted object is unbound from the context that deletes it, not from others (OpenGL 4.6,
// section 5.1.2), and detached from the framebuffers bound there.
void Fold::unbind(Object* o) {
    auto drop = [&](Ref<Object>& r) {
        if (r.get() == o)
            r = Ref<Object>();
    };
    const NameClass cls = o->cls;
    switch (cls) {
    case NameClass::texture:
        for (Unit& u : c->units)
            for (Ref<Object>& b : u.bound)
                drop(b);
        unbind_slots(c->slots, o, kImageFamily);
        break;
    case NameClass::sampler:
        for (Unit& u : c->units)
            drop(u.sampler);
        break;
    case NameClass::buffer:
        for (auto& [target, b] : c->buffers)
            drop(b);
        drop(static_cast<VertexArray&>(*c->vao).element_buffer);
        unbind_slots(c->slots, o, kIndexedBufferFamily);
        unbind_slots(c->feedback->slots, o, kIndexedBufferFamily);
        // Its arrays go on being described as they were, without a buffer: deleting it in the same
        // place says so to another driver, too (emit.cpp).
        static_cast<Buffer&>(*o).detached_from = c->vao.get();
        for (auto& [i, b] : static_cast<TransformFeedback&>(*c->feedback).buffers)
            drop(b);
        break;
    case NameClass::framebuffer:
        settle_framebuffer(static_cast<Framebuffer&>(*o)); // what was drawn through it stays
        drop(c->draw_fbo);
        drop(c->read_fbo);
        break;
    case NameClass::renderbuffer:
        drop(c->renderbuffer);
        break;
    case NameClass::vertex_array:
        if (c->vao.get() == o)
            c->vao = c->default_vao;
        break;
    case NameClass::transform_feedback:
        if (c->feedback.get() == o)
            c->feedback = c->default_feedback;
        break;
    case NameClass::query: // an active one ends
        for (auto it = c->active_queries.begin(); it != c->active_queries.end(); ++it)
            if (it->second.get() == o) {
                c->active_queries.erase(it);
                return;
            }
        return;
    case NameClass::pipeline:
        drop(c->pipeline);
        break;
    case NameClass::arb_program:
        for (auto& [target, p] : c->arb_programs)
            drop(p);
        break;
    default:
        break; // programs stay in use
    }
    if (cls != NameClass::texture && cls != NameClass::renderbuffer)
        return;
    for (const Ref<Object>& fb : {c->draw_fbo, c->read_fbo})
        if (fb) {
            auto& f = static_cast<Framebuffer&>(*fb);
            settle_framebuffer(f);
            std::erase_if(f.attachments, [&](const auto& a) { return a.second.object.get() == o; });
        }
}

void Fold::delete_object(NameClass cls, uint32_t name) {
    if (!name)
        return;
    Ref<Object> o = name_slot(cls, name);
    if (!o)
        return;
    unbind(o.get());
    o->named = false;
    name_slot(cls, name) = Ref<Object>();
}

} // namespace glckpt::prune
