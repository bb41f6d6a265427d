// What is asked of a driver about the attribute groups, and told to the next: items of a few
// numbers each (told.cpp has the why).
#pragma once
#include "replay/exec.h"
#include <map>
#include <span>
#include <tuple>
#include <vector>

namespace glckpt::replay::told {

enum What : uint32_t {
    kPlain, // a: row of rows()
    kCap,
    kCapIndexed,
    kViewport, // these: a: index, b: 1 where the driver has one for all
    kDepthRange,
    kScissor,
    kBlendFunc,
    kBlendEquation,
    kColorMask,
    kDrawBuffers,
    kStipple,
    kClipPlane,
    kLight,
    kMaterial,
    kTexCoord,
    kTexEnv,
    kTexGen,
    kBinding
};

// In xStateTold's payload, before its values.
struct Item {
    uint32_t what, a, b;
    uint32_t count;
};
using Key = std::tuple<uint32_t, uint32_t, uint32_t>; // what, a, b
using Values = std::vector<double>;
using Told = std::map<Key, Values>;

inline GLint as_int(double v) { return (GLint)(GLint64)v; }
inline GLenum as_enum(double v) { return (GLenum)(GLint64)v; }
inline GLuint as_mask(double v) { return (GLuint)(GLint64)v; }

struct Floats {
    GLfloat v[4];
    explicit Floats(const double* from, size_t n = 4) : v{} {
        for (size_t i = 0; i < n; ++i)
            v[i] = (GLfloat)from[i];
    }
};

// What glGet tells and one command sets (rows.cpp).
struct Row {
    GLbitfield groups; // glPushAttrib's bits of those that save it
    GLenum pname[4];   // several: a value each
    int count;         // of values, if it is one
    void (*set)(Driver& gl, GLenum pname, const double* v);
};
std::span<const Row> rows();
// Reads a row's values; how many there are.
int ask(Driver& gl, const Row& r, GLdouble (&v)[4]);

// Capabilities, with the groups that save them.
struct Cap {
    GLbitfield groups;
    GLenum cap;
};
std::span<const Cap> caps();

struct EnvValue {
    GLenum target, pname;
    int count;
};
std::span<const EnvValue> env_values();

// All that the driver has of the groups in `mask` (asking.cpp), of the context that is current.
Told ask(Exec& x, GLbitfield mask);
// Gives the driver an item (putting.cpp).
void put(Exec& x, const Key& key, const Values& values);

// What the app has not called is no news of its.
class Quiet {
  public:
    explicit Quiet(Exec& x) : x_(x), was_(x.debug_quiet) { x.debug_quiet = true; }
    ~Quiet() { x_.debug_quiet = was_; }
    Quiet(const Quiet&) = delete;
    Quiet& operator=(const Quiet&) = delete;

  private:
    Exec& x_;
    const bool was_;
};

} // namespace glckpt::replay::told
