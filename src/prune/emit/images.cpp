// Emission of EGL images: what one is made of, the image, and then its siblings.
#include "log/images.h"
#include "prune/emit/emit.h"
#include <algorithm>

namespace glckpt::prune {

// An image may bring forward what it is made of; each is emitted once.
bool Emitter::told_already(const Object& o) {
    return egl_images && !egl_images->empty() && !told_.insert(&o).second;
}

bool Emitter::makes_images(const Object& o) const {
    return egl_images && std::any_of(egl_images->begin(), egl_images->end(),
                                     [&](const EglImage* i) { return i->source.get() == &o; });
}

void Emitter::egl_image(EglImage& i) {
    if (i.home != group_ || !told_.insert(&i).second)
        return; // it was made with another group's objects (the endpoint orders them)
    Object& o = *i.source;
    if (!told_.count(&o)) {
        if (o.cls == NameClass::texture)
            texture(static_cast<Texture&>(o));
        else
            renderbuffer(static_cast<Renderbuffer&>(o));
    }
    kept_as(*i.created, offsetof(rec::xCreateImage, name), name_of(&o));
}

void Emitter::texture_of_image(Texture& t, uint32_t name) {
    put(rec::glBindTexture{.target = t.target, .texture = name});
    const auto& k = *t.image_target;
    rec::xImageTarget r = k.as<rec::xImageTarget>();
    if ((log::ImageTarget)r.what == log::ImageTarget::NamedStorage)
        r.what = (GLint)log::ImageTarget::TexStorage;
    r.target = t.target;
    const void* attribs = k.payload(r.attribs);
    const size_t bytes = attribs ? r.attribs.bytes : 0;
    r.attribs = {};
    if (attribs)
        put(r, {{offsetof(rec::xImageTarget, attribs), attribs, bytes}});
    else
        put(r);
    // Further levels of its own.
    for (const auto& [key, image] : t.images) {
        if (image.definition) {
            unpack(image.definition->unpack);
            kept(*image.definition);
        }
        for (const Ref<Kept>& u : image.updates) {
            unpack(u->unpack);
            kept(*u);
        }
    }
    all(t.slots);
    put(rec::glBindTexture{.target = t.target, .texture = 0});
}

} // namespace glckpt::prune
