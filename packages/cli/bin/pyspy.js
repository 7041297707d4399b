#!/usr/bin/env node
// A committed file, because npm links a workspace's bins before anything has been built. The command is CommonJS, as the
// package.json beside this says: see docs/decisions/0007-the-command-is-a-bundle.md.
require("../dist/command/cli.js");
