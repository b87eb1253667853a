"""Questions about many lines at once: one file each, all of them within `storage.where`."""
