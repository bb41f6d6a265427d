#include "interpose/gl/answers.h"
#include <cstring>

namespace glckpt {

const void* Answers::find(AnswerForm form, GLenum pname, uint64_t answered) const {
    const Answer& a = answers_[place(form, pname)];
    if (a.pname != pname || a.form != form || !(answered & bit(a.cls)) ||
        a.generation != generations_[(int)a.cls])
        return nullptr;
    return a.values;
}

void Answers::keep(AnswerForm form, GLenum pname, Question what, const void* values, size_t bytes,
                   uint64_t* answered) {
    Answer& a = answers_[place(form, pname)];
    if (bytes > sizeof a.values)
        return;
    // The class's bit was taken out: what else it had is old.
    if (!(*answered & bit(what.cls))) {
        *answered |= bit(what.cls);
        ++generations_[(int)what.cls];
    }
    a.pname = pname;
    a.form = form;
    a.cls = what.cls;
    a.generation = generations_[(int)what.cls];
    memcpy(a.values, values, bytes);
}

namespace {
template <class T>
bool first_is_set(const char* values) {
    T v;
    memcpy(&v, values, sizeof v);
    return v != T(0);
}
template <class T>
void set_first(char* values, bool on) {
    const T v = on ? T(1) : T(0);
    memcpy(values, &v, sizeof v);
}
} // namespace

void Answers::set(Answer& a, bool on) {
    switch (a.form) {
    case AnswerForm::Integer:
        return set_first<GLint>(a.values, on);
    case AnswerForm::Integer64:
        return set_first<GLint64>(a.values, on);
    case AnswerForm::Float:
        return set_first<GLfloat>(a.values, on);
    case AnswerForm::Double:
        return set_first<GLdouble>(a.values, on);
    default:
        return set_first<GLboolean>(a.values, on);
    }
}

bool Answers::switched(GLenum cap, bool on, bool executed, uint64_t answered) {
    Switch& s = switch_of(cap);
    if (s.cap != cap)
        s = {.cap = cap};
    s.errors = 0;
    if (!(answered & bit(AnswerClass::k_enable)) || !executed) {
        forget(cap);
        return executed && s.works[on];
    }
    if (s.works[on]) {
        for (int form = 0; form <= (int)AnswerForm::Enabled; ++form)
            if (Answer& a = answers_[place((AnswerForm)form, cap)]; a.pname == cap)
                set(a, on);
        return true;
    }
    forget(cap);
    s.last = on;
    s.generation = generations_[(int)AnswerClass::k_enable];
    s.errors = errors_;
    return false;
}

void Answers::learn(AnswerForm form, GLenum cap) {
    const Answer& a = answers_[place(form, cap)];
    Switch& s = switch_of(cap);
    if (a.pname != cap || a.form != form || a.cls != AnswerClass::k_enable || s.cap != cap ||
        s.errors != errors_ || s.generation != a.generation)
        return;
    const bool on = form == AnswerForm::Integer     ? first_is_set<GLint>(a.values)
                    : form == AnswerForm::Integer64 ? first_is_set<GLint64>(a.values)
                    : form == AnswerForm::Float     ? first_is_set<GLfloat>(a.values)
                    : form == AnswerForm::Double    ? first_is_set<GLdouble>(a.values)
                                                    : first_is_set<GLboolean>(a.values);
    s.works[s.last] |= on == s.last;
    s.errors = 0;
}

void Answers::forget(GLenum cap) {
    for (int form = 0; form <= (int)AnswerForm::Enabled; ++form)
        if (Answer& a = answers_[place((AnswerForm)form, cap)]; a.pname == cap)
            a.pname = kNobody;
}

} // namespace glckpt
