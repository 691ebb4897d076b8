/** The worker's side of a call: finds the method, hands on progress and cancelling, and puts failures into words that travel. */
import type { CallContext, EngineFailure, Method } from './calls.ts';
import { CANCELLED, INTERNAL, NOT_LOADED } from './failures.ts';
import { loadPart, PartNotLoaded } from './load-part.ts';
import type { Answer, Ask, EngineName } from './protocol.ts';

/** Loads one part of the engine. */
export type EngineLoader = () => Promise<object>;

/** The error of the SDK, told by its shape: the SDK itself is loaded only for what needs it. */
type SdkError = Error & EngineFailure;

function isSdkError(error: unknown): error is SdkError {
  return error instanceof Error && error.name === 'BlindmarkError' && 'code' in error && 'kind' in error;
}

/** What of an error the page is told. */
export function failureOf(error: unknown): EngineFailure {
  if (error instanceof PartNotLoaded) return NOT_LOADED;
  if (!isSdkError(error)) return INTERNAL;
  const { code, kind, message, field, remedy, retryAfter, guardians } = error;
  return { code, kind, message, field, remedy, retryAfter, guardians };
}

/** A method by its name; what every object has is none. */
function methodOf(engine: object, name: string): Method | undefined {
  if (name in Object.prototype) return undefined;
  const method = (engine as Readonly<Record<string, unknown>>)[name];
  return typeof method === 'function' ? (method.bind(engine) as Method) : undefined;
}

/**
 * Serves engines to one page.
 *
 * @param loaders what loads each engine, at its first call
 * @param post sends to the page
 * @param report is told of defects of the program
 * @returns what is to be called with each message of the page
 */
export function serveEngines(
  loaders: Readonly<Record<EngineName, EngineLoader>>,
  post: (answer: Answer) => void,
  report: (error: unknown) => void,
): (ask: Ask) => Promise<void> {
  const engines = new Map<EngineName, Promise<object>>();
  const running = new Map<number, AbortController>();

  const load = async (name: EngineName): Promise<object> => {
    const engine = engines.get(name) ?? loadPart(loaders[name]);
    engines.set(name, engine);
    return engine;
  };

  const run = async ({ id, engine, method, args }: Extract<Ask, { kind: 'call' }>): Promise<Answer> => {
    const controller = new AbortController();
    const context: CallContext = {
      signal: controller.signal,
      onProgress: (progress) => {
        if (running.get(id) === controller) post({ kind: 'progress', id, progress });
      },
    };
    running.set(id, controller);
    try {
      const called = methodOf(await load(engine), method);
      if (controller.signal.aborted) return { kind: 'failure', id, failure: CANCELLED, isLost: false };
      if (called === undefined) throw new Error(`The engine ${engine} has no method ${method}`);
      return { kind: 'value', id, value: await called(args, context) };
    } catch (error) {
      if (!isSdkError(error)) report(error);
      return { kind: 'failure', id, failure: failureOf(error), isLost: error instanceof PartNotLoaded };
    } finally {
      running.delete(id);
    }
  };

  return async (ask) => {
    if (ask.kind === 'cancel') {
      running.get(ask.id)?.abort();
      return;
    }
    const answer = await run(ask);
    try {
      post(answer);
    } catch (error) {
      // What was answered can't be cloned.
      report(error);
      post({ kind: 'failure', id: ask.id, failure: INTERNAL, isLost: false });
    }
  };
}
