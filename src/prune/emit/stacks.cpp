// Emission of the attribute stacks: each push is replayed in the state that it saved; what it did
// not save does not matter there, for the state that is in force now is emitted behind it.
#include "prune/emit/emit.h"

namespace glckpt::prune {

void Emitter::attrib_stack(ContextState& c) {
    for (const SavedAttribs& s : c.attribs) {
        const size_t level = (size_t)(&s - c.attribs.data());
        begin_untouched(level);
        state_slots(s.slots);
        std::vector<std::pair<GLuint, GLenum>> bound_here;
        for (const auto& [index, slots] : s.units) {
            const auto bound = s.bound.find(index);
            if (slots.empty() && bound == s.bound.end())
                continue;
            put(rec::glActiveTexture{.texture = GL_TEXTURE0 + (GLuint)index});
            for (int i = 0; bound != s.bound.end() && i < kTextureTargets; ++i)
                if (const Ref<Object>& b = bound->second[(size_t)i]) {
                    const GLenum target = texture_target_of_index(i);
                    put(rec::glBindTexture{.target = target, .texture = name_of(b.get())});
                    bound_here.emplace_back((GLuint)index, target);
                }
            state_slots(slots);
        }
        put(rec::glActiveTexture{.texture = GL_TEXTURE0 + s.active_unit});
        raster_position(s.slots);
        put(rec::glMatrixMode{.mode = s.matrix_mode});
        const uint32_t fbo = saved_buffers(s);
        end_untouched(level, s.touched);
        kept(*s.push);
        if (fbo) {
            rec::glDeleteFramebuffers gone{};
            gone.n = 1;
            put(gone, {{offsetof(rec::glDeleteFramebuffers, framebuffers), &fbo, sizeof fbo}});
        }
        // What is bound now is emitted later, but not that nothing is.
        for (const auto& [index, target] : bound_here) {
            put(rec::glActiveTexture{.texture = GL_TEXTURE0 + index});
            put(rec::glBindTexture{.target = target, .texture = 0});
        }
    }
}

// Mesa's glPopAttrib puts back only the groups of which something has been set since the push
// (PopAttribState), and what is set below an inner push is not. What is emitted behind a push of
// the app's is set below an inner one that saves nothing, and then the groups that the app has set
// are told. Where the specification is followed that changes nothing. (At the greatest depth there
// is no room: all counts as set.)
constexpr size_t kAttribDepth = 16; // the least that GL_MAX_ATTRIB_STACK_DEPTH may be

void Emitter::begin_untouched(size_t level) {
    if (level > 0 && level < kAttribDepth)
        put(rec::glPushAttrib{.mask = 0});
}
void Emitter::end_untouched(size_t level, uint32_t touched) {
    if (level == 0 || level >= kAttribDepth)
        return;
    put(rec::glPopAttrib{});
    if (touched)
        put(rec::xTouchGroups{.mask = touched});
}

// What the push saves of the framebuffer that was bound: of the default one, whose present buffers
// are emitted later, or of a framebuffer object, for which one of our own stands in. Its name, or
// 0.
uint32_t Emitter::saved_buffers(const SavedAttribs& s) {
    uint32_t name = 0;
    if (s.draw.of_object || s.read.of_object) {
        name = next_temporary_++;
        rec::glGenFramebuffers g{};
        g.n = 1;
        put(g, {{offsetof(rec::glGenFramebuffers, framebuffers), &name, sizeof name}});
    }
    if (s.draw.of_object)
        put(rec::glBindFramebuffer{.target = GL_DRAW_FRAMEBUFFER, .framebuffer = name});
    if (s.read.of_object)
        put(rec::glBindFramebuffer{.target = GL_READ_FRAMEBUFFER, .framebuffer = name});
    if (s.draw.record)
        kept(*s.draw.record);
    if (s.read.record)
        kept(*s.read.record);
    return name;
}

// Mesa's glPopAttrib puts back only groups of which something has been set since the push
// (PopAttribState); the framebuffer object that is bound got its buffers before.
void Emitter::buffers_again(ContextState& c) {
    static const uint16_t draw = family("framebuffer.draw_buffers"),
                          read = family("framebuffer.read_buffer");
    if (c.draw_fbo) {
        if (const Kept* k = c.draw_fbo->slots.find({draw}))
            kept(*k);
        else
            put(rec::glDrawBuffer{.buf = GL_COLOR_ATTACHMENT0});
    }
    if (c.read_fbo) {
        if (const Kept* k = c.read_fbo->slots.find({read}))
            kept(*k);
        else
            put(rec::glReadBuffer{.src = GL_COLOR_ATTACHMENT0});
    }
}

// glPushClientAttrib saves the vertex array in force as it is then, and its name. A later level's
// slots are the earlier one's with some of them written over; so, level by level, each set of slots
// is emitted over the one before it, and the arrays' present contents over the last.
void Emitter::client_stack(ContextState& c) {
    std::vector<VertexArray*> changed;
    for (const SavedClient& s : c.client_attribs) {
        if (s.mask & GL_CLIENT_PIXEL_STORE_BIT) {
            all(s.pixel_store);
            put(rec::glBindBuffer{.target = GL_PIXEL_PACK_BUFFER,
                                  .buffer = name_of(s.pack_buffer.get())});
            put(rec::glBindBuffer{.target = GL_PIXEL_UNPACK_BUFFER,
                                  .buffer = name_of(s.unpack_buffer.get())});
        }
        if (s.mask & GL_CLIENT_VERTEX_ARRAY_BIT) {
            auto& v = static_cast<VertexArray&>(*s.vao);
            put(rec::glBindVertexArray{.array = v.name ? name_of(&v) : 0});
            arrays(s.vao_slots, s.element_buffer.get());
            put(rec::glBindBuffer{.target = GL_ARRAY_BUFFER,
                                  .buffer = name_of(s.array_buffer.get())});
            put(rec::glClientActiveTexture{.texture = GL_TEXTURE0 + s.client_unit});
            changed.push_back(&v);
        }
        kept(*s.push);
        put(rec::glBindBuffer{.target = GL_PIXEL_UNPACK_BUFFER, .buffer = 0});
        put(rec::glBindBuffer{.target = GL_PIXEL_PACK_BUFFER, .buffer = 0});
    }
    if (changed.empty())
        return;
    put(rec::glClientActiveTexture{.texture = GL_TEXTURE0});
    for (VertexArray* v : changed) {
        put(rec::glBindVertexArray{.array = v->name ? name_of(v) : 0});
        arrays(v->slots, v->element_buffer.get());
    }
    put(rec::glBindBuffer{.target = GL_ARRAY_BUFFER, .buffer = 0});
    put(rec::glBindVertexArray{.array = 0});
}

} // namespace glckpt::prune
