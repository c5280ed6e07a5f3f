"""Tell over HTTP which instruments play: in recordings that are sent, and in those below a folder of this machine.

/docs describes the interface, / is a page for people. Every answer of a recording is as in the competition: the eleven
codes, 1 where the instrument plays. Requests cannot name anything outside of --model-dir and --data-dir.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.options import add_device_option
from exp_lumen.places import MODELS

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--model-dir", type=Path, default=MODELS, metavar="FOLDER", help="of models (%(default)s)")
    add("--data-dir", type=Path, default=Path(), metavar="FOLDER", help="of recordings (the current one)")
    add("--host", default="localhost", help="%(default)s; 0.0.0.0 lets other machines ask")
    add("--port", type=int, default=8090, help="(%(default)s)")
    add("--batch-size", type=cli.positive, default=8, help="pieces that are heard at once (%(default)s)")
    add("--largest-upload", type=float, default=100, metavar="MB", help="of a request (%(default)s)")
    add("--longest", type=float, default=30, metavar="MINUTES", help="of a recording (%(default)s)")
    add_device_option(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until it is stopped."""
    options = parse(arguments)
    from audiokit.errors import UserError

    for option, folder in (("--model-dir", options.model_dir), ("--data-dir", options.data_dir)):
        if not folder.is_dir():
            raise UserError(f"{option}: there is no folder {folder}")
    if not (options.largest_upload > 0 and options.longest > 0):
        raise UserError("--largest-upload and --longest must be above 0")
    with cli.quick_imports():
        try:
            import uvicorn

            from exp_lumen.serving.app import Served, create_app
        except ImportError as error:
            raise UserError(f"the server needs {error.name}: pip install fastapi uvicorn python-multipart") from error
        from exp_lumen.serving.listening import Ear
        from exp_lumen.serving.shelf import Shelf

    ear = Ear(longest_seconds=60 * options.longest, batch_size=options.batch_size)
    served = Served(Shelf(options.model_dir, device=options.device), options.data_dir, ear)
    app = create_app(served, most_bytes=round(1e6 * options.largest_upload))
    server = uvicorn.Server(uvicorn.Config(app, host=options.host, port=options.port, log_level="info"))
    print(f"{len(served.shelf.names())} models; http://{options.host}:{options.port}/ and /docs", flush=True)
    server.run()
    return 0 if server.started else 1


if __name__ == "__main__":
    sys.exit(cli.run(main))
