/** How a program ended: by itself with a code, or by a signal. */
export type ExitStatus =
  | { readonly code: number; readonly signal: undefined; readonly signalNumber: undefined }
  | {
      readonly code: undefined;
      /** "SIGKILL" and the like; real-time signals are "SIGRTMIN+3". */
      readonly signal: string;
      readonly signalNumber: number;
    };

/** How a process has ended, as the end of a sentence, as far as it is known: `it has exited with code 3`, `SIGKILL has ended it`. */
export function exitSentence(status: ExitStatus | undefined): string {
  if (status === undefined) return "it has exited";
  return status.signal === undefined
    ? `it has exited with code ${status.code}`
    : `${status.signal} has ended it`;
}
