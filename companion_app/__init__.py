"""The companion app: page, REST and command line over one studio.

No dependency may report to anyone: the switches are set here, before any of them is imported.
"""

import os

for _switch, _off in {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}.items():
    os.environ.setdefault(_switch, _off)
