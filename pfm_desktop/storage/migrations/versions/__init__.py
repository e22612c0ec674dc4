"""One module a version, in the order of `schema.VERSIONS`. Released modules are never changed."""

# imported by name so that the bundler of the installed program sees them
from pfm_desktop.storage.migrations.versions import v0001_first as v0001_first
from pfm_desktop.storage.migrations.versions import v0002_time_known as v0002_time_known
from pfm_desktop.storage.migrations.versions import v0003_chained_journal as v0003_chained_journal
from pfm_desktop.storage.migrations.versions import v0004_accounts as v0004_accounts
from pfm_desktop.storage.migrations.versions import v0005_scale as v0005_scale
from pfm_desktop.storage.migrations.versions import v0006_crosswalk as v0006_crosswalk
