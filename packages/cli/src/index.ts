export { type Command, parseArgs, type RecordCommand, type RecordTarget } from "./args.js";
export { CommandError, type CommandErrorCode } from "./command-error.js";
export type { Format } from "./formats.js";
