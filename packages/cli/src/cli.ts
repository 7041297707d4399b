/**
 * The entry of the command. It loads as little as it can before it knows what is wanted, and parses on old
 * versions of Node too, so that they get a sentence instead of a syntax error.
 */
import { writeSync } from "node:fs";
import { supportsNode } from "./node-version.js";

// Otherwise Node opens its debugger for it, by which whoever reaches that runs code as this user: often root.
process.on("SIGUSR1", () => {});

if (supportsNode(process.versions.node)) {
  void import("./run.js").then(({ main }) => main(process.argv.slice(2)));
} else {
  writeSync(2, `pyspy: Node 20.19 or later is needed, and this is ${process.versions.node}\n`);
  process.exitCode = 1;
}
