// Several processes of one tree with connections to one X server.
//
// They may use each other's windows: one makes its window in another's (xterm -into, XEMBED, a
// player in its control panel), selects events on it, names it in properties and messages. Each
// process has tables of its own; so on a new server they must agree on what to call each other,
// and make things in an order in which nothing is missing.
//
// At a checkpoint each process tells the others, by way of the engine (Endpoint::tell_tree), on
// which displays it is and by which bases it knows its connections there. At a restart they meet on
// the new server itself, which all of them must reach anyhow: a property of the root, named after
// the tree, to which each appends what it has to say. (A live move of several processes is like a
// restart in this; there the tool brings them to a stand, and tells each of the others. The
// property is called the same each time, for atoms stay, and the meeting has a number.)
//
//   Numbered   the bases that the server has given it: now ids of each are translated by all
//   Made       its windows are there. Windows in another's are made as soon as that is there
//   Selected   events, selections, grabs are as they were; from here on the apps may see events
//   Done       who is the last to say this takes the property away
//   Refused    instead of Numbered: it cannot go there. So the others do not, and are Done
//
// A process that is started later, by one that has moved, inherits where displays went and what
// their clients are called: so ids that it gets by its command line mean what they meant
// (Inheritance, transport/hub.h).
#pragma once
#include "x11/move/new_server.h"

namespace glckpt::x11 {

std::string tell_kin(Hub&);
void hear_kin(Hub&, const std::vector<std::pair<int, std::string>>& told);

class Meeting {
  public:
    enum class Stage : uint32_t { Refused, Numbered, Made, Selected, Done };
    // `setup_request`: the app's, for a connection of the meeting's own.
    Status open(const Address&, const Bytes& setup_request, const std::string& tree,
                std::vector<Kin> kin, uint64_t deadline_ns);
    bool in_use() const { return !kin_.empty(); }
    // Says so, and waits until all others have.
    Status arrive(Stage stage, const IdSpace::Bases& own = {});
    // Says that it is the end of it, by having done all, or by refusing.
    void leave(Stage last = Stage::Done);
    // The others' bases, after Numbered.
    const IdSpace::Bases& bases() const { return bases_; }
    // A process that has not got as far as the others wait for has ended.
    Status check_alive() const;

  private:
    void say(Stage stage, const IdSpace::Bases& own);
    bool all_have(Stage stage);
    FreshConnection connection_;
    std::vector<Kin> kin_;
    IdSpace::Bases bases_;
    uint32_t atom_ = 0, root_ = 0;
    uint32_t which_ = 0; // of a tree's meetings
    bool refused_ = false;
    uint64_t deadline_ = 0;
};

// What the processes that this one starts from now on must know; as text for their environment.
void note_inheritance(Hub&);
std::string inheritance_text(const Hub&);
void inherit(Hub&, std::string_view text);

} // namespace glckpt::x11
