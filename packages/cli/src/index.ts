export { type Command, parseArgs } from "./args.js";
export { CommandError, type CommandErrorCode } from "./command-error.js";
export type { Format } from "./formats.js";
export type { RecordCommand, RecordTarget } from "./record-arguments.js";
