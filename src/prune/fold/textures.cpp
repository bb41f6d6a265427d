// Textures: images, what was written into them, bindings.
//
// An image (face, level) is its defining record and the updates since. An update that covers
// another one ends it; when updates outweigh the image, or when something else than an upload
// wrote it (a copy, a mipmap generation, a draw through a framebuffer, a pixel buffer), the driver
// alone knows the contents: the texture is marked, and read back when that is needed.
#include "prune/fold.h"

namespace glckpt::prune {

namespace {

constexpr uint32_t kCubeFace0 = 0x8515;

int face_of(uint32_t target) {
    return target >= kCubeFace0 && target < kCubeFace0 + 6 ? (int)(target - kCubeFace0) : 0;
}

Texture* texture_of(Fold& f, const char* record) {
    if (f.place(record, Field::texture)) {
        return static_cast<Texture*>(
            f.object(NameClass::texture, (uint32_t)f.arg(record, Field::texture)));
    }
    return static_cast<Texture*>(f.bound_texture((uint32_t)f.arg(record, Field::target)));
}

// The pixels came from a buffer object: what travelled is an offset.
bool from_buffer(Fold& f, const char* record) {
    const FieldPlace* p = f.place(record, Field::pixels);
    if (!p)
        return false;
    log::PayloadRef ref;
    memcpy(&ref, record + p->offset, sizeof ref);
    return ref.kind == log::PayloadRef::Offset;
}

// GL_GENERATE_MIPMAP (compatibility, section 8.14.5): each change of the base level makes the
// driver compute the others.
bool makes_mipmaps(const Texture& t) {
    static const uint16_t fam = family("texture.parameter");
    const Kept* k = t.slots.find({fam, 1, {GL_GENERATE_MIPMAP, 0}});
    if (!k)
        return false;
    switch ((Op)k->header().op) {
    case Op::glTexParameteri:
        return k->as<rec::glTexParameteri>().param != 0;
    case Op::glTexParameterf:
        return k->as<rec::glTexParameterf>().param != 0;
    default:
        return true; // at worst it is read back
    }
}

void drop_pixels(Kept& k, const FieldPlace* p) {
    log::PayloadRef ref{0, log::PayloadRef::Null, 0};
    memcpy(k.bytes.data() + p->offset, &ref, sizeof ref);
}

struct Box {
    int64_t x, y, z, w, h, d;
    bool covers(const Box& o) const {
        return x <= o.x && y <= o.y && z <= o.z && x + w >= o.x + o.w && y + h >= o.y + o.h &&
               z + d >= o.z + o.d;
    }
};

Box box_of(Fold& f, const char* r) {
    return {f.arg(r, Field::x),        f.arg(r, Field::y),         f.arg(r, Field::z),
            f.arg(r, Field::width, 1), f.arg(r, Field::height, 1), f.arg(r, Field::depth, 1)};
}

bool proxy(uint32_t target) {
    switch (target) {
    case 0x8063: // GL_PROXY_TEXTURE_1D
    case 0x8064:
    case 0x8070:
    case 0x851B:
    case 0x84F7:
    case 0x8C19:
    case 0x8C1B:
    case 0x900B:
    case 0x9101:
    case 0x9103:
        return true;
    default:
        return false;
    }
}

// Proxy textures have a size and a format for each level, and nothing else; the pixels given with
// them are not looked at (section 8.22).
void set_proxy(Fold& f, const char* r, uint32_t target) {
    Ref<Kept> k = f.keep(r);
    if (const FieldPlace* p = f.place(r, Field::pixels))
        drop_pixels(*k, p);
    k->blobs.clear();
    f.c->slots.set({kProxyFamily, 2, {target, (uint64_t)f.arg(r, Field::level, -1)}}, k);
}

} // namespace

Ref<Kept> layout_alone(const Ref<Kept>& definition) {
    if (!definition)
        return {};
    const Rule& rule = kRules[definition->header().op];
    const FieldPlace* pixels = nullptr;
    bool laid_out = false;
    for (int i = 0; i < rule.field_count; ++i) {
        laid_out |= rule.fields[i].field == Field::format;
        if (rule.fields[i].field == Field::pixels)
            pixels = &rule.fields[i];
    }
    if (!laid_out || !pixels)
        return {};
    auto* alone = new Kept(*definition);
    alone->refs = 0;
    drop_pixels(*alone, pixels);
    alone->blobs.clear();
    return alone;
}

int texture_target_index(uint32_t target) {
    if (target >= kCubeFace0 && target < kCubeFace0 + 6)
        return 3;
    switch (target) {
    case 0x0DE0: // GL_TEXTURE_1D
        return 0;
    case 0x0DE1: // GL_TEXTURE_2D
        return 1;
    case 0x806F: // GL_TEXTURE_3D
        return 2;
    case 0x8513: // GL_TEXTURE_CUBE_MAP
        return 3;
    case 0x84F5: // GL_TEXTURE_RECTANGLE
        return 4;
    case 0x8C18: // GL_TEXTURE_1D_ARRAY
        return 5;
    case 0x8C1A: // GL_TEXTURE_2D_ARRAY
        return 6;
    case 0x9009: // GL_TEXTURE_CUBE_MAP_ARRAY
        return 7;
    case 0x8C2A: // GL_TEXTURE_BUFFER
        return 8;
    case 0x9100: // GL_TEXTURE_2D_MULTISAMPLE
        return 9;
    case 0x9102: // GL_TEXTURE_2D_MULTISAMPLE_ARRAY
        return 10;
    case 0x8D65: // GL_TEXTURE_EXTERNAL_OES
        return 11;
    default:
        return -1;
    }
}

uint32_t texture_target_of_index(int index) {
    static constexpr uint32_t targets[] = {0x0DE0, 0x0DE1, 0x806F, 0x8513, 0x84F5, 0x8C18,
                                           0x8C1A, 0x9009, 0x8C2A, 0x9100, 0x9102, 0x8D65};
    return targets[index];
}

// Texture name 0 is an object too, one a target and context.
Object* Fold::bound_texture(uint32_t target) {
    const int i = texture_target_index(target);
    if (i < 0)
        return nullptr;
    Ref<Object>& bound = unit(c->active_unit).bound[(size_t)i];
    if (bound)
        return bound.get();
    Ref<Object>& zero = c->default_textures[i];
    if (!zero) {
        auto* t = new Texture(NameClass::texture, 0);
        t->target = texture_target_of_index(i);
        t->bound_once = true;
        zero = Ref<Object>(t);
    }
    return zero.get();
}

void fold_active_texture(Fold& f, const char* r) {
    f.c->active_unit = f.as<rec::glActiveTexture>(r).texture - GL_TEXTURE0;
}

void Fold::bind_texture(uint32_t number, uint32_t target, uint32_t name) {
    const int i = texture_target_index(target);
    if (i < 0)
        return;
    auto* t = static_cast<Texture*>(object(NameClass::texture, name));
    if (t && !t->bound_once) {
        t->bound_once = true;
        t->target = texture_target_of_index(i);
    }
    unit(number).bound[(size_t)i] = Ref<Object>(t);
}

void fold_bind_texture(Fold& f, const char* r) {
    f.bind_texture(f.c->active_unit, (uint32_t)f.arg(r, Field::target),
                   (uint32_t)f.arg(r, Field::texture));
}

static void bind_by_object(Fold& f, uint32_t unit, uint32_t name) {
    if (name == 0) {
        for (Ref<Object>& b : f.unit(unit).bound)
            b = Ref<Object>();
    } else if (auto* t = f.find_as<Texture>(NameClass::texture, name)) {
        f.bind_texture(unit, t->target, name);
    }
}
void fold_bind_texture_unit(Fold& f, const char* r) {
    bind_by_object(f, (uint32_t)f.arg(r, Field::unit), (uint32_t)f.arg(r, Field::texture));
}
void fold_bind_textures(Fold& f, const char* r) {
    const auto first = (uint32_t)f.arg(r, Field::first), n = (uint32_t)f.arg(r, Field::count);
    const auto* names = static_cast<const uint32_t*>(f.payload(r, Field::names));
    for (uint32_t i = 0; i < n; ++i)
        if (!names || names[i] != log::kNoName)
            bind_by_object(f, first + i, names ? names[i] : 0);
}

void fold_texture_image(Fold& f, const char* r) {
    const auto target = (uint32_t)f.arg(r, Field::target);
    if (proxy(target))
        return set_proxy(f, r, target);
    Texture* t = texture_of(f, r);
    if (!t)
        return;
    const auto level = (int)f.arg(r, Field::level);
    f.gets_storage(t, face_of(target), level);
    Texture::Image& image = t->images[{face_of(target), level}];
    image = {};
    image.definition = f.keep(r);
    if (from_buffer(f, r)) {
        drop_pixels(*image.definition, f.place(r, Field::pixels));
        t->gpu_dirty = true;
    }
    if ((f.c->pixel_transfer_used && f.place(r, Field::format)) || makes_mipmaps(*t))
        t->gpu_dirty = true; // the pixels went through scales, biases or maps; or there are more
}

void fold_texture_multisample(Fold& f, const char* r) {
    if (const auto target = (uint32_t)f.arg(r, Field::target); proxy(target))
        return set_proxy(f, r, target);
    if (Texture* t = texture_of(f, r)) {
        f.gets_storage(t, -1, -1);
        t->images.clear();
        t->planes.clear();
        t->storage = f.keep(r);
    }
}

void fold_texture_storage(Fold& f, const char* r) { fold_texture_multisample(f, r); }

void fold_texture_view(Fold& f, const char* r) {
    const auto& v = f.as<rec::glTextureView>(r);
    auto* t = static_cast<Texture*>(f.object(NameClass::texture, v.texture));
    if (!t)
        return;
    t->bound_once = true;
    t->target = v.target;
    t->view_of = Ref<Object>(f.find(NameClass::texture, v.origtexture));
    t->storage = f.keep(r);
}

void fold_texture_buffer(Fold& f, const char* r) {
    if (Texture* t = texture_of(f, r)) {
        t->buffer_texture = true;
        t->storage = f.keep(r);
    }
}

void fold_texture_update(Fold& f, const char* r) {
    Texture* t = texture_of(f, r);
    if (!t)
        return;
    if (t->view_of || t->image)
        return f.mark_dirty(t); // a view's images are kept with the texture it is a view of
    if (t->gpu_dirty)
        return; // will be read back whole
    if (from_buffer(f, r) || f.c->pixel_transfer_used || makes_mipmaps(*t)) {
        t->gpu_dirty = true;
        return;
    }
    const auto target = (uint32_t)f.arg(r, Field::target);
    Texture::Image& image = t->images[{face_of(target), (int)f.arg(r, Field::level)}];
    const Box now = box_of(f, r);
    std::erase_if(image.updates, [&](const Ref<Kept>& u) {
        if (!now.covers(box_of(f, u->bytes.data())))
            return false;
        image.update_bytes -= u->memory();
        return true;
    });
    image.updates.push_back(f.keep(r));
    image.update_bytes += image.updates.back()->memory();
    // Partial updates that pile up: past a few dozen, the whole is cheaper to read back.
    if (image.updates.size() > 64) {
        t->gpu_dirty = true;
        for (auto& [key, i] : t->images) {
            i.updates.clear();
            i.update_bytes = 0;
        }
    }
}

void fold_texture_dirty(Fold& f, const char* r) {
    const auto target = (uint32_t)f.arg(r, Field::target);
    Texture* t = proxy(target) ? nullptr : texture_of(f, r);
    if (!t)
        return;
    const bool mipmaps =
        Fold::is(r, Op::glGenerateMipmap) || Fold::is(r, Op::glGenerateTextureMipmap);
    if (mipmaps && !t->gpu_dirty) {
        f.mark_dirty(t);
        t->mipmaps = f.keep(r);
        return;
    }
    const bool defines = Fold::is(r, Op::glCopyTexImage1D) || Fold::is(r, Op::glCopyTexImage2D);
    if (defines)
        f.gets_storage(t, face_of(target), (int)f.arg(r, Field::level));
    f.mark_dirty(t);
    for (auto& [key, i] : t->images) {
        i.updates.clear();
        i.update_bytes = 0;
    }
    if (defines)
        t->images[{face_of(target), (int)f.arg(r, Field::level)}] = {};
}

void fold_copy_image(Fold& f, const char* r) {
    const bool nv = Fold::is(r, Op::glCopyImageSubDataNV);
    const uint32_t target = nv ? f.as<rec::glCopyImageSubDataNV>(r).dstTarget
                               : f.as<rec::glCopyImageSubData>(r).dstTarget;
    const uint32_t name =
        nv ? f.as<rec::glCopyImageSubDataNV>(r).dstName : f.as<rec::glCopyImageSubData>(r).dstName;
    if (target == GL_RENDERBUFFER) {
        if (auto* b = f.find_as<Renderbuffer>(NameClass::renderbuffer, name))
            b->gpu_dirty = true;
    } else {
        f.mark_dirty(f.find(NameClass::texture, name));
    }
}

void fold_tex_gen(Fold& f, const char* r) {
    const auto pname = (uint32_t)f.arg(r, Field::pname);
    Ref<Kept> k = f.keep(r);
    if (pname == GL_EYE_PLANE)
        f.with_modelview(*k);
    f.unit(f.c->active_unit)
        .slots.set({kTexGenFamily, 2, {(uint64_t)f.arg(r, Field::coord), pname}}, k);
}

void fold_bind_image(Fold& f, const char* r) {
    const uint32_t unit = Fold::is(r, Op::glBindImageTexture)
                              ? f.as<rec::glBindImageTexture>(r).unit
                              : f.as<rec::glBindImageTextureEXT>(r).index;
    f.c->slots.set({kImageFamily, 1, {unit, 0}}, f.keep(r));
    f.c->image_writes = true;
}

void fold_bind_sampler(Fold& f, const char* r) {
    const auto& b = f.as<rec::glBindSampler>(r);
    f.unit(b.unit).sampler = Ref<Object>(f.find(NameClass::sampler, b.sampler));
}
void fold_bind_samplers(Fold& f, const char* r) {
    const auto& b = f.as<rec::glBindSamplers>(r);
    const auto* names = static_cast<const uint32_t*>(f.payload(r, b.samplers));
    for (GLsizei i = 0; i < b.count; ++i)
        if (!names || names[i] != log::kNoName)
            f.unit(b.first + (GLuint)i).sampler =
                Ref<Object>(f.find(NameClass::sampler, names ? names[i] : 0));
}

} // namespace glckpt::prune
