// Locations and indices that another driver chose (log/numbers.h): read from the driver that the
// app has asked, and translated where the present one has others.
//
// What is bound before a link by name (attributes, outputs) is not translated but made the same:
// the program is linked once more with the old locations bound.
#include "log/numbers.h"
#include "gen/gl/records.h"
#include "replay/exec.h"
#include "replay/helper.h"
#include "replay/numbers.h"
#include "replay/stream.h"
#include <algorithm>
#include <map>

namespace glckpt::replay {

void NumberMap::add(GLint v, GLint r) {
    real_[v] = r;
    if (r >= 0)
        back_[r] = v;
    next_ = std::max(next_, v + 1);
}
GLint NumberMap::real(GLint v) const {
    if (real_.empty() || v < 0)
        return v;
    const auto it = real_.find(v);
    return it == real_.end() ? (complete_ ? -1 : v) : it->second;
}
GLint NumberMap::virtual_of(GLint r) {
    if (real_.empty() || r < 0)
        return r;
    const auto it = back_.find(r);
    if (it != back_.end())
        return it->second;
    if (!complete_ && !real_.count(r))
        return r;
    const GLint v = next_;
    add(v, r);
    return v;
}
void NumberMap::fill(GLint n) {
    GLint free = 0;
    for (GLint r = 0; r < n; ++r) {
        if (back_.count(r))
            continue;
        while (real_.count(free))
            ++free;
        add(free, r);
    }
}
bool NumberMap::changes_nothing() const {
    return std::all_of(real_.begin(), real_.end(),
                       [](const auto& e) { return e.first == e.second; });
}

namespace {

int stage_index(GLenum stage) {
    for (int i = 0; i < 6; ++i)
        if (kStages[i] == stage)
            return i;
    return -1;
}

struct Entry {
    log::NumberEntry e;
    std::string name;
};

std::vector<Entry> entries(const char* p, size_t n) {
    std::vector<Entry> list;
    for (size_t at = 0; at + sizeof(log::NumberEntry) <= n;) {
        Entry e;
        memcpy(&e.e, p + at, sizeof e.e);
        at += sizeof e.e;
        if (at + e.e.name_bytes > n || !e.e.name_bytes)
            break;
        e.name.assign(p + at, e.e.name_bytes - 1u);
        at += e.e.name_bytes;
        list.push_back(std::move(e));
    }
    return list;
}

// "a[0]" -> "a[I]"
std::string element(const std::string& name, GLint i) {
    if (name.size() < 3 || name.compare(name.size() - 3, 3, "[0]") != 0)
        return i ? std::string() : name;
    return name.substr(0, name.size() - 2) + std::to_string(i) + "]";
}

// What the old driver bound where, and this one elsewhere: bound, and linked again.
bool bind_differing(Driver& gl, GLuint program, const std::vector<Entry>& was,
                    const std::vector<Entry>& is) {
    bool any = false;
    for (const Entry& w : was) {
        if (w.e.of != log::NumberOf::AttribLocation && w.e.of != log::NumberOf::OutputLocation)
            continue;
        for (const Entry& i : is)
            if (i.e.of == w.e.of && i.name == w.name)
                any |= i.e.number != w.e.number || i.e.count != w.e.count;
    }
    if (!any)
        return false;
    for (const Entry& w : was) {
        if (w.e.of == log::NumberOf::AttribLocation)
            gl.glBindAttribLocation(program, (GLuint)w.e.number, w.name.c_str());
        else if (w.e.of == log::NumberOf::OutputLocation && gl.glBindFragDataLocationIndexed)
            gl.glBindFragDataLocationIndexed(program, (GLuint)w.e.number, (GLuint)w.e.count,
                                             w.name.c_str());
    }
    gl.glLinkProgram(program);
    return gl.glGetError() == GL_NO_ERROR && program_value(gl, program, GL_LINK_STATUS);
}

ProgramNumbers maps(Driver& gl, GLuint program, const std::vector<Entry>& was,
                    const std::vector<Entry>& is) {
    ProgramNumbers p;
    std::map<std::tuple<int, int, std::string>, GLint> now;
    GLint counts[16] = {}, of_stage[6] = {};
    for (const Entry& i : is) {
        now[{(int)i.e.of, i.e.stage, i.name}] = i.e.number;
        ++counts[(int)i.e.of];
        if (i.e.of == log::NumberOf::Subroutine)
            ++of_stage[i.e.stage];
    }
    for (const Entry& w : was) {
        const auto it = now.find({(int)w.e.of, w.e.stage, w.name});
        const GLint r = it == now.end() ? -1 : it->second;
        switch (w.e.of) {
        case log::NumberOf::UniformLocation:
            for (GLint i = 0; i < w.e.count; ++i) {
                const std::string e = element(w.name, i);
                p.locations.add(w.e.number + i, i == 0 ? r
                                                : e.empty()
                                                    ? -1
                                                    : gl.glGetUniformLocation(program, e.c_str()));
            }
            break;
        case log::NumberOf::UniformIndex:
            p.uniforms.add(w.e.number, r);
            break;
        case log::NumberOf::UniformBlock:
            p.blocks.add(w.e.number, r);
            break;
        case log::NumberOf::StorageBlock:
            p.storage_blocks.add(w.e.number, r);
            break;
        case log::NumberOf::SubroutineUniform:
            for (GLint i = 0; i < w.e.count; ++i)
                p.subroutine_uniforms[w.e.stage].add(w.e.number + i, r < 0 ? -1 : r + i);
            break;
        case log::NumberOf::Subroutine:
            p.subroutines[w.e.stage].add(w.e.number, r);
            break;
        default:
            break;
        }
    }
    p.uniforms.fill(counts[(int)log::NumberOf::UniformIndex]);
    p.blocks.fill(counts[(int)log::NumberOf::UniformBlock]);
    p.storage_blocks.fill(counts[(int)log::NumberOf::StorageBlock]);
    for (int s = 0; s < 6; ++s)
        p.subroutines[s].fill(of_stage[s]);
    auto finish = [](NumberMap& m) {
        if (m.changes_nothing())
            m.clear();
        else
            m.close();
    };
    finish(p.locations), finish(p.uniforms), finish(p.blocks), finish(p.storage_blocks);
    for (int s = 0; s < 6; ++s)
        finish(p.subroutine_uniforms[s]), finish(p.subroutines[s]);
    clear_errors(gl);
    return p;
}

} // namespace

void decode_xProgramNumbers(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::xProgramNumbers*>(record);
    const char* data = static_cast<const char*>(x.in(record, r->data));
    const GLuint program = x.real(NameClass::program, r->program);
    const Helper helper(x, 0);
    if (!helper || !data)
        return;
    std::vector<char> now = read_numbers(x.gl, program);
    if (now.size() == r->data.bytes && memcmp(now.data(), data, now.size()) == 0)
        return;
    const std::vector<Entry> was = entries(data, r->data.bytes);
    if (bind_differing(x.gl, program, was, entries(now.data(), now.size())))
        now = read_numbers(x.gl, program);
    ProgramNumbers p = maps(x.gl, program, was, entries(now.data(), now.size()));
    GroupLock hold(*x.group);
    x.group->numbers[r->program] = std::move(p);
}

#define RECORD(name)                                                                               \
    auto* r = reinterpret_cast<const rec::name*>(record);                                          \
    if (!x.gl.name)                                                                                \
        return x.missing(Op::name);                                                                \
    const GroupLock hold(*x.group);                                                                \
    [[maybe_unused]] ProgramNumbers* const n = x.numbers(r->program);                              \
    const GLuint program = real_program(x, r->program)

namespace {

// As Exec::real, with the group's lock held.
GLuint real_program(Exec& x, GLuint v) {
    if (!v)
        return 0;
    const GLuint r = x.group->names[(int)NameClass::program].real(v);
    return r ? r : 0xfffffff0u;
}

void back(NumberMap* m, GLint* values, size_t count) {
    for (size_t i = 0; m && values && i < count; ++i)
        values[i] = m->virtual_of(values[i]);
}

// The map of a program interface of glGetProgramResource*; null: its indices are not translated.
NumberMap* interface_map(ProgramNumbers* n, GLenum interface) {
    if (!n)
        return nullptr;
    switch (interface) {
    case GL_UNIFORM:
        return &n->uniforms;
    case GL_UNIFORM_BLOCK:
        return &n->blocks;
    case GL_SHADER_STORAGE_BLOCK:
        return &n->storage_blocks;
    case GL_VERTEX_SUBROUTINE:
        return &n->subroutines[0];
    case GL_TESS_CONTROL_SUBROUTINE:
        return &n->subroutines[1];
    case GL_TESS_EVALUATION_SUBROUTINE:
        return &n->subroutines[2];
    case GL_GEOMETRY_SUBROUTINE:
        return &n->subroutines[3];
    case GL_FRAGMENT_SUBROUTINE:
        return &n->subroutines[4];
    case GL_COMPUTE_SUBROUTINE:
        return &n->subroutines[5];
    default:
        return nullptr;
    }
}

NumberMap* location_map(ProgramNumbers* n, GLenum interface) {
    if (!n)
        return nullptr;
    switch (interface) {
    case GL_UNIFORM:
        return &n->locations;
    case GL_VERTEX_SUBROUTINE_UNIFORM:
        return &n->subroutine_uniforms[0];
    case GL_TESS_CONTROL_SUBROUTINE_UNIFORM:
        return &n->subroutine_uniforms[1];
    case GL_TESS_EVALUATION_SUBROUTINE_UNIFORM:
        return &n->subroutine_uniforms[2];
    case GL_GEOMETRY_SUBROUTINE_UNIFORM:
        return &n->subroutine_uniforms[3];
    case GL_FRAGMENT_SUBROUTINE_UNIFORM:
        return &n->subroutine_uniforms[4];
    case GL_COMPUTE_SUBROUTINE_UNIFORM:
        return &n->subroutine_uniforms[5];
    default:
        return nullptr;
    }
}

GLuint in(const NumberMap* m, GLuint v) { return m ? (GLuint)m->real((GLint)v) : v; }
uint64_t out(NumberMap* m, GLint r) { return (uint64_t)(int64_t)(m ? m->virtual_of(r) : r); }

} // namespace

void decode_glGetUniformLocation(Exec& x, const char* record) {
    RECORD(glGetUniformLocation);
    const GLint l = x.gl.glGetUniformLocation(program, (const GLchar*)x.in(record, r->name));
    x.reply_value(out(n ? &n->locations : nullptr, l));
}
void decode_glGetActiveUniform(Exec& x, const char* record) {
    RECORD(glGetActiveUniform);
    x.gl.glGetActiveUniform(program, in(n ? &n->uniforms : nullptr, r->index), r->bufSize,
                            (GLsizei*)x.out(record, r->length), (GLint*)x.out(record, r->size),
                            (GLenum*)x.out(record, r->type), (GLchar*)x.out(record, r->name));
}
void decode_glGetActiveUniformName(Exec& x, const char* record) {
    RECORD(glGetActiveUniformName);
    x.gl.glGetActiveUniformName(program, in(n ? &n->uniforms : nullptr, r->uniformIndex),
                                r->bufSize, (GLsizei*)x.out(record, r->length),
                                (GLchar*)x.out(record, r->uniformName));
}
void decode_glGetActiveUniformsiv(Exec& x, const char* record) {
    RECORD(glGetActiveUniformsiv);
    const auto* asked = static_cast<const GLuint*>(x.in(record, r->uniformIndices));
    auto* to = static_cast<GLint*>(x.out(record, r->params));
    std::vector<GLuint> indices;
    if (n && asked) {
        for (GLsizei i = 0; i < r->uniformCount; ++i)
            indices.push_back(in(&n->uniforms, asked[i]));
        asked = indices.data();
    }
    x.gl.glGetActiveUniformsiv(program, r->uniformCount, asked, r->pname, to);
    if (n && r->pname == GL_UNIFORM_BLOCK_INDEX && r->uniformCount > 0)
        back(&n->blocks, to, (size_t)r->uniformCount);
}
void decode_glGetUniformIndices(Exec& x, const char* record) {
    RECORD(glGetUniformIndices);
    Exec::StringArray names(x, record, r->uniformNames, r->uniformCount);
    auto* to = static_cast<GLuint*>(x.out(record, r->uniformIndices));
    x.gl.glGetUniformIndices(program, r->uniformCount, (const GLchar* const*)names.pointers(), to);
    if (n && r->uniformCount > 0)
        back(&n->uniforms, (GLint*)to, (size_t)r->uniformCount);
}
void decode_glGetUniformBlockIndex(Exec& x, const char* record) {
    RECORD(glGetUniformBlockIndex);
    const GLuint i =
        x.gl.glGetUniformBlockIndex(program, (const GLchar*)x.in(record, r->uniformBlockName));
    x.reply_value((uint32_t)out(n ? &n->blocks : nullptr, (GLint)i));
}
void decode_glGetActiveUniformBlockiv(Exec& x, const char* record) {
    RECORD(glGetActiveUniformBlockiv);
    auto* to = static_cast<GLint*>(x.probe(r->params));
    const GLuint block = in(n ? &n->blocks : nullptr, r->uniformBlockIndex);
    x.probe_call(r->params, to,
                 [&] { x.gl.glGetActiveUniformBlockiv(program, block, r->pname, to); });
    if (n && r->pname == GL_UNIFORM_BLOCK_ACTIVE_UNIFORM_INDICES)
        back(&n->uniforms, to, x.shared().reply_bytes / 4);
}
void decode_glGetActiveUniformBlockName(Exec& x, const char* record) {
    RECORD(glGetActiveUniformBlockName);
    x.gl.glGetActiveUniformBlockName(program, in(n ? &n->blocks : nullptr, r->uniformBlockIndex),
                                     r->bufSize, (GLsizei*)x.out(record, r->length),
                                     (GLchar*)x.out(record, r->uniformBlockName));
}
void decode_glUniformBlockBinding(Exec& x, const char* record) {
    RECORD(glUniformBlockBinding);
    x.gl.glUniformBlockBinding(program, in(n ? &n->blocks : nullptr, r->uniformBlockIndex),
                               r->uniformBlockBinding);
}
void decode_glShaderStorageBlockBinding(Exec& x, const char* record) {
    RECORD(glShaderStorageBlockBinding);
    x.gl.glShaderStorageBlockBinding(program,
                                     in(n ? &n->storage_blocks : nullptr, r->storageBlockIndex),
                                     r->storageBlockBinding);
}
void decode_glGetProgramResourceIndex(Exec& x, const char* record) {
    RECORD(glGetProgramResourceIndex);
    const GLuint i = x.gl.glGetProgramResourceIndex(program, r->programInterface,
                                                    (const GLchar*)x.in(record, r->name));
    x.reply_value((uint32_t)out(interface_map(n, r->programInterface), (GLint)i));
}
void decode_glGetProgramResourceName(Exec& x, const char* record) {
    RECORD(glGetProgramResourceName);
    x.gl.glGetProgramResourceName(
        program, r->programInterface, in(interface_map(n, r->programInterface), r->index),
        r->bufSize, (GLsizei*)x.out(record, r->length), (GLchar*)x.out(record, r->name));
}
void decode_glGetProgramResourceiv(Exec& x, const char* record) {
    RECORD(glGetProgramResourceiv);
    const auto* props = static_cast<const GLenum*>(x.in(record, r->props));
    auto* to = static_cast<GLint*>(x.out(record, r->params));
    GLsizei written = 0;
    auto* length = static_cast<GLsizei*>(x.out(record, r->length));
    x.gl.glGetProgramResourceiv(program, r->programInterface,
                                in(interface_map(n, r->programInterface), r->index), r->propCount,
                                props, r->count, &written, to);
    if (length)
        *length = written;
    if (!n || !props || !to)
        return;
    // One value a property; a list of variables is only told apart where it is asked alone.
    for (GLsizei i = 0; i < r->propCount && i < written; ++i) {
        if (props[i] == GL_LOCATION)
            back(location_map(n, r->programInterface), to + i, 1);
        else if (props[i] == GL_BLOCK_INDEX)
            back(r->programInterface == GL_UNIFORM ? &n->blocks : &n->storage_blocks, to + i, 1);
        else if (props[i] == GL_ACTIVE_VARIABLES) {
            if (r->programInterface == GL_UNIFORM_BLOCK && i == 0)
                back(&n->uniforms, to, (size_t)written);
            return;
        }
    }
}
void decode_glGetProgramResourceLocation(Exec& x, const char* record) {
    RECORD(glGetProgramResourceLocation);
    const GLint l = x.gl.glGetProgramResourceLocation(program, r->programInterface,
                                                      (const GLchar*)x.in(record, r->name));
    x.reply_value(out(location_map(n, r->programInterface), l));
}

void decode_glGetSubroutineIndex(Exec& x, const char* record) {
    RECORD(glGetSubroutineIndex);
    const int s = stage_index(r->shadertype);
    const GLuint i =
        x.gl.glGetSubroutineIndex(program, r->shadertype, (const GLchar*)x.in(record, r->name));
    x.reply_value((uint32_t)out(n && s >= 0 ? &n->subroutines[s] : nullptr, (GLint)i));
}
void decode_glGetSubroutineUniformLocation(Exec& x, const char* record) {
    RECORD(glGetSubroutineUniformLocation);
    const int s = stage_index(r->shadertype);
    const GLint l = x.gl.glGetSubroutineUniformLocation(program, r->shadertype,
                                                        (const GLchar*)x.in(record, r->name));
    x.reply_value(out(n && s >= 0 ? &n->subroutine_uniforms[s] : nullptr, l));
}
void decode_glGetActiveSubroutineName(Exec& x, const char* record) {
    RECORD(glGetActiveSubroutineName);
    const int s = stage_index(r->shadertype);
    x.gl.glGetActiveSubroutineName(
        program, r->shadertype, in(n && s >= 0 ? &n->subroutines[s] : nullptr, r->index),
        r->bufSize, (GLsizei*)x.out(record, r->length), (GLchar*)x.out(record, r->name));
}

#undef RECORD

// These mean the program in use.
void decode_glUniformSubroutinesuiv(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::glUniformSubroutinesuiv*>(record);
    if (!x.gl.glUniformSubroutinesuiv)
        return x.missing(Op::glUniformSubroutinesuiv);
    const auto* given = static_cast<const GLuint*>(x.in(record, r->indices));
    const int s = stage_index(r->shadertype);
    std::vector<GLuint> mapped;
    {
        const GroupLock hold(*x.group);
        const ProgramNumbers* n = x.numbers(x.uniform_program());
        if (n && s >= 0 && given && r->count > 0) {
            mapped.assign((size_t)r->count, 0);
            for (GLsizei v = 0; v < r->count; ++v) {
                const GLint at = n->subroutine_uniforms[s].real(v);
                if (at >= 0 && at < r->count)
                    mapped[(size_t)at] = in(&n->subroutines[s], given[v]);
            }
            given = mapped.data();
        }
    }
    x.gl.glUniformSubroutinesuiv(r->shadertype, r->count, given);
}
void decode_glGetUniformSubroutineuiv(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::glGetUniformSubroutineuiv*>(record);
    if (!x.gl.glGetUniformSubroutineuiv)
        return x.missing(Op::glGetUniformSubroutineuiv);
    auto* to = static_cast<GLuint*>(x.out(record, r->params));
    const int s = stage_index(r->shadertype);
    const GroupLock hold(*x.group);
    ProgramNumbers* n = x.numbers(x.uniform_program());
    x.gl.glGetUniformSubroutineuiv(
        r->shadertype, n && s >= 0 ? n->subroutine_uniforms[s].real(r->location) : r->location, to);
    if (n && s >= 0)
        back(&n->subroutines[s], (GLint*)to, 1);
}

} // namespace glckpt::replay
