#include "prune/emit/emit.h"
#include <algorithm>

namespace glckpt::prune {

void Emitter::write(const char* data, size_t size, std::span<const EmittedPayload> payloads) {
    ++records;
    bytes += size;
    for (const EmittedPayload& p : payloads)
        bytes += p.bytes;
    sink_.record(data, size, payloads);
}

// An object that has lost its name but is in use gets one for the time of the emission.
uint32_t Emitter::name_of(Object* o) {
    if (!o)
        return 0;
    if (o->named)
        return o->name;
    if (o->cls == NameClass::buffer && emitting_array_ &&
        static_cast<Buffer*>(o)->detached_from == emitting_array_)
        return lost_buffer(*emitting_array_);
    const bool everywhere = shared_between_contexts(o->cls) && o->cls != NameClass::program &&
                            o->cls != NameClass::arb_program;
    if (!o->emitted_name && everywhere && group_) {
        constexpr uint32_t kFirst = 0x58000000; // apart from those of one context
        o->emitted_name = kFirst + group_->next_temporary++;
        group_->temporary.push_back(Ref<Object>(o));
    } else if (!o->emitted_name) {
        // Programs and shaders answer to their names as long as they are in use or attached.
        o->emitted_name = o->cls == NameClass::program ? o->name : next_temporary_++;
        temporary_.push_back(Ref<Object>(o));
    }
    return o->emitted_name;
}

// Keeps `unpack_` what the driver has.
void Emitter::note_pixel_store(const rec::glPixelStorei& r) {
    if (GLint* is = unpack_place(unpack_, r.pname))
        *is = r.param;
}

void Emitter::kept_as(const Kept& k, size_t offset, uint32_t name) {
    for (const Ref<Kept>& b : k.before)
        kept_as(*b, offset, name);
    if ((Op)k.header().op == Op::glPixelStorei)
        note_pixel_store(k.as<rec::glPixelStorei>());
    if (const Payloads& p = kPayloads[k.header().op]; p.count && reads_pixels(k.header().op)) {
        log::PayloadRef ref;
        memcpy(&ref, k.bytes.data() + p.offset[p.count - 1], sizeof ref);
        if (ref.kind != log::PayloadRef::Null)
            unpack(k.unpack);
    }
    std::vector<char> copy(k.bytes);
    for (const Dependency& d : k.dependencies)
        // Offset 0 is no member of the record (vertex_arrays.cpp).
        if (d.offset && d.offset != offset) {
            const uint32_t n = name_of(d.object.get());
            memcpy(copy.data() + d.offset, &n, 4);
        }
    if (offset)
        memcpy(copy.data() + offset, &name, 4);
    reinterpret_cast<log::RecordHeader*>(copy.data())->flags = k.doubtful ? log::kMayFail : 0;
    std::vector<EmittedPayload> payloads;
    const Payloads& p = kPayloads[k.header().op];
    for (int i = 0; i < p.count; ++i) {
        log::PayloadRef ref;
        memcpy(&ref, copy.data() + p.offset[i], sizeof ref);
        if (ref.kind == log::PayloadRef::Heap)
            payloads.push_back({p.offset[i], k.blobs[ref.place]->data, k.blobs[ref.place]->bytes});
    }
    write(copy.data(), copy.size(), payloads);
}

void Emitter::kept(const Kept& k) { kept_as(k, 0, 0); }

void Emitter::all(const Slots& s) {
    std::vector<Kept*> records;
    s.collect(records);
    for (const Kept* k : records)
        kept(*k);
}

void Emitter::unpack(const UnpackState& u) {
    auto set = [&](GLenum pname, GLint now, GLint& is) {
        if (now == is)
            return;
        is = now;
        put(rec::glPixelStorei{.pname = pname, .param = now});
    };
    set(GL_UNPACK_SWAP_BYTES, u.swap_bytes, unpack_.swap_bytes);
    set(GL_UNPACK_LSB_FIRST, u.lsb_first, unpack_.lsb_first);
    set(GL_UNPACK_ALIGNMENT, u.alignment, unpack_.alignment);
    set(GL_UNPACK_ROW_LENGTH, u.row_length, unpack_.row_length);
    set(GL_UNPACK_SKIP_ROWS, u.skip_rows, unpack_.skip_rows);
    set(GL_UNPACK_SKIP_PIXELS, u.skip_pixels, unpack_.skip_pixels);
    set(GL_UNPACK_IMAGE_HEIGHT, u.image_height, unpack_.image_height);
    set(GL_UNPACK_SKIP_IMAGES, u.skip_images, unpack_.skip_images);
}

std::vector<Object*> live_objects(ContextState& c, NameClass cls) {
    std::vector<Object*> found;
    const auto i = (size_t)cls;
    const bool shared = shared_between_contexts(cls);
    for (const Ref<Object>& o : shared ? c.group->dense[i] : c.own_dense[i])
        if (o)
            found.push_back(o.get());
    for (const auto& [name, o] : shared ? c.group->sparse[i] : c.own_sparse[i])
        if (o)
            found.push_back(o.get());
    std::sort(found.begin(), found.end(), [](Object* a, Object* b) { return a->born < b->born; });
    return found;
}

bool Emitter::begin(ContextState& c) {
    if (!emits(c))
        return false;
    stencil_face_ = GL_FRONT;
    group_ = c.group.get();
    rec::wsMakeCurrent m{};
    m.head_.flags = 0;
    m.draw = c.draw_drawable;
    m.read = c.read_drawable;
    put(m);
    return true;
}

// A buffer that is deleted is detached from the vertex array that is bound, and from no other
// (OpenGL 4.6, section 5.1.2); its arrays go on being described as they were, which no call says
// in a core profile. So that vertex array gets another one, which is deleted in the same way.
uint32_t Emitter::lost_buffer(const VertexArray& v) {
    uint32_t& name = lost_buffers_[&v];
    if (!name) {
        name = next_temporary_++;
        rec::glGenBuffers g{};
        g.n = 1;
        put(g, {{offsetof(rec::glGenBuffers, buffers), &name, 4}});
    }
    return name;
}

void Emitter::temporaries(ContextState& c) {
    for (const Ref<Object>& o :
         temporary_) { // programs: containers are only reached by name or binding
        const uint32_t name = std::exchange(o->emitted_name, 0);
        if (o->cls != NameClass::program)
            continue;
        if (static_cast<Program&>(*o).is_shader())
            put(rec::glDeleteShader{.shader = name});
        else
            put(rec::glDeleteProgram{.program = name});
    }
    temporary_.clear();
    const bool arrays = !live_objects(c, NameClass::vertex_array).empty();
    for (const auto& [v, name] : lost_buffers_) {
        if (arrays)
            put(rec::glBindVertexArray{.array = v->named ? v->name : 0});
        rec::glDeleteBuffers r{};
        r.n = 1;
        put(r, {{offsetof(rec::glDeleteBuffers, buffers), &name, 4}});
    }
    if (arrays && !lost_buffers_.empty())
        put(rec::glBindVertexArray{.array = name_of(c.vao.get())});
    lost_buffers_.clear();
}

void Emitter::shared_objects(ContextState& c) {
    group_ = c.group.get();
    auto each = [&](NameClass cls, auto emit) {
        for (Object* o : live_objects(c, cls)) {
            emit(*o);
            label(*o);
        }
    };
    each(NameClass::buffer, [&](Object& o) { buffer(static_cast<Buffer&>(o)); });
    each(NameClass::texture, [&](Object& o) { texture(static_cast<Texture&>(o)); });
    each(NameClass::renderbuffer, [&](Object& o) { renderbuffer(static_cast<Renderbuffer&>(o)); });
    if (egl_images)
        for (EglImage* i : *egl_images)
            egl_image(*i);
    each(NameClass::sampler, [&](Object& o) { sampler(o); });
    // They share a name space: all shaders come before the first program.
    for (Object* o : live_objects(c, NameClass::program))
        if (static_cast<Program&>(*o).is_shader()) {
            shader(static_cast<Program&>(*o));
            label(*o);
        }
    for (Object* o : live_objects(c, NameClass::program))
        if (!static_cast<Program&>(*o).is_shader()) {
            program(static_cast<Program&>(*o));
            label(*o);
        }
    each(NameClass::arb_program, [&](Object& o) { arb_program(static_cast<ArbProgram&>(o)); });
    for (const auto& [n, k] : c.group->syncs)
        kept(*k);
    unpack({});
}

// Lists may name what belongs to a context (vertex arrays, pipelines, queries), and some drivers
// look at the names when the list is compiled: they come behind those of the group's first context.
void Emitter::lists(ContextState& c) {
    for (const auto& [name, list] : c.group->lists) {
        display_list(name, *list);
        if (list->label)
            kept(*list->label);
    }
    unpack({});
}

// One that is being compiled goes on being compiled (the endpoint refuses the moments that cannot
// be made again so: see there).
void Emitter::open_list(ContextState& c) {
    if (!c.list)
        return;
    put(rec::glNewList{.list = c.list_name, .mode = c.list_mode});
    for (const Ref<Kept>& k : c.list->body)
        kept(*k);
    unpack(c.unpack);
}

void Emitter::context(ContextState& c, bool with_lists) {
    // Objects that only this context still refers to (deleted, but bound or attached).
    unnamed(c);
    for (const auto& [i, t] : c.default_textures)
        images(static_cast<Texture&>(*t), 0);
    for (const auto& [target, p] : c.default_arb_programs)
        arb_program(static_cast<ArbProgram&>(*p));
    unpack({});
    auto each = [&](NameClass cls, auto emit) {
        for (Object* o : live_objects(c, cls)) {
            emit(*o);
            label(*o);
        }
    };
    // What is on the client attribute stack gets its contents there: level by level, oldest first.
    std::vector<const Object*> stacked;
    for (const SavedClient& s : c.client_attribs)
        if (s.mask & GL_CLIENT_VERTEX_ARRAY_BIT)
            stacked.push_back(s.vao.get());
    auto contents_later = [&](const Object* o) {
        return std::find(stacked.begin(), stacked.end(), o) != stacked.end();
    };
    each(NameClass::vertex_array,
         [&](Object& o) { vertex_array(static_cast<VertexArray&>(o), !contents_later(&o)); });
    each(NameClass::framebuffer, [&](Object& o) { framebuffer(static_cast<Framebuffer&>(o)); });
    if (had_framebuffers_)
        put(rec::glBindFramebuffer{.target = GL_FRAMEBUFFER, .framebuffer = 0});
    each(NameClass::query, [&](Object& o) { query(static_cast<Query&>(o)); });
    each(NameClass::transform_feedback,
         [&](Object& o) { feedback(static_cast<TransformFeedback&>(o)); });
    each(NameClass::pipeline, [&](Object& o) { pipeline(static_cast<Pipeline&>(o)); });
    // While no array is enabled: draws in a list are compiled with all that are.
    if (with_lists)
        lists(c);
    vertex_array(static_cast<VertexArray&>(*c.default_vao), !contents_later(c.default_vao.get()));
    attrib_stack(c);
    begin_untouched(c.attribs.size());
    client_stack(c);
    state(c);
    bindings(c);
    matrices(c);
    if (c.told && !lost_)
        put(rec::xStateTold{.mask = c.popped},
            {{offsetof(rec::xStateTold, data), c.told->data, c.told->bytes}});
    temporaries(c);
    end_untouched(c.attribs.size(), c.touched);
    active_feedback(c);
    active_queries(c);
    open_list(c);
}

void Emitter::end_of_group(Group& g) {
    for (const Ref<Object>& o : g.temporary)
        put(rec::xForget{.kind = (GLuint)o->cls, .temporary = o->emitted_name, .name = o->name});
    abandon(g);
}

void Emitter::abandon(Group& g) {
    for (const Ref<Object>& o : g.temporary)
        o->emitted_name = 0;
    g.temporary.clear();
    g.next_temporary = 0;
}

void Emitter::end(ContextState& c) {
    if (!c.current)
        put(rec::wsRelease{});
}

} // namespace glckpt::prune
