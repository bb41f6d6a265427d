#include "interpose/live/readback.h"
#include "interpose/live/unnamed.h"
#include "interpose/session.h"
#include "interpose/ws/for_gl.h"
#include "log/readback.h"
#include "prune/emit/emit.h"
#include "x11/for_gl.h"
#include <algorithm>

namespace glckpt {
namespace {

using prune::Blob;
using prune::Ref;

struct Answer {
    std::vector<char> bytes;
    template <class Each>
    void for_each(Each each) const {
        size_t at = 0;
        while (at + sizeof(log::ReadbackPart) <= bytes.size()) {
            log::ReadbackPart p;
            memcpy(&p, bytes.data() + at, sizeof p);
            at += sizeof p;
            if (at + p.bytes > bytes.size())
                return;
            each(p, bytes.data() + at);
            at += p.bytes;
        }
    }
};

Answer ask(uint32_t stream, log::ReadbackKind kind, uint64_t name, uint32_t target) {
    log::ReadbackQuestion q{};
    q.stream = stream;
    q.kind = kind;
    q.name = name;
    q.target = target;
    return {Session::get().ask(log::Ask::Readback, q)};
}

Answer ask(const DrawableInfo& d, bool accum) {
    log::ReadbackQuestion q{};
    q.stream = d.context;
    q.kind = log::ReadbackKind::Drawable;
    q.name = d.drawable;
    q.width = d.width;
    q.height = d.height;
    q.active = accum;
    const bool window = d.kind == log::ws::SurfaceKind::GlxBareWindow ||
                        d.kind == log::ws::SurfaceKind::GlxWindow ||
                        d.kind == log::ws::SurfaceKind::EglWindow;
    if (window && d.window) {
        q.window = x11::real_xid(d.window);
        strncpy(q.display, x11::current_display().c_str(), sizeof q.display - 1);
    }
    return {Session::get().ask(log::Ask::Readback, q)};
}

bool has_named_origin(const prune::Texture& t) {
    return t.view_of &&
           (t.view_of->named || has_named_origin(static_cast<const prune::Texture&>(*t.view_of)));
}
bool is_view_of(const prune::Texture& t, const prune::Object& of) {
    return t.view_of && (t.view_of.get() == &of ||
                         is_view_of(static_cast<const prune::Texture&>(*t.view_of), of));
}

Status read_texture(uint32_t stream, prune::Texture& t) {
    if (t.buffer_texture || t.image || has_named_origin(t) || (t.images.empty() && !t.storage)) {
        t.gpu_dirty = false; // its contents are somebody else's, or it has none
        return {};
    }
    const Answer a = ask(stream, log::ReadbackKind::Texture, t.name, t.target);
    if (a.bytes.empty())
        return Status::refused("texture " + std::to_string(t.name) +
                               " holds what only the GPU has, and it cannot be read back");
    t.gpu_dirty = false;
    t.mipmaps = Ref<prune::Kept>();
    t.planes.clear();
    a.for_each([&](const log::ReadbackPart& p, const char* bytes) {
        if (p.samples) {
            t.planes.push_back(contents_of(p, bytes));
            return;
        }
        auto& image = t.images[{p.face, p.level}];
        if (!t.storage)
            image.definition = prune::layout_alone(image.definition);
        image.updates.clear();
        image.update_bytes = 0;
        image.contents = contents_of(p, bytes);
        image.has_contents = true;
    });
    return {};
}

// Programs' numbers, once an executable. Those that cannot be asked (a failed link) have none.
void read_numbers(uint32_t stream, prune::ContextState& c) {
    for (prune::Object* o : prune::live_objects(c, NameClass::program)) {
        auto& p = static_cast<prune::Program&>(*o);
        if (p.numbers || (!p.executable.exists && !p.shader_program))
            continue;
        p.numbers = Ref<Blob>(Blob::make(0));
        ask(stream, log::ReadbackKind::Numbers, p.name, 0)
            .for_each([&](const log::ReadbackPart& part, const char* bytes) {
                p.numbers = Ref<Blob>(Blob::copy(bytes, part.bytes));
            });
    }
}

// Results of queries that have ended, once; of active ones what they have counted so far.
Status read_queries(uint32_t stream, prune::ContextState& c) {
    auto read = [&](prune::Query& q) {
        log::ReadbackQuestion question{};
        question.stream = stream;
        question.kind = log::ReadbackKind::Query;
        question.name = q.name;
        question.target = q.target;
        question.index = q.index;
        question.active = q.active;
        const Answer a{Session::get().ask(log::Ask::Readback, question)};
        bool known = false;
        a.for_each([&](const log::ReadbackPart& part, const char* bytes) {
            if (part.bytes == sizeof q.value) {
                memcpy(&q.value, bytes, sizeof q.value);
                known = true;
            }
        });
        return known;
    };
    for (prune::Object* o : prune::live_objects(c, NameClass::query)) {
        auto& q = static_cast<prune::Query&>(*o);
        if (q.active || (q.ended && !q.complete)) {
            if (!read(q))
                return Status::refused("the driver does not tell the result of GL query " +
                                       std::to_string(q.name));
            q.complete = !q.active;
        }
    }
    return {};
}

// How much each transform feedback has captured: where an active one goes on, and what
// glDrawTransformFeedback draws of one that has ended.
Status read_feedbacks(uint32_t stream, prune::ContextState& c) {
    std::vector<prune::Object*> all = prune::live_objects(c, NameClass::transform_feedback);
    all.push_back(c.default_feedback.get());
    if (!(c.feedback == c.default_feedback) && !c.feedback->named)
        all.push_back(c.feedback.get());
    for (prune::Object* o : all) {
        auto& t = static_cast<prune::TransformFeedback&>(*o);
        if (!t.drawn || t.counted || (!t.active && !t.ended))
            continue;
        const Status busy =
            Status::refused("it is in the middle of a transform feedback; try again");
        // A program that has lost its name is only there while it is in use.
        const bool program_there = !t.program || t.program->named || t.program == c.program;
        if (c.conditional || !program_there || (t.active && !o->named))
            return busy;
        log::ReadbackQuestion q{};
        q.stream = stream;
        q.kind = log::ReadbackKind::Feedback;
        q.name = t.name;
        q.active = t.active;
        q.paused = t.paused;
        q.target = t.program ? t.program->name : 0;
        q.index = t.begin ? t.begin->as<rec::glBeginTransformFeedback>().primitiveMode : 0;
        const Answer a{Session::get().ask(log::Ask::Readback, q)};
        a.for_each([&](const log::ReadbackPart& part, const char* bytes) {
            if (part.bytes == sizeof t.count) {
                memcpy(&t.count, bytes, sizeof t.count);
                t.counted = true;
            }
        });
        if (!t.counted)
            return busy;
    }
    return {};
}

// The color that lighting gave the raster position: the driver's, while it is the present one.
Status read_raster(uint32_t stream, prune::ContextState& c) {
    const prune::Key key{prune::kRasterFamily};
    if (prune::Kept* k = c.slots.find(key); k && k->lit && !k->color)
        ask(stream, log::ReadbackKind::Raster, 0, 0)
            .for_each([&](const log::ReadbackPart& p, const char* bytes) {
                k->color = Ref<Blob>(Blob::copy(bytes, p.bytes));
            });
    auto unknown = [&](const prune::Slots& s) {
        const prune::Kept* k = s.find(key);
        return k && k->lit && !k->color;
    };
    bool lost = unknown(c.slots);
    for (const prune::SavedAttribs& s : c.attribs)
        lost |= unknown(s.slots);
    return lost ? Status::refused("a raster position that lighting has colored is on the attribute "
                                  "stack; try again")
                : Status();
}

// Matrices that the pruner had to compute: as the driver has them. (Those below the top of a stack
// are nobody's to ask for; and between glNewList and glEndList no unit can be chosen.)
void read_matrices(uint32_t stream, prune::ContextState& c, prune::Fold& f) {
    for (auto& [key, stack] : c.matrices) {
        prune::Matrix& top = stack.levels.back();
        if (!top.computed || c.list)
            continue;
        log::ReadbackQuestion question{};
        question.stream = stream;
        question.kind = log::ReadbackKind::Matrix;
        question.target = (uint32_t)key;
        question.index = (uint32_t)(key >> 32);
        const Answer a{Session::get().ask(log::Ask::Readback, question)};
        a.for_each([&](const log::ReadbackPart& p, const char* bytes) {
            rec::glLoadMatrixf load{};
            const Ref<prune::Kept> k = f.make(load);
            k->bytes.resize(sizeof load + p.bytes);
            memcpy(k->bytes.data() + sizeof load, bytes, p.bytes);
            auto& r = k->as<rec::glLoadMatrixf>();
            r.head_.size = (uint32_t)k->bytes.size();
            r.m = {(uint32_t)p.bytes, log::PayloadRef::Inline, (uint32_t)sizeof load};
            top.history.assign(1, k);
            top.computed = false;
        });
    }
}

// What glPopAttrib has put back is the driver's business (src/replay/told).
void read_popped(uint32_t stream, prune::ContextState& c) {
    c.told = {};
    if (c.popped)
        ask(stream, log::ReadbackKind::State, c.popped, 0)
            .for_each([&](const log::ReadbackPart& p, const char* bytes) {
                c.told = Ref<Blob>(Blob::copy(bytes, p.bytes));
            });
}

// A texture that was deleted while there are views of it is read, and told, through them: what
// none of them shows is out of everybody's reach.
bool read_through_views(uint32_t stream, prune::ContextState& c, prune::Texture& deleted,
                        Status* status) {
    bool any = false;
    for (prune::Object* o : prune::live_objects(c, NameClass::texture))
        if (auto& view = static_cast<prune::Texture&>(*o); is_view_of(view, deleted) && *status) {
            any = true;
            *status = read_texture(stream, view);
        }
    if (any)
        deleted.gpu_dirty = false;
    return any;
}

// Images whose source has no name, or is the copy of what it was before it got other storage: what
// the driver alone knows is read through the image, and is all that is left of the source, unless
// something else still refers to that.
Status read_images(Pruner& p) {
    const std::vector<prune::EglImage*>& all = p.fold().images;
    for (prune::EglImage* i : all) {
        prune::Object& o = *i->source;
        const bool texture = o.cls == NameClass::texture;
        const bool dirty = texture ? static_cast<prune::Texture&>(o).gpu_dirty &&
                                         !static_cast<prune::Texture&>(o).image
                                   : static_cast<prune::Renderbuffer&>(o).gpu_dirty &&
                                         !static_cast<prune::Renderbuffer&>(o).image;
        const auto holders = std::count_if(all.begin(), all.end(), [&](const prune::EglImage* e) {
            return e->source.get() == &o;
        });
        if (o.named || !dirty || o.refs > holders)
            continue;
        const prune::ContextState* reader = nullptr;
        for (auto& [id, e] : p.entries())
            if (e.state->ever_current && (!reader || e.state->group.get() == i->home))
                reader = e.state.get();
        auto* t = new prune::Texture(NameClass::texture, 0);
        prune::Ref<prune::Object> made(t);
        t->target = GL_TEXTURE_2D;
        t->named = false;
        t->bound_once = true;
        if (reader)
            ask(reader->id, log::ReadbackKind::Image, i->id, GL_TEXTURE_2D)
                .for_each([&](const log::ReadbackPart& part, const char* bytes) {
                    auto& image = t->images[{0, 0}];
                    image.contents = contents_of(part, bytes);
                    image.has_contents = true;
                });
        if (t->images.empty())
            return Status::refused("an EGL image whose source is gone cannot be read back");
        rec::xCreateImage record = i->created->as<rec::xCreateImage>();
        record.target = 0x30B1; // EGL_GL_TEXTURE_2D
        record.attribs = {};
        i->created = p.fold().make(record);
        i->source = made;
    }
    return {};
}

// Of the objects that have lost their names, and of texture 0 of each target: only this context
// refers to them.
Status read_unnamed(uint32_t stream, prune::ContextState& c) {
    for (const auto& [target, o] : c.default_textures)
        if (auto& t = static_cast<prune::Texture&>(*o); t.gpu_dirty)
            if (Status s = read_texture(stream, t); !s)
                return s;
    Status s;
    prune::each_unnamed(c, [&](prune::Object& o) {
        const bool dirty = o.cls == NameClass::texture ? static_cast<prune::Texture&>(o).gpu_dirty
                           : o.cls == NameClass::renderbuffer
                               ? static_cast<prune::Renderbuffer&>(o).gpu_dirty
                           : o.cls == NameClass::buffer ? static_cast<prune::Buffer&>(o).gpu_dirty
                                                        : false;
        if (!dirty || !s)
            return;
        if (o.cls == NameClass::texture &&
            read_through_views(stream, c, static_cast<prune::Texture&>(o), &s))
            return;
        if (o.cls == NameClass::texture &&
            read_attached(stream, c, static_cast<prune::Texture&>(o)))
            return;
        if (o.cls == NameClass::renderbuffer &&
            read_attached(stream, c, static_cast<prune::Renderbuffer&>(o)))
            return;
        if (s)
            s = Status::refused(std::string(o.cls == NameClass::texture  ? "texture "
                                            : o.cls == NameClass::buffer ? "buffer "
                                                                         : "renderbuffer ") +
                                std::to_string(o.name) + " has been deleted and is still in use, " +
                                "and holds what only the GPU has; try again");
    });
    return s;
}

Status read_group(uint32_t stream, prune::ContextState& c) {
    read_numbers(stream, c);
    for (prune::Object* o : prune::live_objects(c, NameClass::texture))
        if (auto& t = static_cast<prune::Texture&>(*o); t.gpu_dirty && t.bound_once)
            if (Status s = read_texture(stream, t); !s)
                return s;
    for (prune::Object* o : prune::live_objects(c, NameClass::renderbuffer))
        if (auto& b = static_cast<prune::Renderbuffer&>(*o); b.image) {
            b.gpu_dirty = false;
        } else if (b.gpu_dirty && b.storage) {
            const Answer a = ask(stream, log::ReadbackKind::Renderbuffer, b.name, 0);
            if (a.bytes.empty())
                return Status::refused("renderbuffer " + std::to_string(b.name) +
                                       " holds what only the GPU has, and it cannot be read back");
            b.gpu_dirty = false;
            b.planes.clear();
            a.for_each([&](const log::ReadbackPart& p, const char* bytes) {
                if (p.samples) {
                    b.planes.push_back(contents_of(p, bytes));
                    return;
                }
                b.contents = contents_of(p, bytes);
                b.has_contents = true;
            });
        }
    for (prune::Object* o : prune::live_objects(c, NameClass::buffer))
        if (auto& b = static_cast<prune::Buffer&>(*o); b.gpu_dirty && b.data) {
            const Answer a = ask(stream, log::ReadbackKind::Buffer, b.name, 0);
            if (a.bytes.empty())
                return Status::refused("buffer " + std::to_string(b.name) +
                                       " holds what only the GPU has, and it cannot be read back");
            b.gpu_dirty = false;
            a.for_each([&](const log::ReadbackPart& p, const char* bytes) {
                if (p.bytes == b.data->bytes)
                    memcpy(b.data->data, bytes, p.bytes);
            });
        }
    return {};
}

} // namespace

std::map<uint64_t, DrawableContents>& drawable_contents() {
    static auto* const map = new std::map<uint64_t, DrawableContents>;
    return *map;
}

// For glckpt-info: what the app itself may not have asked.
static void read_strings(Context* c) {
    if (c->strings.count(GL_VERSION) && c->strings.count(GL_RENDERER))
        return;
    ask(c->id, log::ReadbackKind::Strings, 0, 0)
        .for_each([&](const log::ReadbackPart& part, const char* bytes) {
            if (c->strings.count((uint64_t)part.level))
                return;
            char* copy = static_cast<char*>(operator new(part.bytes + 1));
            memcpy(copy, bytes, part.bytes);
            copy[part.bytes] = 0;
            c->strings[(uint64_t)part.level] = (const GLubyte*)copy;
        });
}

Status read_back_dirty(Pruner& p) {
    std::map<prune::Group*, bool> done;
    for (auto& [id, e] : p.entries()) {
        if (!e.state->ever_current)
            continue;
        for (prune::Object* o : prune::live_objects(*e.state, NameClass::framebuffer))
            prune::settle_framebuffer(static_cast<prune::Framebuffer&>(*o));
    }
    for (auto& [id, e] : p.entries()) {
        if (!e.state->ever_current || done[e.state->group.get()])
            continue;
        done[e.state->group.get()] = true;
        if (Status s = read_group(id, *e.state); !s)
            return s;
    }
    if (Status s = read_images(p); !s)
        return s;
    for (auto& [id, e] : p.entries())
        if (e.state->ever_current) {
            if (Status s = read_feedbacks(id, *e.state); !s)
                return s;
            if (Status s = read_queries(id, *e.state); !s)
                return s;
            if (Status s = read_unnamed(id, *e.state); !s)
                return s;
            if (Status s = read_raster(id, *e.state); !s)
                return s;
            read_matrices(id, *e.state, p.fold());
            read_popped(id, *e.state);
        }
    for (auto& [id, e] : p.entries())
        if (e.state->current)
            read_strings(e.context);
    std::vector<DrawableInfo> drawables;
    ws_for_each_drawable(
        [](const DrawableInfo& d, void* to) {
            static_cast<std::vector<DrawableInfo>*>(to)->push_back(d);
        },
        &drawables);
    // What the app has destroyed is forgotten.
    auto gone = [&](const auto& e) {
        return std::none_of(drawables.begin(), drawables.end(),
                            [&](const DrawableInfo& d) { return d.drawable == e.first; });
    };
    std::erase_if(drawable_contents(), gone);
    std::erase_if(p.fold().drawable_dirty, gone);
    std::erase_if(p.fold().accum_used, gone);
    std::erase_if(p.fold().front_used, gone);
    for (const DrawableInfo& d : drawables) {
        // A bare window that has become a drawable of another config has none of what it had.
        if (const auto it = drawable_contents().find(d.drawable);
            it != drawable_contents().end() && it->second.config != d.config)
            drawable_contents().erase(it);
        bool& dirty = p.fold().drawable_dirty[d.drawable];
        if (!d.context || !dirty || !p.entries().count(d.context))
            continue;
        dirty = false;
        DrawableContents now;
        now.config = d.config;
        bool accum = p.fold().accum_used.count(d.drawable) != 0;
        ask(d, accum).for_each([&](const log::ReadbackPart& part, const char* bytes) {
            const bool first = part.level == (int32_t)log::DrawableBuffer::Accum;
            accum &= !first;
            // Writing that one back goes over the color buffer: it comes first.
            now.parts.insert(first ? now.parts.begin() : now.parts.end(),
                             {part.level, contents_of(part, bytes)});
        });
        if (accum)
            return Status::refused("its accumulation buffer cannot be read back");
        drawable_contents()[d.drawable] = std::move(now);
    }
    return {};
}

} // namespace glckpt
