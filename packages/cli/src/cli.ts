/**
 * The entry of the command. It loads as little as it can before it knows what is wanted, and parses on old
 * versions of Node too, so that they get a sentence instead of a syntax error.
 */
import { supportsNode } from "./node-version.js";
import { writeFully } from "./terminal/write-fully.js";

const argv = process.argv.slice(2);

if (!supportsNode(process.versions.node)) {
  writeFully(2, `pyspy: Node 20.19 or later is needed, and this is ${process.versions.node}\n`);
  process.exitCode = 1;
} else {
  const [{ run }, { leave }] = await Promise.all([import("./run.js"), import("./ending.js")]);
  leave(await run(argv));
}
