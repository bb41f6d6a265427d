// Emission of a context's state: stacks, slots, units, bindings, matrices.
#include "prune/emit/emit.h"
#include <algorithm>

namespace glckpt::prune {

// Objects without a name that bindings and containers of this context still refer to: emitted
// under a temporary name, which is deleted at the end, so that the same is true there.
void Emitter::unnamed(ContextState& c) {
    auto need = [&](Object* o) {
        if (!o || o->named || o->emitted_name)
            return;
        switch (o->cls) {
        case NameClass::texture:
            return texture(static_cast<Texture&>(*o));
        case NameClass::buffer:
            return buffer(static_cast<Buffer&>(*o));
        case NameClass::renderbuffer:
            return renderbuffer(static_cast<Renderbuffer&>(*o));
        case NameClass::program:
            return program(static_cast<Program&>(*o));
        default:
            return;
        }
    };
    auto of_record = [&](const Kept& k) {
        for (const Dependency& d : k.dependencies)
            need(d.object.get());
    };
    auto of_slots = [&](const Slots& s) {
        for (const auto& [key, k] : s.all())
            of_record(*k);
    };
    for (const Unit& u : c.units)
        for (const Ref<Object>& b : u.bound)
            need(b.get());
    for (const auto& [target, b] : c.buffers)
        need(b.get());
    of_slots(c.slots);
    auto of_vao = [&](Object& o) {
        of_slots(o.slots);
        need(static_cast<VertexArray&>(o).element_buffer.get());
    };
    of_vao(*c.default_vao);
    of_vao(*c.vao);
    for (Object* o : live_objects(c, NameClass::vertex_array))
        of_vao(*o);
    for (Object* o : live_objects(c, NameClass::framebuffer))
        for (const auto& [point, a] : static_cast<Framebuffer&>(*o).attachments)
            need(a.object.get());
    for (Object* o : live_objects(c, NameClass::texture))
        if (const auto& t = static_cast<Texture&>(*o); t.storage)
            of_record(*t.storage);
    need(c.program.get());
    need(c.renderbuffer.get());
}

void Emitter::unit(ContextState&, size_t index, const Unit& u) {
    bool selected = false;
    auto select = [&] {
        if (!selected)
            put(rec::glActiveTexture{.texture = GL_TEXTURE0 + (GLuint)index});
        selected = true;
    };
    for (int i = 0; i < kTextureTargets; ++i)
        if (const Ref<Object>& b = u.bound[(size_t)i]) {
            select();
            put(rec::glBindTexture{.target = texture_target_of_index(i),
                                   .texture = name_of(b.get())});
        }
    std::vector<Kept*> records;
    u.slots.collect(records);
    for (const Kept* k : records) {
        select();
        if (k->transformed)
            transformed(*k);
        else
            kept(*k);
    }
    if (u.sampler)
        put(rec::glBindSampler{.unit = (GLuint)index, .sampler = name_of(u.sampler.get())});
}

// GL transforms this by the matrices in force when it is given: put those in force.
void Emitter::transformed(const Kept& k) {
    auto load = [&](GLenum mode, const std::vector<Ref<Kept>>& history) {
        put(rec::glMatrixMode{.mode = mode});
        put(rec::glLoadIdentity{});
        for (const Ref<Kept>& m : history)
            kept(*m);
    };
    if (!k.projection.empty())
        load(GL_PROJECTION, k.projection);
    load(GL_MODELVIEW, k.modelview);
    kept(k);
}

void Emitter::state(ContextState& c) {
    std::vector<Kept*> records;
    c.slots.collect(records);
    const Kept* raster = c.slots.find({kRasterFamily});
    for (const Kept* k : records) {
        if (k == raster)
            continue; // goes through viewport and depth range: after them
        if (k->transformed)
            transformed(*k);
        else
            kept(*k);
    }
    for (size_t i = 0; i < c.units.size(); ++i)
        unit(c, i, c.units[i]);
    if (c.active_unit || !c.units.empty())
        put(rec::glActiveTexture{.texture = GL_TEXTURE0 + c.active_unit});
    if (raster)
        transformed(*raster);
    for (const ContextState::DebugLevel& level : c.debug) {
        if (level.push)
            kept(*level.push);
        for (const Ref<Kept>& k : level.controls)
            kept(*k);
    }
}

void Emitter::bindings(ContextState& c) {
    for (const auto& [target, b] : c.buffers)
        if (b)
            put(rec::glBindBuffer{.target = target, .buffer = name_of(b.get())});
    if (!(c.vao == c.default_vao))
        put(rec::glBindVertexArray{.array = name_of(c.vao.get())});
    if (c.draw_fbo == c.read_fbo) {
        if (c.draw_fbo)
            put(rec::glBindFramebuffer{.target = GL_FRAMEBUFFER,
                                       .framebuffer = name_of(c.draw_fbo.get())});
    } else {
        if (c.draw_fbo)
            put(rec::glBindFramebuffer{.target = GL_DRAW_FRAMEBUFFER,
                                       .framebuffer = name_of(c.draw_fbo.get())});
        if (c.read_fbo)
            put(rec::glBindFramebuffer{.target = GL_READ_FRAMEBUFFER,
                                       .framebuffer = name_of(c.read_fbo.get())});
    }
    if (c.renderbuffer)
        put(rec::glBindRenderbuffer{.target = GL_RENDERBUFFER,
                                    .renderbuffer = name_of(c.renderbuffer.get())});
    if (!(c.feedback == c.default_feedback))
        put(rec::glBindTransformFeedback{.target = GL_TRANSFORM_FEEDBACK,
                                         .id = name_of(c.feedback.get())});
    all(c.default_feedback->slots);
    if (c.pipeline)
        put(rec::glBindProgramPipeline{.pipeline = name_of(c.pipeline.get())});
    if (c.program)
        put(rec::glUseProgram{.program = name_of(c.program.get())});
    for (const auto& [target, p] : c.arb_programs)
        if (p)
            put(rec::glBindProgramARB{.target = target, .program = name_of(p.get())});
    if (c.client_unit)
        put(rec::glClientActiveTexture{.texture = GL_TEXTURE0 + c.client_unit});
}

void Emitter::matrices(ContextState& c) {
    if (c.matrices.empty())
        return;
    for (const auto& [key, stack] : c.matrices) {
        const auto mode = (GLenum)key, unit = (GLenum)(key >> 32);
        if (mode == GL_TEXTURE)
            put(rec::glActiveTexture{.texture = GL_TEXTURE0 + unit});
        put(rec::glMatrixMode{.mode = mode});
        for (size_t level = 0; level < stack.levels.size(); ++level) {
            if (level)
                put(rec::glPushMatrix{});
            put(rec::glLoadIdentity{});
            for (const Ref<Kept>& k : stack.levels[level].history)
                kept(*k);
        }
        if (mode == GL_TEXTURE)
            put(rec::glActiveTexture{.texture = GL_TEXTURE0 + c.active_unit});
    }
    put(rec::glMatrixMode{.mode = c.matrix_mode});
}

// Each push is replayed in the state that it saved; what it did not save does not matter there.
void Emitter::attrib_stack(ContextState& c) {
    for (const SavedAttribs& s : c.attribs) {
        all(s.slots);
        for (const auto& [index, slots] : s.units) {
            if (slots.empty() && !s.bound.count(index))
                continue;
            put(rec::glActiveTexture{.texture = GL_TEXTURE0 + (GLuint)index});
            const auto bound = s.bound.find(index);
            for (int i = 0; bound != s.bound.end() && i < kTextureTargets; ++i)
                if (const Ref<Object>& b = bound->second[(size_t)i])
                    put(rec::glBindTexture{.target = texture_target_of_index(i),
                                           .texture = name_of(b.get())});
            all(slots);
        }
        put(rec::glActiveTexture{.texture = GL_TEXTURE0 + s.active_unit});
        put(rec::glMatrixMode{.mode = s.matrix_mode});
        kept(*s.push);
    }
    for (const SavedClient& s : c.client_attribs) {
        all(s.pixel_store);
        kept(*s.push);
    }
}

} // namespace glckpt::prune
