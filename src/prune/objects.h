// GL's objects as the pruner sees them: what was told to the driver and still matters.
#pragma once
#include "log/names.h"
#include "prune/slots.h"
#include <array>
#include <map>
#include <memory>
#include <string>

namespace glckpt::prune {

struct Object {
    int refs = 0;
    const NameClass cls;
    uint32_t name;     // virtual; as long as `named`
    bool named = true; // false: deleted, but something still refers to it
    bool bound_once = false;
    uint64_t born = 0; // sequence
    Slots slots;
    Ref<Kept> created;         // glCreate*: the record that made it with a type
    Ref<Kept> label;           // glObjectLabel
    uint32_t emitted_name = 0; // while a log is being emitted
    Object(NameClass c, uint32_t n) : cls(c), name(n) {}
    virtual ~Object() = default;
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;
};

struct Group;

// An EGL image: storage that textures and renderbuffers of several contexts have in common. What is
// in it is kept with `source`, which it was made of; its siblings (glEGLImageTarget*) only name it.
//
// A source that is given other storage or loses its name leaves the image as it was (EGL 1.5,
// section 3.9.4, calls the siblings orphaned): then the source is a copy of what it was, which
// nothing else refers to and the emitter makes for the time of the emission.
struct EglImage {
    int refs = 0;
    const uint64_t id;
    std::vector<EglImage*>& all; // the fold's, which this is in
    std::vector<uint64_t>& gone; // the fold's: what the renderer need not keep any longer
    Ref<Object> source;
    Ref<Kept> created;           // xCreateImage
    std::weak_ptr<Group> group;  // of the context it was made in
    const Group* home = nullptr; // with whose objects it is emitted; while a log is
    EglImage(uint64_t i, std::vector<EglImage*>& a, std::vector<uint64_t>& g)
        : id(i), all(a), gone(g) {
        all.push_back(this);
    }
    ~EglImage() {
        std::erase(all, this);
        gone.push_back(id);
    }
    EglImage(const EglImage&) = delete;
    EglImage& operator=(const EglImage&) = delete;
};

// Pixel contents as read back from the driver, exact.
struct Contents {
    uint32_t format = 0, type = 0; // 0: compressed
    int32_t internal_format = 0;
    int32_t width = 0, height = 0, depth = 0, border = 0, samples = 0;
    int32_t sample = 0; // of multisample images: which plane this is
    Ref<Blob> pixels;
};

struct Texture : Object {
    using Object::Object;
    uint32_t target = 0;
    // Images by (face, level); each is its defining record and what was written into it since.
    struct Image {
        Ref<Kept> definition;
        std::vector<Ref<Kept>> updates;
        size_t update_bytes = 0;
        Contents contents; // instead of the definition's pixels and the updates, after a readback
        bool has_contents = false;
    };
    std::map<std::pair<int, int>, Image> images;
    Ref<Kept> storage;            // glTexStorage*, glTexBuffer*: all images at once
    std::vector<Contents> planes; // of a multisample texture, after a readback
    Ref<Object> view_of;
    bool gpu_dirty = false; // the driver alone knows its contents
    Ref<Kept> mipmaps;      // glGenerateMipmap, which made it so: what it was made from is known
    bool buffer_texture = false;
    // Its storage is an EGL image's; the record that gave it.
    Ref<EglImage> image;
    Ref<Kept> image_target;
};

// What stays of an image's definition when its pixels are told otherwise: a driver chooses how to
// store it by the format and type of the pixels, too, where the internal format leaves that open.
// Null if the definition says no such thing (a copy, a compressed image).
Ref<Kept> layout_alone(const Ref<Kept>& definition);

struct Buffer : Object {
    using Object::Object;
    uint32_t first_target = 0;
    uint32_t usage = 0;
    uint32_t storage_flags = 0;
    bool immutable = false;
    bool has_data = false;
    Ref<Blob> data;
    Ref<Kept> map; // a persistent one that is open
    bool gpu_dirty = false;
    uint64_t changes = 0; // of its contents, however made
    // The vertex array that was bound when it was deleted, and lost it then. (For comparing only.)
    const Object* detached_from = nullptr;
};

struct Renderbuffer : Object {
    using Object::Object;
    Ref<Kept> storage;
    bool gpu_dirty = false;
    Contents contents;
    bool has_contents = false;
    std::vector<Contents> planes; // if it is multisample
    Ref<EglImage> image;
    Ref<Kept> image_target;
};

struct Sampler : Object {
    using Object::Object;
};

// Programs and shaders share a name space; `created` tells which it is.
struct Program : Object {
    using Object::Object;
    // Of a shader:
    Ref<Kept> source;
    Ref<Kept> compiled_source; // as of the last glCompileShader; or the SPIR-V binary
    Ref<Kept> binary;          // glShaderBinary, of this shader alone
    Ref<Kept> specialized;     // glSpecializeShader, for `compiled_source` as a binary
    bool compiled = false;
    bool is_shader() const { return created && created->header().op == kOpCreateShader; }
    static const uint16_t kOpCreateShader;
    // Of a program:
    std::vector<Ref<Object>> attached;
    // What the executable was linked from.
    struct Stage {
        uint32_t type;
        Ref<Kept> source, specialized;
    };
    struct Executable {
        bool exists = false;
        std::vector<Stage> stages;
        Slots before; // bindings of attributes, outputs, varyings, parameters in force at the link
        Ref<Kept> link;
        Ref<Kept> binary; // glProgramBinary, instead of stages
    };
    Executable executable;
    // A later link that failed: the program's status is that one's, while whoever uses it goes on
    // with `executable` until it uses another (OpenGL 4.6, section 7.3).
    Executable failed;
    Slots uniforms;           // since the link
    Ref<Kept> shader_program; // glCreateShaderProgramv
    Ref<Blob> numbers;        // of the executable, as the driver told them (log/numbers.h)
};

struct VertexArray : Object {
    using Object::Object;
    Ref<Object> element_buffer;
};

struct Framebuffer : Object {
    using Object::Object;
    struct Attachment {
        Ref<Kept> record;
        Ref<Object> object;
    };
    std::map<uint32_t, Attachment> attachments;
    bool drawn = false; // since its attachments were last marked
};

struct Query : Object {
    using Object::Object;
    uint32_t target = 0;
    uint32_t index = 0; // vertex stream
    bool active = false;
    bool ended = false;
    Ref<Kept> begin;
    // As of the last readback; final if `complete`.
    uint64_t value = 0;
    bool complete = false;
};

struct TransformFeedback : Object {
    using Object::Object;
    std::map<uint32_t, Ref<Object>> buffers;
    bool active = false, paused = false;
    bool drawn = false; // since it began: where it stands in its buffers is the driver's secret
    bool ended = false;
    bool counted = false; // as of the last readback: vertices captured
    uint64_t count = 0;
    Ref<Kept> begin;
    Ref<Object> program; // in use when it began
};

struct Pipeline : Object {
    using Object::Object;
};

struct ArbProgram : Object {
    using Object::Object;
    uint32_t target = 0;
    Ref<Kept> text;
};

struct DisplayList {
    int refs = 0;
    std::vector<Ref<Kept>> body;
    std::vector<Ref<Kept>> state; // the part of the body that changes state when called
    // The arrays that draws compiled into it take their vertices from: as they stood at glNewList;
    // the commands about arrays that came while it was compiled are in the body.
    Slots arrays;
    bool draws_arrays = false;
    // Buffers that draws in it took their vertices from when it was compiled, and `changes` then.
    std::vector<std::pair<Ref<Object>, uint64_t>> sources;
    bool draws = false;
    size_t bytes = 0;
    Ref<Kept> label;
};

} // namespace glckpt::prune
