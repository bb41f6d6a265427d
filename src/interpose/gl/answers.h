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
// Programs switch a capability, ask whether that was an error, and ask how it is. What glEnable and
// glDisable of a capability do here is learned: if a command was issued, the driver then answers
// that the capability is so, and no error was told or is pending, the same command will do the
// same whenever it is executed, and raise none.
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
    // glEnable or glDisable of this capability is issued. True: it is known what that does.
    // `executed`: as soon as the renderer comes to it (not between glBegin and glEnd, nor into a
    // list).
    bool switched(GLenum cap, bool on, bool executed, uint64_t answered);
    // The driver says that no error is pending, with an answer just kept.
    void learn(AnswerForm form, GLenum cap);
    // The program has been told an error.
    void told_error() { ++errors_; }

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
    // What was learned of glDisable and glEnable; and which of them was the last, as long as
    // nothing else has changed such answers and no error was told.
    struct Switch {
        GLenum cap = kNobody;
        bool works[2] = {};
        bool last = false;
        uint32_t generation = 0, errors = 0;
    };
    static constexpr size_t kSwitches = 64;
    Switch& switch_of(GLenum cap) { return switches_[cap * 2654435761u >> 26]; }
    void set(Answer& a, bool on);
    void forget(GLenum cap);
    Switch switches_[kSwitches];
    uint32_t errors_ = 1;
    Answer answers_[kPlaces];
    uint32_t generations_[64] = {};
};

} // namespace glckpt
