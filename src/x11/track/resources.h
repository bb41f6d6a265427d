// What the app has made in the server: one table for all connections of a display, because they
// may use each other's resources.
//
// A server keeps some things alive after their id is freed: the pixmap behind a GC's tile, a
// window's background or a picture; a window's cursor; a GC's font. Cursors and fonts we can make
// again from what we know (CursorShape, FontName), so those are shared between their holders. A
// pixmap's contents are only in the server and only reachable by its id: so its Free is withheld
// while something of ours refers to it, and sent when the last holder lets go.
#pragma once
#include "x11/wire/bytes.h"
#include "x11/wire/ids.h"
#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace glckpt::x11 {

using ConnectionId = uint32_t; // never reused

enum class Kind : uint8_t {
    Window,
    Pixmap,
    Gc,
    Font,
    Cursor,
    Colormap,
    Picture,
    GlyphSet,
    Region,
    Counter,
    Alarm,
    Fence,
    Damage
};

struct Resource {
    Kind kind;
    VirtualXid id;
    ConnectionId owner = 0;
    uint64_t order = 0; // of creation
    virtual ~Resource() = default;

  protected:
    explicit Resource(Kind k) : kind(k) {}
};

// A value list: what a mask and a row of 32-bit values say, merged over all requests.
template <size_t N>
struct Values {
    uint32_t mask = 0;
    std::array<uint32_t, N> value{};
    bool has(unsigned i) const { return mask >> i & 1; }
    void set(unsigned i, uint32_t v) {
        mask |= 1u << i;
        value[i] = v;
    }
    void unset(unsigned i) { mask &= ~(1u << i); }
    // Appends what `which` selects, as the wire has it.
    void append_to(Bytes& out, uint32_t which) const {
        for (unsigned i = 0; i < N; ++i)
            if ((mask & which) >> i & 1) {
                const size_t at = out.size();
                out.resize(at + 4);
                store32(&out[at], value[i]);
            }
    }
};

struct Pixmap : Resource {
    static constexpr Kind kKind = Kind::Pixmap;
    Pixmap() : Resource(kKind) {}
    uint8_t depth = 0;
    uint16_t width = 0, height = 0;
    bool freed = false; // the app has; see above
    // Composite's name for what this window is drawn on, for as long as it keeps its size.
    VirtualXid named_of;
    Bytes image; // ZPixmap, from drain to attach
};
using PixmapRef = std::shared_ptr<Pixmap>;

// A pattern's font is another's on a server with another resolution: `exact` is what the first
// one chose (its FONT property), once that has been asked.
struct FontName {
    std::string name, exact{};
    bool asked = false;
};
using FontRef = std::shared_ptr<FontName>;

struct Font : Resource {
    static constexpr Kind kKind = Kind::Font;
    Font() : Resource(kKind) {}
    FontRef font;
};

struct Rgb {
    uint16_t red = 0, green = 0, blue = 0;
};

// How to make a cursor again. Bitmaps and pictures are copied when the cursor is made, because the
// server does the same: what is drawn on them later does not change the cursor.
struct CursorShape {
    enum class Form : uint8_t { Bitmap, Glyph, Picture, Animated } form = Form::Bitmap;
    struct Image {
        uint16_t width = 0, height = 0;
        uint8_t depth = 1;
        Bytes zpixmap; // empty: never arrived
    };
    Image source, mask; // Bitmap (no mask: width 0), Picture (source alone)
    FontRef source_font, mask_font;
    uint16_t source_char = 0, mask_char = 0;
    uint16_t hot_x = 0, hot_y = 0;
    Rgb fore, back;
    struct Frame {
        std::shared_ptr<CursorShape> shape;
        uint32_t delay;
    };
    std::vector<Frame> frames;
    std::string name; // XFIXES
};
using CursorRef = std::shared_ptr<CursorShape>;

struct Cursor : Resource {
    static constexpr Kind kKind = Kind::Cursor;
    Cursor() : Resource(kKind) {}
    CursorRef shape;
};

struct SavedProperty {
    VirtualAtom name, type;
    uint8_t format = 0;
    Bytes data; // in virtual names
};

// What only the server knows of a window; read back at a drain.
struct SavedWindow {
    bool exists = false;
    int16_t x = 0, y = 0; // of the outer corner; on the root, if the app did not make its parent
    int16_t inner_x = 0, inner_y = 0; // in its parent, whosever that is
    uint16_t width = 0, height = 0, border = 0;
    uint8_t map_state = 0;            // 0 unmapped, 1 unviewable, 2 viewable
    bool told = true;                 // the app knows that it is mapped
    VirtualXid parent;                // a window manager's frame, perhaps
    std::vector<VirtualXid> children; // bottom to top
    std::vector<SavedProperty> properties;
    std::vector<SavedProperty> managers; // which the window manager has put there
    std::array<Bytes, 3> shape;          // bounding, clip, input: rectangles
    std::array<bool, 3> shaped{};
    int wm_state = -1;                        // WM_STATE, if a window manager set one
    std::array<int32_t, 4> frame{0, 0, 0, 0}; // _NET_FRAME_EXTENTS: left, right, top, bottom
    bool framed = false;
    Bytes picture; // what was to be seen of a top-level window, ZPixmap
    int16_t picture_x = 0, picture_y = 0;
    uint16_t picture_width = 0, picture_height = 0;
};

struct Window : Resource {
    static constexpr Kind kKind = Kind::Window;
    Window() : Resource(kKind) {}
    VirtualXid parent;
    int16_t x = 0, y = 0;
    uint16_t width = 0, height = 0, border = 0;
    uint8_t depth = 0; // as asked: 0 is its parent's
    uint16_t klass = 0;
    uint32_t visual = 0;
    Values<15> attributes; // CW*; without the event mask, which is each connection's own
    PixmapRef background, border_pixmap;
    CursorRef cursor;
    SavedWindow saved;
};

// A window that the server makes when it blanks the screen: SetAttributes, and what it refers to.
struct SaverWindow {
    ConnectionId owner = 0;
    Bytes request;
    PixmapRef background, border;
    CursorRef cursor;
};

struct GcState {
    Values<23> values; // GC*; pixmaps and font by reference below
    PixmapRef tile, stipple, clip;
    FontRef font;
    Bytes dashes, clip_rectangles; // the whole requests
};
struct Gc : Resource, GcState {
    static constexpr Kind kKind = Kind::Gc;
    Gc() : Resource(kKind) {}
    uint8_t depth = 0;
    // Where there is a journal: what it was at its beginning, or when it was made.
    std::unique_ptr<GcState> at_first;
};

// Of a colormap: stored, or, in one whose cells are handed out, allocated: for good by one client
// (`own`), or shared with whoever asks for the same colour (so many times by us).
struct Cell {
    uint8_t flags = 0;
    Rgb rgb;
    bool own = false;
    uint32_t shared = 0;
    ConnectionId owner = 0;
};
using Cells = std::map<uint32_t, Cell>; // by pixel

// Of a DirectColor colormap, where each primary has a table of its own (track/direct_cells.cpp).
struct DirectCells {
    using Masks = std::array<uint32_t, 3>; // red, green, blue: the bits of a pixel
    struct Stored {
        bool set = false;
        uint16_t value = 0;
    };
    struct Shared {
        Rgb rgb;
        uint32_t times = 0;
    };
    std::array<std::map<uint32_t, Stored>, 3> own; // by the entry's bits of a pixel
    std::map<uint32_t, Shared> shared;             // by pixel

    bool empty() const {
        return own[0].empty() && own[1].empty() && own[2].empty() && shared.empty();
    }
    void share(uint32_t pixel, Rgb);
    void take(const Masks&, uint32_t pixel, uint32_t planes);
    // False: part of what is shared, in another combination.
    bool give_back(const Masks&, uint32_t pixel, uint32_t planes);
    void store(const Masks&, uint32_t pixel, uint8_t flags, Rgb, bool all_own);
};

struct Colormap : Resource {
    static constexpr Kind kKind = Kind::Colormap;
    Colormap() : Resource(kKind) {}
    uint8_t alloc = 0;
    VirtualXid window;
    uint32_t visual = 0;
    Cells cells;
    DirectCells direct;
};

struct Picture : Resource {
    static constexpr Kind kKind = Kind::Picture;
    Picture() : Resource(kKind) {}
    VirtualXid drawable; // none: a solid fill or a gradient
    PixmapRef pixmap;
    uint32_t format = 0;
    Values<13> values; // CP*
    PixmapRef clip;
    Bytes source;                             // CreateSolidFill and the gradients: the request
    Bytes clip_rectangles, transform, filter; // the last such request
    VirtualXid clip_region;                   // XFIXES
};

struct Glyph {
    std::array<uint8_t, 12> info; // GLYPHINFO
    Bytes image;
};
struct Glyphs {
    uint32_t format = 0;
    std::map<uint32_t, Glyph> glyphs;
};
struct GlyphSet : Resource {
    static constexpr Kind kKind = Kind::GlyphSet;
    GlyphSet() : Resource(kKind) {}
    std::shared_ptr<Glyphs> contents;
};

struct Region : Resource {
    static constexpr Kind kKind = Kind::Region;
    Region() : Resource(kKind) {}
    Bytes rectangles; // from drain to attach
};

struct Counter : Resource {
    static constexpr Kind kKind = Kind::Counter;
    Counter() : Resource(kKind) {}
    uint64_t value = 0; // the wire's two words; from drain to attach
};

struct Alarm : Resource {
    static constexpr Kind kKind = Kind::Alarm;
    Alarm() : Resource(kKind) {}
    std::map<unsigned, uint64_t> values; // CA* bit -> value (one word or two)
};

struct Fence : Resource {
    static constexpr Kind kKind = Kind::Fence;
    Fence() : Resource(kKind) {}
    VirtualXid drawable;
    bool triggered = false;
};

struct Damage : Resource {
    static constexpr Kind kKind = Kind::Damage;
    Damage() : Resource(kKind) {}
    VirtualXid drawable;
    uint8_t level = 0;
};

class Resources {
  public:
    template <class T>
    std::shared_ptr<T> make(VirtualXid id, ConnectionId owner) {
        auto r = std::make_shared<T>();
        r->id = id;
        r->owner = owner;
        r->order = ++orders_;
        table_[id] = r;
        return r;
    }
    Resource* find(VirtualXid id) const {
        const auto it = table_.find(id);
        return it == table_.end() ? nullptr : it->second.get();
    }
    template <class T>
    T* find(VirtualXid id) const {
        Resource* r = find(id);
        return r && r->kind == T::kKind ? static_cast<T*>(r) : nullptr;
    }
    template <class T>
    std::shared_ptr<T> ref(VirtualXid id) const {
        const auto it = table_.find(id);
        if (it == table_.end() || it->second->kind != T::kKind)
            return nullptr;
        return std::static_pointer_cast<T>(it->second);
    }
    void erase(VirtualXid id) { table_.erase(id); }
    // All of a kind in order of creation.
    template <class T>
    std::vector<T*> all() const {
        std::vector<T*> out;
        for (const auto& [id, r] : table_)
            if (r->kind == T::kKind)
                out.push_back(static_cast<T*>(r.get()));
        sort_by_order(out);
        return out;
    }
    std::vector<VirtualXid> children_of(VirtualXid window) const;
    size_t count(Kind kind) const {
        size_t n = 0;
        for (const auto& [id, r] : table_)
            n += r->kind == kind;
        return n;
    }
    // A pixmap whose Free we withheld, until nothing but this table holds it.
    void linger(VirtualXid id) { lingering_.push_back(id); }
    bool any_lingering() const { return !lingering_.empty(); }
    // Those that nothing holds any more: they are forgotten here, the caller frees them.
    std::vector<VirtualXid> take_released();
    void forget_connection(ConnectionId);

  private:
    template <class T>
    static void sort_by_order(std::vector<T*>& v);
    std::unordered_map<VirtualXid, std::shared_ptr<Resource>> table_;
    std::vector<VirtualXid> lingering_;
    uint64_t orders_ = 0;
};

template <class T>
void Resources::sort_by_order(std::vector<T*>& v) {
    struct {
        bool operator()(const T* a, const T* b) const { return a->order < b->order; }
    } by_order;
    std::sort(v.begin(), v.end(), by_order);
}

} // namespace glckpt::x11
