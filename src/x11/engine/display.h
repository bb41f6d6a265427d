// All that the connections of this process to one X server share.
#pragma once
#include "x11/engine/extensions.h"
#include "x11/engine/setup.h"
#include "x11/engine/translation.h"
#include "x11/track/grabs.h"
#include "x11/track/journal.h"
#include "x11/track/kept.h"
#include "x11/track/resources.h"
#include <set>

namespace glckpt::x11 {

class Connection;

struct PictFormat {
    uint32_t id = 0;
    uint8_t type = 0, depth = 0;
    std::array<uint8_t, 16> direct{};
};

// Read back at a drain, beside what the resources hold themselves.
struct SavedDisplay {
    VirtualXid focus;
    uint8_t revert_to = 0;
    Bytes keymap;
    std::vector<VirtualXid> stacking; // the root's children, bottom to top
    uint16_t screen_width = 0, screen_height = 0;
    // Who owned the selections that the app watches, and what properties the root had.
    std::map<VirtualAtom, VirtualXid> owners;
    std::set<VirtualAtom> root_properties;
    std::vector<VirtualXid> orphans; // windows that another program's held, which is not there
    Bytes randr;                     // GetScreenResourcesCurrent's reply
    Bytes devices, new_devices;      // XIQueryDevice's: in virtual names, and the new server's
};

struct Display {
    Translation names;
    Extensions extensions;
    Resources resources;
    Kept kept;
    Grabs grabs;
    std::map<VirtualAtom, Selection> selections;
    std::vector<Transfer> transfers; // of selections, asked of us and not yet answered
    std::vector<Increment> increments;
    uint64_t drag_ns = 0; // the last message of a drag that is going on (Xdnd); 0: none
    std::map<std::pair<ConnectionId, VirtualXid>, uint32_t> event_masks;
    std::vector<PictFormat> pict_formats; // virtual ids
    // Of the server's own colormaps, where their cells are handed out (PseudoColor).
    std::map<VirtualXid, Cells> default_cells;
    // What the screen saver shall show (MIT-SCREEN-SAVER), by its drawable.
    std::map<VirtualXid, SaverWindow> savers;
    // Requests that a checkpoint would lose, each told once.
    std::set<std::string> vetoes;

    // What the app was told by the first server, and goes on believing.
    Bytes virtual_setup_reply;
    std::optional<Setup> virtual_setup;
    std::optional<Setup> real_setup;
    std::vector<Connection*> connections;
    // Of a process that a moved one has started: what that calls the clients there were (virtual
    // and real bases), before the first connection.
    IdSpace::Bases known_clients;
    // Virtual bases of other processes of the tree, which are on this server with us.
    std::vector<uint32_t> kin;
    SavedDisplay saved;
    Journal journal;

    // MapNotify that a top-level window must not be told a second time (move/attach.cpp).
    std::set<VirtualXid> expect_map_notify;

    Connection* connection(ConnectionId id) const;
    VirtualXid root() const {
        return VirtualXid{virtual_setup ? virtual_setup->screens.front().root : 0};
    }
    bool is_root(VirtualXid id) const;
    // It belongs to another process of the tree.
    bool is_kins(VirtualXid id) const;
    // Depth of any drawable of ours or of the server's.
    uint8_t depth_of(VirtualXid drawable) const;
    // All has been read back, or made: what is sent from now on is the journal's.
    void begin_journal();
    // A connection is gone, and with it all it owned.
    void forget_connection(Connection*);
};

} // namespace glckpt::x11
