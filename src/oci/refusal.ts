import { type ErrorCode, errorCodes, FixityError } from '#kernel';

/** What a registry answers instead of what was asked (distribution-spec 1.1, "Error Codes"), read as one error. */
const maximumBody = 64 * 1024;

const byStatus: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid-input',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  409: 'version-conflict',
  413: 'too-large',
  415: 'unsupported',
  416: 'range-invalid',
  429: 'unreachable',
  502: 'unreachable',
  503: 'unreachable',
  504: 'timed-out',
  507: 'storage-full',
};

const byOciCode: Readonly<Record<string, ErrorCode>> = {
  BLOB_UNKNOWN: 'not-found',
  MANIFEST_UNKNOWN: 'not-found',
  NAME_UNKNOWN: 'not-found',
  BLOB_UPLOAD_UNKNOWN: 'not-found',
  DIGEST_INVALID: 'digest-mismatch',
  UNAUTHORIZED: 'unauthenticated',
  DENIED: 'forbidden',
  UNSUPPORTED: 'unsupported',
  TOOMANYREQUESTS: 'unreachable',
};

/**
 * The error of a refused request. A Fixity server puts its problem document (RFC 9457) into `detail`, and then the code,
 * sentence, facts and next steps are the server's; of other registries the OCI code and the status are translated.
 */
export async function refusalOf(response: Response, doing: string): Promise<FixityError> {
  const error = firstError(await boundedText(response));
  const detail = members(error?.['detail']);
  const said = text(detail['detail']) ?? text(error?.['message']);
  const named = errorCodes.find((code) => code === detail['code']);
  const code = named ?? byOciCode[text(error?.['code']) ?? ''] ?? byStatus[response.status] ?? 'internal';
  if (named !== undefined && said !== undefined) {
    return new FixityError(code, said, { facts: texts(detail['facts']), next: texts(detail['next']) });
  }
  return new FixityError(code, `The registry refused to ${doing}: ${said ?? `status ${response.status}`}`, {
    facts: [`status ${response.status} from ${new URL(response.url).origin}`],
    next: code === 'unauthenticated' ? ['fixity login'] : [],
  });
}

/** What stopped a request that got no answer. */
export function failureOf(error: unknown, origin: string, doing: string): unknown {
  if (error instanceof FixityError || !(error instanceof Error)) return error;
  if (error.name === 'TimeoutError') {
    return new FixityError('timed-out', `The registry at ${origin} did not answer in time to ${doing}`, {
      cause: error,
    });
  }
  // fetch tells every failure of the network as a TypeError with the system's error as its cause.
  if (!(error instanceof TypeError)) return error;
  if (error.cause instanceof FixityError) return error.cause;
  const reason = error.cause instanceof Error ? error.cause.message || error.cause.name : error.message;
  return new FixityError('unreachable', `The registry at ${origin} could not be reached to ${doing}`, {
    facts: [reason],
    next: ['check the address and that the server runs'],
    cause: error,
  });
}

async function boundedText(response: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const piece of response.body ?? []) {
      size += piece.length;
      if (size > maximumBody) break;
      pieces.push(piece);
    }
  } catch {
    // The status alone still says what happened.
    return '';
  }
  return Buffer.concat(pieces).toString('utf8');
}

function firstError(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const { errors } = members(JSON.parse(body));
    return Array.isArray(errors) && errors.length > 0 ? members(errors[0]) : undefined;
  } catch {
    return undefined;
  }
}

function members(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, 1_000) : undefined;
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.slice(0, 50).flatMap((one) => text(one) ?? []) : [];
}
