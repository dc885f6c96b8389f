import { asFixityError, type ErrorCode, FixityError } from '#kernel';
import { httpStatus } from '../status.ts';
import type { OciPath } from './path.ts';

/** OCI distribution-spec 1.1, "Error Codes". */
export type OciCode =
  | 'BLOB_UNKNOWN'
  | 'BLOB_UPLOAD_INVALID'
  | 'BLOB_UPLOAD_UNKNOWN'
  | 'DIGEST_INVALID'
  | 'MANIFEST_BLOB_UNKNOWN'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'NAME_UNKNOWN'
  | 'SIZE_INVALID'
  | 'UNAUTHORIZED'
  | 'DENIED'
  | 'UNSUPPORTED'
  | 'TOOMANYREQUESTS'
  /** Ours for what the specification has no word for: it asks for upper-case letters and underscores only. */
  | 'UNKNOWN';

/** An error whose OCI code or status says more than its Fixity code does. */
export class OciRefusal extends Error {
  override readonly name = 'OciRefusal';
  readonly oci: OciCode;
  readonly error: FixityError;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    oci: OciCode,
    error: FixityError,
    { status = httpStatus[error.code], headers = {} }: { status?: number; headers?: Record<string, string> } = {},
  ) {
    super(error.message, { cause: error });
    this.oci = oci;
    this.error = error;
    this.status = status;
    this.headers = headers;
  }
}

const unknownThing: Readonly<Record<OciPath['kind'], OciCode>> = {
  version: 'UNSUPPORTED',
  token: 'UNSUPPORTED',
  catalog: 'NAME_UNKNOWN',
  tags: 'NAME_UNKNOWN',
  blob: 'BLOB_UNKNOWN',
  uploads: 'BLOB_UNKNOWN',
  upload: 'BLOB_UPLOAD_UNKNOWN',
  manifest: 'MANIFEST_UNKNOWN',
  referrers: 'MANIFEST_UNKNOWN',
};

/** Fixity's codes in OCI's words; the HTTP status is the one that the code has everywhere. */
const ociCodes: Readonly<Partial<Record<ErrorCode, OciCode>>> = {
  unauthenticated: 'UNAUTHORIZED',
  forbidden: 'DENIED',
  'tag-final': 'DENIED',
  'version-conflict': 'DENIED',
  'command-reused': 'DENIED',
  'digest-mismatch': 'DIGEST_INVALID',
  'range-invalid': 'BLOB_UPLOAD_INVALID',
  'too-large': 'SIZE_INVALID',
  'schema-violation': 'MANIFEST_INVALID',
  unsupported: 'UNSUPPORTED',
  'ambiguous-digest': 'DIGEST_INVALID',
};

/** Any error as OCI speaks of it, seen from the endpoint that met it. */
export function refusalOf(error: unknown, kind: OciPath['kind']): OciRefusal {
  if (error instanceof OciRefusal) return error;
  const known = asFixityError(error);
  if (known.code === 'not-found') return new OciRefusal(unknownThing[kind], known);
  if (known.code === 'invalid-input' && kind === 'manifest') return new OciRefusal('MANIFEST_INVALID', known);
  // Clients then try the manifest in another format.
  if (known.code === 'unsupported' && kind === 'manifest')
    return new OciRefusal('MANIFEST_INVALID', known, { status: 415 });
  return new OciRefusal(ociCodes[known.code] ?? 'UNKNOWN', known);
}

/**
 * The body of an error: our sentence as the message, what programs and people need beside it as the detail.
 * @param nameOf who is behind a pseudonym: a refusal is read by people, and names live in the directory only.
 */
export function errorBody({ oci, error }: OciRefusal, nameOf: (actor: string) => string | undefined): object {
  const hidden = error.code === 'internal';
  const message = hidden ? 'the server failed on this request; its log says why' : error.message;
  const next = hidden ? ['look at the server log'] : error.next;
  const facts = error.facts.map((fact) =>
    fact.replaceAll(/\b(?:user|token):[a-z0-9]+/g, (actor) => nameOf(actor) ?? actor),
  );
  return { errors: [{ code: oci, message, detail: { ...error.members, code: error.code, facts, next } }] };
}

/** Checks a digest of a request. Algorithms other than sha256 are refused with the reason, as OCI asks with a 400. */
export function requireDigest(text: string): `sha256:${string}` {
  if (/^sha256:[0-9a-f]{64}$/.test(text)) return text as `sha256:${string}`;
  const algorithm = /^([a-z0-9]+(?:[+._-][a-z0-9]+)*):[a-zA-Z0-9=_-]+$/.exec(text)?.[1];
  if (algorithm !== undefined && algorithm !== 'sha256') {
    throw new OciRefusal('UNSUPPORTED', unsupportedAlgorithm(algorithm), { status: 400 });
  }
  const error = new FixityError('invalid-input', `"${text.slice(0, 100)}" is not a sha256 digest`, {
    next: ['give sha256: followed by 64 lower-case hex digits'],
  });
  throw new OciRefusal('DIGEST_INVALID', error);
}

export function unsupportedAlgorithm(algorithm: string): FixityError {
  return new FixityError('unsupported', `digests by ${algorithm.slice(0, 32)} are not kept here`, {
    facts: ['every thing has one identity, its SHA-256'],
    next: ['push with sha256 digests'],
  });
}
