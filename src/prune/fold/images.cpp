// EGL images, and the pixels of a drawable that are put into a texture.
#include "log/images.h"
#include "prune/fold.h"

namespace glckpt::prune {
namespace {

constexpr uint32_t kEglRenderbuffer = 0x30B9, kEglCubeFace0 = 0x30B3, kEglLevel = 0x30BC;

// What of its source an image is.
struct Part {
    int face = 0, level = 0;
};
Part part_of(const EglImage& i) {
    const auto& r = i.created->as<rec::xCreateImage>();
    Part p;
    if (r.target >= kEglCubeFace0 && r.target < kEglCubeFace0 + 6)
        p.face = (int)(r.target - kEglCubeFace0);
    const auto* a = static_cast<const int32_t*>(i.created->payload(r.attribs));
    for (size_t n = r.attribs.bytes / 4; a && n >= 2; n -= 2, a += 2)
        if (a[0] == (int32_t)kEglLevel)
            p.level = a[1];
    return p;
}

// As it is now, for images alone.
Ref<Object> copy_of(const Object& o) {
    Ref<Object> copy;
    if (o.cls == NameClass::texture) {
        const auto& t = static_cast<const Texture&>(o);
        auto* c = new Texture(t.cls, 0);
        copy = Ref<Object>(c);
        c->target = t.target;
        c->images = t.images;
        c->storage = t.storage;
        c->planes = t.planes;
        c->view_of = t.view_of;
        c->gpu_dirty = t.gpu_dirty;
        c->mipmaps = t.mipmaps;
        c->image = t.image;
        c->image_target = t.image_target;
    } else {
        const auto& b = static_cast<const Renderbuffer&>(o);
        auto* c = new Renderbuffer(b.cls, 0);
        copy = Ref<Object>(c);
        c->storage = b.storage;
        c->gpu_dirty = b.gpu_dirty;
        c->contents = b.contents;
        c->has_contents = b.has_contents;
        c->planes = b.planes;
        c->image = b.image;
        c->image_target = b.image_target;
    }
    copy->named = false;
    copy->bound_once = true;
    copy->slots = o.slots;
    return copy;
}

} // namespace

void Fold::gets_storage(Object* o, int face, int level) {
    if (images.empty())
        return;
    Ref<Object> copy;
    for (EglImage* i : images) {
        if (i->source.get() != o)
            continue;
        const Part p = part_of(*i);
        if (level >= 0 && (p.face != face || p.level != level))
            continue;
        if (!copy) {
            // What is drawn through a framebuffer is noted late: it went into the old storage.
            for (const Ref<Object>& fb : c->own_dense[(size_t)NameClass::framebuffer])
                if (fb)
                    settle_framebuffer(static_cast<Framebuffer&>(*fb));
            for (const auto& [name, fb] : c->own_sparse[(size_t)NameClass::framebuffer])
                if (fb)
                    settle_framebuffer(static_cast<Framebuffer&>(*fb));
            copy = copy_of(*o);
        }
        i->source = copy;
    }
    if (o->cls == NameClass::renderbuffer) {
        auto& b = static_cast<Renderbuffer&>(*o);
        b.image = Ref<EglImage>();
        b.image_target = Ref<Kept>();
    } else if (auto& t = static_cast<Texture&>(*o); level <= 0) {
        t.image = Ref<EglImage>();
        t.image_target = Ref<Kept>();
    }
}

void fold_create_image(Fold& f, const char* r) {
    const auto& q = f.as<rec::xCreateImage>(r);
    Object* source =
        f.find(q.target == kEglRenderbuffer ? NameClass::renderbuffer : NameClass::texture, q.name);
    if (!source)
        return;
    Ref<EglImage> i(new EglImage(q.image, f.images, f.images_gone));
    i->source = Ref<Object>(source);
    i->created = f.keep(r);
    i->group = f.c->group;
    f.named_images[q.image] = i;
}

void Fold::destroy_image(uint64_t id) { named_images.erase(id); }

void fold_image_target(Fold& f, const char* r) {
    const auto& q = f.as<rec::xImageTarget>(r);
    const auto it = f.named_images.find(q.image);
    if (it == f.named_images.end())
        return;
    const Ref<EglImage> image = it->second;
    const auto what = (log::ImageTarget)q.what;
    if (what == log::ImageTarget::Renderbuffer) {
        auto* b = static_cast<Renderbuffer*>(f.c->renderbuffer.get());
        if (!b || image->source.get() == b)
            return;
        f.gets_storage(b, -1, -1);
        b->storage = Ref<Kept>();
        b->has_contents = b->gpu_dirty = false;
        b->contents = {};
        b->planes.clear();
        b->image = image;
        b->image_target = f.keep(r);
        return;
    }
    auto* t = static_cast<Texture*>(what == log::ImageTarget::NamedStorage
                                        ? f.find(NameClass::texture, q.texture)
                                        : f.bound_texture(q.target));
    if (!t || image->source.get() == t)
        return;
    f.gets_storage(t, -1, -1);
    t->images.clear();
    t->planes.clear();
    t->storage = Ref<Kept>();
    t->gpu_dirty = false;
    t->image = image;
    t->image_target = f.keep(r);
}

// The texture has the drawable's pixels as they were then (GLX_EXT_texture_from_pixmap leaves open
// what it has once the drawable changes): the driver alone knows them. A renderer that dies with
// them is followed by one that takes them from the drawable anew.
void fold_bind_tex_image(Fold& f, const char* r) {
    auto* t = static_cast<Texture*>(f.bound_texture(f.as<rec::wsBindTexImage>(r).target));
    if (!t)
        return;
    f.gets_storage(t, 0, 0);
    Texture::Image& image = t->images[{0, 0}];
    image = {};
    image.definition = f.keep(r);
    t->gpu_dirty = true;
}

} // namespace glckpt::prune
