// The live set as an ordinary log, in canonical order: contexts; objects in dependency order;
// containers; contents; current state and bindings last. The renderer's ordinary decoders execute
// it; there is no second code path for replay.
#pragma once
#include "prune/fold.h"
#include <cstddef>
#include <set>
#include <span>
#include <vector>

namespace glckpt::prune {

// A payload of a record that is being emitted: where its reference stands, and the bytes.
struct EmittedPayload {
    uint16_t offset;
    const void* data;
    size_t bytes;
};

// Where an emitted log goes: a stream to a renderer, or the log section of an image.
class Sink {
  public:
    virtual ~Sink() = default;
    virtual void record(const char* bytes, size_t size,
                        std::span<const EmittedPayload> payloads) = 0;
};

class Emitter {
  public:
    // `lost`: the renderer has died, and what only it had with it.
    explicit Emitter(Sink& sink, bool lost = false) : sink_(sink), lost_(lost) {}

    // All of a share group: its objects through the first of `contexts`, then each context's own.
    void shared_objects(ContextState& c);
    // `with_lists`: the group's display lists with it.
    void context(ContextState& c, bool with_lists);
    // What a context's log begins with; false if the context was never current (nothing to emit).
    bool begin(ContextState& c);
    static bool emits(const ContextState& c) {
        return c.draw_drawable || c.read_drawable || c.ever_current;
    }
    void end(ContextState& c);
    // Behind the last context of a group that was emitted: what has lost its name loses it again.
    void end_of_group(Group& g);
    // Forgets an emission that did not come to its end.
    static void abandon(Group& g);
    uint64_t records = 0;
    uint64_t bytes = 0;

    // All EGL images there are; each with its `home`.
    const std::vector<EglImage*>* egl_images = nullptr;

    // --- used by the pieces
    template <class R>
    void put(R r, std::initializer_list<EmittedPayload> payloads = {}) {
        r.head_ = {(uint16_t)R::kOp, 0, (uint32_t)sizeof r};
        write(reinterpret_cast<const char*>(&r), sizeof r,
              std::span(payloads.begin(), payloads.size()));
    }
    // One sample's contents of a texture (its target), renderbuffer or drawable
    // (GL_FRAMEBUFFER_DEFAULT).
    void plane(const Contents& k, uint64_t name, uint32_t target);
    void kept(const Kept& k);
    // The same, with one name replaced.
    void kept_as(const Kept& k, size_t offset, uint32_t name);
    void all(const Slots& s);
    uint32_t name_of(Object* o);

  private:
    void write(const char* bytes, size_t size, std::span<const EmittedPayload> payloads);
    void unpack(const UnpackState& u);
    void note_pixel_store(const rec::glPixelStorei& r);
    void texture(Texture& t);
    void images(Texture& t, uint32_t name);
    void egl_image(EglImage& i);
    void texture_of_image(Texture& t, uint32_t name);
    bool told_already(const Object& o);
    bool makes_images(const Object& o) const;
    void contents(const Texture& t, uint32_t name, std::pair<int, int> key, const Contents& k,
                  bool define);
    void buffer(Buffer& b);
    void renderbuffer(Renderbuffer& r);
    void sampler(Object& s);
    void program(Program& p);
    void executable(const Program& p, const Program::Executable& e, uint32_t name);
    void failed_link(const Program& p, uint32_t name);
    void shader(Program& s);
    void shader_text(const Kept& text, uint32_t name);
    void compiled(const Kept& text, const Kept* specialized, uint32_t name);
    void arb_program(ArbProgram& p);
    void lists(ContextState& c);
    void open_list(ContextState& c);
    void display_list(uint32_t name, const DisplayList& l);
    void vertex_array(VertexArray& v, bool contents);
    void framebuffer(Framebuffer& f);
    void arrays(const Slots& slots, Object* element_buffer);
    void numbers(const Program& p, uint32_t name);
    void query(Query& q);
    void end_query(const Query& q);
    void query_result(Query& q, bool complete);
    void active_queries(ContextState& c);
    void feedback(TransformFeedback& t);
    void active_feedback(ContextState& c);
    void feedback_count(const TransformFeedback& t, uint32_t name);
    void label(Object& o);
    void pipeline(Pipeline& p);
    void unit(ContextState& c, size_t index, const Unit& u);
    void state(ContextState& c);
    void state_slots(const Slots& s);
    void left_materials(const std::vector<Kept*>& records);
    void raster_position(const Slots& s);
    void transformed(const Kept& k);
    void matrices(ContextState& c);
    void attrib_stack(ContextState& c);
    uint32_t saved_buffers(const SavedAttribs& s);
    void begin_untouched(size_t level);
    void end_untouched(size_t level, uint32_t touched);
    void buffers_again(ContextState& c);
    void client_stack(ContextState& c);
    void bindings(ContextState& c);
    void temporaries(ContextState& c);
    uint32_t lost_buffer(const VertexArray& v);
    void unnamed(ContextState& c);

    void zeroes(const Texture& t, uint32_t name, std::pair<int, int> key);
    void zeroes_if_none(const Texture& t, uint32_t name, std::pair<int, int> key,
                        const Kept& definition);

    Sink& sink_;
    const bool lost_;
    UnpackState unpack_;
    uint32_t next_temporary_ = 0x50000000;
    std::vector<Ref<Object>> temporary_; // objects that have a name for now
    Group* group_ = nullptr;             // which has more of them
    bool had_framebuffers_ = false;
    const VertexArray* emitting_array_ = nullptr;         // whose contents are being emitted
    std::map<const VertexArray*, uint32_t> lost_buffers_; // what stands for buffers that it lost
    // While there are EGL images: what has been emitted of them and of what they are made of.
    std::set<const void*> told_;
    uint32_t stencil_face_ = GL_FRONT;
};

// Objects of a group or context that exist, in the order they were made; those that have lost
// their name but are still referred to are found through what refers to them.
std::vector<Object*> live_objects(ContextState& c, NameClass cls);
void each_unnamed(ContextState& c, const std::function<void(Object&)>& each);

} // namespace glckpt::prune
