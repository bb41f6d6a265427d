// Answers of the driver that are kept, and given again as long as they are certain.
//
// A program that asks for its viewport, its bindings and its limits before every draw (VTK asks
// 23 questions a time, 3000 a frame) would wait for the renderer each time, and the renderer for
// it. Two things make an answer certain:
//
// - for glGet and glIsEnabled: no command that may change it has been issued to this context since
//   (spec/gl/answers.spec). GL lets nothing but a context's own commands change these values:
//   deleting an object in another context does not unbind it here (OpenGL 4.6, section 5.1.3).
//   Encoders take out the bits of the classes that their command changes, one instruction; the
//   answers of a class are good while its bit is set, and of its present generation.
// - for glGetError: nothing has been issued since a reply that told that no error was pending.
//
// Thread rules: as for the context's stream, one thread at a time.
#pragma once
#include "gen/gl/answers.h"
#include <cstddef>
#include <cstdint>

namespace glckpt {

enum class AnswerForm : uint8_t { Integer, Integer64, Float, Double, Boolean, Enabled };

class Answers {
  public:
    // What was answered to this, if it is still certain (`answered`: the stream's); else null.
    const void* find(AnswerForm form, GLenum pname, uint64_t answered) const;
    void keep(AnswerForm form, GLenum pname, Question what, const void* values, size_t bytes,
              uint64_t* answered);
    // glEnable and glDisable of this capability.
    void forget(GLenum cap);

  private:
    static constexpr size_t kPlaces = 256, kMostValues = 16;
    static constexpr uint32_t kNobody = 0;
    struct Answer {
        GLenum pname = kNobody;
        AnswerForm form;
        AnswerClass cls;
        uint32_t generation;
        alignas(8) char values[kMostValues * sizeof(GLdouble)];
    };
    static size_t place(AnswerForm form, GLenum pname) {
        return (pname * 2654435761u >> 20 ^ (size_t)form * 41) % kPlaces;
    }
    Answer answers_[kPlaces];
    uint32_t generations_[64] = {};
};

} // namespace glckpt
