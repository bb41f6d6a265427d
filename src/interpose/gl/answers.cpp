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

void Answers::forget(GLenum cap) {
    for (int form = 0; form <= (int)AnswerForm::Enabled; ++form)
        if (Answer& a = answers_[place((AnswerForm)form, cap)]; a.pname == cap)
            a.pname = kNobody;
}

} // namespace glckpt
