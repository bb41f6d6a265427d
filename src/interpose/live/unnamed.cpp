#include "interpose/live/unnamed.h"
#include "gen/gl/ops.h"
#include "interpose/session.h"
#include "prune/emit/emit.h"
#include <cstring>

namespace glckpt {
namespace {

// One two-dimensional image; width 0: it is something else.
struct Plain {
    uint32_t format = 0;
    int32_t width = 0, height = 0;
    int level = 0;
};

Plain defined_by(const prune::Kept& k) {
    switch ((Op)k.header().op) {
    case Op::glTexImage2D: {
        const auto& r = k.as<rec::glTexImage2D>();
        return {(uint32_t)r.internalformat, r.width, r.height, r.level};
    }
    case Op::glTexStorage2D: {
        const auto& r = k.as<rec::glTexStorage2D>();
        return {r.internalformat, r.levels == 1 ? r.width : 0, r.height};
    }
    case Op::glTextureStorage2D: {
        const auto& r = k.as<rec::glTextureStorage2D>();
        return {r.internalformat, r.levels == 1 ? r.width : 0, r.height};
    }
    case Op::glRenderbufferStorage: {
        const auto& r = k.as<rec::glRenderbufferStorage>();
        return {r.internalformat, r.width, r.height};
    }
    case Op::glNamedRenderbufferStorage: {
        const auto& r = k.as<rec::glNamedRenderbufferStorage>();
        return {r.internalformat, r.width, r.height};
    }
    default:
        return {};
    }
}

Plain plain_of(const prune::Texture& t) {
    if (t.target != GL_TEXTURE_2D || t.view_of || t.image || t.buffer_texture)
        return {};
    if (t.storage)
        return defined_by(*t.storage);
    if (t.images.size() != 1)
        return {};
    const auto& [place, image] = *t.images.begin();
    if (image.has_contents)
        return {(uint32_t)image.contents.internal_format, image.contents.width,
                image.contents.height, place.second};
    return image.definition ? defined_by(*image.definition) : Plain();
}

Plain plain_of(const prune::Renderbuffer& b) {
    return b.storage && !b.image ? defined_by(*b.storage) : Plain();
}

std::vector<char> ask(uint32_t stream, prune::ContextState& c, const prune::Object& o,
                      const Plain& p) {
    for (prune::Object* f : prune::live_objects(c, NameClass::framebuffer))
        for (const auto& [point, a] : static_cast<prune::Framebuffer&>(*f).attachments)
            if (a.object.get() == &o) {
                log::ReadbackQuestion q{};
                q.stream = stream;
                q.kind = log::ReadbackKind::Attachment;
                q.name = f->name;
                q.target = point;
                q.index = p.format;
                q.width = p.width;
                q.height = p.height;
                return Session::get().ask(log::Ask::Readback, q);
            }
    return {};
}

bool contents_from(const std::vector<char>& answer, prune::Contents& c) {
    if (answer.size() < sizeof(log::ReadbackPart))
        return false;
    log::ReadbackPart p;
    memcpy(&p, answer.data(), sizeof p);
    if (p.samples || answer.size() != sizeof p + p.bytes)
        return false;
    c = contents_of(p, answer.data() + sizeof p);
    return true;
}

} // namespace

prune::Contents contents_of(const log::ReadbackPart& p, const char* bytes) {
    prune::Contents c;
    c.format = p.format;
    c.type = p.type;
    c.internal_format = p.internal_format;
    c.width = p.width;
    c.height = p.height;
    c.depth = p.depth;
    c.border = p.border;
    c.samples = p.samples;
    c.sample = p.sample;
    c.pixels = prune::Ref<prune::Blob>(prune::Blob::copy(bytes, p.bytes));
    return c;
}

bool read_attached(uint32_t stream, prune::ContextState& c, prune::Texture& t) {
    const Plain p = plain_of(t);
    prune::Contents read;
    if (p.width <= 0 || !contents_from(ask(stream, c, t, p), read))
        return false;
    auto& image = t.images[{0, p.level}];
    if (!t.storage)
        image.definition = prune::layout_alone(image.definition);
    image.updates.clear();
    image.update_bytes = 0;
    image.contents = std::move(read);
    image.has_contents = true;
    t.mipmaps = prune::Ref<prune::Kept>();
    t.gpu_dirty = false;
    return true;
}

bool read_attached(uint32_t stream, prune::ContextState& c, prune::Renderbuffer& b) {
    const Plain p = plain_of(b);
    if (p.width <= 0 || !contents_from(ask(stream, c, b, p), b.contents))
        return false;
    b.planes.clear();
    b.has_contents = true;
    b.gpu_dirty = false;
    return true;
}

} // namespace glckpt
