/**
 * The one error class and the closed list of its codes. Every error that a caller can act on is a {@link BlindmarkError};
 * anything else that is thrown is a defect.
 */

/** What a caller should do about an error. Decides the command line's exit code and whether a retry makes sense. */
export type ErrorKind =
  /** The caller's input is wrong; mend it. Exit code 2. */
  | 'input'
  /** The input is well formed but not allowed, or not true. Exit code 3. */
  | 'refused'
  /** Something that is needed does not answer at present; try again. Exit code 4. */
  | 'unavailable';

/** Exit codes of the command lines. 0 is done; 1 is a defect of the program. */
export const EXIT_CODES: Readonly<Record<ErrorKind, number>> = { input: 2, refused: 3, unavailable: 4 };

interface CodeFacts {
  readonly kind: ErrorKind;
  /** HTTP status of the problem document (RFC 9457). */
  readonly status: number;
  /** The problem document's `title`: short, the same for each occurrence. */
  readonly title: string;
}

/** Every error code, what it means for the caller, and its HTTP status. Closed: clients switch over it. */
export const ERROR_CODES = {
  // Input
  badInput: { kind: 'input', status: 400, title: 'A field is missing or malformed' },
  tooLarge: { kind: 'input', status: 413, title: 'The request is larger than the limit' },
  unknownRoute: { kind: 'input', status: 404, title: 'There is nothing at this address' },
  methodNotAllowed: { kind: 'input', status: 405, title: 'This address does not take this method' },
  unsupportedMediaType: { kind: 'input', status: 415, title: 'The request body must be JSON' },
  noSchemeFits: { kind: 'input', status: 400, title: 'The reading fits no scheme' },
  checkFailed: { kind: 'input', status: 400, title: 'The check character does not match' },
  tooManyCandidates: { kind: 'input', status: 400, title: 'The reading stands for too many codes' },
  badPhrase: { kind: 'input', status: 400, title: 'The recovery phrase is not valid' },
  badPassphrase: { kind: 'input', status: 400, title: 'The passphrase does not open this file' },
  badActivationKey: { kind: 'input', status: 400, title: 'The activation key is mistyped' },
  badFile: { kind: 'input', status: 400, title: 'A file cannot be read as what it should be' },
  // Refusals: who asks
  badSignature: { kind: 'refused', status: 403, title: 'A signature does not verify' },
  badCredential: { kind: 'refused', status: 403, title: 'A credential does not verify' },
  credentialExpired: { kind: 'refused', status: 403, title: 'A credential or request has expired or is not yet valid' },
  unknownForce: { kind: 'refused', status: 403, title: 'The force is not in the roster' },
  unknownIssuer: { kind: 'refused', status: 403, title: 'The issuer or its key is not in the roster' },
  unknownVendor: { kind: 'refused', status: 403, title: 'The vendor is not known to this issuer' },
  wrongOrigin: { kind: 'refused', status: 403, title: 'The request was made for another registry' },
  wrongIssuer: { kind: 'refused', status: 403, title: 'The request was made for another issuer' },
  wrongEpoch: { kind: 'refused', status: 409, title: 'The request names an epoch that is not live' },
  wrongRoster: { kind: 'refused', status: 409, title: 'The request was made under another roster' },
  badRoster: { kind: 'refused', status: 403, title: 'The roster does not verify' },
  // Refusals: tokens, quotas, replays
  badToken: { kind: 'refused', status: 403, title: 'The activation token does not verify' },
  tokenRequired: { kind: 'refused', status: 403, title: 'This element was never accepted under a token' },
  tokenForAnotherElement: { kind: 'refused', status: 403, title: 'The activation token was made for another element' },
  tokenSpent: { kind: 'refused', status: 409, title: 'The activation token has made a registration already' },
  activationKeyUnknown: { kind: 'refused', status: 403, title: 'The issuer does not know this activation key' },
  activationKeyUsedUp: { kind: 'refused', status: 409, title: 'The activation key has no use left' },
  unknownTokenKey: { kind: 'refused', status: 409, title: 'The issuer does not sign under this token key now' },
  quotaExceeded: { kind: 'refused', status: 429, title: 'The quota is used up' },
  replayed: { kind: 'refused', status: 409, title: 'The request was used already' },
  evaluationRequired: { kind: 'refused', status: 403, title: 'The lookup names no evaluation of this officer' },
  credentialRevoked: { kind: 'refused', status: 403, title: 'The force has revoked this officer’s credential' },
  // Refusals: openings
  notMatched: { kind: 'refused', status: 403, title: 'The officer has no match on this registration' },
  sameOfficer: { kind: 'refused', status: 403, title: 'An opening needs two different officers' },
  openingNotPending: { kind: 'refused', status: 409, title: 'The opening has been decided already' },
  openingExpired: { kind: 'refused', status: 409, title: 'The opening was not approved in time' },
  // Refusals: the log
  notLogged: { kind: 'refused', status: 403, title: 'The log has no entry for this request' },
  sizeConflict: { kind: 'refused', status: 409, title: 'The log’s size is known to be another one' },
  logForked: { kind: 'refused', status: 409, title: 'The log has been seen to fork' },
  badCheckpoint: { kind: 'refused', status: 502, title: 'A checkpoint of the log does not verify' },
  // Refusals: registrations
  notFound: { kind: 'refused', status: 404, title: 'There is no such registration, opening or list for whoever asked' },
  versionConflict: { kind: 'refused', status: 409, title: 'The registration has changed in the meantime' },
  alreadyRegistered: { kind: 'refused', status: 409, title: 'This registration exists with another content' },
  claimsFull: { kind: 'refused', status: 409, title: 'No further registration of this code is taken' },
  // Refusals: what a peer said does not verify
  badProof: { kind: 'refused', status: 502, title: 'A proof does not verify' },
  badElement: { kind: 'refused', status: 400, title: 'A group element is not valid' },
  badEnvelope: { kind: 'refused', status: 502, title: 'An envelope does not open' },
  badRow: { kind: 'refused', status: 403, title: 'A registration row does not verify' },
  badTranscript: { kind: 'refused', status: 409, title: 'The key generation transcript does not verify' },
  badReply: { kind: 'refused', status: 502, title: 'A service sent a reply that does not parse' },
  // Availability
  logBehind: { kind: 'unavailable', status: 503, title: 'The log is shorter than what guardians have cosigned' },
  revocationsStale: {
    kind: 'unavailable',
    status: 503,
    title: 'The force’s list of revocations is missing or too old',
  },
  guardiansUnavailable: { kind: 'unavailable', status: 503, title: 'Too few guardians answer' },
  unavailable: { kind: 'unavailable', status: 503, title: 'The service cannot answer at present' },
  overloaded: { kind: 'unavailable', status: 503, title: 'The service has too much to do at present' },
  storageFailed: { kind: 'unavailable', status: 503, title: 'The service cannot write at present' },
  unreachable: { kind: 'unavailable', status: 503, title: 'The service cannot be reached' },
  timedOut: { kind: 'unavailable', status: 504, title: 'The service did not answer in time' },
  cancelled: { kind: 'unavailable', status: 499, title: 'The work was cancelled' },
  internal: { kind: 'unavailable', status: 500, title: 'The service failed' },
} as const satisfies Record<string, CodeFacts>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** What an error may say beside its code and message. None of it may hold a secret, code, tag, contact or case reference. */
export interface ErrorDetails {
  /** Which input is at fault, as a path: `items[2].make`, `--code`, `row 17`. */
  readonly field?: string;
  /** What was expected, and what to do next. */
  readonly remedy?: string;
  /** Seconds after which a retry makes sense. */
  readonly retryAfter?: number;
  /** Identifiers of the guardians at fault. */
  readonly guardians?: readonly string[];
  /** The largest size of the log that a witness has verified: with `sizeConflict`. */
  readonly size?: number;
  readonly cause?: unknown;
}

/**
 * An error that a caller can act on.
 *
 * The message says what happened and what is unchanged; `remedy` says what to do next. Neither quotes the value at fault,
 * since the value may be a code, a phrase or a case reference.
 */
export class BlindmarkError extends Error {
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly remedy: string | undefined;
  readonly retryAfter: number | undefined;
  readonly guardians: readonly string[] | undefined;
  readonly size: number | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'BlindmarkError';
    this.code = code;
    this.field = details.field;
    this.remedy = details.remedy;
    this.retryAfter = details.retryAfter;
    this.guardians = details.guardians;
    this.size = details.size;
  }

  get kind(): ErrorKind {
    return ERROR_CODES[this.code].kind;
  }
}

/** A {@link BlindmarkError} for one malformed field. */
export function badInput(field: string, expected: string, cause?: unknown): BlindmarkError {
  return new BlindmarkError('badInput', `${field}: expected ${expected}`, { field, cause });
}

/** Whether `error` is a {@link BlindmarkError}, with one of `codes` if any are given. */
export function isBlindmarkError(error: unknown, ...codes: ErrorCode[]): error is BlindmarkError {
  return error instanceof BlindmarkError && (codes.length === 0 || codes.includes(error.code));
}
