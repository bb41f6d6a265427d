// Transform feedback that has captured something in another renderer.
//
// Where a transform feedback stands in its buffers, and how much glDrawTransformFeedback would
// draw, is no state that GL tells or takes. But both are one number, the vertices captured so far,
// and a capture can be split at it: ended, counted, and begun again with its buffers' ranges
// starting behind what they hold (OpenGL 4.6, section 13.3: whole primitives are captured, one
// behind the other, so two captures make what one would have made). So:
//
// - Read back, an active one is split in place; should this renderer go on, it goes on behind.
// - In a new renderer it begins split, at the number that came along.
// - When the app ends it, the ranges that the app has bound are put back.
// - glDrawTransformFeedback* draws that number and what came since, as an ordinary draw.
//
// How many there are is counted by glDrawTransformFeedback itself, as points that go nowhere. The
// buffer that was captured into is its vertex array, with the stride that it was captured with:
// Mesa's software drivers divide the bytes captured by the stride of the first vertex buffer.
#include "replay/feedback.h"
#include "gen/gl/records.h"
#include "log/readback.h"
#include "replay/stream.h"
#include "replay/ws/ws.h"
#include <algorithm>
#include <optional>

namespace glckpt::replay {
namespace {

void forget_errors(Driver& gl) {
    for (int i = 0; i < 16 && gl.glGetError() != GL_NO_ERROR; ++i) {
    }
}

void fail(Exec& x, GLenum error) {
    if (x.sticky_error == GL_NO_ERROR)
        x.sticky_error = error;
    x.stream.failed = true;
}

GLint integer(Driver& gl, GLenum pname) {
    GLint v = 0;
    gl.glGetIntegerv(pname, &v);
    if (gl.glGetError() != GL_NO_ERROR)
        return 0;
    return v;
}

GLuint bound(Exec& x) {
    const GLint real = integer(x.gl, GL_TRANSFORM_FEEDBACK_BINDING);
    return real ? x.virtual_of(NameClass::transform_feedback, (GLuint)real) : 0;
}

// The program whose varyings are captured: in use, or the last one before the rasterizer of the
// pipeline that is bound.
GLuint capturing_program(Driver& gl) {
    if (const GLint p = integer(gl, GL_CURRENT_PROGRAM))
        return (GLuint)p;
    const GLint pipeline = integer(gl, GL_PROGRAM_PIPELINE_BINDING);
    if (!pipeline || !gl.glGetProgramPipelineiv)
        return 0;
    for (const GLenum stage : {GL_GEOMETRY_SHADER, GL_TESS_EVALUATION_SHADER, GL_VERTEX_SHADER}) {
        GLint p = 0;
        gl.glGetProgramPipelineiv((GLuint)pipeline, stage, &p);
        if (gl.glGetError() == GL_NO_ERROR && p)
            return (GLuint)p;
    }
    return 0;
}

// Bytes that a vertex takes in each buffer; empty if the driver does not tell.
std::vector<GLint> strides_of(Driver& gl, GLuint program) {
    std::vector<GLint> strides;
    forget_errors(gl);
    if (!program || !gl.glGetProgramInterfaceiv || !gl.glGetProgramResourceiv)
        return strides;
    GLint n = 0;
    gl.glGetProgramInterfaceiv(program, GL_TRANSFORM_FEEDBACK_BUFFER, GL_ACTIVE_RESOURCES, &n);
    if (gl.glGetError() != GL_NO_ERROR)
        return strides;
    for (GLint i = 0; i < n; ++i) {
        const GLenum what[] = {GL_BUFFER_BINDING, GL_TRANSFORM_FEEDBACK_BUFFER_STRIDE};
        GLint told[2] = {};
        gl.glGetProgramResourceiv(program, GL_TRANSFORM_FEEDBACK_BUFFER, (GLuint)i, 2, what, 2,
                                  nullptr, told);
        if (gl.glGetError() != GL_NO_ERROR || told[0] < 0 || told[0] > 16 || told[1] <= 0)
            return {};
        strides.resize(std::max(strides.size(), (size_t)told[0] + 1));
        strides[(size_t)told[0]] = told[1];
    }
    return strides;
}

// Ranges as bound to the transform feedback that is bound.
std::vector<FeedbackRange> ranges_of(Driver& gl, size_t n) {
    std::vector<FeedbackRange> ranges(n);
    for (GLuint i = 0; i < n; ++i) {
        GLint buffer = 0;
        gl.glGetIntegeri_v(GL_TRANSFORM_FEEDBACK_BUFFER_BINDING, i, &buffer);
        gl.glGetInteger64i_v(GL_TRANSFORM_FEEDBACK_BUFFER_START, i, &ranges[i].start);
        gl.glGetInteger64i_v(GL_TRANSFORM_FEEDBACK_BUFFER_SIZE, i, &ranges[i].size);
        ranges[i].buffer = (GLuint)buffer;
    }
    return ranges;
}

// The context as the app has left it, around what is done here.
class Kept {
  public:
    explicit Kept(Driver& gl) : gl_(gl) {
        program_ = integer(gl, GL_CURRENT_PROGRAM);
        array_ = integer(gl, GL_VERTEX_ARRAY_BINDING);
        array_buffer_ = integer(gl, GL_ARRAY_BUFFER_BINDING);
        feedback_buffer_ = integer(gl, GL_TRANSFORM_FEEDBACK_BUFFER_BINDING);
        feedback_ = integer(gl, GL_TRANSFORM_FEEDBACK_BINDING);
        discard_ = gl.glIsEnabled(GL_RASTERIZER_DISCARD);
        forget_errors(gl);
    }
    // A program that was deleted while in use would be gone once another is.
    bool may_change_program() const {
        GLint dying = 0;
        if (program_)
            gl_.glGetProgramiv((GLuint)program_, GL_DELETE_STATUS, &dying);
        return !dying;
    }
    ~Kept() {
        (discard_ ? gl_.glEnable : gl_.glDisable)(GL_RASTERIZER_DISCARD);
        gl_.glBindVertexArray((GLuint)array_);
        gl_.glBindBuffer(GL_ARRAY_BUFFER, (GLuint)array_buffer_);
        if (gl_.glBindTransformFeedback && integer(gl_, GL_TRANSFORM_FEEDBACK_BINDING) != feedback_)
            gl_.glBindTransformFeedback(GL_TRANSFORM_FEEDBACK, (GLuint)feedback_);
        gl_.glBindBuffer(GL_TRANSFORM_FEEDBACK_BUFFER, (GLuint)feedback_buffer_);
        if (integer(gl_, GL_CURRENT_PROGRAM) != program_)
            gl_.glUseProgram((GLuint)program_);
        forget_errors(gl_);
    }
    Kept(const Kept&) = delete;
    Kept& operator=(const Kept&) = delete;

  private:
    Driver& gl_;
    GLint program_ = 0, array_ = 0, array_buffer_ = 0, feedback_buffer_ = 0, feedback_ = 0;
    GLboolean discard_ = GL_FALSE;
};

GLuint point_program(Exec& x) {
    if (x.point_program)
        return x.point_program;
    Driver& gl = x.gl;
    const char* const text = "#version 140\nin vec4 at;\nvoid main() { gl_Position = at; }\n";
    const GLuint shader = gl.glCreateShader(GL_VERTEX_SHADER);
    gl.glShaderSource(shader, 1, &text, nullptr);
    gl.glCompileShader(shader);
    const GLuint program = gl.glCreateProgram();
    gl.glAttachShader(program, shader);
    gl.glBindAttribLocation(program, 0, "at");
    gl.glLinkProgram(program);
    gl.glDeleteShader(shader);
    GLint linked = 0;
    gl.glGetProgramiv(program, GL_LINK_STATUS, &linked);
    if (linked)
        x.point_program = program;
    else
        gl.glDeleteProgram(program);
    forget_errors(gl);
    return x.point_program;
}

// Pipeline statistics would count the points, too; nothing stands in for those.
bool may_count(Driver& gl) {
    for (GLenum target = GL_VERTICES_SUBMITTED; target <= GL_CLIPPING_OUTPUT_PRIMITIVES; ++target) {
        GLint active = 0;
        gl.glGetQueryiv(target, GL_CURRENT_QUERY, &active);
        if (gl.glGetError() == GL_NO_ERROR && active)
            return false;
    }
    return true;
}

// The app's own query of primitives stands aside while this lives: what it has counted so far is
// kept as what came along (queries.cpp).
class QueryAside {
  public:
    explicit QueryAside(Exec& x) : gl_(x.gl) {
        gl_.glGetQueryiv(GL_PRIMITIVES_GENERATED, GL_CURRENT_QUERY, &real_);
        if (gl_.glGetError() != GL_NO_ERROR || !real_)
            return;
        const GLuint id = x.virtual_of(NameClass::query, (GLuint)real_);
        GLuint n = 0;
        gl_.glEndQuery(GL_PRIMITIVES_GENERATED);
        gl_.glGetQueryObjectuiv((GLuint)real_, GL_QUERY_RESULT, &n);
        const auto it = x.queries.find(id);
        const uint64_t before = it == x.queries.end() ? 0 : it->second.value;
        x.queries[id] = {before + n, GL_PRIMITIVES_GENERATED, false};
    }
    ~QueryAside() {
        if (real_)
            gl_.glBeginQuery(GL_PRIMITIVES_GENERATED, (GLuint)real_);
    }
    QueryAside(const QueryAside&) = delete;
    QueryAside& operator=(const QueryAside&) = delete;

  private:
    Driver& gl_;
    GLint real_ = 0;
};

// Vertices that object `real` has captured in this renderer. None may be active and not paused.
bool count_part(Exec& x, GLuint real, const std::vector<GLint>& strides, const FeedbackRange& first,
                uint64_t* count) {
    Driver& gl = x.gl;
    constexpr GLenum target = GL_PRIMITIVES_GENERATED;
    const GLuint program = point_program(x);
    if (!may_count(gl) || !program || strides.empty() || !first.buffer ||
        !gl.glDrawTransformFeedback)
        return false;
    const QueryAside aside(x);
    GLuint array = 0, query = 0;
    gl.glUseProgram(program);
    gl.glGenVertexArrays(1, &array);
    gl.glBindVertexArray(array);
    gl.glBindBuffer(GL_ARRAY_BUFFER, first.buffer);
    gl.glVertexAttribPointer(0, 1, GL_FLOAT, GL_FALSE, strides[0], (const void*)first.start);
    gl.glEnableVertexAttribArray(0);
    gl.glEnable(GL_RASTERIZER_DISCARD);
    gl.glGenQueries(1, &query);
    gl.glBeginQuery(target, query);
    gl.glDrawTransformFeedback(GL_POINTS, real);
    gl.glEndQuery(target);
    GLuint n = 0;
    gl.glGetQueryObjectuiv(query, GL_QUERY_RESULT, &n);
    const bool ok = gl.glGetError() == GL_NO_ERROR;
    gl.glDeleteQueries(1, &query);
    gl.glBindVertexArray(0);
    gl.glDeleteVertexArrays(1, &array);
    *count = n;
    return ok;
}

// Binds the buffers of the transform feedback that is bound behind `count` vertices.
void bind_behind(Exec& x, const Exec::Feedback& f) {
    Driver& gl = x.gl;
    for (GLuint i = 0; i < f.ranges.size(); ++i) {
        const FeedbackRange& r = f.ranges[i];
        if (!r.buffer || !f.strides[i])
            continue;
        GLint64 size = r.size;
        gl.glBindBuffer(GL_TRANSFORM_FEEDBACK_BUFFER, r.buffer);
        GLint64 whole = 0;
        gl.glGetBufferParameteri64v(GL_TRANSFORM_FEEDBACK_BUFFER, GL_BUFFER_SIZE, &whole);
        if (!size || r.start + size > whole)
            size = whole - r.start;
        const auto used = (GLint64)f.count * f.strides[i];
        if (size > used) {
            gl.glBindBufferRange(GL_TRANSFORM_FEEDBACK_BUFFER, i, r.buffer,
                                 (GLintptr)(r.start + used), (GLsizeiptr)(size - used));
            continue;
        }
        // Full: nothing more is captured.
        if (!x.empty_buffer)
            gl.glGenBuffers(1, &x.empty_buffer);
        gl.glBindBufferBase(GL_TRANSFORM_FEEDBACK_BUFFER, i, x.empty_buffer);
        gl.glBufferData(GL_TRANSFORM_FEEDBACK_BUFFER, 0, nullptr, GL_STREAM_COPY);
    }
}

void bind_ranges(Driver& gl, const std::vector<FeedbackRange>& ranges) {
    for (GLuint i = 0; i < ranges.size(); ++i) {
        const FeedbackRange& r = ranges[i];
        if (r.size)
            gl.glBindBufferRange(GL_TRANSFORM_FEEDBACK_BUFFER, i, r.buffer, (GLintptr)r.start,
                                 (GLsizeiptr)r.size);
        else
            gl.glBindBufferBase(GL_TRANSFORM_FEEDBACK_BUFFER, i, r.buffer);
    }
}

// The transform feedback that is active and not paused stands aside while this lives.
class Paused {
  public:
    explicit Paused(Driver& gl) : gl_(gl) {
        if (integer(gl, GL_TRANSFORM_FEEDBACK_BUFFER_ACTIVE) &&
            !integer(gl, GL_TRANSFORM_FEEDBACK_BUFFER_PAUSED)) {
            gl.glPauseTransformFeedback();
            paused_ = true;
        }
    }
    ~Paused() {
        if (paused_)
            gl_.glResumeTransformFeedback();
    }
    Paused(const Paused&) = delete;
    Paused& operator=(const Paused&) = delete;

  private:
    Driver& gl_;
    bool paused_ = false;
};

// What glDrawTransformFeedback would draw of it.
bool total(Exec& x, GLuint id, uint64_t* count) {
    Exec::Feedback& f = x.feedbacks[id];
    uint64_t part = 0;
    if (f.ended_here && !f.counted) {
        const Paused aside(x.gl); // ends behind the next
        const Kept kept(x.gl);
        const FeedbackRange first = f.ranges.empty() ? FeedbackRange{} : f.ranges[0];
        if (!kept.may_change_program() ||
            !count_part(x, x.real(NameClass::transform_feedback, id), f.strides, first, &part))
            return false;
        f.count += part;
        f.counted = f.carried = true;
    }
    *count = f.count;
    return true;
}

bool restart(Exec& x, const log::ReadbackQuestion& q, Exec::Feedback& f, uint64_t part) {
    Driver& gl = x.gl;
    f.count += part;
    f.carried = f.split = true;
    bind_behind(x, f);
    const GLuint program = q.target ? x.real(NameClass::program, q.target) : 0;
    if (integer(gl, GL_CURRENT_PROGRAM) != (GLint)program)
        gl.glUseProgram(program);
    gl.glBeginTransformFeedback(q.index);
    if (q.paused)
        gl.glPauseTransformFeedback();
    return gl.glGetError() == GL_NO_ERROR;
}

} // namespace

bool feedback_value(Exec& x, GLuint id, GLenum pname, GLuint index, GLint64* value) {
    const auto it = x.feedbacks.find(id);
    if (it == x.feedbacks.end() || !it->second.split || index >= it->second.ranges.size())
        return false;
    const FeedbackRange& r = it->second.ranges[index];
    if (pname == GL_TRANSFORM_FEEDBACK_BUFFER_START)
        *value = r.start;
    else if (pname == GL_TRANSFORM_FEEDBACK_BUFFER_SIZE)
        *value = r.size;
    else
        return false;
    return true;
}
bool bound_feedback_value(Exec& x, GLenum pname, GLuint index, GLint64* value) {
    return (pname == GL_TRANSFORM_FEEDBACK_BUFFER_START ||
            pname == GL_TRANSFORM_FEEDBACK_BUFFER_SIZE) &&
           !x.feedbacks.empty() && feedback_value(x, bound(x), pname, index, value);
}

bool read_feedback(Exec& x, const log::ReadbackQuestion& q, uint64_t* value) {
    Driver& gl = x.gl;
    const auto id = (GLuint)q.name;
    ws_make_current(x.stream.id, x.draw, x.read, true);
    forget_errors(gl);
    const auto it = x.feedbacks.find(id);
    if (!gl.glDrawTransformFeedback) { // ES: nothing asks how much one that has ended holds
        *value = 0;
        return !q.active;
    }
    if (it == x.feedbacks.end())
        return false;
    Exec::Feedback& f = it->second;
    if (!q.active)
        return total(x, id, value);
    const GLuint real = id ? x.real(NameClass::transform_feedback, id) : 0;
    if (f.strides.empty() || !may_count(gl) || !point_program(x))
        return false;
    std::optional<Paused> aside; // another one
    if (q.paused)
        aside.emplace(gl);
    const Kept kept(gl);
    if (!kept.may_change_program())
        return false;
    gl.glBindTransformFeedback(GL_TRANSFORM_FEEDBACK, real);
    forget_errors(gl);
    gl.glEndTransformFeedback();
    uint64_t part = 0;
    const bool counted = count_part(x, real, f.strides, f.ranges[0], &part);
    const bool again = restart(x, q, f, counted ? part : 0);
    *value = f.count;
    return counted && again;
}

void decode_xFeedbackCount(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::xFeedbackCount*>(record);
    Exec::Feedback& f = x.feedbacks[r->id];
    f.count = r->count;
    f.carried = true;
    if (!r->active)
        return;
    f.strides = strides_of(x.gl, capturing_program(x.gl));
    f.ranges = ranges_of(x.gl, f.strides.size());
    f.split = true;
    const GLint generic = integer(x.gl, GL_TRANSFORM_FEEDBACK_BUFFER_BINDING);
    bind_behind(x, f);
    x.gl.glBindBuffer(GL_TRANSFORM_FEEDBACK_BUFFER, (GLuint)generic);
    x.stream.failed |= f.strides.empty();
    forget_errors(x.gl);
}

#define RECORD(name)                                                                               \
    [[maybe_unused]] auto* r = reinterpret_cast<const rec::name*>(record);                         \
    if (!x.gl.name)                                                                                \
    return x.missing(Op::name)

void decode_glBeginTransformFeedback(Exec& x, const char* record) {
    RECORD(glBeginTransformFeedback);
    x.gl.glBeginTransformFeedback(r->primitiveMode);
    if (const GLenum e = x.gl.glGetError(); e != GL_NO_ERROR)
        return fail(x, e);
    const auto known = x.feedbacks.find(bound(x));
    if (x.stream.attaching && known != x.feedbacks.end() && known->second.split)
        return; // it goes on
    Exec::Feedback f;
    f.strides = strides_of(x.gl, capturing_program(x.gl));
    f.ranges = ranges_of(x.gl, f.strides.size());
    forget_errors(x.gl);
    x.feedbacks[bound(x)] = std::move(f);
}

void decode_glEndTransformFeedback(Exec& x, const char* record) {
    RECORD(glEndTransformFeedback);
    x.gl.glEndTransformFeedback();
    if (const GLenum e = x.gl.glGetError(); e != GL_NO_ERROR)
        return fail(x, e);
    const auto it = x.feedbacks.find(bound(x));
    if (it == x.feedbacks.end())
        return;
    Exec::Feedback& f = it->second;
    f.ended_here = true;
    f.counted = false;
    if (!f.split)
        return;
    f.split = false;
    const GLint generic = integer(x.gl, GL_TRANSFORM_FEEDBACK_BUFFER_BINDING);
    bind_ranges(x.gl, f.ranges);
    x.gl.glBindBuffer(GL_TRANSFORM_FEEDBACK_BUFFER, (GLuint)generic);
}

namespace {

// False: the driver's own object has it all.
bool drawn(Exec& x, GLuint id, GLuint stream, GLenum mode, GLsizei instances, bool instanced) {
    const auto it = x.feedbacks.find(id);
    if (it == x.feedbacks.end() || !it->second.carried || stream)
        return false;
    uint64_t n = 0;
    if (!total(x, id, &n)) {
        fail(x, GL_INVALID_OPERATION);
        return true;
    }
    if (instanced)
        x.gl.glDrawArraysInstanced(mode, 0, (GLsizei)n, instances);
    else
        x.gl.glDrawArrays(mode, 0, (GLsizei)n);
    return true;
}

} // namespace

void decode_glDrawTransformFeedback(Exec& x, const char* record) {
    RECORD(glDrawTransformFeedback);
    if (!drawn(x, r->id, 0, r->mode, 1, false))
        x.gl.glDrawTransformFeedback(r->mode, x.real(NameClass::transform_feedback, r->id));
}
void decode_glDrawTransformFeedbackStream(Exec& x, const char* record) {
    RECORD(glDrawTransformFeedbackStream);
    if (!drawn(x, r->id, r->stream_index, r->mode, 1, false))
        x.gl.glDrawTransformFeedbackStream(r->mode, x.real(NameClass::transform_feedback, r->id),
                                           r->stream_index);
}
void decode_glDrawTransformFeedbackInstanced(Exec& x, const char* record) {
    RECORD(glDrawTransformFeedbackInstanced);
    if (!drawn(x, r->id, 0, r->mode, r->instancecount, true))
        x.gl.glDrawTransformFeedbackInstanced(r->mode, x.real(NameClass::transform_feedback, r->id),
                                              r->instancecount);
}
void decode_glDrawTransformFeedbackStreamInstanced(Exec& x, const char* record) {
    RECORD(glDrawTransformFeedbackStreamInstanced);
    if (!drawn(x, r->id, r->stream_index, r->mode, r->instancecount, true))
        x.gl.glDrawTransformFeedbackStreamInstanced(r->mode,
                                                    x.real(NameClass::transform_feedback, r->id),
                                                    r->stream_index, r->instancecount);
}

#undef RECORD
} // namespace glckpt::replay
