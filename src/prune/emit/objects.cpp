// Emission of objects: names, then what was told about each.
#include "prune/emit/emit.h"
#include <algorithm>

namespace glckpt::prune {

void Emitter::buffer(Buffer& b) {
    const uint32_t name = name_of(&b);
    rec::glGenBuffers g{};
    g.n = 1;
    put(g, {{offsetof(rec::glGenBuffers, buffers), &name, 4}});
    if (!b.bound_once && !b.has_data)
        return;
    put(rec::glBindBuffer{.target = GL_ARRAY_BUFFER, .buffer = name});
    if (b.has_data && b.immutable) {
        rec::glBufferStorage s{};
        s.target = GL_ARRAY_BUFFER;
        s.size = (GLsizeiptr)b.data->bytes;
        s.flags = b.storage_flags;
        put(s, {{offsetof(rec::glBufferStorage, data), b.data->data, b.data->bytes}});
    } else if (b.has_data) {
        rec::glBufferData d{};
        d.target = GL_ARRAY_BUFFER;
        d.size = (GLsizeiptr)b.data->bytes;
        d.usage = b.usage;
        put(d, {{offsetof(rec::glBufferData, data), b.data->data, b.data->bytes}});
    }
    if (b.map)
        kept_as(*b.map, offsetof(rec::xMapPersistent, buffer), name);
    put(rec::glBindBuffer{.target = GL_ARRAY_BUFFER, .buffer = 0});
}

void Emitter::texture(Texture& t) {
    if (told_already(t))
        return;
    if (t.image)
        egl_image(*t.image);
    if (Object* o = t.view_of.get(); o && !o->named && !o->emitted_name)
        texture(static_cast<Texture&>(*o));
    const uint32_t name = name_of(&t);
    rec::glGenTextures g{};
    g.n = 1;
    put(g, {{offsetof(rec::glGenTextures, textures), &name, 4}});
    if (!t.bound_once)
        return;
    if (t.image)
        texture_of_image(t, name);
    else
        images(t, name);
}

void Emitter::contents(const Texture& t, uint32_t name, std::pair<int, int> key, const Contents& k,
                       bool define) {
    rec::xTextureContents r{};
    r.texture = name;
    r.target = t.target;
    r.face = key.first;
    r.level = key.second;
    r.internal_format = k.internal_format;
    r.define = define;
    r.format = k.format;
    r.type = k.type;
    r.width = k.width;
    r.height = k.height;
    r.depth = k.depth;
    r.border = k.border;
    put(r, {{offsetof(rec::xTextureContents, data), k.pixels->data, k.pixels->bytes}});
    if (!name)
        unpack_ = {}; // texture 0 is told in this context, which leaves glPixelStore's state so
}

void Emitter::plane(const Contents& k, uint64_t name, uint32_t target) {
    rec::xSampleContents r{};
    r.name = name;
    r.target = target;
    r.sample = k.sample;
    r.samples = k.samples;
    r.format = k.format;
    r.type = k.type;
    r.width = k.width;
    r.height = k.height;
    r.depth = k.depth;
    put(r, {{offsetof(rec::xSampleContents, data), k.pixels->data, k.pixels->bytes}});
}

// What a renderer took with it when it died is told as far as it is known: images as they were last
// told or read, mipmaps made again, and zeroes for what was only ever drawn.
void Emitter::zeroes(const Texture& t, uint32_t name, std::pair<int, int> key) {
    put(rec::xZeroContents{
        .name = name, .target = t.target, .level = key.second, .face = key.first});
}

void Emitter::zeroes_if_none(const Texture& t, uint32_t name, std::pair<int, int> key,
                             const Kept& definition) {
    const Payloads& p = kPayloads[definition.header().op];
    log::PayloadRef ref{};
    if (p.count)
        memcpy(&ref, definition.bytes.data() + p.offset[p.count - 1], sizeof ref);
    if (ref.kind == log::PayloadRef::Null)
        zeroes(t, name, key);
}

void Emitter::images(Texture& t, uint32_t name) {
    const bool lost = lost_ && name && t.gpu_dirty && !t.buffer_texture;
    const bool view = t.storage && (Op)t.storage->header().op == Op::glTextureView;
    if (view)
        kept(*t.storage); // before it is bound for the first time
    put(rec::glBindTexture{.target = t.target, .texture = name});
    // GL_GENERATE_MIPMAP, for one. And Mesa 22.3 allocates by the filter: what an image is made of
    // would get other storage, which the siblings do not have, when it is first drawn with.
    if (lost || makes_images(t))
        all(t.slots);
    if (t.storage && !view) {
        kept(*t.storage);
        if (lost)
            zeroes(t, name, {0, -1});
    }
    // Level by level: Mesa 22.3 (llvmpipe) clears a layered framebuffer's first layer alone if the
    // cube map in it was defined face by face (piglit's layered-rendering-clear-color).
    std::vector<decltype(t.images)::value_type*> by_level;
    for (auto& e : t.images)
        by_level.push_back(&e);
    std::stable_sort(by_level.begin(), by_level.end(),
                     [](auto* a, auto* b) { return a->first.second < b->first.second; });
    if (!view)
        for (auto* e : by_level) {
            const auto& key = e->first;
            auto& image = e->second;
            if (image.definition && !t.storage) {
                unpack(image.definition->unpack);
                kept(*image.definition);
                if (lost && !image.has_contents)
                    zeroes_if_none(t, name, key, *image.definition);
            }
            if (image.has_contents)
                contents(t, name, key, image.contents, !t.storage && !image.definition);
            for (const Ref<Kept>& u : image.updates) { // since they were read
                unpack(u->unpack);
                kept(*u);
            }
        }
    for (const auto& [key, image] : t.images)
        if (view && image.has_contents && !t.view_of->named)
            contents(t, name, key, image.contents, false);
    if (name)
        for (const Contents& k : t.planes)
            plane(k, name, t.target);
    if (lost && t.mipmaps)
        kept(*t.mipmaps);
    all(t.slots);
    put(rec::glBindTexture{.target = t.target, .texture = 0});
}

void Emitter::renderbuffer(Renderbuffer& b) {
    if (told_already(b))
        return;
    if (b.image)
        egl_image(*b.image);
    const uint32_t name = name_of(&b);
    rec::glGenRenderbuffers g{};
    g.n = 1;
    put(g, {{offsetof(rec::glGenRenderbuffers, renderbuffers), &name, 4}});
    if (!b.bound_once)
        return;
    put(rec::glBindRenderbuffer{.target = GL_RENDERBUFFER, .renderbuffer = name});
    if (b.image_target)
        kept(*b.image_target);
    if (b.storage)
        kept(*b.storage);
    if (b.has_contents && b.contents.pixels) {
        rec::xRenderbufferContents r{};
        r.renderbuffer = name;
        r.format = b.contents.format;
        r.type = b.contents.type;
        r.width = b.contents.width;
        r.height = b.contents.height;
        put(r, {{offsetof(rec::xRenderbufferContents, data), b.contents.pixels->data,
                 b.contents.pixels->bytes}});
    } else if (lost_ && b.gpu_dirty && b.storage)
        put(rec::xZeroContents{.name = name, .target = GL_RENDERBUFFER});
    for (const Contents& k : b.planes)
        plane(k, name, GL_RENDERBUFFER);
    put(rec::glBindRenderbuffer{.target = GL_RENDERBUFFER, .renderbuffer = 0});
}

void Emitter::sampler(Object& s) {
    const uint32_t name = name_of(&s);
    rec::glGenSamplers g{};
    g.count = 1;
    put(g, {{offsetof(rec::glGenSamplers, samplers), &name, 4}});
    all(s.slots);
}

void Emitter::shader(Program& s) {
    const uint32_t name = name_of(&s);
    kept_as(*s.created, offsetof(rec::glCreateShader, name), name);
    if (s.compiled && s.compiled_source)
        compiled(*s.compiled_source, s.specialized.get(), name);
    if (s.binary && !(s.binary == s.compiled_source))
        shader_text(*s.binary, name);
    if (s.source && !(s.source == s.compiled_source) && !s.binary)
        kept(*s.source);
}

// The source, or the SPIR-V module, for the shader of this name.
void Emitter::shader_text(const Kept& text, uint32_t name) {
    const bool binary = (Op)text.header().op == Op::glShaderBinary;
    kept_as(text, binary ? sizeof(rec::glShaderBinary) : offsetof(rec::glShaderSource, shader),
            name);
}
void Emitter::compiled(const Kept& text, const Kept* specialized, uint32_t name) {
    shader_text(text, name);
    if (specialized)
        kept_as(*specialized, offsetof(rec::glSpecializeShader, shader), name);
    else
        put(rec::glCompileShader{.shader = name});
}

// The executable first, from what it was linked from; then the program's present attachments and
// settings, which a later link will use.
void Emitter::executable(const Program& p, const Program::Executable& e, uint32_t name) {
    std::vector<uint32_t> shaders;
    for (const Program::Stage& s : e.stages) {
        const uint32_t shader = next_temporary_++;
        shaders.push_back(shader);
        rec::glCreateShader c{};
        c.name = shader;
        c.type = s.type;
        put(c);
        compiled(*s.source, s.specialized.get(), shader);
        put(rec::glAttachShader{.program = name, .shader = shader});
    }
    all(e.before);
    // Locations of attributes that the app was told must be the same on this driver.
    std::vector<Kept*> after;
    p.uniforms.collect(after);
    for (const Kept* k : after)
        if (!p.numbers && (Op)k->header().op == Op::xNoteAttrib) {
            const auto& n = k->as<rec::xNoteAttrib>();
            rec::glBindAttribLocation b{};
            b.program = name;
            b.index = (GLuint)n.location;
            put(b, {{offsetof(rec::glBindAttribLocation, name), k->payload(n.name), n.name.bytes}});
        }
    if (e.binary)
        kept_as(*e.binary, offsetof(rec::glProgramBinary, program), name);
    else
        put(rec::glLinkProgram{.program = name});
    if (&e == &p.executable)
        numbers(p, name);
    for (const uint32_t s : shaders) {
        put(rec::glDetachShader{.program = name, .shader = s});
        put(rec::glDeleteShader{.shader = s});
    }
}

// Behind the glUseProgram that keeps the executable before it in use.
void Emitter::failed_link(const Program& p, uint32_t name) {
    // Deleted shaders that only the program keeps: if their names are given up already (behind the
    // group's first context), they end as they are detached.
    std::vector<Program*> ended;
    for (const Ref<Object>& s : p.attached) {
        if (!s->named && !s->emitted_name)
            ended.push_back(static_cast<Program*>(s.get()));
        put(rec::glDetachShader{.program = name, .shader = name_of(s.get())});
    }
    executable(p, p.failed, name);
    for (Program* s : ended)
        shader(*s);
    for (const Ref<Object>& s : p.attached)
        put(rec::glAttachShader{.program = name, .shader = name_of(s.get())});
}

// How the driver that the app has asked numbers what is in the executable.
void Emitter::numbers(const Program& p, uint32_t name) {
    if (!p.numbers || !p.numbers->bytes)
        return;
    rec::xProgramNumbers r{};
    r.program = name;
    put(r, {{offsetof(rec::xProgramNumbers, data), p.numbers->data, p.numbers->bytes}});
}

void Emitter::program(Program& p) {
    const uint32_t name = name_of(&p);
    if (p.shader_program) {
        kept_as(*p.shader_program, offsetof(rec::xCreateShaderProgram, program), name);
        numbers(p, name);
    } else if (p.created) {
        kept_as(*p.created, offsetof(rec::glCreateProgram, name), name);
    } else {
        return;
    }
    if (p.executable.exists)
        executable(p, p.executable, name);
    for (const Ref<Object>& s : p.attached) {
        if (!s->named && !s->emitted_name)
            shader(static_cast<Program&>(*s));
        put(rec::glAttachShader{.program = name, .shader = name_of(s.get())});
    }
    all(p.slots);
    std::vector<Kept*> after;
    p.uniforms.collect(after);
    // Notes first: they map the locations that the values are for.
    bool used = false;
    for (const Kept* k : after)
        if (!p.numbers && (Op)k->header().op == Op::xNoteUniform)
            kept(*k);
    for (const Kept* k : after) {
        const Op op = (Op)k->header().op;
        if (op == Op::xNoteUniform || op == Op::xNoteAttrib)
            continue;
        if (!used && strncmp(kOpNames[(int)op], "glUniform", 9) == 0) {
            put(rec::glUseProgram{.program = name});
            used = true;
        }
        kept(*k);
    }
    if (used)
        put(rec::glUseProgram{.program = 0});
}

void Emitter::arb_program(ArbProgram& p) {
    const uint32_t name = p.name ? name_of(&p) : 0;
    if (name) {
        rec::glGenProgramsARB g{};
        g.n = 1;
        put(g, {{offsetof(rec::glGenProgramsARB, programs), &name, 4}});
    }
    if (!p.bound_once)
        return;
    put(rec::glBindProgramARB{.target = p.target, .program = name});
    if (p.text)
        kept(*p.text);
    all(p.slots);
    put(rec::glBindProgramARB{.target = p.target, .program = 0});
}

void Emitter::display_list(uint32_t name, const DisplayList& l) {
    if (l.body.empty()) {
        put(rec::xGenLists{.first = name, .range = 1});
        return;
    }
    if (l.draws_arrays) {
        put(rec::glPushClientAttrib{.mask = GL_CLIENT_VERTEX_ARRAY_BIT});
        arrays(l.arrays, nullptr);
    }
    put(rec::glNewList{.list = name, .mode = GL_COMPILE});
    for (const Ref<Kept>& k : l.body) {
        kept(*k);
    }
    put(rec::glEndList{});
    if (l.draws_arrays)
        put(rec::glPopClientAttrib{});
}

void Emitter::vertex_array(VertexArray& v, bool contents) {
    const uint32_t name = v.name ? name_of(&v) : 0;
    if (name) {
        rec::glGenVertexArrays g{};
        g.n = 1;
        put(g, {{offsetof(rec::glGenVertexArrays, arrays), &name, 4}});
        if (!v.bound_once)
            return;
    }
    if (v.slots.empty() && !v.element_buffer && !name)
        return;
    if (name) // the other is bound already, and OpenGL ES 1 has no command for it
        put(rec::glBindVertexArray{.array = name});
    if (contents) {
        emitting_array_ = &v;
        arrays(v.slots, v.element_buffer.get());
        emitting_array_ = nullptr;
    }
    if (name)
        put(rec::glBindVertexArray{.array = 0});
}

// Into the vertex array that is bound.
void Emitter::arrays(const Slots& slots, Object* element_buffer) {
    std::vector<Kept*> records;
    slots.collect(records);
    uint32_t array_buffer = 0, client_unit = 0;
    for (const Kept* k : records) {
        for (const Dependency& d : k->dependencies)
            if (d.offset == 0 && name_of(d.object.get()) != array_buffer) {
                array_buffer = name_of(d.object.get());
                put(rec::glBindBuffer{.target = GL_ARRAY_BUFFER, .buffer = array_buffer});
            }
        const bool pointer = strstr(kOpNames[k->header().op], "Pointer") != nullptr;
        if (pointer && k->dependencies.empty() && array_buffer) {
            array_buffer = 0;
            put(rec::glBindBuffer{.target = GL_ARRAY_BUFFER, .buffer = 0});
        }
        if (k->client_unit != client_unit) {
            client_unit = k->client_unit;
            put(rec::glClientActiveTexture{.texture = GL_TEXTURE0 + client_unit});
        }
        kept(*k);
    }
    if (array_buffer)
        put(rec::glBindBuffer{.target = GL_ARRAY_BUFFER, .buffer = 0});
    if (client_unit)
        put(rec::glClientActiveTexture{.texture = GL_TEXTURE0});
    if (element_buffer)
        put(rec::glBindBuffer{.target = GL_ELEMENT_ARRAY_BUFFER,
                              .buffer = name_of(element_buffer)});
}

void Emitter::framebuffer(Framebuffer& f) {
    const uint32_t name = name_of(&f);
    rec::glGenFramebuffers g{};
    g.n = 1;
    put(g, {{offsetof(rec::glGenFramebuffers, framebuffers), &name, 4}});
    if (!f.bound_once)
        return;
    had_framebuffers_ = true;
    put(rec::glBindFramebuffer{.target = GL_FRAMEBUFFER, .framebuffer = name});
    std::vector<Kept*> records;
    for (const auto& [point, a] : f.attachments)
        if (a.record)
            records.push_back(a.record.get());
    sort_by_sequence(records);
    for (const Kept* k : records)
        kept(*k);
    all(f.slots);
}

void Emitter::pipeline(Pipeline& p) {
    const uint32_t name = name_of(&p);
    rec::glGenProgramPipelines g{};
    g.n = 1;
    put(g, {{offsetof(rec::glGenProgramPipelines, pipelines), &name, 4}});
    if (!p.bound_once)
        return;
    put(rec::glBindProgramPipeline{.pipeline = name});
    all(p.slots);
    put(rec::glBindProgramPipeline{.pipeline = 0});
}

} // namespace glckpt::prune
