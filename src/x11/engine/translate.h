// Rewrites whole messages between the app's names and the server's, in place.
#pragma once
#include "x11/engine/display.h"
#include "x11/wire/walker.h"

namespace glckpt::x11 {

enum class Direction : uint8_t { ToReal, ToVirtual };

class Translator final : public Visitor {
  public:
    Translator(Display& display, Direction direction) : d_(display), direction_(direction) {}

    // `request` has a 4-byte header; its major opcode is translated too. False: the walker found a
    // length that does not fit (the server will find it too, and refuse the request).
    bool request(const ModuleInfo& module, const RequestInfo& info, ByteSpan request);
    // `property`: the virtual atom that GetProperty asked for.
    bool reply(const ModuleInfo& module, const RequestInfo& info, ByteSpan reply,
               VirtualAtom property = {});
    void error(ByteSpan error);
    void any_event(ByteSpan event);
    void property(VirtualAtom name, VirtualAtom type, uint8_t format, ByteSpan data);

    void xid(uint8_t* p) override;
    void visual(uint8_t* p) override;
    void atom(uint8_t* p) override;
    void time(uint8_t* p) override;
    void device(uint8_t* p) override;
    void device_byte(uint8_t* p) override;
    void event_class(uint8_t* p) override;
    void event(uint8_t* p) override;

  private:
    bool to_real() const { return direction_ == Direction::ToReal; }
    VirtualAtom atom_virtual(uint32_t on_this_side) const;
    void client_message(ByteSpan event);
    // One letter a 32-bit slot: A atom, X resource, T time, anything else left alone; a '*' after
    // a letter repeats it to the end.
    void slots(const char* layout, ByteSpan data);

    Display& d_;
    Direction direction_;
};

} // namespace glckpt::x11
