// Framebuffers, renderbuffers, and what drawing makes the driver alone know.
#include "prune/fold.h"
#include <cmath>

namespace glckpt::prune {

Object* Fold::bound_framebuffer(uint32_t target) {
    return (target == GL_READ_FRAMEBUFFER ? c->read_fbo : c->draw_fbo).get();
}

void fold_bind_framebuffer(Fold& f, const char* r) {
    const auto target = (uint32_t)f.arg(r, Field::target);
    Object* o = f.object(NameClass::framebuffer, (uint32_t)f.arg(r, Field::framebuffer));
    if (o)
        o->bound_once = true;
    if (target != GL_READ_FRAMEBUFFER)
        f.c->draw_fbo = Ref<Object>(o);
    if (target != GL_DRAW_FRAMEBUFFER)
        f.c->read_fbo = Ref<Object>(o);
}

void fold_bind_renderbuffer(Fold& f, const char* r) {
    Object* o = f.object(NameClass::renderbuffer, (uint32_t)f.arg(r, Field::renderbuffer));
    if (o)
        o->bound_once = true;
    f.c->renderbuffer = Ref<Object>(o);
}

void fold_renderbuffer_storage(Fold& f, const char* r) {
    Object* o = f.place(r, Field::renderbuffer)
                    ? f.object(NameClass::renderbuffer, (uint32_t)f.arg(r, Field::renderbuffer))
                    : f.c->renderbuffer.get();
    if (auto* b = static_cast<Renderbuffer*>(o)) {
        f.gets_storage(b, -1, -1);
        b->storage = f.keep(r);
        b->gpu_dirty = false;
        b->has_contents = false;
        b->contents = {};
        b->planes.clear();
    }
}

void Fold::mark_dirty(Object* o) {
    if (o && o->cls == NameClass::texture) {
        auto* t = static_cast<Texture*>(o);
        t->gpu_dirty = true;
        mark_dirty(t->view_of.get());
        if (t->image)
            mark_dirty(t->image->source.get());
        // Of a buffer texture the texels are the buffer's.
        if (t->storage)
            for (const Dependency& d : t->storage->dependencies)
                if (d.object && d.object->cls == NameClass::buffer)
                    static_cast<Buffer&>(*d.object).gpu_dirty = true;
    } else if (o && o->cls == NameClass::renderbuffer) {
        auto* b = static_cast<Renderbuffer*>(o);
        b->gpu_dirty = true;
        if (b->image)
            mark_dirty(b->image->source.get());
    }
}

namespace {

Framebuffer* framebuffer_of(Fold& f, const char* r) {
    if (f.place(r, Field::framebuffer))
        return static_cast<Framebuffer*>(
            f.object(NameClass::framebuffer, (uint32_t)f.arg(r, Field::framebuffer)));
    return static_cast<Framebuffer*>(f.bound_framebuffer((uint32_t)f.arg(r, Field::target)));
}

// Drawing marks the framebuffer only; its attachments are marked before they change and when the
// marks are wanted.
void settle(Framebuffer& fb) {
    if (!fb.drawn)
        return;
    fb.drawn = false;
    for (auto& [point, a] : fb.attachments)
        Fold::mark_dirty(a.object.get());
}

void attach(Fold& f, const char* r, Object* o) {
    Framebuffer* fb = framebuffer_of(f, r);
    if (!fb)
        return;
    settle(*fb);
    const auto point = (uint32_t)f.arg(r, Field::attachment);
    // Both depth and stencil; the two may be replaced one by one later.
    if (point == GL_DEPTH_STENCIL_ATTACHMENT) {
        Ref<Kept> k = f.keep(r);
        fb->attachments[GL_DEPTH_ATTACHMENT] = {k, Ref<Object>(o)};
        fb->attachments[GL_STENCIL_ATTACHMENT] = {k, Ref<Object>(o)};
        return;
    }
    fb->attachments[point] = {f.keep(r), Ref<Object>(o)};
}

} // namespace

void settle_framebuffer(Framebuffer& fb) { settle(fb); }

void fold_attach_texture(Fold& f, const char* r) {
    attach(f, r, f.find(NameClass::texture, (uint32_t)f.arg(r, Field::texture)));
}
void fold_attach_renderbuffer(Fold& f, const char* r) {
    attach(f, r, f.find(NameClass::renderbuffer, (uint32_t)f.arg(r, Field::renderbuffer)));
}

static void note_front(Fold& f, uint32_t buffer, uint64_t drawable) {
    if (drawable && (buffer == GL_FRONT || buffer == GL_FRONT_LEFT || buffer == GL_LEFT ||
                     buffer == GL_FRONT_AND_BACK))
        f.front_used[drawable] = true;
}

void fold_draw_buffers(Fold& f, const char* r) {
    static const uint16_t fam = family("framebuffer.draw_buffers");
    if (f.c->draw_fbo)
        f.c->draw_fbo->slots.set({fam}, f.keep(r));
    else
        f.c->slots.set({kDefaultDrawFamily}, f.keep(r));
    if (!f.c->draw_fbo && Fold::is(r, Op::glDrawBuffer))
        note_front(f, f.as<rec::glDrawBuffer>(r).buf, f.c->draw_drawable);
}
void fold_read_buffer(Fold& f, const char* r) {
    static const uint16_t fam = family("framebuffer.read_buffer");
    if (f.c->read_fbo)
        f.c->read_fbo->slots.set({fam}, f.keep(r));
    else
        f.c->slots.set({kDefaultReadFamily}, f.keep(r));
    if (!f.c->read_fbo && Fold::is(r, Op::glReadBuffer))
        note_front(f, f.as<rec::glReadBuffer>(r).src, f.c->read_drawable);
}

void fold_named_framebuffer_drawn(Fold& f, const char* r) {
    f.mark_framebuffer(static_cast<Framebuffer*>(
        f.find(NameClass::framebuffer, (uint32_t)f.arg(r, Field::framebuffer))));
}

void Fold::mark_framebuffer(Framebuffer* fb) {
    if (fb)
        fb->drawn = true;
    else if (c->draw_drawable)
        drawable_dirty[c->draw_drawable] = true;
}

void Fold::drew() {
    mark_framebuffer(static_cast<Framebuffer*>(c->draw_fbo.get()));
    if (c->image_writes)
        mark_written_by_shaders();
    auto& tf = static_cast<TransformFeedback&>(*c->feedback);
    if (tf.active && !tf.paused) {
        tf.drawn = true;
        tf.counted = false;
        for (auto& [i, b] : tf.buffers)
            if (b)
                static_cast<Buffer&>(*b).gpu_dirty = true;
    }
}

// Any shader may have written any image, storage or atomic buffer that is bound.
void Fold::mark_written_by_shaders() {
    for (const auto& [key, kept] : c->slots.all()) {
        if (key.family == kImageFamily) {
            for (const Dependency& d : kept->dependencies)
                mark_dirty(d.object.get());
        } else if (key.family == kIndexedBufferFamily &&
                   (key.k[0] == GL_SHADER_STORAGE_BUFFER || key.k[0] == GL_ATOMIC_COUNTER_BUFFER)) {
            for (const Dependency& d : kept->dependencies)
                static_cast<Buffer&>(*d.object).gpu_dirty = true;
        }
    }
}

void fold_dispatch(Fold& f, const char*) { f.mark_written_by_shaders(); }

// glBitmap moves the raster position, in window coordinates (compatibility profile, section
// 18.6.2): the moves are parts of the slot that holds the position, kept as empty bitmaps. Moves by
// whole pixels (text) are added up, which is exact; of others up to a few dozen are kept.
void fold_bitmap(Fold& f, const char* r) {
    constexpr uint64_t kMost = 64;
    f.drew();
    const auto& b = f.as<rec::glBitmap>(r);
    if (b.xmove == 0 && b.ymove == 0)
        return;
    rec::glBitmap move{};
    move.xmove = b.xmove;
    move.ymove = b.ymove;
    auto whole = [](const rec::glBitmap& m) {
        return m.xmove == std::trunc(m.xmove) && m.ymove == std::trunc(m.ymove);
    };
    uint64_t n = 0;
    while (n < kMost && f.c->slots.find({kRasterFamily, 1, {n, 0}}))
        ++n;
    if (n > 0) {
        const auto& last = f.c->slots.find({kRasterFamily, 1, {n - 1, 0}})->as<rec::glBitmap>();
        if (n == kMost || (whole(move) && whole(last))) {
            move.xmove += last.xmove;
            move.ymove += last.ymove;
            --n;
        }
    }
    f.c->slots.set({kRasterFamily, 1, {n, 0}}, f.make(move));
}

// The accumulation buffer belongs to the drawable. What is in it only the driver knows.
static void mark_accum(Fold& f) {
    if (!f.c->draw_fbo && f.c->draw_drawable)
        f.accum_used[f.c->draw_drawable] = true;
}
void fold_accum(Fold& f, const char* r) {
    f.drew();
    if (f.as<rec::glAccum>(r).op != GL_RETURN)
        mark_accum(f);
}
void fold_clear(Fold& f, const char* r) {
    f.drew();
    // Clearing to the initial value makes it what it is in a new renderer.
    if (!(f.as<rec::glClear>(r).mask & GL_ACCUM_BUFFER_BIT))
        return;
    static const uint16_t fam = family("clear_accum");
    if (f.c->slots.find({fam}))
        mark_accum(f);
    else
        f.accum_used.erase(f.c->draw_drawable);
}

} // namespace glckpt::prune
