// The renderer's execution of one context's stream: what the generated decoders work with.
//
// An Exec belongs to one thread. Name tables of shared classes belong to the share group, which
// several threads may use.
#pragma once
#include "gen/gl/driver.h"
#include "gen/gl/ops.h"
#include "gen/gl/records.h"
#include "log/list_shapes.h"
#include "log/names.h"
#include "log/record.h"
#include "log/shared.h"
#include <array>
#include <bit>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace glckpt::replay {

// Virtual to real names of one class, and back.
class NameTable {
  public:
    GLuint real(GLuint v) const {
        if (v < dense_.size())
            return dense_[v];
        if (v < kDense)
            return 0;
        const auto it = sparse_.find(v);
        return it == sparse_.end() ? 0 : it->second;
    }
    void add(GLuint v, GLuint r);
    void forget(GLuint v);
    // 0 if the driver's name is none of the app's. One that is deleted, and may still be bound in
    // another context or to a vertex array, answers to the name it had.
    GLuint virtual_of(GLuint r) const;
    // What had the name `temporary` when it was deleted was the app's `v`.
    void was_called(GLuint temporary, GLuint v);
    template <class Each>
    void each(Each f) const {
        for (const auto& [r, v] : back_)
            f(v, r);
    }

  private:
    static constexpr GLuint kDense = 1 << 20; // names beyond are few: apps that choose their own
    std::vector<GLuint> dense_;
    std::unordered_map<GLuint, GLuint> sparse_, back_;
    // The last names that were deleted, and what the driver had called them: enough for what can
    // be in use still, and no more than that for programs that delete all the time.
    static constexpr uint32_t kFormer = 256;
    std::array<std::pair<GLuint, GLuint>, kFormer> former_{};
    uint32_t next_former_ = 0;
};

// Numbers that the app knows from a driver that chose others than this one (numbers.cpp).
class NumberMap {
  public:
    bool empty() const { return real_.empty(); }
    void add(GLint v, GLint r);
    // The driver's; -1 for a number that it has nothing for.
    GLint real(GLint v) const;
    // The app's; made if the driver's is none that the app has been told.
    GLint virtual_of(GLint r);
    // Every number there is has been added: others mean nothing. (Else they stay as they are.)
    void close() { complete_ = true; }
    // Numbers of the driver in [0, n) that nothing stands for get the lowest free ones.
    void fill(GLint n);
    bool changes_nothing() const;
    void clear() { *this = {}; }

  private:
    std::unordered_map<GLint, GLint> real_, back_;
    GLint next_ = 0;
    bool complete_ = false;
};
struct ProgramNumbers {
    NumberMap locations, uniforms, blocks, storage_blocks;
    NumberMap subroutine_uniforms[6], subroutines[6];
};

struct Group {
    std::mutex lock;
    int contexts = 0; // the lock is only taken if there is more than one
    NameTable names[kNameClasses];
    std::unordered_map<uint64_t, GLsync> syncs;
    log::ListShapes lists;
    std::vector<GLuint> dying_programs;                   // deleted, but in use when last looked at
    std::unordered_map<GLuint, ProgramNumbers> numbers;   // of the programs that differ
    std::unordered_map<GLuint, GLbitfield> storage_flags; // buffers of immutable storage
    struct PersistentMap {
        char* pointer; // the driver's
        GLintptr offset;
        GLsizeiptr length;
        GLbitfield access;
    };
    std::unordered_map<GLuint, PersistentMap> maps; // by virtual name of the buffer
};

// A buffer as the app has bound it to a transform feedback; size 0: all of it.
struct FeedbackRange {
    GLuint buffer = 0; // the driver's name
    GLint64 start = 0, size = 0;
};

struct Stream; // stream.h

class Exec {
  public:
    Driver& gl;
    std::shared_ptr<Group> group;
    NameTable own[kNameClasses];
    bool core_profile = false;
    uint64_t draw = 0, read = 0; // drawables it is current with

    Exec(Driver& driver, std::shared_ptr<Group> g, Stream& s);

    // --- payloads
    const void* in(const char* record, log::PayloadRef ref);
    void* out(const char* record, log::PayloadRef ref);
    void* probe(log::PayloadRef ref);
    // A result whose size only the driver knows: asked twice over two different fills, and what
    // differs from its fill in neither case was not written.
    template <class Call>
    void probe_call(log::PayloadRef ref, void* to, Call call) {
        if (!to) {
            call();
            return;
        }
        memset(to, 0x5a, ref.bytes);
        call();
        const size_t at_least = written(to, ref.bytes, 0x5a);
        std::vector<char> first((char*)to, (char*)to + ref.bytes);
        if (at_least < ref.bytes) {
            memset(to, 0xa5, ref.bytes);
            debug_quiet = true;
            call();
            debug_quiet = false;
        }
        reply_bytes((uint32_t)std::max(at_least, written(to, ref.bytes, 0xa5)));
        memcpy(to, first.data(), ref.bytes);
    }
    template <class T>
    T* scratch(GLsizei n) {
        scratch_.resize(std::max<size_t>(scratch_.size(), (size_t)std::max(n, 1) * sizeof(T)));
        return reinterpret_cast<T*>(scratch_.data());
    }
    class StringArray {
      public:
        StringArray(Exec& x, const char* record, log::PayloadRef ref, GLsizei count);
        const GLchar** pointers() { return pointers_.data(); }
        const GLint* lengths() { return lengths_.data(); }

      private:
        std::vector<const GLchar*> pointers_;
        std::vector<GLint> lengths_;
    };

    // --- names
    GLuint real(NameClass c, GLuint v);
    GLuint virtual_of(NameClass c, GLuint r);
    void was_called(NameClass c, GLuint temporary, GLuint v);
    // For the binds: makes the object if the name is new and the profile allows that.
    GLuint bind_name(NameClass c, GLuint v);
    GLuint forget_name(NameClass c, GLuint v);
    void add_name(NameClass c, GLuint v, GLuint r);
    void add_names(NameClass c, GLsizei n, const GLuint* v, const GLuint* r);
    const GLuint* real_names(NameClass c, GLsizei n, const GLuint* v);
    const GLuint* forget_names(NameClass c, GLsizei n, const GLuint* v);
    const NameTable& own_names(NameClass c) const { return own[(int)c]; }
    GLint uniform(GLuint program, GLint location);
    // Null: this driver's numbers are those that the app knows.
    ProgramNumbers* numbers(GLuint program);
    GLuint current_program = 0; // virtual
    GLuint pipeline_program = 0;
    GLuint uniform_program() const { return current_program ? current_program : pipeline_program; }

    // --- what must be remembered of some calls (notes.cpp)
    void note_glNewList(const rec::glNewList& r);
    void note_glEndList(const rec::glEndList&);
    void note_glBegin(const rec::glBegin&) { note_begin_end(log::ListShapes::Shape::Begin); }
    void note_glEnd(const rec::glEnd&) { note_begin_end(log::ListShapes::Shape::End); }
    void note_glCallList(const rec::glCallList& r);
    void note_glCallLists(const rec::glCallLists& r);
    void note_glListBase(const rec::glListBase& r) {
        list_base = compiles_only ? list_base : r.base;
    }
    void note_glDeleteLists(const rec::glDeleteLists& r);
    void note_glPopAttrib(const rec::glPopAttrib& r);
    void note_pops_of_list(const log::RecordHeader& h);
    int ways_of_pop(); // log::kPopForgets and others (told/pops.cpp)
    void note_glUseProgram(const rec::glUseProgram& r) { current_program = r.program; }
    void note_glActiveShaderProgram(const rec::glActiveShaderProgram& r) {
        pipeline_program = r.program;
    }
    void note_glLinkProgram(const rec::glLinkProgram& r);
    void note_glBindTextures(const rec::glBindTextures& r);
    void note_glBindImageTextures(const rec::glBindImageTextures& r);
    void note_glBindSamplers(const rec::glBindSamplers& r);
    void note_glBindBuffersBase(const rec::glBindBuffersBase& r);
    void note_glBindBuffersRange(const rec::glBindBuffersRange& r);
    void note_glBindVertexBuffers(const rec::glBindVertexBuffers& r);
    void note_glVertexArrayVertexBuffers(const rec::glVertexArrayVertexBuffers& r);
    void note_glBufferStorage(const rec::glBufferStorage& r);
    void note_glNamedBufferStorage(const rec::glNamedBufferStorage& r);

    // --- replies
    void reply_value(uint64_t v);
    void reply_bytes(uint32_t n);
    log::StreamShared& shared();
    char* reply_block();
    // The driver does not have this function.
    void missing(Op op);

    // --- errors: one sticky code, as the app would see it
    GLenum sticky_error = GL_NO_ERROR;
    bool inside_begin = false;
    GLuint compiling = 0; // the list that is
    log::ListShapes::Shape shape;
    GLuint list_base = 0;
    bool compiles_only = false;

    // --- debug messages (debug.cpp)
    std::mutex debug_lock;
    bool debug_taken = false;
    bool debug_callback = false; // the app has one; else they go to the log
    bool debug_quiet = false;    // what is called now the app has not
    void take_debug_messages();

    // --- client arrays that the next draw uses (arrays.cpp)
    bool holds_arrays = false;
    struct LockedArray {
        std::vector<char> bytes;
    };
    std::unordered_map<GLuint, LockedArray> locked;
    // Results of selection and feedback, until the mode ends.
    std::vector<GLuint> select;
    std::vector<GLfloat> feedback;
    GLenum render_mode = GL_RENDER;

    // Queries that began in another renderer: what they had counted there (queries.cpp).
    struct QueryValue {
        uint64_t value;
        GLenum target;
        bool complete;
    };
    std::unordered_map<GLuint, QueryValue> queries; // by virtual name
    GLuint empty_query = 0;
    bool passes_condition = false; // a conditional render that the driver was not told of

    // Transform feedbacks by virtual name, since they last began (hand/feedback.cpp).
    struct Feedback {
        uint64_t count = 0;                // vertices captured in earlier parts
        bool carried = false;              // there are some: the driver does not know of all
        bool split = false;                // it is active, bound behind them
        bool ended_here = false;           // the driver has counted a part
        bool counted = false;              // which `count` has, too
        std::vector<GLint> strides;        // by buffer
        std::vector<FeedbackRange> ranges; // as the app has bound them when it began
    };
    std::unordered_map<GLuint, Feedback> feedbacks;
    GLuint point_program = 0, empty_buffer = 0; // the driver's names

    Stream& stream;

  private:
    void note_begin_end(log::ListShapes::Shape::Last what) {
        if (compiling) {
            shape.last = what;
            shape.calls.clear();
        }
        // A list that is only compiled may have one without the other.
        inside_begin = !compiles_only && what == log::ListShapes::Shape::Begin;
    }
    static size_t written(const void* p, size_t n, unsigned char fill);
    NameTable& table(NameClass c) {
        return shared_between_contexts(c) ? group->names[(int)c] : own[(int)c];
    }
    std::vector<char> scratch_;
    std::vector<GLuint> names_;
};

using Decoder = void(Exec& x, const char* record);
extern Decoder* const kDecoders[];
extern const bool kCanFail[];

// Lock of the group, taken only where several contexts share it.
class GroupLock {
  public:
    explicit GroupLock(Group& g) : g_(g.contexts > 1 ? &g : nullptr) {
        if (g_)
            g_->lock.lock();
    }
    ~GroupLock() {
        if (g_)
            g_->lock.unlock();
    }
    GroupLock(const GroupLock&) = delete;
    GroupLock& operator=(const GroupLock&) = delete;

  private:
    Group* g_;
};

} // namespace glckpt::replay
