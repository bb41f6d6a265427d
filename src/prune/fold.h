// The fold: one record after the other into the live set.
#pragma once
#include "gen/gl/records.h"
#include "prune/state.h"
#include <functional>

namespace glckpt::prune {

enum class Effect : uint8_t {
    Unknown,
    None,
    Draw,
    State,
    Unit,
    Object,
    Hand,
    Gen,
    Create,
    Delete,
    As
};
// Parameters that commands of one kind have in common, wherever they stand in the record.
enum class Field : uint8_t {
    target,
    texture,
    level,
    layer,
    internal_format,
    x,
    y,
    z,
    width,
    height,
    depth,
    format,
    type,
    pixels,
    image_size,
    attachment,
    textarget,
    renderbuffer,
    framebuffer,
    buffer,
    index,
    offset,
    size,
    pname,
    face,
    light,
    plane,
    coord,
    count,
    first,
    program,
    location,
    id,
    array,
    flags,
    usage,
    levels,
    samples,
    cap,
    list,
    stride,
    pointer,
    stages,
    mask,
    unit,
    access,
    vaobj,
    block,
    names,
    object,
    created
};
struct FieldPlace {
    Field field;
    uint8_t bytes;
    uint16_t offset;
};
enum class Address : uint8_t { Current, Name, Target };

class Fold;
using FoldFunction = void(Fold& f, const char* record);

struct KeyField {
    uint16_t offset;
    uint8_t bytes; // 0: a string payload, hashed; 255: the constant `whole`
    bool has_whole;
    uint64_t whole; // this value stands for all
};
struct NameField {
    uint16_t offset;
    NameClass cls;
};
// A command that is one of the core's with something else in place of what is bound.
enum class Retarget : uint8_t { texture, unit, matrix, framebuffer, renderbuffer, arb_program };
struct CopiedField {
    uint16_t from, to;
    uint8_t bytes;
    bool payload;
};
struct AsCore {
    Retarget what;
    uint16_t core;     // operation
    uint16_t selector; // offset of what stands in place
    uint16_t size, core_size;
    uint16_t constant_at; // 0: none
    uint32_t constant;
    const CopiedField* copies;
    uint8_t copy_count;
};
struct Rule {
    Effect effect;
    uint16_t family;
    uint8_t keys;
    KeyField key[2];
    uint32_t groups; // attribute groups
    NameClass cls;
    Address address;
    uint16_t address_offset;
    uint8_t names;
    NameField name[3];
    const FieldPlace* fields;
    uint8_t field_count;
    const AsCore* as;
    FoldFunction* function;
};
// Members of a record that are payload references.
struct Payloads {
    uint8_t count;
    uint16_t offset[6];
};
extern const Rule kRules[];
extern const Payloads kPayloads[];
// Commands that are executed at once even while a display list is being compiled (OpenGL 4.6
// compatibility, section 21.4): they are the ones that return something, or manage objects.
bool compiled_into_list(uint16_t op);
void note_list_sources(Fold& f); // a draw is compiled
bool reads_pixels(uint16_t op);  // as glPixelStore says
bool about_arrays(uint16_t op);  // not compiled, but it takes them to compile draws
extern const uint32_t kFamilyGroups[];
extern const unsigned kFamilyCount;

// Where payloads in transit lie, for records still in a stream.
struct PayloadSource {
    const char* arena = nullptr;
    std::function<const char*(uint32_t index)> large;
};

class Fold {
  public:
    ContextState* c = nullptr; // of the record being folded
    PayloadSource source;
    uint64_t sequence = 0;

    // Folds one record of context `c` that the driver accepted.
    void record(const char* bytes);

    // --- what the functions are made of
    Ref<Kept> keep(const char* record);
    const void* payload(const char* record, log::PayloadRef ref) const;
    // What the record takes out of the pixel unpack buffer goes into the kept copy: the buffer may
    // be another by the time it is emitted.
    void take_from_buffer(Kept& k);
    template <class R>
    static const R& as(const char* record) {
        return *reinterpret_cast<const R*>(record);
    }
    // A parameter by its kind; `missing` if the command has none such.
    int64_t arg(const char* record, Field field, int64_t missing = 0) const;
    const FieldPlace* place(const char* record, Field field) const;
    const void* payload(const char* record, Field field, size_t* bytes = nullptr) const;
    static uint16_t op(const char* record) {
        return reinterpret_cast<const log::RecordHeader*>(record)->op;
    }
    static bool is(const char* record, Op o) { return op(record) == (uint16_t)o; }
    // The driver raised an error, and did nothing of it (with few exceptions: record()).
    static bool failed(const char* record) {
        const auto& h = *reinterpret_cast<const log::RecordHeader*>(record);
        return (h.flags & log::kFailed) && !(h.flags & log::kPartly);
    }
    // Makes a record of our own, as if the app had issued it.
    template <class R>
    Ref<Kept> make(const R& r) {
        Ref<Kept> k(new Kept);
        k->bytes.assign(reinterpret_cast<const char*>(&r),
                        reinterpret_cast<const char*>(&r) + sizeof r);
        auto* h = reinterpret_cast<log::RecordHeader*>(k->bytes.data());
        *h = {(uint16_t)R::kOp, 0, (uint32_t)sizeof r};
        k->sequence = ++sequence;
        k->doubtful = doubtful;
        return k;
    }
    Ref<Object>& name_slot(NameClass cls, uint32_t name);
    // The object of that name; made if it is new. Null for 0.
    Object* object(NameClass cls, uint32_t name);
    Object* find(NameClass cls, uint32_t name);
    template <class T>
    T* find_as(NameClass cls, uint32_t name) {
        return static_cast<T*>(find(cls, name));
    }
    void add_dependency(Kept& k, size_t offset, Object* o) {
        if (o)
            k.dependencies.push_back({(uint16_t)offset, Ref<Object>(o)});
    }
    void set_state(uint16_t family, Ref<Kept> k) { c->slots.set({family}, std::move(k)); }
    Unit& unit(uint32_t index);
    Object* bound_texture(uint32_t target);
    void bind_texture(uint32_t unit, uint32_t target, uint32_t name);
    Object* bound_buffer(uint32_t target);
    Object* bound_framebuffer(uint32_t target);
    // Something was drawn: what may have been written?
    void drew();
    void mark_framebuffer(Framebuffer* f); // null: the default one
    // The driver alone knows the contents of this texture (and of what it is a view of) or
    // renderbuffer.
    static void mark_dirty(Object* o);

    // --- EGL images (fold/images.cpp)
    // The texture or renderbuffer is given storage of its own: it shares none any longer. Face and
    // level -1: all.
    void gets_storage(Object* o, int face, int level);
    void destroy_image(uint64_t id);
    std::map<uint64_t, Ref<EglImage>> named_images; // that the app may name
    std::vector<EglImage*> images;                  // all, also those that only siblings have
    std::vector<uint64_t> images_gone;              // that the renderer may forget

    // Materials no longer follow the current color: they keep the last one.
    void leave_color_material();
    // Notes the matrices that transform what `k` gives.
    void with_modelview(Kept& k);
    MatrixStack& matrix(uint32_t mode);
    ArbProgram& arb_program(uint32_t target); // bound; name 0 is an object of its own
    void unbind(Object* o);
    void delete_object(NameClass cls, uint32_t name);
    void mark_written_by_shaders();
    void call_list(uint32_t name, int depth);

    // A command that is not covered was called: its name, for the veto.
    void veto(uint16_t op);
    std::map<uint16_t, uint64_t> vetoes; // op -> times
    std::map<uint64_t, bool> drawable_dirty;
    // Drawables whose front buffer a program has named. Mesa's software drivers keep one of their
    // own beside what is on the screen, and others begin to: only for those is it written by
    // itself.
    std::map<uint64_t, bool> front_used;
    std::map<uint64_t, bool> accum_used; // drawables whose accumulation buffer holds something
    int list_depth = 0;
    uint32_t pop_ways = 0; // what the driver's glPopAttrib is like (log/record.h)
    void note_ways_of_pop(uint16_t flags) {
        constexpr uint16_t ways =
            log::kPopForgets | log::kPopLeavesLights | log::kPopLeavesAlpha | log::kPopLeavesNewer;
        if (flags >> log::kPoppedUnitShift) // else the renderer has said nothing
            pop_ways = flags & ways;
    }
    bool doubtful = false;         // a list is called in which something is wrong (Kept::doubtful)
    const Kept* heap_of = nullptr; // whose blobs a Heap payload means, while a list is called

  private:
    void effect(const char* record);
    void as_core(const AsCore& as, const char* record);
    void set(Slots& slots, const Key& key, const Rule& rule, const char* record);
    void apply(const Rule& rule, const char* record);
    void gen(const Rule& rule, const char* record);
    void delete_names(const Rule& rule, const char* record);
    Object* addressed(const Rule& rule, const char* record);
};

// Families of the hand-written functions, beyond the generated ones.
constexpr uint16_t kLightFamily = 5001, kClipPlaneFamily = 5002, kRasterFamily = 5003,
                   kMaterialFamily = 5005, kNoteFamily = 5006, kStagesFamily = 5007,
                   kArbLocalFamily = 5008, kDefaultDrawFamily = 5009, kDefaultReadFamily = 5010,
                   kImageFamily = 5011, kIndexedBufferFamily = 5012, kTexGenFamily = 5013,
                   kUniformFamily = 5014, kListBaseFamily = 5015, kBlockFamily = 5016,
                   kStorageBlockFamily = 5017, kPixelStoreFamily = 5018,
                   kPixelTransferFamily = 5019, kPixelMapFamily = 5020, kBackStencilFamily = 5021,
                   kProxyFamily = 5022, kAfterLinkFamily = 5100;

// Marks what a framebuffer was drawn into.
void settle_framebuffer(Framebuffer& fb);

// Families are numbered by the generator; the functions name them through this.
uint16_t family(const char* name);

} // namespace glckpt::prune
