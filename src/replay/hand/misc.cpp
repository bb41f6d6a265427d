// Errors, strings, sync objects, selection and feedback, notes.
#include "gen/gl/records.h"
#include "replay/exec.h"
#include "replay/stream.h"
#include <algorithm>
#include <climits>

namespace glckpt::replay {

void decode_xGetError(Exec& x, const char*) {
    if (x.inside_begin) { // is itself an error there, and answers nothing
        if (x.sticky_error == GL_NO_ERROR)
            x.sticky_error = GL_INVALID_OPERATION;
        return;
    }
    x.reply_value(x.sticky_error);
    x.sticky_error = GL_NO_ERROR;
}

void decode_xGetString(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::xGetString*>(record);
    const GLubyte* s = nullptr;
    if (r->which != 1)
        s = x.gl.glGetString(r->name);
    else if (x.gl.glGetStringi) {
        GLint n = INT_MAX;
        if (r->name ==
            GL_EXTENSIONS) // the app's side walks off the end; that is no error of the app
            x.gl.glGetIntegerv(GL_NUM_EXTENSIONS, &n);
        if (r->index < n)
            s = x.gl.glGetStringi(r->name, (GLuint)r->index);
    }
    const GLenum e = x.gl.glGetError();
    // 2: asked by the app's side for itself.
    if (e != GL_NO_ERROR && r->which != 2 && x.sticky_error == GL_NO_ERROR)
        x.sticky_error = e;
    if (!s)
        return;
    const size_t n = std::min(strlen((const char*)s), log::kReplyBlock - 1);
    memcpy(x.reply_block(), s, n);
    x.reply_bytes((uint32_t)n);
    x.reply_value(1);
}

namespace {

GLsync find_sync(Exec& x, uint64_t v) {
    GroupLock hold(*x.group);
    const auto it = x.group->syncs.find(v);
    return it == x.group->syncs.end() ? nullptr : it->second;
}
void fail(Exec& x, GLenum error) {
    if (x.sticky_error == GL_NO_ERROR)
        x.sticky_error = error;
    x.stream.failed = true;
}
// Errors of the records that are no commands; the loop looks only after commands.
void take_error(Exec& x) {
    if (const GLenum e = x.gl.glGetError(); e != GL_NO_ERROR)
        fail(x, e);
}

} // namespace

void decode_xFenceSync(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::xFenceSync*>(record);
    const GLsync s = x.gl.glFenceSync(r->condition, r->flags);
    take_error(x);
    if (s && r->sync) {
        GroupLock hold(*x.group);
        x.group->syncs[r->sync] = s;
    }
}

void decode_xDeleteSync(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::xDeleteSync*>(record);
    const GLsync s = find_sync(x, r->sync);
    if (!s)
        return fail(x, GL_INVALID_VALUE);
    x.gl.glDeleteSync(s);
    GroupLock hold(*x.group);
    x.group->syncs.erase(r->sync);
}

void decode_xClientWaitSync(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::xClientWaitSync*>(record);
    const GLsync s = find_sync(x, r->sync);
    if (!s) {
        x.reply_value(GL_WAIT_FAILED);
        return fail(x, GL_INVALID_VALUE);
    }
    x.reply_value(x.gl.glClientWaitSync(s, r->flags, r->timeout));
    take_error(x);
}

void decode_xWaitSync(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::xWaitSync*>(record);
    const GLsync s = find_sync(x, r->sync);
    if (!s)
        return fail(x, GL_INVALID_VALUE);
    x.gl.glWaitSync(s, r->flags, r->timeout);
    take_error(x);
}

void decode_xGetSynciv(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::xGetSynciv*>(record);
    const GLsync s = find_sync(x, r->sync);
    if (!s)
        return fail(x, GL_INVALID_VALUE);
    x.gl.glGetSynciv(s, r->pname, r->count, (GLsizei*)x.out(record, r->length),
                     (GLint*)x.out(record, r->values));
    take_error(x);
}

void decode_xFeedbackBuffer(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::xFeedbackBuffer*>(record);
    if (r->size >= 0 && x.render_mode != GL_FEEDBACK)
        x.feedback.assign((size_t)r->size + 1, 0);
    x.gl.glFeedbackBuffer(r->size, r->type, x.feedback.data());
    take_error(x);
}

void decode_xSelectBuffer(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::xSelectBuffer*>(record);
    if (r->size >= 0 && x.render_mode != GL_SELECT)
        x.select.assign((size_t)r->size + 1, 0);
    x.gl.glSelectBuffer(r->size, x.select.data());
    take_error(x);
}

void decode_xRenderMode(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::xRenderMode*>(record);
    const GLint n = x.gl.glRenderMode(r->mode);
    x.reply_value((uint64_t)(uint32_t)n);
    if (GLenum e = x.gl.glGetError(); e != GL_NO_ERROR)
        return fail(x, e);
    if (void* to = x.out(record, r->results)) {
        const bool select = x.render_mode == GL_SELECT;
        const void* from = select ? (const void*)x.select.data() : x.feedback.data();
        const size_t have = (select ? x.select.size() : x.feedback.size()) * 4;
        memcpy(to, from, std::min<size_t>(have, r->results.bytes));
    }
    x.render_mode = r->mode;
}

void decode_xCreateShaderProgram(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::xCreateShaderProgram*>(record);
    Exec::StringArray strings(x, record, r->text, r->count);
    x.add_name(NameClass::program, r->program,
               x.gl.glCreateShaderProgramv(r->type, r->count, strings.pointers()));
    take_error(x);
}

// The app was told a location. The driver that told it needs no map; another one is asked by the
// same name.
void decode_xNoteUniform(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::xNoteUniform*>(record);
    const char* name = static_cast<const char*>(x.in(record, r->name));
    const GLint now = x.gl.glGetUniformLocation(x.real(NameClass::program, r->program), name);
    while (x.gl.glGetError() != GL_NO_ERROR) {
    }
    if (now == r->location)
        return;
    GroupLock hold(*x.group);
    x.group->numbers[r->program].locations.add(r->location, now);
}
void decode_xNoteAttrib(Exec&, const char*) {} // bound to its location before the link

void decode_xOrder(Exec&, const char*) {} // obeyed by the loop (stream.cpp)

} // namespace glckpt::replay
