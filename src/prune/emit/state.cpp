// Emission of a context's state: stacks, slots, units, bindings, matrices.
#include "prune/emit/emit.h"
#include <algorithm>

namespace glckpt::prune {

// Objects without a name that bindings and containers of this context still refer to.
void each_unnamed(ContextState& c, const std::function<void(Object&)>& each) {
    auto need = [&](Object* o) {
        if (o && !o->named)
            each(*o);
    };
    auto of_record = [&](const Kept& k) {
        for (const Dependency& d : k.dependencies)
            need(d.object.get());
    };
    auto of_slots = [&](const Slots& s) {
        for (const auto& [key, k] : s.all())
            of_record(*k);
    };
    for (const Unit& u : c.units) {
        for (const Ref<Object>& b : u.bound)
            need(b.get());
        need(u.sampler.get());
    }
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

// They are emitted under a temporary name, which is deleted at the end, so that the same is true
// there.
void Emitter::unnamed(ContextState& c) {
    each_unnamed(c, [this](Object& o) {
        if (o.emitted_name)
            return;
        switch (o.cls) {
        case NameClass::texture:
            return texture(static_cast<Texture&>(o));
        case NameClass::buffer:
            return buffer(static_cast<Buffer&>(o));
        case NameClass::renderbuffer:
            return renderbuffer(static_cast<Renderbuffer&>(o));
        case NameClass::sampler:
            return sampler(o);
        case NameClass::program:
            return program(static_cast<Program&>(o));
        default:
            return;
        }
    });
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

// Materials that once followed the current color. Before everything else, since it takes that
// color.
void Emitter::left_materials(const std::vector<Kept*>& records) {
    const auto white = [&] { put(rec::glColor4f{.red = 1, .green = 1, .blue = 1, .alpha = 1}); };
    bool any = false;
    for (const Kept* k : records) {
        if (!k->left_material)
            continue;
        any = true;
        kept(*k);
        put(rec::glEnable{.cap = GL_COLOR_MATERIAL});
        if (k->current.empty())
            white();
        for (const Ref<Kept>& color : k->current)
            kept(*color);
        put(rec::glDisable{.cap = GL_COLOR_MATERIAL});
    }
    if (!any)
        return;
    put(rec::glColorMaterial{.face = GL_FRONT_AND_BACK, .mode = GL_AMBIENT_AND_DIFFUSE});
    for (const Kept* k : records) // before it is enabled, which may be the older record
        if ((Op)k->header().op == Op::glColorMaterial && !k->left_material)
            kept(*k);
    white();
}

// All but the raster position, which goes through viewport and depth range: after them.
// Which stencil face is active comes last, for it directs the others; so does glPixelStore's state.
void Emitter::state_slots(const Slots& s) {
    static const uint16_t active_face = family("active_stencil_face");
    auto face = [&](GLenum f) {
        if (f != stencil_face_)
            put(rec::glActiveStencilFaceEXT{.face = f});
        stencil_face_ = f;
    };
    std::vector<Kept*> records, pixel_store;
    s.collect(records);
    left_materials(records);
    for (Kept* k : records) {
        if (k->left_material)
            continue;
        const Op op = (Op)k->header().op;
        if (op == Op::glBitmap || op == Op::glActiveStencilFaceEXT || k == s.find({kRasterFamily}))
            continue;
        if (op == Op::glPixelStorei) {
            pixel_store.push_back(k);
            continue;
        }
        face(k->back_stencil ? GL_BACK : GL_FRONT);
        if (k->transformed)
            transformed(*k);
        else
            kept(*k);
    }
    for (const Kept* k : pixel_store) // behind a stipple pattern, which is read as it was then
        kept(*k);
    const Kept* last = s.find({active_face});
    face(last ? last->as<rec::glActiveStencilFaceEXT>().face : (GLenum)GL_FRONT);
}

void Emitter::raster_position(const Slots& s) {
    if (const Kept* k = s.find({kRasterFamily})) {
        for (const Ref<Kept>& c : k->current)
            kept(*c);
        static const uint16_t enable = family("enable");
        const Kept* lighting = s.find({enable, 1, {GL_LIGHTING, 0}});
        // The state's lights are not those that it was lit by.
        const bool dark = lighting && (Op)lighting->header().op == Op::glEnable;
        if (dark)
            put(rec::glDisable{.cap = GL_LIGHTING});
        if (k->color) {
            const auto* v = reinterpret_cast<const float*>(k->color->data);
            put(rec::glColor4f{.red = v[0], .green = v[1], .blue = v[2], .alpha = v[3]});
            put(rec::glSecondaryColor3f{.red = v[4], .green = v[5], .blue = v[6]});
        }
        if (k->transformed)
            transformed(*k);
        else
            kept(*k);
        if (dark)
            put(rec::glEnable{.cap = GL_LIGHTING});
        // The present ones again.
        static const uint16_t families[] = {family("current_color"), family("current_secondary"),
                                            family("current_fog_coord"),
                                            family("current_tex_coord")};
        bool color = false, secondary = !k->color;
        for (const auto& [key, c] : s.all())
            if (std::find(std::begin(families), std::end(families), key.family) !=
                std::end(families)) {
                kept(*c);
                color |= key.family == families[0];
                secondary |= key.family == families[1];
            }
        if (!secondary)
            put(rec::glSecondaryColor3f{.red = 0, .green = 0, .blue = 0});
        if (!color)
            put(rec::glColor4f{.red = 1, .green = 1, .blue = 1, .alpha = 1});
    }
    for (uint64_t n = 0; const Kept* move = s.find({kRasterFamily, 1, {n, 0}}); ++n)
        kept(*move);
}

void Emitter::state(ContextState& c) {
    state_slots(c.slots);
    for (size_t i = 0; i < c.units.size(); ++i)
        unit(c, i, c.units[i]);
    if (c.active_unit || !c.units.empty())
        put(rec::glActiveTexture{.texture = GL_TEXTURE0 + c.active_unit});
    raster_position(c.slots);
    for (const ContextState::DebugLevel& level : c.debug) {
        if (level.push)
            kept(*level.push);
        for (const Ref<Kept>& k : level.controls)
            kept(*k);
    }
}

void Emitter::bindings(ContextState& c) {
    // Binding to an index, emitted before, has bound to the target, too: nothing is said as well.
    auto indexed = [](GLenum target) {
        return target == GL_UNIFORM_BUFFER || target == GL_SHADER_STORAGE_BUFFER ||
               target == GL_ATOMIC_COUNTER_BUFFER || target == GL_TRANSFORM_FEEDBACK_BUFFER;
    };
    for (const auto& [target, b] : c.buffers)
        if (b || indexed(target))
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
    if (!c.attribs.empty())
        buffers_again(c);
    // What is told about a framebuffer (Mesa clamps the stencil reference by its bits) may depend
    // on its having been looked at.
    if (c.draw_fbo)
        put(rec::glCheckFramebufferStatus{.target = GL_FRAMEBUFFER});
    if (c.renderbuffer)
        put(rec::glBindRenderbuffer{.target = GL_RENDERBUFFER,
                                    .renderbuffer = name_of(c.renderbuffer.get())});
    if (!(c.feedback == c.default_feedback))
        put(rec::glBindTransformFeedback{.target = GL_TRANSFORM_FEEDBACK,
                                         .id = name_of(c.feedback.get())});
    all(c.default_feedback->slots);
    feedback_count(static_cast<const TransformFeedback&>(*c.default_feedback), 0);
    if (c.pipeline)
        put(rec::glBindProgramPipeline{.pipeline = name_of(c.pipeline.get())});
    if (c.program) {
        const uint32_t name = name_of(c.program.get());
        put(rec::glUseProgram{.program = name});
        if (const auto& p = static_cast<const Program&>(*c.program); p.failed.exists)
            failed_link(p, name);
    }
    for (const auto& [target, p] : c.arb_programs)
        if (p)
            put(rec::glBindProgramARB{.target = target, .program = name_of(p.get())});
    if (c.client_unit)
        put(rec::glClientActiveTexture{.texture = GL_TEXTURE0 + c.client_unit});
    for (const auto& [array, l] : c.locked)
        if (l.vao == c.vao)
            put(l.record, {{offsetof(rec::xClientArray, data), l.data.data(), l.data.size()}});
}

void Emitter::matrices(ContextState& c) {
    // (Only a context that has matrices can have chosen another mode, or pushed attributes.)
    if (c.matrices.empty() && c.matrix_mode == GL_MODELVIEW && c.attribs.empty())
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

} // namespace glckpt::prune
