// Queries that began in another renderer.
//
// A result that an app may ask for belongs to the renderer that counted it. When that one goes,
// results are read; in the next one the query is begun and ended empty, so that it exists with its
// target and its errors are the driver's own, and what is asked of it is answered from the value
// that came along. A query that was active goes on there: what it counts is added to what it had
// counted. (Times and counts add up; the boolean ones are true if either was.)
//
// glBeginConditionalRender takes the result inside the driver, where the empty query's is 0. Where
// the real result lets drawing pass, nothing needs to be said to the driver; where it does not, the
// empty query says it.
#include "gen/gl/records.h"
#include "log/readback.h"
#include "replay/exec.h"
#include "replay/readback.h"
#include "replay/stream.h"
#include "replay/ws/ws.h"
#include <algorithm>
#include <climits>

namespace glckpt::replay {
namespace {

bool boolean_target(GLenum target) {
    switch (target) {
    case GL_ANY_SAMPLES_PASSED:
    case GL_ANY_SAMPLES_PASSED_CONSERVATIVE:
    case GL_TRANSFORM_FEEDBACK_OVERFLOW:
    case GL_TRANSFORM_FEEDBACK_STREAM_OVERFLOW:
        return true;
    default:
        return false;
    }
}

uint64_t together(GLenum target, uint64_t a, uint64_t b) {
    return boolean_target(target) ? (a || b) : a + b;
}

void fail(Exec& x, GLenum error) {
    if (x.sticky_error == GL_NO_ERROR)
        x.sticky_error = error;
    x.stream.failed = true;
}

// The driver's own result, waited for. ES 3 has it in 32 bits alone.
GLenum real_result(Driver& gl, GLuint real, uint64_t* value) {
    GLenum e = GL_INVALID_OPERATION;
    if (gl.glGetQueryObjectui64v) {
        GLuint64 v = 0;
        gl.glGetQueryObjectui64v(real, GL_QUERY_RESULT, &v);
        *value = v;
        e = gl.glGetError();
    }
    if (e != GL_NO_ERROR) {
        GLuint v = 0;
        (gl.glGetQueryObjectuiv ? gl.glGetQueryObjectuiv
                                : gl.glGetQueryObjectuivEXT)(real, GL_QUERY_RESULT, &v);
        *value = v;
        e = gl.glGetError();
    }
    return e;
}

template <class T>
T clamped(uint64_t v) {
    return (T)std::min<uint64_t>(v, (uint64_t)std::numeric_limits<T>::max());
}

// What is asked of a query that came along: true if it is answered in *value.
bool answer(Exec& x, GLuint id, GLenum pname, uint64_t* value) {
    const auto it = x.queries.find(id);
    if (it == x.queries.end())
        return false;
    const Exec::QueryValue& q = it->second;
    const GLuint real = x.real(NameClass::query, id);
    if (pname == GL_QUERY_RESULT_AVAILABLE) {
        *value = 1;
        return q.complete;
    }
    if (pname != GL_QUERY_RESULT && pname != GL_QUERY_RESULT_NO_WAIT)
        return false;
    if (q.complete) {
        *value = q.value;
        return true;
    }
    if (pname == GL_QUERY_RESULT_NO_WAIT) {
        GLuint there = 0;
        x.gl.glGetQueryObjectuiv(real, GL_QUERY_RESULT_AVAILABLE, &there);
        if (!there)
            return false; // the driver leaves the app's value alone
    }
    uint64_t more = 0;
    if (const GLenum e = real_result(x.gl, real, &more); e != GL_NO_ERROR) {
        fail(x, e); // it is active
        return true;
    }
    *value = together(q.target, q.value, more);
    return true;
}

// With no query buffer bound, so that answers come to memory.
class NoQueryBuffer {
  public:
    explicit NoQueryBuffer(Driver& gl) : gl_(gl) {
        gl_.glGetIntegerv(GL_QUERY_BUFFER_BINDING, &was_);
        if (gl_.glGetError() == GL_NO_ERROR && was_) // not every context knows of it
            gl_.glBindBuffer(GL_QUERY_BUFFER, 0);
    }
    ~NoQueryBuffer() {
        if (was_)
            gl_.glBindBuffer(GL_QUERY_BUFFER, (GLuint)was_);
    }
    NoQueryBuffer(const NoQueryBuffer&) = delete;
    NoQueryBuffer& operator=(const NoQueryBuffer&) = delete;

  private:
    Driver& gl_;
    GLint was_ = 0;
};

template <class T, class Call>
void object(Exec& x, const char* record, log::PayloadRef ref, GLuint id, GLenum pname, Call call) {
    T* to = static_cast<T*>(x.out(record, ref));
    const bool buffer = ref.kind == log::PayloadRef::Offset;
    uint64_t value = 0;
    bool ours;
    if (buffer && x.queries.count(id)) {
        const NoQueryBuffer unbound(x.gl);
        ours = answer(x, id, pname, &value);
    } else {
        ours = answer(x, id, pname, &value);
    }
    if (!ours)
        return call(x.real(NameClass::query, id), to);
    if (x.stream.failed)
        return;
    const T v = clamped<T>(value);
    if (buffer)
        x.gl.glBufferSubData(GL_QUERY_BUFFER, (GLintptr)to, sizeof v, &v);
    else if (to)
        *to = v;
}

template <class T, class Call>
void buffer_object(Exec& x, GLuint id, GLuint buffer, GLenum pname, GLintptr offset, Call call) {
    const GLuint real = x.real(NameClass::buffer, buffer);
    uint64_t value = 0;
    bool ours = x.queries.count(id) != 0;
    if (ours) {
        const NoQueryBuffer unbound(x.gl);
        ours = answer(x, id, pname, &value);
    }
    if (!ours)
        return call(x.real(NameClass::query, id), real);
    const T v = clamped<T>(value);
    if (!x.stream.failed)
        x.gl.glNamedBufferSubData(real, offset, sizeof v, &v);
}

// Begun anew: what came along is over. (An attach log begins a query to go on with it.)
void begun(Exec& x, GLuint id) {
    if (!x.stream.attaching)
        x.queries.erase(id);
}

} // namespace

#define RECORD(name)                                                                               \
    auto* r = reinterpret_cast<const rec::name*>(record);                                          \
    if (!x.gl.name)                                                                                \
    return x.missing(Op::name)

void decode_glBeginQuery(Exec& x, const char* record) {
    RECORD(glBeginQuery);
    begun(x, r->id);
    x.gl.glBeginQuery(r->target, x.bind_name(NameClass::query, r->id));
}
void decode_glBeginQueryEXT(Exec& x, const char* record) {
    RECORD(glBeginQueryEXT);
    begun(x, r->id);
    x.gl.glBeginQueryEXT(r->target, x.real(NameClass::query, r->id));
}
void decode_glBeginQueryIndexed(Exec& x, const char* record) {
    RECORD(glBeginQueryIndexed);
    begun(x, r->id);
    x.gl.glBeginQueryIndexed(r->target, r->index, x.bind_name(NameClass::query, r->id));
}
void decode_glQueryCounter(Exec& x, const char* record) {
    RECORD(glQueryCounter);
    begun(x, r->id);
    x.gl.glQueryCounter(x.bind_name(NameClass::query, r->id), r->target);
}

void decode_glGetQueryObjectiv(Exec& x, const char* record) {
    RECORD(glGetQueryObjectiv);
    object<GLint>(x, record, r->params, r->id, r->pname,
                  [&](GLuint q, GLint* to) { x.gl.glGetQueryObjectiv(q, r->pname, to); });
}
void decode_glGetQueryObjectuiv(Exec& x, const char* record) {
    RECORD(glGetQueryObjectuiv);
    object<GLuint>(x, record, r->params, r->id, r->pname,
                   [&](GLuint q, GLuint* to) { x.gl.glGetQueryObjectuiv(q, r->pname, to); });
}
void decode_glGetQueryObjectuivEXT(Exec& x, const char* record) {
    RECORD(glGetQueryObjectuivEXT);
    object<GLuint>(x, record, r->params, r->id, r->pname,
                   [&](GLuint q, GLuint* to) { x.gl.glGetQueryObjectuivEXT(q, r->pname, to); });
}
void decode_glGetQueryObjecti64v(Exec& x, const char* record) {
    RECORD(glGetQueryObjecti64v);
    object<GLint64>(x, record, r->params, r->id, r->pname,
                    [&](GLuint q, GLint64* to) { x.gl.glGetQueryObjecti64v(q, r->pname, to); });
}
void decode_glGetQueryObjectui64v(Exec& x, const char* record) {
    RECORD(glGetQueryObjectui64v);
    object<GLuint64>(x, record, r->params, r->id, r->pname,
                     [&](GLuint q, GLuint64* to) { x.gl.glGetQueryObjectui64v(q, r->pname, to); });
}
void decode_glGetQueryBufferObjectiv(Exec& x, const char* record) {
    RECORD(glGetQueryBufferObjectiv);
    buffer_object<GLint>(x, r->id, r->buffer, r->pname, r->offset, [&](GLuint q, GLuint b) {
        x.gl.glGetQueryBufferObjectiv(q, b, r->pname, r->offset);
    });
}
void decode_glGetQueryBufferObjectuiv(Exec& x, const char* record) {
    RECORD(glGetQueryBufferObjectuiv);
    buffer_object<GLuint>(x, r->id, r->buffer, r->pname, r->offset, [&](GLuint q, GLuint b) {
        x.gl.glGetQueryBufferObjectuiv(q, b, r->pname, r->offset);
    });
}
void decode_glGetQueryBufferObjecti64v(Exec& x, const char* record) {
    RECORD(glGetQueryBufferObjecti64v);
    buffer_object<GLint64>(x, r->id, r->buffer, r->pname, r->offset, [&](GLuint q, GLuint b) {
        x.gl.glGetQueryBufferObjecti64v(q, b, r->pname, r->offset);
    });
}
void decode_glGetQueryBufferObjectui64v(Exec& x, const char* record) {
    RECORD(glGetQueryBufferObjectui64v);
    buffer_object<GLuint64>(x, r->id, r->buffer, r->pname, r->offset, [&](GLuint q, GLuint b) {
        x.gl.glGetQueryBufferObjectui64v(q, b, r->pname, r->offset);
    });
}

namespace {

bool inverted(GLenum mode) {
    return mode >= GL_QUERY_WAIT_INVERTED && mode <= GL_QUERY_BY_REGION_NO_WAIT_INVERTED;
}

// May a query of this target be a condition? For others the driver raises the error.
bool conditional_target(GLenum target) {
    return target == GL_SAMPLES_PASSED || boolean_target(target);
}

} // namespace

void decode_glBeginConditionalRender(Exec& x, const char* record) {
    RECORD(glBeginConditionalRender);
    if (x.passes_condition)
        return fail(x, GL_INVALID_OPERATION); // one at a time
    const auto it = x.queries.find(r->id);
    const GLuint real = x.real(NameClass::query, r->id);
    if (it == x.queries.end() || !conditional_target(it->second.target) ||
        (!it->second.complete && !it->second.value)) // then the driver's own count decides
        return x.gl.glBeginConditionalRender(real, r->mode);
    const bool draws = (it->second.value != 0) != inverted(r->mode);
    if (draws) {
        x.passes_condition = true;
        return;
    }
    GLuint never = real;
    if (!it->second.complete) {
        if (!x.empty_query) {
            x.gl.glGenQueries(1, &x.empty_query);
            x.gl.glBeginQuery(GL_SAMPLES_PASSED, x.empty_query);
            x.gl.glEndQuery(GL_SAMPLES_PASSED);
        }
        never = x.empty_query;
    }
    x.gl.glBeginConditionalRender(never, GL_QUERY_WAIT);
}

void decode_glEndConditionalRender(Exec& x, const char* record) {
    RECORD(glEndConditionalRender);
    (void)r;
    if (x.passes_condition)
        x.passes_condition = false;
    else
        x.gl.glEndConditionalRender();
}

void decode_xQueryResult(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::xQueryResult*>(record);
    x.queries[r->id] = {r->value, r->target, r->complete != 0};
}

// An active query is ended, its count taken, and begun again: should this renderer go on (the
// checkpoint was only a checkpoint), it adds to what is taken now.
bool read_query(Exec& x, const log::ReadbackQuestion& q, uint64_t* value) {
    Driver& gl = x.gl;
    const auto id = (GLuint)q.name;
    const GLuint real = x.real(NameClass::query, id);
    ws_make_current(x.stream.id, x.draw, x.read, true);
    while (gl.glGetError() != GL_NO_ERROR) {
    }
    const NoQueryBuffer unbound(gl);
    const auto it = x.queries.find(id);
    const uint64_t before = it == x.queries.end() ? 0 : it->second.value;
    if (it != x.queries.end() && it->second.complete) {
        *value = before;
        return true;
    }
    if (q.active) {
        if (q.index)
            gl.glEndQueryIndexed(q.target, q.index);
        else
            (gl.glEndQuery ? gl.glEndQuery : gl.glEndQueryEXT)(q.target);
        if (gl.glGetError() != GL_NO_ERROR)
            return false;
    }
    uint64_t now = 0;
    if (real_result(gl, real, &now) != GL_NO_ERROR)
        return false;
    *value = together(q.target, before, now);
    if (!q.active)
        return true;
    if (q.index)
        gl.glBeginQueryIndexed(q.target, q.index, real);
    else
        (gl.glBeginQuery ? gl.glBeginQuery : gl.glBeginQueryEXT)(q.target, real);
    x.queries[id] = {*value, q.target, false};
    return gl.glGetError() == GL_NO_ERROR;
}

#undef RECORD
} // namespace glckpt::replay
