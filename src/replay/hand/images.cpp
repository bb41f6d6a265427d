// EGL images and pixels of drawables in textures.
#include "log/images.h"
#include "gen/gl/records.h"
#include "replay/stream.h"
#include "replay/ws/ws.h"

namespace glckpt::replay {
namespace {

std::span<const int32_t> values(Exec& x, const char* record, log::PayloadRef ref) {
    const auto* p = static_cast<const int32_t*>(x.in(record, ref));
    return {p, p ? ref.bytes / 4 : 0};
}

constexpr int32_t kSuccess = 0x3000; // EGL_SUCCESS

} // namespace

void decode_wsBindTexImage(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::wsBindTexImage*>(record);
    const int32_t error = ws_bind_tex_image(r->drawable, r->buffer, values(x, record, r->attribs));
    if (error)
        x.stream.failed = true;
    x.reply_value((uint64_t)(uint32_t)error);
}

void decode_wsReleaseTexImage(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::wsReleaseTexImage*>(record);
    const int32_t error = ws_release_tex_image(r->drawable, r->buffer);
    if (error)
        x.stream.failed = true;
    x.reply_value((uint64_t)(uint32_t)error);
}

void decode_xCreateImage(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::xCreateImage*>(record);
    constexpr GLenum egl_renderbuffer = 0x30B9;
    const GLuint name = x.real(
        r->target == egl_renderbuffer ? NameClass::renderbuffer : NameClass::texture, r->name);
    const int32_t error =
        ws_create_image(x.stream.id, r->image, r->target, name, values(x, record, r->attribs));
    if (error != kSuccess)
        x.stream.failed = true;
    x.reply_value((uint64_t)(uint32_t)error);
}

// The command that `r` stands for; false: the driver does not have it.
static bool give(Exec& x, const rec::xImageTarget& r, const GLint* attribs) {
    Driver& gl = x.gl;
    void* image = ws_image(r.image);
    switch ((log::ImageTarget)r.what) {
    case log::ImageTarget::Texture:
        if (gl.glEGLImageTargetTexture2DOES)
            gl.glEGLImageTargetTexture2DOES(r.target, image);
        return gl.glEGLImageTargetTexture2DOES;
    case log::ImageTarget::Renderbuffer:
        if (gl.glEGLImageTargetRenderbufferStorageOES)
            gl.glEGLImageTargetRenderbufferStorageOES(r.target, image);
        return gl.glEGLImageTargetRenderbufferStorageOES;
    case log::ImageTarget::TexStorage:
        if (gl.glEGLImageTargetTexStorageEXT)
            gl.glEGLImageTargetTexStorageEXT(r.target, image, attribs);
        return gl.glEGLImageTargetTexStorageEXT;
    default:
        if (gl.glEGLImageTargetTextureStorageEXT)
            gl.glEGLImageTargetTextureStorageEXT(x.real(NameClass::texture, r.texture), image,
                                                 attribs);
        return gl.glEGLImageTargetTextureStorageEXT;
    }
}

void decode_xImageTarget(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::xImageTarget*>(record);
    if (!give(x, *r, static_cast<const GLint*>(x.in(record, r->attribs))))
        return x.missing(Op::xImageTarget);
    if (const GLenum e = x.gl.glGetError(); e != GL_NO_ERROR) {
        x.stream.failed = true;
        if (x.sticky_error == GL_NO_ERROR)
            x.sticky_error = e;
    }
}

} // namespace glckpt::replay
