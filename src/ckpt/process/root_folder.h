// chroot: a restart happens where the restorer is, and only root could go elsewhere from there. So
// a process whose root folder is another one than that it was started in is refused.
#pragma once

namespace glckpt::ckpt {

void note_root_folder();             // at the start, and after a restart
bool root_folder_has_changed();      // since then
bool has_other_root_folder(int pid); // than this process

} // namespace glckpt::ckpt
