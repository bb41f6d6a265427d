// The state of contexts and share groups, as folded so far.
#pragma once
#include "gen/gl/records.h"
#include "prune/objects.h"
#include <memory>

namespace glckpt::prune {

constexpr int kUnits = 192; // combined texture units
constexpr int kTextureTargets = 12;
// Dense index of a texture target; -1 if it is none. Cube map faces give the cube map's.
int texture_target_index(uint32_t target);
uint32_t texture_target_of_index(int index);

struct Unit {
    std::array<Ref<Object>, kTextureTargets> bound;
    Ref<Object> sampler;
    Slots slots; // environment, coordinate generation, enables
};

// What glLockArraysEXT has in force: the array as sent, for the draws still to come. Once its
// pointer is given anew it is over. Its memory is used again and again: locks come by the hundred
// a frame.
struct LockedArray {
    rec::xClientArray record{};
    std::vector<char> data;
    Ref<Object> vao; // null: not in force
};

// One level of a matrix stack: a record that sets it whole, and what multiplied it since.
struct Matrix {
    std::vector<Ref<Kept>> history;
    bool computed = false; // in part by us: its last bits may not be the driver's
};
struct MatrixStack {
    std::vector<Matrix> levels{1};
};

// Which buffers are drawn to, or read from: of the framebuffer that was bound at the push, and set
// at the pop for the one that is bound then.
struct SavedBuffers {
    bool of_object = false; // a framebuffer object's, not the default framebuffer's
    Ref<Kept> record;       // null: the initial ones
};

struct SavedAttribs {
    uint32_t mask;
    Slots slots;
    std::map<int, Slots> units;
    std::map<int, std::array<Ref<Object>, kTextureTargets>> bound;
    uint32_t active_unit;
    uint32_t matrix_mode;
    SavedBuffers draw, read; // if the mask has them
    uint32_t touched = 0;    // ContextState's at the push, of the level below
    Ref<Kept> push;
};
struct SavedClient {
    uint32_t mask;
    UnpackState unpack;
    Slots pixel_store;
    Ref<Object> vao;
    Slots vao_slots;
    Ref<Object> element_buffer, array_buffer, pack_buffer, unpack_buffer;
    uint32_t client_unit;
    Ref<Kept> push;
};

struct Group {
    std::array<std::vector<Ref<Object>>, kNameClasses> dense;
    std::array<std::map<uint32_t, Ref<Object>>, kNameClasses> sparse;
    std::map<uint32_t, Ref<DisplayList>> lists;
    std::map<uint64_t, Ref<Kept>> syncs;
    // While a live set is emitted: objects that have lost their names and have made-up ones until
    // all contexts refer to them again.
    std::vector<Ref<Object>> temporary;
    uint32_t next_temporary = 0;
};

struct ContextState {
    uint32_t id = 0;
    std::shared_ptr<Group> group;
    std::array<std::vector<Ref<Object>>, kNameClasses> own_dense;
    std::array<std::map<uint32_t, Ref<Object>>, kNameClasses> own_sparse;
    Slots slots;
    std::vector<Unit> units;
    uint32_t active_unit = 0, client_unit = 0;
    UnpackState unpack;
    std::map<uint32_t, Ref<Object>> buffers; // by target
    Ref<Object> vao;                         // never null: name 0 is an object of its own
    Ref<Object> default_vao;
    std::map<uint32_t, LockedArray> locked; // by array
    Ref<Object> draw_fbo, read_fbo;         // null: the default framebuffer
    Ref<Object> renderbuffer, program, pipeline, feedback, default_feedback;
    std::map<uint32_t, Ref<Object>> arb_programs;         // by target
    std::map<uint32_t, Ref<Object>> default_arb_programs; // name 0, by target
    std::map<uint64_t, Ref<Object>> active_queries;
    uint32_t matrix_mode = 0x1700;            // GL_MODELVIEW
    std::map<uint64_t, MatrixStack> matrices; // by mode, and unit for GL_TEXTURE
    std::vector<SavedAttribs> attribs;
    std::vector<SavedClient> client_attribs;
    uint32_t popped = 0;  // groups (glPushAttrib's bits) that a pop was about, ever
    uint32_t touched = 0; // of which something was set since the last push
    Ref<Blob> told;       // what the driver had of the popped ones when it was asked last
    // Compiling a list
    Ref<DisplayList> list;
    uint32_t list_name = 0, list_mode = 0;
    std::map<int, Ref<Object>> default_textures; // name 0, by target index
    bool pixel_transfer_used = false;            // uploads are changed on their way in
    bool inside_begin = false;
    Ref<Kept> conditional; // glBeginConditionalRender in force
    // Filters of debug messages: a level for each group that is open, under the outermost.
    struct DebugLevel {
        Ref<Kept> push;
        std::vector<Ref<Kept>> controls;
    };
    std::vector<DebugLevel> debug{1};
    // Window system
    bool current = false; // in some thread
    bool ever_current = false;
    uint64_t draw_drawable = 0, read_drawable = 0;
    bool image_writes = false; // an image or storage binding that shaders may write through
    uint64_t feedback_draws = 0;
    uint64_t records = 0;
};

} // namespace glckpt::prune
