"""How static files are stored: hashed names inside the imports of our modules, too.

Without it a module would import its neighbours by names that caches keep after an upgrade.
"""

from whitenoise.storage import (
    CompressedManifestStaticFilesStorage,
)


class ModuleStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """WhiteNoise's storage that also follows `import` and `export … from` of JavaScript."""

    support_js_module_import_aggregation = True
    # One for each step from a page down to what its modules import in turn.
    max_post_process_passes = 20
