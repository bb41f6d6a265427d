// A GL context as the app's side sees it, and the group of contexts that share objects.
//
// The window system faces (src/interpose/ws) make contexts and make them current; the GL faces
// find the current one in a thread-local pointer that is never null (a thread without a context
// has the null context, whose stream swallows).
#pragma once
#include "base/lock.h"
#include "interpose/gl/answers.h"
#include "interpose/gl/shadow.h"
#include "log/debug.h"
#include "log/list_shapes.h"
#include "log/names.h"
#include "log/stream.h"
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace glckpt {

// Allocates virtual names of one class: lowest free first, as drivers do.
class NameSpace {
  public:
    GLuint alloc();
    GLuint alloc_range(GLuint count); // consecutive (display lists)
    void note(GLuint name);           // used without being allocated
    void free(GLuint name);
    bool used(GLuint name) const;
    // The driver has said that this is an object (glIs*): true until the name is freed.
    void note_object(GLuint name);
    bool is_object(GLuint name) const;

  private:
    std::vector<uint64_t> bits_{1}; // name 0 is taken
    std::vector<uint64_t> objects_;
    size_t hint_ = 0;
};

// GL_MIN_MAP_BUFFER_ALIGNMENT holds for what a map's pointer is taken from.
template <class T>
struct MapAligned {
    using value_type = T;
    MapAligned() = default;
    template <class U>
    MapAligned(const MapAligned<U>&) {}
    T* allocate(size_t n) {
        char* p = static_cast<char*>(operator new(n * sizeof(T) + 128));
        char* at = reinterpret_cast<char*>(((uintptr_t)p + 127) & ~(uintptr_t)63);
        memcpy(at - sizeof p, &p, sizeof p);
        return reinterpret_cast<T*>(at);
    }
    void deallocate(T* at, size_t) {
        char* p;
        memcpy(&p, reinterpret_cast<char*>(at) - sizeof p, sizeof p);
        operator delete(p);
    }
    friend bool operator==(MapAligned, MapAligned) { return true; }
};

struct BufferShadow {
    GLsizeiptr size = 0;
    GLbitfield storage_flags = 0;
    std::unique_ptr<Map> map;
    // The buffer's contents, kept from the first map that needed them on; empty if not known.
    std::vector<char, MapAligned<char>> copy;
    bool immutable = false;     // glBufferStorage
    bool gpu_may_write = false; // has been bound where the driver writes: never known again
};

struct ProgramShadow {
    bool is_shader = false; // known to be one
    std::unordered_map<std::string, GLint> uniforms, attribs;
    std::unordered_map<GLenum, GLint> linked; // glGetProgramiv, of what a link makes
    uint64_t links = 0;                       // how often it has been told to link
};

struct ShareGroup {
    Mutex lock;
    log::PublishOrder order;
    NameSpace names[kNameClasses];
    NameSpace lists;
    log::ListShapes list_shapes;
    std::unordered_map<GLuint, BufferShadow> buffers;
    std::unordered_map<GLuint, ProgramShadow> programs;
    uint64_t next_sync = 1;
    std::unordered_set<uint64_t> syncs;
    std::unordered_map<uint64_t, std::string> sync_labels;
    std::vector<struct Context*> contexts;
    // Buffers with a persistent map; the lock is held while they are compared and sent
    // (persistent.cpp).
    Mutex persistent_lock;
    std::vector<BufferShadow*> persistent;
};

enum class Api : uint8_t { None, GlCompat, GlCore, Gles1, Gles2 /* 2.0 and later */ };

struct Context {
    log::Stream stream; // first: the hot path takes the context's address for its stream's
    Shadow shadow;
    std::shared_ptr<ShareGroup> group;
    Api api = Api::None;
    bool no_error = false;             // as the program asked for it (ws/world.cpp)
    uint32_t id = 0;                   // also the stream's
    NameSpace own_names[kNameClasses]; // of the classes that are not shared
    std::unordered_map<GLuint, std::unique_ptr<VaoShadow>> vaos;
    std::unordered_map<GLenum, GLuint> bound_buffers; // by target
    std::unordered_map<uint64_t, const GLubyte*> strings;
    std::vector<std::string> extensions; // as shown to the app
    std::string extensions_joined;
    uint64_t frames = 0;              // swaps issued
    std::unique_ptr<Answers> answers; // made when the first is kept
    struct {
        std::deque<log::DebugMessage> to_deliver, log;
        GLint most_logged = -1; // GL_MAX_DEBUG_LOGGED_MESSAGES, once asked
        bool synchronous = false, delivering = false;
    } debug;
    // Window system side; owned and interpreted by src/interpose/ws.
    void* ws = nullptr;

    NameSpace& names(NameClass c) {
        return shared_between_contexts(c) ? group->names[(int)c] : own_names[(int)c];
    }
};

extern Context g_null_context;
extern thread_local Context* t_context;

inline log::Stream& stream() { return t_context->stream; }
inline Shadow& shadow() { return t_context->shadow; }

// Makes a context of the session: its stream, known to the renderer. The window system face has
// the renderer make the real one (session.h).
Context* new_context(Api api, Context* share_with);
void destroy_context(Context* context);
// The first half of it: what the context has done is executed and folded, and it is in the live set
// no more. For who has more to take apart than a stream.
void end_context(Context* context);

} // namespace glckpt
