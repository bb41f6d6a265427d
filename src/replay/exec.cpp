#include "replay/exec.h"
#include "replay/stream.h"
#include <cstdio>

namespace glckpt::replay {

void NameTable::add(GLuint v, GLuint r) {
    if (v < kDense) {
        if (v >= dense_.size())
            dense_.resize((size_t)v + v / 2 + 64, 0);
        dense_[v] = r;
    } else {
        sparse_[v] = r;
    }
    back_[r] = v;
}

void NameTable::forget(GLuint v) {
    const GLuint r = real(v);
    if (!r)
        return;
    back_.erase(r);
    former_[next_former_++ % kFormer] = {v, r};
    if (v < dense_.size())
        dense_[v] = 0;
    else
        sparse_.erase(v);
}

GLuint NameTable::virtual_of(GLuint r) const {
    const auto it = back_.find(r);
    if (it != back_.end())
        return it->second;
    for (uint32_t i = 1; i <= kFormer; ++i) // the last one first: drivers give names again
        if (const auto& [v, real] = former_[(next_former_ - i) % kFormer]; real == r)
            return v;
    return 0;
}

void NameTable::was_called(GLuint temporary, GLuint v) {
    for (uint32_t i = 1; i <= kFormer; ++i)
        if (auto& f = former_[(next_former_ - i) % kFormer]; f.first == temporary) {
            f.first = v;
            return;
        }
}

Exec::Exec(Driver& driver, std::shared_ptr<Group> g, Stream& s)
    : gl(driver), group(std::move(g)), stream(s) {}

log::StreamShared& Exec::shared() { return *stream.shared; }
char* Exec::reply_block() { return stream.reply; }
void Exec::reply_value(uint64_t v) { shared().reply_value = v; }
void Exec::reply_bytes(uint32_t n) { shared().reply_bytes = n; }

const void* Exec::in(const char* record, log::PayloadRef ref) {
    switch (ref.kind) {
    case log::PayloadRef::Inline:
        return record + ref.place;
    case log::PayloadRef::Arena:
        return stream.arena + (uint64_t)ref.place * log::kArenaUnit;
    case log::PayloadRef::Large:
        return large_transfer(ref.place);
    case log::PayloadRef::Offset: {
        void* p;
        memcpy(&p, record + ref.place, 8);
        return p;
    }
    default:
        return nullptr;
    }
}

void* Exec::out(const char* record, log::PayloadRef ref) {
    switch (ref.kind) {
    case log::PayloadRef::Out:
        return stream.reply + ref.place;
    case log::PayloadRef::OutArena:
        return stream.arena + (uint64_t)ref.place * log::kArenaUnit;
    case log::PayloadRef::Large:
        return large_transfer(ref.place);
    case log::PayloadRef::Offset:
        return const_cast<void*>(in(record, ref));
    default:
        return nullptr;
    }
}

void* Exec::probe(log::PayloadRef ref) { return out(nullptr, ref); }

size_t Exec::written(const void* p, size_t n, unsigned char fill) {
    const auto* b = static_cast<const unsigned char*>(p);
    while (n > 0 && b[n - 1] == fill)
        --n;
    return n;
}

Exec::StringArray::StringArray(Exec& x, const char* record, log::PayloadRef ref, GLsizei count) {
    const char* text = static_cast<const char*>(x.in(record, ref));
    if (!text || count <= 0 || (size_t)count * 4 > ref.bytes)
        count = 0;
    const char* at = text + (size_t)count * 4;
    pointers_.reserve(text ? (size_t)count + 1 : 0); // an empty array is not a null pointer
    for (GLsizei i = 0; i < count; ++i) {
        uint32_t n;
        memcpy(&n, text + (size_t)i * 4, 4);
        if (n == log::kNullString) {
            pointers_.push_back(nullptr);
            lengths_.push_back(0);
            continue;
        }
        pointers_.push_back(at);
        lengths_.push_back((GLint)n);
        at += n + 1;
    }
}

GLuint Exec::real(NameClass c, GLuint v) {
    if (v == 0)
        return 0;
    GroupLock hold(*group);
    const GLuint r = table(c).real(v);
    // A name that is none of the app's must stay wrong for the driver, which will refuse it.
    return r ? r : 0xfffffff0u;
}

GLuint Exec::virtual_of(NameClass c, GLuint r) {
    if (r == 0)
        return 0;
    GroupLock hold(*group);
    return table(c).virtual_of(r);
}

void Exec::was_called(NameClass c, GLuint temporary, GLuint v) {
    GroupLock hold(*group);
    table(c).was_called(temporary, v);
}

GLuint Exec::bind_name(NameClass c, GLuint v) {
    if (v == 0)
        return 0;
    GroupLock hold(*group);
    GLuint r = table(c).real(v);
    if (r)
        return r;
    if (core_profile)
        return 0xfffffff0u;
    switch (c) {
    case NameClass::texture:
        gl.glGenTextures(1, &r);
        break;
    case NameClass::buffer:
        gl.glGenBuffers(1, &r);
        break;
    case NameClass::framebuffer:
        (gl.glGenFramebuffers ? gl.glGenFramebuffers : gl.glGenFramebuffersOES)(1, &r);
        break;
    case NameClass::renderbuffer:
        (gl.glGenRenderbuffers ? gl.glGenRenderbuffers : gl.glGenRenderbuffersOES)(1, &r);
        break;
    case NameClass::query:
        gl.glGenQueries(1, &r);
        break;
    case NameClass::arb_program:
        gl.glGenProgramsARB(1, &r);
        break;
    default: // these must come from glGen in every profile
        return 0xfffffff0u;
    }
    table(c).add(v, r);
    return r;
}

GLuint Exec::forget_name(NameClass c, GLuint v) {
    if (v == 0)
        return 0;
    GroupLock hold(*group);
    const GLuint r = table(c).real(v);
    table(c).forget(v);
    return r ? r : 0xfffffff0u;
}

void Exec::add_name(NameClass c, GLuint v, GLuint r) {
    if (r == 0)
        return;
    GroupLock hold(*group);
    table(c).add(v, r);
}

void Exec::add_names(NameClass c, GLsizei n, const GLuint* v, const GLuint* r) {
    GroupLock hold(*group);
    for (GLsizei i = 0; i < n && v; ++i)
        table(c).add(v[i], r[i]);
}

const GLuint* Exec::real_names(NameClass c, GLsizei n, const GLuint* v) {
    if (!v)
        return nullptr;
    names_.resize((size_t)std::max(n, 0) + 1);
    for (GLsizei i = 0; i < n; ++i)
        names_[(size_t)i] = real(c, v[i]);
    return names_.data();
}

const GLuint* Exec::forget_names(NameClass c, GLsizei n, const GLuint* v) {
    if (!v)
        return nullptr;
    names_.resize((size_t)std::max(n, 0) + 1);
    for (GLsizei i = 0; i < n; ++i) {
        const GLuint r = forget_name(c, v[i]);
        names_[(size_t)i] = r == 0xfffffff0u ? 0 : r; // unknown names are ignored by the deletes
    }
    return names_.data();
}

GLint Exec::uniform(GLuint program, GLint location) {
    if (group->numbers.empty() || location < 0)
        return location;
    GroupLock hold(*group);
    const ProgramNumbers* p = numbers(program ? program : uniform_program());
    return p ? p->locations.real(location) : location;
}

ProgramNumbers* Exec::numbers(GLuint program) {
    const auto p = group->numbers.find(program);
    return p == group->numbers.end() ? nullptr : &p->second;
}

void Exec::missing(Op op) {
    // The app asked for an entry point that this driver does not have. Natively it would have
    // been a null pointer or a stub that raises an error; the latter is what happens here.
    if (sticky_error == GL_NO_ERROR)
        sticky_error = GL_INVALID_OPERATION;
    stream.failed = true;
    static bool said[(size_t)Op::Count];
    if (!said[(size_t)op]) {
        said[(size_t)op] = true;
        fprintf(stderr, "glckpt: the driver has no %s\n", kOpNames[(size_t)op]);
    }
}

} // namespace glckpt::replay
