// Contents out of the driver and back into it.
//
// Done in a helper context: a desktop compatibility context that shares objects with the app's, so
// that it can read what a core or ES context cannot (depth, textures), and so that none of the
// app's own state is touched. Formats are chosen so that nothing is lost: what the driver stores in
// n bits goes through a type of at least n bits and comes back the same.
#include "replay/readback.h"
#include "log/readback.h"
#include "replay/accum.h"
#include "replay/attachment.h"
#include "replay/feedback.h"
#include "replay/formats.h"
#include "replay/helper.h"
#include "replay/numbers.h"
#include "replay/plain_reading.h"
#include "replay/samples.h"
#include "replay/stream.h"
#include "replay/told/told.h"
#include "replay/window_image.h"
#include "replay/ws/ws.h"
#include <algorithm>
#include <cstring>

namespace glckpt::replay {

Helper::Helper(Exec& x, uint64_t drawable) : x_(x) {
    x_.gl.glFinish();
    ok_ = ws_make_helper_current(x_.stream.id, drawable);
}

Helper::~Helper() {
    if (ok_) {
        x_.gl.glFinish();
        ws_release_helper();
    }
    // The app's context as it was on this thread.
    ws_make_current(x_.stream.id, x_.draw, x_.read, true);
    while (x_.gl.glGetError() != GL_NO_ERROR) {
    }
}

namespace {

class Parts {
  public:
    char* add(const log::ReadbackPart& part) {
        const size_t at = bytes_.size();
        bytes_.resize(at + sizeof part + part.bytes);
        memcpy(bytes_.data() + at, &part, sizeof part);
        return bytes_.data() + at + sizeof part;
    }
    void drop_last(const log::ReadbackPart& part) {
        bytes_.resize(bytes_.size() - sizeof part - part.bytes);
    }
    std::vector<char>& bytes() { return bytes_; }
    std::vector<char> take() { return std::move(bytes_); }

  private:
    std::vector<char> bytes_;
};

void tight_pack(Driver& gl) {
    gl.glPixelStorei(GL_PACK_ALIGNMENT, 1);
    gl.glPixelStorei(GL_PACK_ROW_LENGTH, 0);
    gl.glPixelStorei(GL_PACK_SKIP_ROWS, 0);
    gl.glPixelStorei(GL_PACK_SKIP_PIXELS, 0);
}

void read_image(Driver& gl, GLenum image_target, int face, int level, Parts& parts) {
    auto get = [&](GLenum pname) {
        GLint v = 0;
        gl.glGetTexLevelParameteriv(image_target, level, pname, &v);
        return v;
    };
    log::ReadbackPart p{};
    p.face = face;
    p.level = level;
    p.width = get(GL_TEXTURE_WIDTH);
    if (p.width == 0)
        return;
    p.height = std::max(get(GL_TEXTURE_HEIGHT), 1);
    p.depth = std::max(get(GL_TEXTURE_DEPTH), 1);
    p.border = get(GL_TEXTURE_BORDER);
    p.internal_format = get(GL_TEXTURE_INTERNAL_FORMAT);
    if (get(GL_TEXTURE_COMPRESSED)) {
        p.bytes = (uint64_t)get(GL_TEXTURE_COMPRESSED_IMAGE_SIZE);
        gl.glGetCompressedTexImage(image_target, level, parts.add(p));
        return;
    }
    const ComponentBits bits = texture_bits(gl, image_target, level);
    const PixelLayout l = exact_layout(bits);
    p.format = l.format;
    p.type = l.type;
    p.bytes = (uint64_t)p.width * (uint64_t)p.height * (uint64_t)p.depth * l.bytes;
    char* to = parts.add(p);
    clear_errors(gl); // asking about levels that cannot exist raises some
    gl.glGetTexImage(image_target, level, p.format, p.type, to);
    if (gl.glGetError() != GL_NO_ERROR)
        parts.drop_last(p);
}

void read_images(Driver& gl, GLenum target, Parts& parts) {
    const int faces = target == GL_TEXTURE_CUBE_MAP ? 6 : 1;
    const int levels = target == GL_TEXTURE_RECTANGLE ? 1 : 16;
    for (int face = 0; face < faces; ++face)
        for (int level = 0; level < levels; ++level)
            read_image(gl, faces == 6 ? GL_TEXTURE_CUBE_MAP_POSITIVE_X + (GLenum)face : target,
                       face, level, parts);
}

GLenum binding_of(GLenum target) {
    switch (target) {
    case GL_TEXTURE_1D:
        return GL_TEXTURE_BINDING_1D;
    case GL_TEXTURE_2D:
        return GL_TEXTURE_BINDING_2D;
    case GL_TEXTURE_3D:
        return GL_TEXTURE_BINDING_3D;
    case GL_TEXTURE_CUBE_MAP:
        return GL_TEXTURE_BINDING_CUBE_MAP;
    case GL_TEXTURE_RECTANGLE:
        return GL_TEXTURE_BINDING_RECTANGLE;
    case GL_TEXTURE_1D_ARRAY:
        return GL_TEXTURE_BINDING_1D_ARRAY;
    case GL_TEXTURE_2D_ARRAY:
        return GL_TEXTURE_BINDING_2D_ARRAY;
    case GL_TEXTURE_CUBE_MAP_ARRAY:
        return GL_TEXTURE_BINDING_CUBE_MAP_ARRAY;
    default:
        return GL_NONE;
    }
}

// Texture 0 of a target belongs to its context alone.
std::vector<char> read_texture_zero(Exec& x, GLenum target) {
    Parts parts;
    const PlainReading plain(x);
    const GLenum query = binding_of(target);
    GLint bound = 0;
    if (!query)
        return {};
    x.gl.glGetIntegerv(query, &bound);
    x.gl.glBindTexture(target, 0);
    read_images(x.gl, target, parts);
    x.gl.glBindTexture(target, (GLuint)bound);
    return parts.take();
}

std::vector<char> read_texture(Exec& x, GLuint texture, GLenum target) {
    Parts parts;
    const Helper helper(x, 0);
    if (!helper)
        return {};
    tight_pack(x.gl);
    if (multisample_target(target)) {
        if (!read_texture_samples(x.gl, texture, target, parts.bytes()))
            return {};
        return parts.take();
    }
    x.gl.glBindTexture(target, texture);
    read_images(x.gl, target, parts);
    x.gl.glBindTexture(target, 0);
    return parts.take();
}

// Through a texture of the moment.
std::vector<char> read_image(Exec& x, uint64_t image) {
    Parts parts;
    const Helper helper(x, 0);
    void* real = ws_image(image);
    if (!helper || !real || !x.gl.glEGLImageTargetTexture2DOES)
        return {};
    tight_pack(x.gl);
    GLuint texture = 0;
    x.gl.glGenTextures(1, &texture);
    x.gl.glBindTexture(GL_TEXTURE_2D, texture);
    clear_errors(x.gl);
    x.gl.glEGLImageTargetTexture2DOES(GL_TEXTURE_2D, real);
    if (x.gl.glGetError() == GL_NO_ERROR)
        read_image(x.gl, GL_TEXTURE_2D, 0, 0, parts);
    x.gl.glDeleteTextures(1, &texture);
    return parts.take();
}

std::vector<char> read_buffer(Exec& x, GLuint buffer) {
    Parts parts;
    const Helper helper(x, 0);
    if (!helper)
        return {};
    x.gl.glBindBuffer(GL_ARRAY_BUFFER, buffer);
    GLint64 size = 0;
    if (x.gl.glGetBufferParameteri64v) {
        x.gl.glGetBufferParameteri64v(GL_ARRAY_BUFFER, GL_BUFFER_SIZE, &size);
    } else {
        GLint small = 0;
        x.gl.glGetBufferParameteriv(GL_ARRAY_BUFFER, GL_BUFFER_SIZE, &small);
        size = small;
    }
    log::ReadbackPart p{};
    p.bytes = (uint64_t)size;
    x.gl.glGetBufferSubData(GL_ARRAY_BUFFER, 0, size, parts.add(p));
    x.gl.glBindBuffer(GL_ARRAY_BUFFER, 0);
    return parts.take();
}

std::vector<char> read_renderbuffer(Exec& x, GLuint renderbuffer) {
    Parts parts;
    const Helper helper(x, 0);
    if (!helper)
        return {};
    Driver& gl = x.gl;
    tight_pack(gl);
    GLuint fb = 0;
    gl.glGenFramebuffers(1, &fb);
    gl.glBindFramebuffer(GL_FRAMEBUFFER, fb);
    gl.glBindRenderbuffer(GL_RENDERBUFFER, renderbuffer);
    const RenderbufferLayout l = renderbuffer_layout(gl);
    gl.glFramebufferRenderbuffer(GL_FRAMEBUFFER, l.attachment, GL_RENDERBUFFER, renderbuffer);
    gl.glReadBuffer(l.attachment == GL_COLOR_ATTACHMENT0 ? GL_COLOR_ATTACHMENT0 : GL_NONE);
    gl.glDrawBuffer(GL_NONE);
    if (l.samples > 0) {
        if (!read_renderbuffer_samples(gl, l, parts.bytes()))
            parts.bytes().clear();
    } else if (l.pixel.bytes) {
        log::ReadbackPart p{};
        p.width = l.width;
        p.height = l.height;
        p.depth = 1;
        p.internal_format = l.internal_format;
        p.format = l.pixel.format;
        p.type = l.pixel.type;
        p.bytes = (uint64_t)p.width * (uint64_t)p.height * l.pixel.bytes;
        clear_errors(gl);
        gl.glReadPixels(0, 0, p.width, p.height, p.format, p.type, parts.add(p));
        if (gl.glGetError() != GL_NO_ERROR)
            parts.drop_last(p);
    }
    gl.glBindFramebuffer(GL_FRAMEBUFFER, 0);
    gl.glDeleteFramebuffers(1, &fb);
    return parts.take();
}

std::vector<char> read_drawable(Exec& x, const log::ReadbackQuestion& q) {
    Parts parts;
    const Helper helper(x, q.name);
    if (!helper || q.width <= 0 || q.height <= 0)
        return {};
    Driver& gl = x.gl;
    tight_pack(gl);
    gl.glBindFramebuffer(GL_FRAMEBUFFER, 0);
    auto read = [&](log::DrawableBuffer which, GLenum format, GLenum type, size_t pixel) {
        log::ReadbackPart p{};
        p.level = (int32_t)which;
        p.width = q.width;
        p.height = q.height;
        p.depth = 1;
        p.format = format;
        p.type = type;
        p.bytes = (uint64_t)p.width * (uint64_t)p.height * pixel;
        clear_errors(gl);
        gl.glReadPixels(0, 0, p.width, p.height, format, type, parts.add(p));
        if (gl.glGetError() != GL_NO_ERROR)
            parts.drop_last(p);
    };
    GLboolean twice = GL_FALSE;
    GLint red = 0, depth = 0, stencil = 0;
    gl.glGetBooleanv(GL_DOUBLEBUFFER, &twice);
    gl.glGetIntegerv(GL_RED_BITS, &red);
    gl.glGetIntegerv(GL_DEPTH_BITS, &depth);
    gl.glGetIntegerv(GL_STENCIL_BITS, &stencil);
    const GLenum type = red > 8 ? GL_UNSIGNED_SHORT : GL_UNSIGNED_BYTE;
    const size_t pixel = red > 8 ? 8 : 4;
    // What is on the screen: of a window the X server knows it (Mesa's llvmpipe answers black when
    // a front buffer is read that it has only ever copied to); of other drawables the driver.
    ws_settle(q.name);
    log::ReadbackPart front{};
    front.level = (int32_t)log::DrawableBuffer::Front;
    const std::vector<char> image = window_image(q.display, q.window, &front.width, &front.height);
    if (!image.empty()) {
        front.depth = 1;
        front.format = GL_RGBA;
        front.type = GL_UNSIGNED_BYTE;
        front.bytes = image.size();
        memcpy(parts.add(front), image.data(), image.size());
    } else {
        gl.glReadBuffer(GL_FRONT);
        read(log::DrawableBuffer::Front, GL_RGBA, type, pixel);
    }
    if (twice) {
        gl.glReadBuffer(GL_BACK);
        read(log::DrawableBuffer::Back, GL_RGBA, type, pixel);
    }
    if (depth && stencil)
        read(log::DrawableBuffer::DepthStencil, GL_DEPTH_STENCIL, GL_UNSIGNED_INT_24_8, 4);
    else if (depth)
        read(log::DrawableBuffer::Depth, GL_DEPTH_COMPONENT, GL_UNSIGNED_INT, 4);
    else if (stencil)
        read(log::DrawableBuffer::Stencil, GL_STENCIL_INDEX, GL_UNSIGNED_BYTE, 1);
    GLint samples = 0;
    gl.glGetIntegerv(GL_SAMPLES, &samples);
    const size_t without = parts.bytes().size();
    if (samples > 1 && !read_drawable_samples(gl, q.width, q.height, samples, parts.bytes()))
        parts.bytes().resize(without);
    return parts.take();
}

// Its accumulation buffer, which reading destroys with the back buffer, or the only one there is:
// `parts` has that one.
void read_drawable_accum(Exec& x, const log::ReadbackQuestion& q, std::vector<char>& parts) {
    if (x.draw != q.name || q.width <= 0 || q.height <= 0)
        return;
    ws_make_current(x.stream.id, x.draw, x.read, true);
    const size_t pixels = (size_t)q.width * (size_t)q.height;
    const auto read = [&](unsigned char* to) {
        const Helper helper(x, q.name);
        tight_pack(x.gl);
        GLboolean twice = GL_FALSE;
        x.gl.glGetBooleanv(GL_DOUBLEBUFFER, &twice);
        x.gl.glReadBuffer(twice ? GL_BACK : GL_FRONT);
        x.gl.glReadPixels(0, 0, q.width, q.height, GL_RGBA, GL_UNSIGNED_BYTE, to);
    };
    const auto write = [&](const unsigned char* color) {
        draw_to_drawable(x, q.name, q.width, q.height, GL_RGBA, GL_UNSIGNED_BYTE, color);
    };
    const std::vector<short> values = read_accum(x.gl, pixels, read, write);
    if (values.empty())
        return;
    write_accum(x.gl, values.data(), pixels, write);
    GLboolean twice = GL_FALSE;
    x.gl.glGetBooleanv(GL_DOUBLEBUFFER, &twice);
    const auto drawn_to = twice ? log::DrawableBuffer::Back : log::DrawableBuffer::Front;
    log::ReadbackPart part{};
    for (size_t at = 0; at + sizeof part <= parts.size(); at += sizeof part + part.bytes) {
        memcpy(&part, parts.data() + at, sizeof part);
        if (part.level == (int32_t)drawn_to)
            draw_to_drawable(x, q.name, part.width, part.height, part.format, part.type,
                             parts.data() + at + sizeof part);
    }
    log::ReadbackPart p{};
    p.level = (int32_t)log::DrawableBuffer::Accum;
    p.width = q.width;
    p.height = q.height;
    p.depth = 1;
    p.format = GL_RGBA;
    p.type = GL_SHORT;
    p.bytes = values.size() * sizeof values[0];
    const char* head = reinterpret_cast<const char*>(&p);
    parts.insert(parts.end(), head, head + sizeof p);
    const char* bytes = reinterpret_cast<const char*>(values.data());
    parts.insert(parts.end(), bytes, bytes + p.bytes);
}

std::vector<char> read_strings(Exec& x) {
    Parts parts;
    for (const GLenum name : {GL_VENDOR, GL_RENDERER, GL_VERSION})
        if (const auto* text = (const char*)x.gl.glGetString(name)) {
            log::ReadbackPart p{};
            p.level = (int32_t)name;
            p.bytes = strlen(text);
            memcpy(parts.add(p), text, p.bytes);
        }
    clear_errors(x.gl);
    return parts.take();
}

bool read_matrix(Exec& x, GLenum mode, GLuint unit, GLfloat* m) {
    const GLenum pname = mode == GL_MODELVIEW    ? GL_MODELVIEW_MATRIX
                         : mode == GL_PROJECTION ? GL_PROJECTION_MATRIX
                         : mode == GL_TEXTURE    ? GL_TEXTURE_MATRIX
                                                 : GL_NONE;
    if (!pname)
        return false;
    ws_make_current(x.stream.id, x.draw, x.read, true);
    clear_errors(x.gl);
    GLint active = GL_TEXTURE0;
    x.gl.glGetIntegerv(GL_ACTIVE_TEXTURE, &active);
    const bool other = mode == GL_TEXTURE && (GLuint)active != GL_TEXTURE0 + unit;
    if (other)
        x.gl.glActiveTexture(GL_TEXTURE0 + unit);
    x.gl.glGetFloatv(pname, m);
    if (other)
        x.gl.glActiveTexture((GLenum)active);
    return x.gl.glGetError() == GL_NO_ERROR;
}

std::vector<char> answer(Exec& x, const log::ReadbackQuestion& q) {
    switch (q.kind) {
    case log::ReadbackKind::Texture:
        if (q.name == 0)
            return read_texture_zero(x, q.target);
        return read_texture(x, x.real(NameClass::texture, (GLuint)q.name), q.target);
    case log::ReadbackKind::Image:
        return read_image(x, q.name);
    case log::ReadbackKind::Attachment: {
        const GLuint copy = copy_attachment(x, q);
        std::vector<char> parts = copy ? read_texture(x, copy, GL_TEXTURE_2D) : std::vector<char>();
        x.gl.glDeleteTextures(1, &copy);
        return parts;
    }
    case log::ReadbackKind::Buffer:
        return read_buffer(x, x.real(NameClass::buffer, (GLuint)q.name));
    case log::ReadbackKind::Renderbuffer:
        return read_renderbuffer(x, x.real(NameClass::renderbuffer, (GLuint)q.name));
    case log::ReadbackKind::Drawable: {
        std::vector<char> parts = read_drawable(x, q);
        if (q.active)
            read_drawable_accum(x, q, parts);
        return parts;
    }
    case log::ReadbackKind::Query: {
        Parts parts;
        log::ReadbackPart p{};
        p.bytes = 8;
        uint64_t value = 0;
        if (read_query(x, q, &value))
            memcpy(parts.add(p), &value, sizeof value);
        return parts.take();
    }
    case log::ReadbackKind::Feedback: {
        Parts parts;
        log::ReadbackPart p{};
        p.bytes = 8;
        uint64_t value = 0;
        if (read_feedback(x, q, &value))
            memcpy(parts.add(p), &value, sizeof value);
        return parts.take();
    }
    case log::ReadbackKind::Numbers: {
        Parts parts;
        const Helper helper(x, 0);
        log::ReadbackPart p{};
        std::vector<char> table;
        if (helper)
            table = read_numbers(x.gl, x.real(NameClass::program, (GLuint)q.name));
        p.bytes = table.size();
        memcpy(parts.add(p), table.data(), table.size());
        return parts.take();
    }
    case log::ReadbackKind::Raster: {
        Parts parts;
        log::ReadbackPart p{};
        p.bytes = 8 * sizeof(GLfloat);
        ws_make_current(x.stream.id, x.draw, x.read, true);
        GLfloat color[8] = {};
        clear_errors(x.gl);
        x.gl.glGetFloatv(GL_CURRENT_RASTER_COLOR, color);
        x.gl.glGetFloatv(GL_CURRENT_RASTER_SECONDARY_COLOR, color + 4);
        if (x.gl.glGetError() == GL_NO_ERROR)
            memcpy(parts.add(p), color, sizeof color);
        return parts.take();
    }
    case log::ReadbackKind::Matrix: {
        Parts parts;
        log::ReadbackPart p{};
        p.bytes = 16 * sizeof(GLfloat);
        GLfloat m[16] = {};
        if (read_matrix(x, q.target, q.index, m))
            memcpy(parts.add(p), m, sizeof m);
        return parts.take();
    }
    case log::ReadbackKind::State: {
        Parts parts;
        ws_make_current(x.stream.id, x.draw, x.read, true);
        const std::vector<char> told = state_told(x, (GLbitfield)q.name);
        log::ReadbackPart p{};
        p.bytes = told.size();
        std::copy(told.begin(), told.end(), parts.add(p));
        return parts.take();
    }
    case log::ReadbackKind::Strings:
        return x.gl.glGetString ? read_strings(x) : std::vector<char>();
    default:
        return {};
    }
}

} // namespace

std::vector<char> readback(std::vector<char>& question) {
    log::ReadbackQuestion q{};
    if (question.size() != sizeof q)
        return {};
    memcpy(&q, question.data(), sizeof q);
    Stream* s = find_stream(q.stream);
    std::vector<char> a;
    if (s)
        run_on_stream(*s, [&] { a = answer(*s->exec, q); });
    return a;
}

} // namespace glckpt::replay
