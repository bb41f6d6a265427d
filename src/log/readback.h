// Reading back what only the driver knows: questions and answers of log::Ask::Readback.
#pragma once
#include <cstdint>

namespace glckpt::log {

enum class ReadbackKind : uint32_t {
    Texture = 1,
    Buffer,
    Renderbuffer,
    Drawable,
    Strings,   // parts are texts; `level` is what glGetString was asked
    Query,     // one part: the result so far, 64 bits; an active query goes on counting
    Numbers,   // one part: a program's numbers (log/numbers.h)
    Image,     // an EGL image: one part, as of a two-dimensional texture that has it
    Feedback,  // one part: the vertices a transform feedback has captured, 64 bits
    Raster,    // one part: the color and secondary color of the raster position, 8 floats
    State,     // one part: the attribute groups of `name`, for xStateTold
    Matrix,    // one part: the top of the stack of mode `target` (of unit `index`), 16 floats
    Attachment // one part: as of a two-dimensional texture of format `index` and that size, what is
               // attached to framebuffer `name` at `target`
};

struct ReadbackQuestion {
    uint32_t stream; // whose context, or whose share group
    ReadbackKind kind;
    uint64_t name;         // virtual; of a drawable, its number
    uint32_t target;       // of a texture or query
    int32_t width, height; // of a drawable
    uint32_t window;       // of a drawable that is one: its X window on the server
    char display[64];      // of that window
    uint32_t index;        // of an active query: its vertex stream
    uint32_t paused; // of an active transform feedback; `target` is its program, `index` its mode
    uint32_t active; // of a query: it has not ended; of a drawable: its accumulation buffer, too
};

// Drawables' buffers, in `level` of their parts.
enum class DrawableBuffer : int32_t {
    Front = 1,
    Back = 2,
    DepthStencil = 3,
    Depth = 4,
    Stencil = 5,
    Accum = 6,      // GL_RGBA, GL_SHORT: signed normalized
    Samples = 7,    // one plane of a multisample drawable: ReadbackPart::sample tells which
    FrontItself = 8 // never read: Front again, for a program that draws to it or reads it
};

// The answer is any number of parts, each followed by its bytes.
struct ReadbackPart {
    int32_t face, level;
    uint32_t format, type; // format 0: compressed
    int32_t internal_format;
    int32_t width, height, depth, border, samples;
    int32_t sample; // of `samples`, which one
    uint64_t bytes;
};

} // namespace glckpt::log
