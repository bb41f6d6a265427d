// Shaders and programs.
//
// A program's executable is that of its last link: from the sources its shaders had when they were
// compiled, with the attribute bindings, outputs and varyings in force then (OpenGL 4.6, section
// 7.3). All of these may change or go away afterwards without touching the executable, so the link
// takes a copy of what it was made from. Uniform values belong to the executable and start anew at
// each link.
#include "prune/fold.h"
#include <algorithm>

namespace glckpt::prune {

const uint16_t Program::kOpCreateShader = (uint16_t)Op::glCreateShader;

namespace {

// Programs and shaders share a name space; a shader is a Program node that is one.
Program* program(Fold& f, uint32_t name) {
    return static_cast<Program*>(f.find(NameClass::program, name));
}

} // namespace

void fold_shader_source(Fold& f, const char* r) {
    if (Program* s = program(f, f.as<rec::glShaderSource>(r).shader)) {
        s->source = f.keep(r);
        s->binary = Ref<Kept>(); // the shader is one of source again (section 7.2)
    }
}
void fold_compile_shader(Fold& f, const char* r) {
    if (Program* s = program(f, f.as<rec::glCompileShader>(r).shader)) {
        s->compiled_source = s->source;
        s->compiled = true;
        s->specialized = Ref<Kept>();
    }
}

// SPIR-V (OpenGL 4.6, sections 7.2 and 7.2.1): glShaderBinary gives several shaders one module,
// glSpecializeShader then takes the place of the compilation. Other formats belong to one driver
// and are not offered. The module is kept once for each shader, as a command for it alone.
void fold_shader_binary(Fold& f, const char* r) {
    const auto& b = f.as<rec::glShaderBinary>(r);
    const auto* names = static_cast<const uint32_t*>(f.payload(r, b.shaders));
    const void* module = f.payload(r, b.binary);
    Ref<Blob> blob(module ? Blob::copy(module, b.binary.bytes) : nullptr);
    for (GLsizei i = 0; names && blob && i < b.count; ++i) {
        Program* s = program(f, names[i]);
        if (!s)
            continue;
        rec::glShaderBinary one{};
        one.count = 1;
        one.binaryFormat = b.binaryFormat;
        one.length = b.length;
        one.shaders = {4, log::PayloadRef::Inline, sizeof one};
        one.binary = {b.binary.bytes, log::PayloadRef::Heap, 0};
        Ref<Kept> k = f.make(one);
        k->bytes.resize(sizeof one + 8, 0);
        memcpy(k->bytes.data() + sizeof one, &names[i], 4);
        reinterpret_cast<log::RecordHeader*>(k->bytes.data())->size = (uint32_t)k->bytes.size();
        k->blobs.push_back(blob);
        s->binary = k;
        s->compiled = false;
        s->compiled_source = s->specialized = Ref<Kept>();
    }
}
void fold_specialize_shader(Fold& f, const char* r) {
    if (Program* s = program(f, f.as<rec::glSpecializeShader>(r).shader); s && s->binary) {
        s->compiled_source = s->binary;
        s->specialized = f.keep(r);
        s->compiled = true;
    }
}

void fold_attach_shader(Fold& f, const char* r) {
    const auto& a = f.as<rec::glAttachShader>(r);
    Program *p = program(f, a.program), *s = program(f, a.shader);
    if (p && s)
        p->attached.push_back(Ref<Object>(s));
}
void fold_detach_shader(Fold& f, const char* r) {
    const auto& a = f.as<rec::glDetachShader>(r);
    Program* p = program(f, a.program);
    Object* s = f.find(NameClass::program, a.shader);
    if (!p)
        return;
    // A deleted shader may be detached by its old name while it is attached.
    std::erase_if(p->attached, [&](const Ref<Object>& o) {
        return o.get() == s || (!o->named && o->name == a.shader);
    });
}

void fold_link_program(Fold& f, const char* r) {
    Program* p = program(f, f.as<rec::glLinkProgram>(r).program);
    if (!p)
        return;
    Program::Executable e;
    e.exists = true;
    e.link = f.keep(r);
    for (const Ref<Object>& o : p->attached) {
        const auto& s = static_cast<Program&>(*o);
        if (s.created && s.compiled_source)
            e.stages.push_back(
                {s.created->as<rec::glCreateShader>().type, s.compiled_source, s.specialized});
    }
    e.before = p->slots;
    if (p->executable.exists && (e.link->header().flags & log::kNotLinked)) {
        p->failed = std::move(e);
        return;
    }
    p->failed = {};
    p->executable = std::move(e);
    p->uniforms.clear();
    p->numbers = Ref<Blob>();
    p->shader_program = Ref<Kept>();
}

// It belongs to one driver (0 formats are offered, but some programs do not look): another one
// refuses it, and with it the restart.
void fold_program_binary(Fold& f, const char* r) {
    Program* p = program(f, f.as<rec::glProgramBinary>(r).program);
    if (!p)
        return;
    p->executable = {};
    p->executable.exists = true;
    p->executable.binary = f.keep(r);
    p->executable.before = p->slots;
    p->failed = {};
    p->uniforms.clear();
    p->numbers = Ref<Blob>();
    p->shader_program = Ref<Kept>();
}

void fold_create_shader_program(Fold& f, const char* r) {
    const auto& c = f.as<rec::xCreateShaderProgram>(r);
    f.name_slot(NameClass::program, c.program) = Ref<Object>();
    auto* p = static_cast<Program*>(f.object(NameClass::program, c.program));
    p->shader_program = f.keep(r);
}

void fold_use_program(Fold& f, const char* r) {
    if (auto* before = static_cast<Program*>(f.c->program.get());
        before && before->failed.exists && before->name != f.as<rec::glUseProgram>(r).program) {
        before->executable = std::move(before->failed);
        before->failed = {};
        before->uniforms.clear();
        before->numbers = Ref<Blob>();
    }
    f.c->program = Ref<Object>(f.find(NameClass::program, f.as<rec::glUseProgram>(r).program));
}

void fold_uniform(Fold& f, const char* r) {
    Object* o = f.place(r, Field::program)
                    ? f.find(NameClass::program, (uint32_t)f.arg(r, Field::program))
                    : f.c->program.get();
    if (!o && f.c->pipeline) { // through the pipeline, its active program (section 7.6.1)
        static const uint16_t fam = family("pipeline.active_program");
        if (const Kept* active = f.c->pipeline->slots.find({fam}))
            for (const Dependency& d : active->dependencies)
                if (d.object->cls == NameClass::program)
                    o = d.object.get();
    }
    const auto location = (uint64_t)f.arg(r, Field::location);
    if (o && location != 0xffffffffu)
        static_cast<Program*>(o)->uniforms.set({kUniformFamily, 1, {location, 0}}, f.keep(r));
}

// Set after the link and reset by it, like uniforms.
void fold_program_after_link(Fold& f, const char* r) {
    Program* p = program(f, (uint32_t)f.arg(r, Field::program));
    if (!p)
        return;
    const bool is_note = Fold::is(r, Op::xNoteUniform);
    const auto key = (uint64_t)f.arg(r, is_note ? Field::location : Field::block);
    p->uniforms.set({(uint16_t)(kAfterLinkFamily + Fold::op(r)), 1, {key, 0}}, f.keep(r));
}

void fold_bind_pipeline(Fold& f, const char* r) {
    Object* o = f.object(NameClass::pipeline, f.as<rec::glBindProgramPipeline>(r).pipeline);
    if (o)
        o->bound_once = true;
    f.c->pipeline = Ref<Object>(o);
}
void fold_use_program_stages(Fold& f, const char* r) {
    Object* o = f.find(NameClass::pipeline, f.as<rec::glUseProgramStages>(r).pipeline);
    if (!o)
        return;
    o->bound_once = true; // a generated name becomes an object here, too
    // One record may set several stages: it lives while it is the last of any.
    Ref<Kept> k = f.keep(r);
    const uint32_t stages = f.as<rec::glUseProgramStages>(r).stages;
    for (uint32_t bit = 0; bit < 6; ++bit)
        if (stages >> bit & 1)
            o->slots.set({kStagesFamily, 1, {bit, 0}}, k);
}

void fold_bind_arb_program(Fold& f, const char* r) {
    const auto& b = f.as<rec::glBindProgramARB>(r);
    auto* p = static_cast<ArbProgram*>(f.object(NameClass::arb_program, b.program));
    if (p && !p->bound_once) {
        p->bound_once = true;
        p->target = b.target;
    }
    f.c->arb_programs[b.target] = Ref<Object>(p);
}
ArbProgram& Fold::arb_program(uint32_t target) {
    if (const auto it = c->arb_programs.find(target); it != c->arb_programs.end() && it->second)
        return static_cast<ArbProgram&>(*it->second);
    Ref<Object>& zero = c->default_arb_programs[target];
    if (!zero) {
        auto* p = new ArbProgram(NameClass::arb_program, 0);
        p->bound_once = true;
        p->target = target;
        zero = Ref<Object>(p);
    }
    return static_cast<ArbProgram&>(*zero);
}
void fold_arb_program_text(Fold& f, const char* r) {
    f.arb_program(f.as<rec::glProgramStringARB>(r).target).text = f.keep(r);
}
void fold_arb_local_parameter(Fold& f, const char* r) {
    f.arb_program((uint32_t)f.arg(r, Field::target))
        .slots.set({kArbLocalFamily, 1, {(uint64_t)f.arg(r, Field::index), 0}}, f.keep(r));
}

} // namespace glckpt::prune
