// Generated from spec/gl/answers.spec: the questions whose answers are kept.
#pragma once
#include "gen/gl/gl_types.h"
#include <cstdint>

namespace glckpt {

enum class AnswerClass : uint8_t {
% for c in answers.classes:
    k_${c},
% endfor
};
constexpr uint64_t bit(AnswerClass c) { return 1ull << (int)c; }

struct Question {
    AnswerClass cls;
    uint8_t values; // 0: not one whose answer is kept
};

inline Question question(GLenum pname) {
    switch (pname) {
% for (cls, values) in sorted(set(answers.questions.values())):
% for value, what in sorted(answers.questions.items()):
% if what == (cls, values):
    case ${hex(value)}:
% endif
% endfor
        return {AnswerClass::k_${cls}, ${values}};
% endfor
    default:
        return {AnswerClass::k_constant, 0};
    }
}

} // namespace glckpt
