#!/usr/bin/env node
// A committed file, because npm links a workspace's bins before anything has been built.
import "../dist/cli.js";
