import type { LaunchedSampler, LaunchOptions, Sampler, SamplerOptions } from "@pyspy/stack-sampler";
import type { Ending } from "../ending.js";
import type { AskingSignal } from "../signals.js";
import type { Terminal } from "../terminal/terminal.js";
import type { CallingUser } from "./program-options.js";
import type { RecordingControl } from "./recording-control.js";

/** What a recording needs of the world. */
export interface Surroundings {
  readonly samplers: {
    attach(pid: number, options?: SamplerOptions): Promise<Sampler>;
    attachAll(pids: readonly number[], options?: SamplerOptions): Promise<Sampler>;
    launch(program: readonly string[], options?: LaunchOptions): Promise<LaunchedSampler>;
  };
  /** Ids of the Pythons whose command lines are like that. */
  readonly findPythons: (match: readonly RegExp[]) => Promise<readonly number[]>;
  readonly terminal: Terminal;
  /** Calls back for each signal that asks pyspy to end, until disposed of. */
  readonly onAskingSignal: (listener: (signal: AskingSignal) => void) => Disposable;
  /** What it can be told to do while it goes on. */
  readonly control: RecordingControl;
  /** Who a program is run as, if that is not who runs pyspy. */
  readonly callingUser: CallingUser | undefined;
  /** Shows what a program has printed that was kept from the screen. */
  readonly showCaptured: (bytes: Uint8Array) => void;
  /** Ctrl-C reaches a program that we start without our help. */
  readonly hasControllingTerminal: boolean;
  /** What a program that we start prints appears where our status line would. */
  readonly sharesScreen: boolean;
  /** Tells about trouble that must not keep us from what is left to do. */
  readonly report: (error: unknown) => Promise<void>;
  /** Ends pyspy at once. */
  readonly leave: (ending: Ending) => void;
}
