// Making the app's resources again on the server that its connections now lead to.
#pragma once
#include "x11/move/exchange.h"
#include "x11/move/kin.h"

namespace glckpt::x11 {

// Each request goes out on the connection that owns what it makes: only that client may use ids of
// its range. Where one thing needs another's, of another connection, the other's must have been
// executed first: so changing from one connection to another waits for the first.
class Recreation {
  public:
    Recreation(Exchange& x, Display& display) : x_(x), display_(display) {}

    void before_windows(); // extension versions, fonts, pixmaps, GCs, colormaps
    // `window_manager`: one runs there.
    void windows(const Meeting&,
                 bool window_manager); // unmapped, no events selected; with their properties
    void after_windows();              // pictures, glyphs, cursors, shapes, regions, counters, ...
    void selections_and_masks();
    // From here on the app sees events.
    void map_top_levels(bool window_manager);
    void grabs_and_focus(bool window_manager);
    void show_pictures();
    // After a loss: what was drawn on since the picture was taken.
    void clear_stale();
    void named_pixmaps();
    // After a loss: what was sent since the windows were last read back.
    void journal();
    void free_scratch();
    // The new server's clock, now.
    uint32_t server_time();

    bool window_manager_runs();

    bool failed() const { return x_.timed_out() || x_.lost(); }
    // What could not be made as it was: for the log.
    std::vector<std::string> notes;

  private:
    Connection& on(ConnectionId owner);
    VirtualXid scratch_id(Connection&);
    struct Scratch {
        VirtualXid pixmap, gc;
    };
    Scratch scratch(Connection&, uint8_t depth);
    void put_image(Connection&, VirtualXid drawable, VirtualXid gc, uint8_t depth, uint16_t width,
                   uint16_t height, const Bytes& zpixmap, int16_t x = 0, int16_t y = 0);
    uint8_t major(const char* xname);

    void extension_versions();
    void fonts();
    VirtualXid font_for(Connection&, const FontRef&, std::vector<VirtualXid>& to_close);
    void pixmaps();
    void pixmap(const Pixmap&);
    bool still_names_window(const Pixmap&) const;
    void gcs();
    void gc(Gc&);
    void colormaps();
    void cells(Colormap&, uint16_t entries);
    void direct_cells(Colormap&, const Visual&);
    void default_cells(VirtualXid colormap, const Cells&);
    void screen_savers();
    void window(Window&);

    std::vector<Window*> held_by_kin();
    void windows_in_kins(std::vector<Window*> left, const Meeting&);
    void leave_strangers();
    void leave_on_root(Window&);
    void window_properties(Window&);
    std::vector<Window*> top_levels();
    void await_viewable(std::vector<const Window*>);
    void regions_and_counters();
    void pictures(bool of_named_pixmaps);
    void glyph_sets();
    void cursors();
    void make_other_cursor(Connection&, VirtualXid id, const CursorShape&);
    void make_cursor(Connection&, VirtualXid id, const CursorShape&);
    // A cursor of this shape: one of the app's, or a passing one (id in `temporary`).
    VirtualXid cursor_for(Connection&, const CursorRef&, VirtualXid& temporary);
    void window_cursors();
    void shapes();
    void kept_requests();
    void passive_grabs();

    Exchange& x_;
    Display& display_;
    Connection* current_ = nullptr;
    bool managed_ = false; // a window manager runs on the new server
    std::map<std::pair<ConnectionId, uint8_t>, Scratch> scratches_;
    std::map<ConnectionId, uint32_t> scratch_ids_;
};

} // namespace glckpt::x11
