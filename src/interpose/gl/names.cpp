#include "interpose/gl/names.h"
#include <bit>

namespace glckpt {

Context g_null_context;
thread_local Context* t_context = &g_null_context;

GLuint NameSpace::alloc() {
    for (;; ++hint_) {
        if (hint_ == bits_.size())
            bits_.push_back(0);
        if (~bits_[hint_])
            break;
    }
    const int bit = std::countr_one(bits_[hint_]);
    bits_[hint_] |= 1ull << bit;
    return (GLuint)(hint_ * 64 + (size_t)bit);
}

GLuint NameSpace::alloc_range(GLuint count) {
    // First fit, from 1: display lists come in large consecutive ranges.
    GLuint first = 1, run = 0;
    for (GLuint n = 1; run < count; ++n) {
        if (n / 64 >= bits_.size())
            bits_.push_back(0);
        if (used(n)) {
            first = n + 1;
            run = 0;
        } else {
            ++run;
        }
    }
    for (GLuint i = 0; i < count; ++i)
        note(first + i);
    return first;
}

void NameSpace::note(GLuint name) {
    // Names far out are never handed out by alloc(); remembering them would only cost memory.
    if (name >= 1u << 24)
        return;
    if (name / 64 >= bits_.size())
        bits_.resize(name / 64 + 1, 0);
    bits_[name / 64] |= 1ull << (name % 64);
}

void NameSpace::free(GLuint name) {
    if (is_object(name))
        objects_[name / 64] &= ~(1ull << (name % 64));
    if (name == 0 || name / 64 >= bits_.size())
        return;
    bits_[name / 64] &= ~(1ull << (name % 64));
    if (name / 64 < hint_)
        hint_ = name / 64;
}

bool NameSpace::used(GLuint name) const {
    return name / 64 < bits_.size() && (bits_[name / 64] >> (name % 64) & 1);
}

void NameSpace::note_object(GLuint name) {
    if (!used(name)) // far out, or freed by another thread meanwhile
        return;
    if (name / 64 >= objects_.size())
        objects_.resize(name / 64 + 1, 0);
    objects_[name / 64] |= 1ull << (name % 64);
}

bool NameSpace::is_object(GLuint name) const {
    return name / 64 < objects_.size() && (objects_[name / 64] >> (name % 64) & 1);
}

void alloc_names(NameClass c, GLsizei n, GLuint* out) {
    if (n <= 0 || !out || !t_context->group)
        return;
    Locked hold(t_context->group->lock);
    NameSpace& names = t_context->names(c);
    for (GLsizei i = 0; i < n; ++i)
        out[i] = names.alloc();
}

GLuint alloc_name(NameClass c) {
    GLuint name = 0;
    alloc_names(c, 1, &name);
    return name;
}

void free_names(NameClass c, GLsizei n, const GLuint* names) {
    // A program or shader lives on under its name while it is in use or attached, which is not
    // known here: their names are not given out again.
    if (n <= 0 || !names || !t_context->group || c == NameClass::program)
        return;
    Locked hold(t_context->group->lock);
    for (GLsizei i = 0; i < n; ++i)
        t_context->names(c).free(names[i]);
}

void free_name(NameClass c, GLuint name) { free_names(c, 1, &name); }

void note_name_slow(NameClass c, GLuint name) {
    if (!t_context->group)
        return;
    NameSpace& names = t_context->names(c);
    Locked hold(t_context->group->lock);
    names.note(name);
}

} // namespace glckpt
