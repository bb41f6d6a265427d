// The preload library's start: each room's set-up, in order.
namespace glckpt {
namespace {

[[gnu::constructor]] void start() {}

} // namespace
} // namespace glckpt
